"""What the loan's life allows of each event, and the fact that it becomes: or the reason code of the refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle import history
from tests.oracle.figures import Figures
from tests.oracle.history import (
    Charge,
    Chargeback,
    Ending,
    Fact,
    Flag,
    Impairment,
    Indication,
    Pause,
    Payment,
    Resume,
    Revision,
    Waiver,
)
from tests.oracle.loan import Loan

Event = dict[str, Any]

TOO_OLD = "older_than_replay_horizon"
IGNORED = "ignored"
"""No refusal: nothing is to be done, as for a schedule that a newer one has replaced."""
ENDINGS = ("charged_off", "written_off", "closed", "transferred")


@dataclass(frozen=True)
class Arrival:
    """An event that is about to take effect."""

    event: Event
    today: date
    """Business date of the task."""
    recorded: date
    """Local date of the event's `time`."""

    def day(self, name: str) -> date:
        """A date of its data."""
        return date.fromisoformat(self.event["data"][name])


def fact_of(loan: Loan, arrival: Arrival, now: Figures) -> Fact | str:
    """The fact that an event becomes, or why it is refused."""
    kind = arrival.event["type"].removeprefix("loan.")
    what = _WHATS[kind]
    if what is _revised and arrival.event["data"]["schedule_version"] <= history.version(loan.facts):
        return IGNORED
    said = loan.status(arrival.today, now)
    if what in {_paused, _resumed} and said != "active":
        return "loan_not_active"
    if what in {_flagged, _indicated} and said not in {"active", "charged_off"}:
        return "loan_not_active"
    if what in {_revised, _charged, _waived} and loan.closed_as not in {None, "charged_off"}:
        return "loan_not_active"
    return what(loan, arrival, {"event_id": arrival.event["id"], "booked": arrival.today})


def payment_of(event: Event, booked: date) -> Payment:
    """The payment that an event tells of."""
    data = event["data"]
    allocations = data.get("allocations")
    return Payment(
        event_id=event["id"],
        day=date.fromisoformat(data["value_date"]),
        booked=booked,
        payment_id=data["payment_id"],
        amount=data["amount"],
        kind=data.get("kind", "repayment"),
        installment=data.get("installment"),
        allocations=tuple(allocations) if allocations is not None else None,
    )


def _payment(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    payment = payment_of(arrival.event, arrival.today)
    ended = next((f for f in loan.facts if isinstance(f, Ending) and f.status == loan.closed_as), None)
    if loan.closed_as == "transferred" and ended and payment.day > ended.day:
        return "loan_not_active"
    if _is_too_old(loan, arrival, payment.day):
        return TOO_OLD
    if payment.kind == "recovery" and not (loan.closed_as == "written_off" and ended and payment.day > ended.day):
        return "loan_not_written_off"
    if payment.kind == "credit_balance_refund" and payment.amount > loan.balance().credit:
        return "credit_balance_too_small"
    return payment


def _is_too_old(loan: Loan, arrival: Arrival, day: date) -> bool:
    """Whether a day is behind the horizon: what was before it is settled for good."""
    return (arrival.today - day).days > loan.product.replay_horizon_days


def _wrong_day(loan: Loan, arrival: Arrival, day: date) -> str | None:
    """Why nothing can be told of a day: the loan had not begun, or it is behind the horizon."""
    if day < loan.disbursed:
        return "date_before_disbursement"
    return TOO_OLD if _is_too_old(loan, arrival, day) else None


def _charged_back(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    data = arrival.event["data"]
    if loan.closed_as == "transferred":
        return "loan_not_active"
    if wrong := _wrong_day(loan, arrival, arrival.day("value_date")):
        return wrong
    if data["payment_id"] in loan.reversals:
        return "payment_already_reversed"
    payment = next((f for f in loan.facts if isinstance(f, Payment) and f.payment_id == data["payment_id"]), None)
    before = sum(f.amount for f in loan.facts if isinstance(f, Chargeback) and f.payment_id == data["payment_id"])
    if payment and before + data["amount"] > payment.amount:
        return "chargeback_exceeds_payment"
    names = {"chargeback_id": data["chargeback_id"], "payment_id": data["payment_id"], "amount": data["amount"]}
    return Chargeback(day=arrival.day("value_date"), **names, **common)


def _revised(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    data = arrival.event["data"]
    if wrong := _wrong_day(loan, arrival, arrival.day("effective_date")):
        return wrong
    rows = tuple({"interest": 0, "fee": 0, "penalty": 0} | row for row in data["schedule"])
    eased = data["reason"] == "restructuring" or data.get("financial_difficulty", False)
    number = data["schedule_version"]
    return Revision(day=arrival.day("effective_date"), version=number, schedule=rows, eased=eased, **common)


def _paused(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    data = arrival.event["data"]
    for name in ("start_date", "end_date"):
        if not data.get(name):
            return f"missing_{name}"
    start, end = arrival.day("start_date"), arrival.day("end_date")
    if end <= start:
        return "pause_too_short"
    if start < loan.disbursed:
        return "pause_before_disbursement"
    if any(start < other_end and other_start < end for other_start, other_end in loan.pauses):
        return "pause_overlap"
    return Pause(day=start, end=end, **common)


def _resumed(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    data = arrival.event["data"]
    if not data.get("resume_date"):
        return "missing_resume_date"
    day = arrival.day("resume_date")
    if day != arrival.recorded:
        return "resume_not_on_business_date"
    if data.get("end_date"):
        return "resume_has_end_date"
    if any(isinstance(f, Resume) and f.day == day for f in loan.facts):
        return "resume_duplicate"
    known = history.pauses_by_event(loan.facts)
    running = frozenset(event_id for event_id, (start, end) in known.items() if start <= day <= end)
    if not running:
        return "resume_without_active_pause"
    return Resume(day=day, ends=running, **common)


def _ended(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    said = arrival.event["type"].removeprefix("loan.")
    if loan.closed_as == said:
        return "status_already_set"
    if loan.closed_as in {"transferred", "closed"} or (loan.closed_as == "written_off" and said == "charged_off"):
        return "loan_not_active"
    day = arrival.day("effective_date")
    if wrong := _wrong_day(loan, arrival, day):
        return wrong
    return Ending(day=min(day, arrival.recorded), status=said, **common)


def _charged(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    data = arrival.event["data"]
    due, installment = arrival.day("due_date"), data.get("installment")
    if wrong := _wrong_day(loan, arrival, arrival.recorded):
        return wrong
    if due < loan.disbursed:
        return "date_before_disbursement"
    if installment is not None and installment not in {row.number for row in loan.balance().installments}:
        return "installment_unknown"
    names = {"charge_id": data["charge_id"], "component": data["kind"], "amount": data["amount"]}
    return Charge(day=arrival.recorded, due_date=due, installment=installment, **names, **common)


def _waived(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    """A waiver never counts before the charge that it waives."""
    data, day = arrival.event["data"], arrival.day("waiver_date")
    if wrong := _wrong_day(loan, arrival, day):
        return wrong
    charges = [f for f in loan.facts if isinstance(f, Charge) and f.charge_id == data["charge_id"]]
    if not charges:
        return "charge_unknown"
    names = {"waiver_id": data["waiver_id"], "charge_id": data["charge_id"], "amount": data.get("amount")}
    return Waiver(day=max(day, charges[0].day), **names, **common)


def _flagged(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    day = arrival.day("effective_date")
    flag = arrival.event["type"].removeprefix("loan.").removesuffix("_flagged")
    return _wrong_day(loan, arrival, day) or Flag(day=day, flag=flag, **common)


def _indicated(loan: Loan, arrival: Arrival, common: dict[str, Any]) -> Fact | str:
    """Nothing is known ahead: it counts from when it is told at the latest."""
    data, kind = arrival.event["data"], arrival.event["type"]
    day = min(arrival.day("effective_date"), arrival.recorded, arrival.today)
    if wrong := _wrong_day(loan, arrival, day):
        return wrong
    if kind == "loan.impairment_assessed":
        loss = Fraction(data.get("expected_loss_percent", "0")) if data["credit_impaired"] else None
        return Impairment(day=day, expected_loss=loss, **common)
    ended = kind == "loan.credit_indication_ended"
    if ended:
        known = [f for f in loan.facts if isinstance(f, Indication) and f.indication == data["indication"]]
        before = sorted((f for f in known if f.day <= day), key=lambda f: f.place)
        if not before or before[-1].ended:
            return "indication_unknown"
    return Indication(day=day, indication=data["indication"], ended=ended, **common)


_WHATS: dict[str, Callable[[Loan, Arrival, dict[str, Any]], Fact | str]] = {
    "repaid": _payment,
    "charged_back": _charged_back,
    "schedule_revised": _revised,
    "charge_posted": _charged,
    "charge_waived": _waived,
    "delinquency_paused": _paused,
    "delinquency_resumed": _resumed,
    "misuse_found": _flagged,
    "credit_indication_set": _indicated,
    "credit_indication_ended": _indicated,
    "impairment_assessed": _indicated,
    "technical_overdue_flagged": _flagged,
} | dict.fromkeys(ENDINGS, _ended)
