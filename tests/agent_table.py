"""A task of the loan agent over a table in memory, with the events of small stories, for tests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.engine.dates import day_of
from stream.engine.policy import Policy
from stream.policy_file import parse_policy
from stream.translate.inbound import Inbound
from stream.translate.lines import parse_line
from stream.translate.outbound import Outbound
from stream.translate.standing import StandingHeaders
from tests import stories

POLICY = parse_policy("[products.default]\nschemes = []\n")
"""The default policy without classifications, so that each change of a loan's days is one alert."""


class Counted:
    """Counts of an agent, added up."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.misrouted_records: Counter[str] = Counter()

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        self.events.update(events)
        self.rejected.update(rejected)

    def day(self, partition: int, business_date: int) -> None:
        pass

    def misrouted(self, topic: str, count: int) -> None:
        self.misrouted_records[topic] += count


class Table:
    """A task's table and what the agent sent, as the runtime would keep them."""

    partition = 3

    def __init__(self, policy: Policy = POLICY, **options: Any) -> None:
        self.counted = Counted()
        zone = policy.time_zone
        self.agent = LoanAgent(
            policy,
            Inbound(zone),
            Outbound(zone),
            StandingHeaders(zone, "urn:test"),
            self.counted,
            topics=Topics(),
            partitions=4,
            **options,
        )
        self.outbound = Outbound(zone)
        self.store: dict[bytes, bytes] = {}
        self.restart()

    def restart(self) -> None:
        """Forget everything but the table."""
        self.context = self.agent.open_task(self.partition, self.store)

    # what the agent calls

    def get(self, key: bytes) -> bytes | None:
        return self.puts.get(key, self.store.get(key)) if key in self.puts else self.store.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        self.puts[key] = value

    def send(self, topic: str, partition: int, key: bytes, value: bytes, at: int, headers: Sequence[Any]) -> None:
        if key.startswith(b"business-day:"):
            return  # the marks of judged days are the borrower agent's affair
        self.sent.append((topic, partition, key, None if value is None else json.loads(value), dict(headers)))

    def repeat_tick(self) -> None:
        self.again = True

    def caused_by(self, record: Any) -> None:
        pass

    # what the test calls

    def batch(self, *events: dict, tick: str | None = None, complete: bool = False) -> list[tuple]:
        """Run one batch and commit it; what it sent: (topic, partition, key, data, headers) of each record."""
        self.records = [parse_line(json.dumps(event).encode(), number) for number, event in enumerate(events)]
        self.tick = None
        if tick is not None:
            (key, value, headers), timestamp = self.outbound.day_opened(day_of(tick), complete, None)
            self.tick = parse_line(b"{}", 0)._replace(key=key, value=value, headers=headers, timestamp=timestamp)
        self.puts: dict[bytes, bytes | None] = {}
        self.sent: list[tuple] = []
        self.again = False
        self.agent.process(self)
        for key, value in self.puts.items():
            if value is None:
                self.store.pop(key, None)
            else:
                self.store[key] = value
        return self.sent

    def open(self, day: str, *, complete: bool = False) -> list[tuple]:
        """Run a tick, again and again while it asks for it; what it sent."""
        sent = self.batch(tick=day, complete=complete)
        while self.again:
            sent = sent + self.batch(tick=day, complete=complete)
        return sent


def disbursed(loan: str = "L1", day: str = "2024-01-15", due: str = "2024-02-15") -> dict:
    schedule = [stories.an_installment(1, due, 100_00)]
    return stories.event(
        "loan.disbursed",
        f"D-{loan}",
        stories.at(day),
        {
            "loan_id": loan,
            "borrower_id": f"B-{loan}",
            "product": "cash",
            "segment": "retail",
            "currency": "CNY",
            "principal": 100_00,
            "disbursement_date": day,
            "annual_rate": "0.12",
            "schedule": schedule,
        },
    )


def paid(day: str, amount: int = 100_00, loan: str = "L1", payment: str = "P1", valued: str | None = None) -> dict:
    data = {"loan_id": loan, "payment_id": payment, "value_date": valued or day, "amount": amount}
    return stories.event("loan.repaid", f"E-{loan}-{payment}", stories.at(day), data)


def kinds(sent: list[tuple]) -> list[tuple[str, str]]:
    return [(topic, headers.get("ce_type", b"").decode()) for topic, _, _, _, headers in sent]


def standing_of(sent: list[tuple]) -> dict:
    """The last standing."""
    return [data for _, _, _, data, headers in sent if headers.get("ce_type") == b"loan.standing"][-1]


def serviced(kind: str, day: str = "2024-01-20", loan: str = "L1", event: str | None = None, /, **data: Any) -> dict:
    """An event `loan.<kind>` of a loan's servicing, recorded on a day."""
    return stories.event(f"loan.{kind}", event or f"S-{loan}-{kind}-{day}", stories.at(day), {"loan_id": loan} | data)


def alerts_of(sent: list[tuple]) -> list[tuple[str, dict]]:
    """Kind and data of each alert."""
    return [(headers["ce_type"].decode(), data) for topic, _, _, data, headers in sent if topic == "loans.overdue"]


def rejected_of(sent: list[tuple]) -> list[str]:
    """Reason codes of the dead letters."""
    return [data["reason_code"] for topic, _, _, data, _ in sent if topic == "dead-letters"]
