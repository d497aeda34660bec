"""One loan out of a file of events, without Kafka."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from schemas.catalogue import DEAD_LETTERS
from stream.agents.days import NO_LIMIT
from stream.engine.facts import DayOpened
from stream.engine.loan import Loan
from stream.engine.policy import Policy
from stream.offline import OfflineRun
from stream.offline_batch import Sent
from stream.translate.records import Record
from stream.translate.state import load
from stream.warning.signals import Signal


class ToldLoan(NamedTuple):
    """One loan as its events leave it."""

    loan: Loan
    business_date: int
    refused: list[Sent]
    """Its dead letters."""


def loan_told_by(
    records: Iterable[Record], policy: Policy, loan_id: str, *, open_days: bool, until: int = NO_LIMIT
) -> ToldLoan | None:
    """One loan as its events in a file leave it; None: no event begins it.

    `until`: the last day that is opened; what was recorded later is left out. Without it, the day of the last event.
    """
    run = OfflineRun(policy, open_days=open_days)
    key, sent = loan_id.encode(), []
    for record in records:
        fact = run.fact(record)
        if isinstance(fact, Signal) or (fact is None and record.key != key):
            continue
        if fact is None or isinstance(fact, DayOpened):
            sent += run.event(record, until)
        elif fact.loan_id != loan_id:
            if open_days:  # as its own events would
                run.begin(min(fact.recorded, until))
                run.open_until(min(fact.recorded, until))
        elif fact.recorded <= until:
            sent += run.event(record, until)
    if until != NO_LIMIT and run.business_date:
        run.open_until(until)
    raw = run.table.get(key)
    return (
        None
        if raw is None
        else ToldLoan(load(raw), run.business_date, [one for one in sent if one.topic == DEAD_LETTERS])
    )
