"""An event on the wrong partition is counted and named, and never begins a second life of its loan."""

from __future__ import annotations

import json
from collections import Counter

from stream.agents.borrower_agent import BorrowerAgent
from stream.agents.borrower_counts import NoBorrowerCounts
from stream.agents.topics import Topics
from stream.translate.inbound import Inbound
from stream.translate.lines import Line, parse_line
from stream.translate.outbound import Outbound
from stream.translate.partition import partition_of
from tests import stories
from tests.agent_table import Table, disbursed, paid, rejected_of
from tests.warning.bank import WARNINGS, ZONE, Task

HERE, ELSEWHERE = "L1", "L6"
"""Loans of the table's partition, 3 of 4, and of partition 1: murmur2 of the id, checked below."""


def test_the_loans_of_this_module_lie_where_it_says() -> None:
    """The stories below are about what they say."""
    assert [partition_of(loan.encode(), 4) for loan in (HERE, ELSEWHERE)] == [Table.partition, 1]


def test_a_misrouted_disbursement_is_refused_and_counted() -> None:
    """A disbursement on another partition than its key gives goes to the dead letters and begins no loan."""
    table = Table(refuse_misrouted=True)
    assert rejected_of(table.batch(disbursed(ELSEWHERE))) == ["misrouted"]
    assert ELSEWHERE.encode() not in table.store
    assert table.counted.misrouted_records == {"loans.disbursements": 1}
    assert rejected_of(table.batch(disbursed(HERE))) == []
    assert HERE.encode() in table.store


def test_a_misrouted_payment_does_not_wait_for_a_disbursement_that_never_comes() -> None:
    """A payment on the wrong partition is refused at once, not after thirty days of waiting for its loan."""
    table = Table(refuse_misrouted=True)
    assert rejected_of(table.batch(disbursed(HERE), paid("2024-01-20", loan=ELSEWHERE))) == ["misrouted"]
    assert table.counted.events["waiting"] == 0
    assert table.counted.rejected == {"misrouted": 1}


def test_where_it_is_only_counted_the_event_takes_effect() -> None:
    """With misrouted=count a lender whose producers all use another partitioner is served, and told."""
    table = Table(refuse_misrouted=False)
    assert rejected_of(table.batch(disbursed(ELSEWHERE), paid("2024-01-20", loan=ELSEWHERE))) == []
    assert table.counted.events["applied"] == 2
    assert sum(table.counted.misrouted_records.values()) == 1


def test_a_misrouted_signal_is_refused_and_counted() -> None:
    """A signal on another partition than its borrower's loans would find none of them, and is refused."""
    counts = CountedSignals()
    agent = BorrowerAgent(
        WARNINGS, Inbound(ZONE), Outbound(ZONE), counts, topics=Topics(), partitions=4, refuse_misrouted=True
    )
    task = Task(agent, partition_of(b"B1", 4))
    elsewhere = next(name for name in map("B{}".format, range(2, 9)) if partition_of(name.encode(), 4) != 0)
    sent = task.run([job_lost("B1"), job_lost(elsewhere)])
    assert [json.loads(one.value)["reason_code"] for one in sent if one.topic == "dead-letters"] == ["misrouted"]
    assert counts.misrouted_signals == {"borrowers.signals": 1}
    assert not any(elsewhere.encode() in key + value for key, value in task.store.items())


class CountedSignals(NoBorrowerCounts):
    """Counts misrouted signals, and nothing else."""

    def __init__(self) -> None:
        self.misrouted_signals: Counter[str] = Counter()

    def misrouted(self, topic: str, count: int) -> None:
        self.misrouted_signals[topic] += count


def job_lost(borrower: str) -> Line:
    """A signal about a borrower, as a record."""
    data = {"borrower_id": borrower, "observation_date": "2024-01-16", "status": "unemployed"}
    event = stories.event("borrower.employment_changed", f"E-{borrower}", stories.at("2024-01-16"), data)
    return parse_line(json.dumps(event).encode())
