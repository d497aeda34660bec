"""Events as they arrive: each takes effect, waits, is dropped as a duplicate, or is rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from schemas.rejections import RejectionCode
from stream.agents.batch import Batch, TaskState
from stream.agents.loan_table import LoanTable, Touched
from stream.agents.results import Results
from stream.agents.waiting_room import WaitingRoom
from stream.engine import servicing, step
from stream.engine.cut_off import END_OF_DAY, value_day
from stream.engine.facts import (
    ChargedBack,
    DayOpened,
    Disbursed,
    DisbursementCancelled,
    Fact,
    Repaid,
    RepaymentReversed,
)
from stream.engine.feed import note_met
from stream.engine.findings import Alert
from stream.engine.money import DUE
from stream.engine.payments import order_of
from stream.engine.policy import Policy
from stream.engine.refused import Refused
from stream.translate.inbound import Inbound
from stream.translate.partition import partition_of
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.waiting import WaitingEvent

MAX_WAITING_DAYS: Final = 30
MAX_DAYS_AHEAD: Final = 31
CHARGEBACKS_LAST: Final = 2
"""Place of a chargeback among the payments of its day, see `order_of`."""

_STEPS: Final[dict[type, Callable[..., list[Alert] | None]]] = {
    RepaymentReversed: step.reverse,
    DisbursementCancelled: step.cancel,
    **servicing.STEPS,
}


class Arrivals:
    """The events of one batch."""

    def __init__(
        self,
        batch: Batch,
        loans: LoanTable,
        results: Results,
        policy: Policy,
        inbound: Inbound,
        partitions: int,
        per_event: bool,
        refuse_misrouted: bool,
    ) -> None:
        """Set up the arrivals of a batch.

        per_event: a standing after each event, not one per loan and batch.
        refuse_misrouted: an event on another partition than its key gives is refused, not only counted.
        """
        self._state: TaskState = batch.context
        self._batch = batch
        self._waiting = WaitingRoom(batch)
        self._loans = loans
        self._results = results
        self._policy = policy
        self._inbound = inbound
        self._feed = self._state.feed
        self._partitions = partitions
        self._per_event = per_event
        self._partition, self._refuse_misrouted = batch.partition, refuse_misrouted

    def take(self, records: Iterable[Record], look_again: Callable[[Record, Fact], None]) -> None:
        """Let every record arrive, in order; `look_again`: what to do after each while a business day is held."""
        state, inbound = self._state, self._inbound
        is_held = state.held_day != 0  # a day is released among events, but held by a tick only
        applied = 0
        for record in records:
            try:
                fact = inbound.decode(record)
            except Rejected as rejected:
                self._results.reject(record, rejected)
                continue
            if isinstance(fact, DayOpened):
                self._results.refuse(record, RejectionCode.TYPE_NOT_ON_TOPIC, fact.event_id)
                continue
            if not state.business_date:
                state.business_date = fact.recorded  # the first event opens its own date
            outcome = self._arrive(record, fact)
            if outcome == "applied":
                applied += 1
                state.rejected_in_row = 0
                if is_held:
                    look_again(record, fact)
                    is_held = state.held_day != 0
            elif outcome != "rejected":
                self._results.events[outcome] += 1
                state.rejected_in_row = 0
        self._results.events["applied"] += applied

    def _arrive(self, record: Record, fact: Any) -> str:
        """Let a fact take effect; its outcome."""
        if type(fact) is Repaid:
            return self._arrive_repaid(record, fact)
        key = fact.loan_id.encode()
        touched = self._loans.read(key)
        if touched is None:
            return self._arrive_first(key, record, fact)
        kind = type(fact)
        if kind is ChargedBack and fact.value_date > fact.recorded and (outcome := self._postpone(key, record, fact)):
            return outcome
        try:
            if kind is Disbursed:
                touched, alerts = self._disburse(key, touched, fact)
            else:
                alerts = _STEPS[kind](touched.loan, fact, touched.rules, self._state.business_date)
        except Refused as refused:
            return self._refuse(record, refused.reason_code, fact.event_id)
        if alerts is None:
            return "duplicate"
        self._keep(key, record, touched, alerts)
        return "applied"

    def _arrive_repaid(self, record: Record, fact: Repaid) -> str:
        """The same for a repayment: nearly all that arrives."""
        _, recorded, loan_id, _, value_date, _, _, _, _ = fact  # compiled, four times as fast as by name
        key = loan_id.encode()
        touched = self._loans.read(key)
        if touched is None:
            return self._arrive_first(key, record, fact)
        loan, rules, state = touched.loan, touched.rules, self._state
        if rules.cut_off != END_OF_DAY:
            fact = self._after_cut_off(record, fact, rules.cut_off)
            value_date = fact.value_date
        if value_date > recorded and (outcome := self._postpone(key, record, fact)):
            return outcome
        due = loan.rows[0][DUE] if loan.rows else 0
        try:
            alerts = step.repay(loan, fact, rules, state.business_date)
        except Refused as refused:
            return self._refuse(record, refused.reason_code, fact.event_id)
        if alerts is None:
            return "duplicate"
        feed = self._feed
        if due and feed is not None:
            rows = loan.rows
            if not rows or rows[0][DUE] > due:  # the oldest installment that was unpaid is paid
                note_met(feed.feed, due, state.business_date)
                feed.changed = True
        self._keep(key, record, touched, alerts)
        return "applied"

    def _arrive_first(self, key: bytes, record: Record, fact: Any) -> str:
        """The same for a loan that is not known: its disbursement begins it, whatever else waits for that.

        Only here the partition is checked: a loan that is known here was checked when it began.
        """
        if partition_of(key, self._partitions) != self._partition:
            self._results.misrouted[record.topic] += 1
            if self._refuse_misrouted:  # or the loan would live on two partitions, and each know half of it
                return self._refuse(record, RejectionCode.MISROUTED, fact.event_id)
        if type(fact) is not Disbursed:
            if isinstance(fact, Repaid | ChargedBack) and fact.value_date - fact.recorded > MAX_DAYS_AHEAD:
                return self._refuse(record, RejectionCode.VALUE_DATE_TOO_FAR_AHEAD, fact.event_id)
            return self._wait(key, record, fact, self._state.business_date + MAX_WAITING_DAYS + 1)
        touched, alerts = self._disburse(key, None, fact)
        self._keep(key, record, touched, alerts or [])
        self.release(key)
        return "applied"

    def _postpone(self, key: bytes, record: Record, fact: Any) -> str:
        """Let money of a later value date wait for it; "" where that day has come."""
        if fact.value_date - fact.recorded > MAX_DAYS_AHEAD:
            return self._refuse(record, RejectionCode.VALUE_DATE_TOO_FAR_AHEAD, fact.event_id)
        if fact.value_date > self._state.business_date:
            return self._wait(key, record, fact, fact.value_date)
        return ""

    def _keep(self, key: bytes, record: Record, touched: Touched, alerts: list[Alert]) -> None:
        """A fact took effect: say so, and see that the loan is written."""
        for alert in alerts:
            self._results.say(key, alert, record.timestamp)
        touched.changed = True
        touched.timestamp = record.timestamp
        if self._per_event:
            self._loans.write_back()

    def _after_cut_off(self, record: Record, fact: Any, cut_off: int) -> Any:
        value_date = value_day(fact.value_date, fact.recorded, self._inbound.second_of_day(record), cut_off)
        return fact._replace(value_date=value_date)

    def _disburse(self, key: bytes, touched: Touched | None, fact: Any) -> tuple[Touched, list[Alert] | None]:
        rules = self._policy.rules(fact.product)
        begun = step.disburse(None if touched is None else touched.loan, fact, rules, self._state.business_date)
        if begun is None:
            assert touched is not None  # noqa: S101  (a loan that is not there was not disbursed before)
            return touched, None
        loan, alerts = begun
        return self._loans.begin(key, loan, rules, partition_of(fact.borrower_id.encode(), self._partitions)), alerts

    def _refuse(self, record: Record, reason_code: str, event_id: str) -> str:
        self._results.refuse(record, reason_code, event_id)
        return "rejected"

    def _wait(self, key: bytes, record: Record, fact: Fact, until: int) -> str:
        outcome = self._waiting.enter(key, record, fact, until)
        return self._refuse(record, RejectionCode.TOO_MANY_WAITING, fact.event_id) if outcome == "full" else outcome

    def release(self, key: bytes) -> None:
        """Let all waiting events of a loan arrive anew, in the order in which they came."""
        self._arrive_anew([(event, self._inbound.decode(event)) for event in self._waiting.leave(key, None)])

    def release_payments_of(self, key: bytes, today: int) -> None:
        """Let the payments of a loan arrive anew whose value date has come, in the order of payments."""
        ready = [(event, self._inbound.decode(event)) for event in self._waiting.leave(key, today)]
        self._arrive_anew(sorted(ready, key=_order_of_payments))

    def _arrive_anew(self, ready: list[tuple[WaitingEvent, Any]]) -> None:
        for event, fact in ready:
            self._results.events["released"] += 1
            self._batch.caused_by(event)
            outcome = self._arrive(event, fact)
            if outcome != "rejected":
                self._results.events[outcome] += 1

    def expire(self, key: bytes, today: int) -> None:
        """Reject the events of a loan that was never disbursed and that have waited long enough."""
        for event in self._waiting.leave(key, today):
            self._results.events["released"] += 1
            self._batch.caused_by(event)
            self._results.refuse(event, RejectionCode.LOAN_UNKNOWN, event.event_id)


def _order_of_payments(waiting: tuple[WaitingEvent, Any]) -> tuple[int, int, str]:
    fact: Repaid | ChargedBack = waiting[1]
    if isinstance(fact, ChargedBack):
        return fact.value_date, CHARGEBACKS_LAST, fact.chargeback_id
    return fact.value_date, order_of(fact.kind), fact.payment_id
