"""The judge of early warnings and the agent, two programs, say the same of an invented portfolio with its signals."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

from stream.policy_file import parse_policy
from stream.translate.partition import partition_of
from stream.warning_policy import warning_policy_of
from tests import stories
from tests.faults.log import Record
from tests.faults.observed import SIGNALS
from tests.faults.portfolio import FIRST_DAY, POLICY, Planned, Portfolio
from tests.faults.verdict import Verdict, check_warnings
from tests.faults.warned import warnings_of
from tests.faults.watching import RULES
from tests.warning.bank import Bank, Sent

PARTITIONS = 2


@cache
def run(loans: int = 70, days: int = 90, seed: int = 5) -> tuple[Bank, list[Record]]:
    """The agents over a portfolio, cut as a seed will have it, with restarts; and the signals in the log."""
    bank = Bank(seed, PARTITIONS, warning_policy_of(version="faults-1"), policy=parse_policy(POLICY, "faults"))
    bank.restarts = True
    book, signals = Portfolio(seed), []
    for number in range(days):
        day = FIRST_DAY + timedelta(number)
        bank.open(day.isoformat())
        if number < 7:
            book.add_loans(loans // 7, number)
        for planned in [one for part in book.take(number) for one in part]:
            event = _event(planned, day.isoformat())
            bank.publish(event)
            if planned.topic == SIGNALS:
                signals.append(event)
        if number % 3:
            bank.settle()  # else the next day is published before this one is read
    return bank.settle(), [_of_signal(event, place) for place, event in enumerate(signals)]


def _event(planned: Planned, day: str) -> dict[str, Any]:
    return stories.event(planned.kind, planned.event_id, stories.at(day), planned.data)


def _of_signal(event: dict[str, Any], offset: int) -> Record:
    key = event["data"]["borrower_id"].encode()
    headers = {"content-type": b"application/cloudevents+json"}
    return Record(SIGNALS, partition_of(key, PARTITIONS), offset, 0, key, json.dumps(event).encode(), headers)


def records(sent: list[Sent], topic: str) -> list[Record]:
    return [
        Record(topic, one.partition, place, one.timestamp, one.key, one.value, dict(one.headers))
        for place, one in enumerate(sent)
        if one.topic == topic
    ]


@cache
def expected() -> dict[str, Any]:
    bank, signals = run()
    standings = records(bank.out, "loans.standing")
    homes = {record.key or b"": partition_of(record.key or b"", PARTITIONS) for record in standings}
    return warnings_of(standings, signals, homes, PARTITIONS, "faults-1")


def judged(said: list[Record]) -> Verdict:
    verdict = Verdict()
    check_warnings(verdict, expected(), said)
    return verdict


def test_the_agent_says_what_the_judge_computes() -> None:
    """Every warning of the portfolio, of nearly every code and in every kind: none lost, wrong or doubled."""
    said = records(run()[0].out, "loans.early-warnings")
    verdict = judged(said)
    assert verdict.exact, verdict.examples
    codes = {one.event["data"]["code"] for one in said}
    assert len(set(RULES) & codes) > 20, sorted(set(RULES) - codes)
    assert {one.event["type"].rpartition(".")[2] for one in said} == {"raised", "escalated", "cleared"}


def test_the_judge_sees_a_warning_that_is_lost_doubled_or_wrong() -> None:
    """One record left out, one twice, one with another figure: each is found."""
    said = records(run()[0].out, "loans.early-warnings")
    place = next(n for n, one in enumerate(said) if one.event["data"]["code"] == "CROSS_LOAN")
    data = said[place].event["data"]
    wrong = said[place]._replace(value=json.dumps(data | {"points": data["points"] + 1}).encode())
    verdict = judged([*said[1:place], wrong, *said[place + 1 :], said[-1]])
    assert (sum(verdict.lost.values()), sum(verdict.wrong.values()), sum(verdict.doubled.values())) == (1, 1, 1)
