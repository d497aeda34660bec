"""Business days: each is opened once, in order, and touches only the loans that it can change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from schemas.rejections import RejectionCode
from stream.agents.arrivals import Arrivals
from stream.agents.batch import Batch, TaskState
from stream.agents.book import Book
from stream.agents.duedates import DueIndex
from stream.agents.feed_gate import FeedGate
from stream.agents.feed_watch import FeedWatch
from stream.agents.loan_table import LoanTable
from stream.agents.marks import Mark
from stream.agents.results import Results
from stream.agents.waiting_room import WAITING
from stream.engine import step
from stream.engine.facts import DayOpened
from stream.engine.policy import Policy
from stream.translate.inbound import Inbound
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.state import next_check_of

DAY_KEY: Final = b"\x00day"
"""Where a task keeps its business date: four bytes of day, one that says whether it is still being judged."""
NO_LIMIT: Final = 1 << 40


def begin_task(table: Mapping[bytes, bytes], policy: Policy) -> TaskState:
    """What is derived from the table when a task begins."""
    raw = table.get(DAY_KEY)
    business_date = 0 if raw is None else int.from_bytes(raw[:4], "big")
    unfinished = raw is not None and raw[4] == 1
    first = business_date if unfinished else business_date + 1
    due = DueIndex()
    for key, value in table.items():
        if key[0] or key.startswith(WAITING):  # other keys that begin with a zero byte are no loans
            due.add(max(next_check_of(value), first), key)
    book, feed = Book.open(table, policy), FeedWatch.open(table, policy, business_date)
    return TaskState(business_date, unfinished, due, book, feed)


class Days:
    """The days that one batch opens."""

    def __init__(
        self,
        batch: Batch,
        loans: LoanTable,
        arrivals: Arrivals,
        results: Results,
        inbound: Inbound,
        mark: Mark,
        per_loan: bool,
    ) -> None:
        """`mark`: tells the borrower tasks of a judged day; `per_loan`: a standing after each loan and day, not one per
        loan and batch.
        """
        self._mark = mark
        self._batch = batch
        self._state: TaskState = batch.context
        self._loans = loans
        self._arrivals = arrivals
        self._results = results
        self._gate = FeedGate(batch, loans, results)
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
            self._mark(fact.business_date, record.timestamp)
        elif fact.business_date <= state.business_date and not state.unfinished:
            self._results.events["day_repeated"] += 1
            return
        complete_until = fact.business_date if fact.repayments_complete else 0
        if self._open(fact.business_date, complete_until, limit, record.timestamp, fact.event_id):
            is_open = state.business_date >= fact.business_date
            self._results.events["day_opened" if is_open else "day_held"] += 1
        else:
            self._batch.repeat_tick()

    def finish_day(self, records: Sequence[Record]) -> None:
        """After a restart in the middle of a long day: the rest of it, before any record."""
        timestamp = records[0].timestamp
        while self._state.due.has(self._state.business_date):
            self._judge(NO_LIMIT, timestamp)
        self._close(timestamp)

    def look_again(self, record: Record, fact: Any) -> None:
        """While a day is held, an event took effect: open the day, and those behind it, if the repayments are there."""
        if not self._gate.is_held_after(fact.loan_id.encode()):
            self._loans.write_back()  # so that the due-date index is up to date
            self._open(self._gate.until, 0, NO_LIMIT, record.timestamp, fact.event_id)

    def _open(self, last: int, complete_until: int, limit: int, timestamp: int, cause: str) -> bool:
        """Open every day up to `last`, or up to the first that is held; False: `limit` loans were looked at, go on.

        complete_until: the last day before whose opening the repayments are said to be complete; 0: nobody says so.
        cause: id of the tick or event that it is done for.
        """
        state = self._state
        last = max(last, self._gate.until)
        while state.unfinished or state.business_date < last:
            if not state.unfinished:
                day = state.business_date + 1
                if self._gate.holds(day, last, timestamp, cause, complete=day <= complete_until):
                    return True
                state.business_date = day
                state.unfinished = True
            limit -= self._judge(limit, timestamp)
            if state.due.has(state.business_date):
                return False
            self._close(timestamp)
        return True

    def _close(self, timestamp: int) -> None:
        """The business date is judged to the end."""
        state = self._state
        state.unfinished = False
        if state.feed is not None:
            state.feed.opened(state.business_date)
        self._loans.write_back()  # the mark comes after the standings that it speaks of
        self._mark(state.business_date, timestamp)

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
        in_time = not loan.days_past_due
        last_event_id = loan.last_event_id
        alerts = step.open_day(loan, rules, today)
        touched.timestamp = timestamp
        if in_time and loan.days_past_due and self._state.feed is not None:
            self._state.feed.turned_late()
        if alerts is not None:
            touched.changed = touched.changed or loan.last_event_id != last_event_id
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
            self._arrivals.expire(key, today)
        else:
            self._arrivals.release_payments_of(key, today)
