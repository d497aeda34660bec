"""Events as they arrive: each takes effect, waits, is dropped as a duplicate, or is rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from schemas.rejections import RejectionCode
from stream.agents.batch import Batch, TaskState
from stream.agents.loan_table import LoanTable, Touched
from stream.agents.results import Results
from stream.engine import step
from stream.engine.facts import DayOpened, Disbursed, DisbursementCancelled, Fact, Repaid, RepaymentReversed
from stream.engine.findings import Alert
from stream.engine.journal import order_of
from stream.engine.policy import Policy
from stream.engine.step import Refused
from stream.translate.inbound import Inbound
from stream.translate.partition import partition_of
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.waiting import WaitingEvent, read_waiting, write_waiting

WAITING: Final = b"\x00waiting/"
"""Before a loan id: the key of events that wait for their loan, or for their value date."""
MAX_WAITING: Final = 64
MAX_WAITING_DAYS: Final = 30
MAX_DAYS_AHEAD: Final = 31

_STEPS: Final[dict[type, Callable[..., list[Alert] | None]]] = {
    Repaid: step.repay,
    RepaymentReversed: step.reverse,
    DisbursementCancelled: step.cancel,
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
    ) -> None:
        """`per_event`: a standing after each event, not one per loan and batch."""
        self._batch = batch
        self._state: TaskState = batch.context
        self._loans = loans
        self._results = results
        self._policy = policy
        self._decode = inbound.decode
        self._partitions = partitions
        self._per_event = per_event

    def take(self, records: Iterable[Record]) -> None:
        """Let every record arrive, in order."""
        state, decode = self._state, self._decode
        applied = 0
        for record in records:
            try:
                fact = decode(record)
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
            elif outcome != "rejected":
                self._results.events[outcome] += 1
                state.rejected_in_row = 0
        self._results.events["applied"] += applied

    def _arrive(self, record: Record, fact: Fact) -> str:
        """Let a fact take effect; its outcome."""
        key = fact.loan_id.encode()
        touched = self._loans.read(key)
        if type(fact) is Repaid and fact.value_date > fact.recorded:
            if fact.value_date - fact.recorded > MAX_DAYS_AHEAD:
                return self._refuse(record, RejectionCode.VALUE_DATE_TOO_FAR_AHEAD, fact.event_id)
            if touched is not None and fact.value_date > self._state.business_date:
                return self._wait(key, record, fact, fact.value_date)
        if touched is None and not isinstance(fact, Disbursed):
            return self._wait(key, record, fact, self._state.business_date + MAX_WAITING_DAYS + 1)
        try:
            if touched is None or isinstance(fact, Disbursed):
                new = touched is None
                touched, alerts = self._disburse(key, touched, fact)
            else:
                new = False
                alerts = _STEPS[type(fact)](touched.loan, fact, touched.rules, self._state.business_date)
        except Refused as refused:
            return self._refuse(record, refused.reason_code, fact.event_id)
        if alerts is None:
            return "duplicate"
        for alert in alerts:
            self._results.say(key, alert, record.timestamp)
        touched.changed = True
        touched.timestamp = record.timestamp
        if self._per_event:
            self._loans.write_back()
        if new:
            self.release(key)
        return "applied"

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
        waiting_key = WAITING + key
        waiting = read_waiting(self._batch.get(waiting_key))
        payment_id = fact.payment_id if type(fact) is Repaid else None
        for event in waiting:
            if event.event_id == fact.event_id or (payment_id is not None and event.payment_id == payment_id):
                return "duplicate"
        if len(waiting) >= MAX_WAITING:
            return self._refuse(record, RejectionCode.TOO_MANY_WAITING, fact.event_id)
        waiting.append(WaitingEvent.of(record, fact.event_id, payment_id, until))
        self._write_waiting(waiting_key, waiting)
        return "waiting"

    def _write_waiting(self, waiting_key: bytes, waiting: list[WaitingEvent]) -> None:
        if not waiting:
            self._batch.put(waiting_key, None)
            return
        until = min(event.until for event in waiting)
        self._batch.put(waiting_key, write_waiting(waiting, until))
        self._state.due.add(until, waiting_key)

    def release(self, key: bytes) -> None:
        """Let all waiting events of a loan arrive anew, in the order in which they came."""
        waiting_key = WAITING + key
        waiting = read_waiting(self._batch.get(waiting_key))
        if waiting:
            self._write_waiting(waiting_key, [])
            self._arrive_anew([(event, self._decode(event)) for event in waiting])

    def release_payments_of(self, key: bytes, today: int) -> None:
        """Let the payments of a loan arrive anew whose value date has come, in the order of payments."""
        waiting_key = WAITING + key
        waiting = read_waiting(self._batch.get(waiting_key))
        self._write_waiting(waiting_key, [event for event in waiting if event.until > today])
        ready = [(event, self._decode(event)) for event in waiting if event.until <= today]
        self._arrive_anew(sorted(ready, key=_order_of_payments))

    def _arrive_anew(self, ready: list[tuple[WaitingEvent, Any]]) -> None:
        for event, fact in ready:
            self._results.events["released"] += 1
            outcome = self._arrive(event, fact)
            if outcome != "rejected":
                self._results.events[outcome] += 1

    def expire(self, waiting_key: bytes, today: int) -> None:
        """Reject the events of a loan that was never disbursed and that have waited long enough."""
        waiting = read_waiting(self._batch.get(waiting_key))
        for event in waiting:
            if event.until <= today:
                self._results.events["released"] += 1
                self._results.refuse(event, RejectionCode.LOAN_UNKNOWN, event.event_id)
        self._write_waiting(waiting_key, [event for event in waiting if event.until > today])


def _order_of_payments(waiting: tuple[WaitingEvent, Any]) -> tuple[int, int, str]:
    fact: Repaid = waiting[1]
    return fact.value_date, order_of(fact.kind), fact.payment_id
