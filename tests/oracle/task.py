"""One partition's log, from its first record to its last: which event does what to which loan, and when days open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.alert import Alert
from tests.oracle.history import Chargeback, Ending, Fact, Payment
from tests.oracle.loan import Loan
from tests.oracle.policy import Policy
from tests.oracle.servicing import IGNORED, Arrival, fact_of
from tests.oracle.standing import standing

Event = dict[str, Any]
"""A CloudEvent in structured form: id, type, time, data."""

WAITING_LIMIT = 64
WAITING_DAYS = 30
VALUE_DATE_AHEAD_DAYS = 31
DATED = {"loan.repaid", "loan.charged_back"}
"""They wait for their value date."""
OWN_IDS = {
    "loan.repaid": "payment_id",
    "loan.repayment_reversed": "reversal_id",
    "loan.charged_back": "chargeback_id",
    "loan.charge_posted": "charge_id",
    "loan.charge_waived": "waiver_id",
}
"""The id, besides the event's, by which an event is known again."""


@dataclass(frozen=True)
class DeadLetter:
    """An event that was refused; `index` is its place in the log."""

    index: int
    event_id: str
    reason: str


@dataclass(frozen=True)
class Waiting:
    """An event of a loan that is not known yet, or a payment whose value date has not come."""

    index: int
    event: Event
    since: date


@dataclass
class Task:
    """What one partition's log comes to."""

    policy: Policy
    business_date: date | None = None
    loans: dict[str, Loan] = field(default_factory=dict)
    waiting: dict[str, list[Waiting]] = field(default_factory=dict)
    """By loan: events that came before its disbursement."""
    post_dated: dict[str, list[Waiting]] = field(default_factory=dict)
    """By loan: payments whose value date has not come."""
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    """(loan, what, id) of every event, payment and reversal that was taken."""
    alerts: list[Alert] = field(default_factory=list)
    standings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The last standing of each loan, with the business date on which it last changed."""
    standing_count: int = 0
    dead_letters: list[DeadLetter] = field(default_factory=list)
    duplicates: int = 0
    _index: int = -1

    def take(self, event: Event) -> None:
        """The next record of the log."""
        self._index += 1
        if event["type"] == "business_day.opened":
            self._open_until(date.fromisoformat(event["data"]["business_date"]))
            return
        if self.business_date is None:
            self.business_date = self._local_date(event)
        loan_id = event["data"]["loan_id"]
        ids = {(loan_id, what, name) for what, name in _ids(event)}
        if ids & self.seen:
            self.duplicates += 1
            return
        reason = self._tell(self._index, event)
        if reason == IGNORED:  # its id is not kept: it did nothing
            self.duplicates += 1
        elif reason:
            self.dead_letters.append(DeadLetter(self._index, event["id"], reason))
        else:
            self.seen |= ids

    def _tell(self, index: int, event: Event) -> str | None:  # noqa: PLR0911  (one return per refusal)
        """Do what an event says; the reason code where it is refused."""
        data, kind = event["data"], event["type"]
        loan = self.loans.get(data["loan_id"])
        if kind == "loan.disbursed":
            return self._disbursed(event, loan)
        if kind in DATED:
            ahead = date.fromisoformat(data["value_date"]) - self._local_date(event)
            if ahead > timedelta(VALUE_DATE_AHEAD_DAYS):
                return "value_date_too_far_ahead"
        if loan is None:
            return self._wait(index, event)
        event = self._after_cut_off(event, loan)
        if kind in DATED and self._is_post_dated(event):
            self.post_dated.setdefault(loan.loan_id, []).append(Waiting(index, event, self._today))
            return None
        if loan.cancelled:
            return "loan_not_active"
        if kind == "loan.repayment_reversed":
            return self._reversed(event, loan)
        if kind == "loan.disbursement_cancelled":
            return self._cancelled(event, loan)
        return self._happened(event, loan)

    def _after_cut_off(self, event: Event, loan: Loan) -> Event:
        """A payment that is made on its day, but after the product's cut-off, is one of the next day."""
        made = datetime.fromisoformat(event["time"]).astimezone(ZoneInfo(self.policy.time_zone))
        cut_off, said = loan.product.cut_off, event["data"].get("value_date")
        if event["type"] != "loan.repaid" or not cut_off or said != made.date().isoformat() or made.time() < cut_off:
            return event
        return event | {"data": event["data"] | {"value_date": (made.date() + timedelta(1)).isoformat()}}

    def _is_post_dated(self, event: Event) -> bool:
        """Its value date has come neither by the lender's calendar nor by the task's business date."""
        return date.fromisoformat(event["data"]["value_date"]) > max(self._local_date(event), self._today)

    def _wait(self, index: int, event: Event) -> str | None:
        queue = self.waiting.setdefault(event["data"]["loan_id"], [])
        if len(queue) >= WAITING_LIMIT:
            return "too_many_waiting"
        queue.append(Waiting(index, event, self._today))
        return None

    def _disbursed(self, event: Event, loan: Loan | None) -> str | None:
        loan_id = event["data"]["loan_id"]
        if loan and not loan.cancelled:
            return "loan_already_disbursed"
        loan = self.loans.setdefault(loan_id, Loan(loan_id, self.policy))
        loan.begin(event["data"])
        self._judge(loan, event["id"])
        for waited in self.waiting.pop(loan_id, []):
            self._release(waited, self._tell(waited.index, waited.event))
        return None

    def _release(self, waited: Waiting, reason: str | None) -> None:
        """An event has waited long enough; where it is refused after all, it was never taken."""
        if reason == IGNORED:
            self.duplicates += 1
        elif reason:
            self.dead_letters.append(DeadLetter(waited.index, waited.event["id"], reason))
        if reason:
            loan_id = waited.event["data"]["loan_id"]
            self.seen -= {(loan_id, what, name) for what, name in _ids(waited.event)}

    def _cancelled(self, event: Event, loan: Loan) -> str | None:
        if loan.closed_as not in {None, "charged_off"}:
            return "loan_not_active"
        loan.closed_as = "cancelled"
        self._judge(loan, event["id"], date.min)
        return None

    def _happened(self, event: Event, loan: Loan) -> str | None:
        """A fact is added to the loan's history, if its life allows it."""
        fact = fact_of(loan, Arrival(event, self._today, self._local_date(event)), loan.now(self._today))
        if isinstance(fact, str):
            return fact
        loan.facts.append(fact)
        if isinstance(fact, Ending):
            loan.closed_as = fact.status
        elif isinstance(fact, Chargeback) and loan.closed_as == "closed":
            loan.forget()
            if any(row.total for row in loan.balance().installments):
                loan.closed_as = None
        self._judge(loan, fact.event_id, fact.counts_from, fact)
        return None

    def _reversed(self, event: Event, loan: Loan) -> str | None:
        data = event["data"]
        if loan.closed_as == "transferred":
            return "loan_not_active"
        if data["payment_id"] in loan.reversals:
            return "payment_already_reversed"
        if any(isinstance(f, Chargeback) and f.payment_id == data["payment_id"] for f in loan.facts):
            return "payment_charged_back"
        loan.reversals[data["payment_id"]] = data["reversal_id"]
        payments = [f for f in loan.facts if isinstance(f, Payment) and f.payment_id == data["payment_id"]]
        self._judge(loan, event["id"], payments[0].counts_from if payments else date.max)
        return None

    def _open_until(self, day: date) -> None:
        """Open every business day up to this one; one that is open already is a duplicate."""
        if self.business_date and day <= self.business_date:
            self.duplicates += 1
            return
        opening = self.business_date + timedelta(1) if self.business_date else day
        while opening <= day:
            self.business_date = opening
            self._open(opening)
            opening += timedelta(1)

    def _open(self, day: date) -> None:
        """What waited in vain is given up; each loan's opening is judged, then the payments of that day count."""
        for queue in self.waiting.values():
            for waited in [w for w in queue if (day - w.since).days > WAITING_DAYS]:
                queue.remove(waited)
                self._release(waited, "loan_unknown")
        for loan in self.loans.values():
            if not loan.cancelled and self._ages(loan, day):
                self._judge(loan, None)
            queue = self.post_dated.get(loan.loan_id, [])
            for waited in sorted(queue, key=lambda w: _place(w.event)):
                if _place(waited.event)[0] <= day:
                    queue.remove(waited)
                    self._release(waited, self._tell(waited.index, waited.event))

    def _ages(self, loan: Loan, day: date) -> bool:
        """Whether the passing of a day can change anything: something unpaid was due before it, or it is pending."""
        if loan.closed_as in {"closed", "transferred"}:
            return False
        written_off = loan.balance().written_off
        if written_off:
            return day <= written_off[0]
        if self.standings[loan.loan_id]["status"] == "pending" or any(not isinstance(f, Payment) for f in loan.facts):
            return True
        product = loan.product
        if loan.balance().remembers:
            return True
        return any(row.total and (row.due_date < day or product.due_soon_days) for row in loan.balance().installments)

    def _judge(self, loan: Loan, cause: str | None, since: date = date.max, fact: Fact | None = None) -> None:
        """Corrections of what was said of `since` and later, then what changed today, then the standing."""
        if cause:
            loan.forget()
            self.alerts += loan.correct(cause, since)
        now = loan.now(self._today)
        self.alerts += loan.judge(self._today, now, cause, fact if isinstance(fact, Payment) else None)
        said = standing(loan, self._today, now)
        known = self.standings.get(loan.loan_id, {})
        if cause or any(known[name] != value for name, value in said.items() if name != "as_of"):
            last_event = cause or f"business-day:{self._today.isoformat()}"
            self.standings[loan.loan_id] = said | {"last_event_id": last_event}
            self.standing_count += 1

    @property
    def _today(self) -> date:
        assert self.business_date
        return self.business_date

    def _local_date(self, event: Event) -> date:
        return datetime.fromisoformat(event["time"]).astimezone(ZoneInfo(self.policy.time_zone)).date()


def judge(events: Iterable[Event], policy: Policy) -> Task:
    """What the log of one partition comes to."""
    task = Task(policy)
    for event in events:
        task.take(event)
    return task


def _ids(event: Event) -> set[tuple[str, str]]:
    """The ids that make an event a repetition of one that was taken before."""
    data = event["data"]
    own = OWN_IDS.get(event["type"])
    return {("event", event["id"])} | ({(own, data[own])} if own else set())


def _place(event: Event) -> tuple[date, int, str]:
    """The place of a payment or a chargeback among the others."""
    data = event["data"]
    if event["type"] == "loan.charged_back":
        return (date.fromisoformat(data["value_date"]), Chargeback.order, data["chargeback_id"])
    paid_out = data["kind"] == "credit_balance_refund"
    return (date.fromisoformat(data["value_date"]), int(paid_out), data["payment_id"])
