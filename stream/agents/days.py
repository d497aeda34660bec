"""Business days: each is opened once, in order, and touches only the loans that it can change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from schemas.rejections import RejectionCode
from stream.agents.arrivals import WAITING, Arrivals
from stream.agents.batch import Batch, TaskState
from stream.agents.duedates import DueIndex
from stream.agents.loan_table import LoanTable
from stream.agents.results import Results
from stream.engine import step
from stream.engine.facts import DayOpened
from stream.translate.inbound import Inbound
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.state import next_check_of

DAY_KEY: Final = b"\x00day"
"""Where a task keeps its business date: four bytes of day, one that says whether it is still being judged."""
NO_LIMIT: Final = 1 << 40


def begin_task(table: Mapping[bytes, bytes]) -> TaskState:
    """What is derived from the table when a task begins."""
    raw = table.get(DAY_KEY)
    business_date = 0 if raw is None else int.from_bytes(raw[:4], "big")
    unfinished = raw is not None and raw[4] == 1
    first = business_date if unfinished else business_date + 1
    due = DueIndex()
    for key, value in table.items():
        if key != DAY_KEY:
            due.add(max(next_check_of(value), first), key)
    return TaskState(business_date, unfinished, due)


class Days:
    """The days that one batch opens."""

    def __init__(
        self, batch: Batch, loans: LoanTable, arrivals: Arrivals, results: Results, inbound: Inbound, per_loan: bool
    ) -> None:
        """`per_loan`: a standing after each loan and day, not one per loan and batch."""
        self._batch = batch
        self._state: TaskState = batch.context
        self._loans = loans
        self._arrivals = arrivals
        self._results = results
        self._decode = inbound.decode
        self._per_loan = per_loan

    def tick(self, record: Record, limit: int) -> None:
        """Open every day up to the tick's, in order; what is more than `limit` loans goes on in the next batch."""
        try:
            fact = self._decode(record)
        except Rejected as rejected:
            self._results.reject(record, rejected)
            return
        if not isinstance(fact, DayOpened):
            self._results.refuse(record, RejectionCode.TYPE_NOT_ON_TOPIC, fact.event_id)
            return
        state = self._state
        state.rejected_in_row = 0
        if not state.business_date:
            state.business_date = fact.business_date
        elif fact.business_date <= state.business_date and not state.unfinished:
            self._results.events["day_repeated"] += 1
            return
        while state.unfinished or state.business_date < fact.business_date:
            if not state.unfinished:
                state.business_date += 1
                state.unfinished = True
            limit -= self._judge(limit, record.timestamp)
            if state.due.has(state.business_date):
                self._batch.repeat_tick()
                return
            state.unfinished = False
        self._results.events["day_opened"] += 1

    def finish_day(self, records: Sequence[Record]) -> None:
        """After a restart in the middle of a long day: the rest of it, before any record."""
        while self._state.due.has(self._state.business_date):
            self._judge(NO_LIMIT, records[0].timestamp)
        self._state.unfinished = False

    def _judge(self, limit: int, timestamp: int) -> int:
        """Age the loans that the business date can change, `limit` at most; how many were looked at."""
        today = self._state.business_date
        keys = self._state.due.take(today, limit)
        for key in keys:
            if key.startswith(WAITING):
                self._look_at_waiting(key, today, timestamp)
            else:
                self._age(key, today, timestamp)
                if self._per_loan:
                    self._loans.write_back()
        return len(keys)

    def _age(self, key: bytes, today: int, timestamp: int) -> None:
        touched = self._loans.read_if_due(key, today)
        if touched is None:
            return
        loan, rules = touched.loan, touched.rules
        if step.forgotten(loan, rules, today):
            self._loans.forget(key, touched, timestamp)
            self._results.events["forgotten"] += 1
            return
        alerts = step.open_day(loan, rules, today)
        touched.timestamp = timestamp
        if alerts is not None:
            touched.changed = True
            for alert in alerts:
                self._results.say(key, alert, timestamp)
        self._loans.list_again(key, touched)

    def _look_at_waiting(self, waiting_key: bytes, today: int, timestamp: int) -> None:
        """The day is judged at its opening first; a payment of the day comes after it."""
        raw = self._batch.get(waiting_key)
        if raw is None or next_check_of(raw) > today:
            return
        key = waiting_key[len(WAITING) :]
        self._age(key, today, timestamp)
        if self._per_loan:
            self._loans.write_back()
        if self._loans.read(key) is None:
            self._arrivals.expire(waiting_key, today)
        else:
            self._arrivals.release_payments_of(key, today)
