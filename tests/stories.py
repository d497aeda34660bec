"""Loan events to tell stories with, as an upstream system would publish them (CloudEvents in structured form)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Event = dict[str, Any]

ZONE = ZoneInfo("Asia/Shanghai")


def a_day(text: str | date) -> date:
    """A date from its ISO text."""
    return date.fromisoformat(text) if isinstance(text, str) else text


def at(day: str | date, clock: time = time(12)) -> str:
    """The instant of a local time of a day in the lender's zone, as UTC."""
    local = datetime.combine(a_day(day), clock, ZONE)
    return local.astimezone(ZoneInfo("UTC")).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(kind: str, event_id: str, when: str, data: dict[str, Any], subject: str | None = None) -> Event:
    """A CloudEvent in structured form."""
    said = {"specversion": "1.0", "id": event_id, "source": "urn:test", "type": kind, "time": when, "data": data}
    return said if subject is None else said | {"subject": subject}


def an_installment(
    number: int, due_date: str | date, principal: int, interest: int = 0, fee: int = 0, penalty: int = 0
) -> dict[str, Any]:
    """A row of a schedule."""
    due = a_day(due_date).isoformat()
    return {
        "number": number,
        "due_date": due,
        "principal": principal,
        "interest": interest,
        "fee": fee,
        "penalty": penalty,
    }


def disbursed(
    schedule: list[dict[str, Any]], on: str | date, loan_id: str = "L1", when: str | None = None, **data: Any
) -> Event:
    """A loan was paid out."""
    said = {
        "loan_id": loan_id,
        "borrower_id": f"B-{loan_id}",
        "product": "cash_loan",
        "segment": "retail",
        "currency": "CNY",
        "principal": sum(row["principal"] for row in schedule) or 1,
        "disbursement_date": a_day(on).isoformat(),
        "annual_rate": "0.12",
        "schedule": schedule,
    } | data
    return event("loan.disbursed", f"disbursed-{loan_id}", when or at(on), said, loan_id)


def repaid(
    payment_id: str,
    amount: int,
    value_date: str | date,
    loan_id: str = "L1",
    when: str | None = None,
    event_id: str | None = None,
    **data: Any,
) -> Event:
    """Money came in; `when` is by default noon of the value date."""
    said = {
        "loan_id": loan_id,
        "payment_id": payment_id,
        "value_date": a_day(value_date).isoformat(),
        "amount": amount,
        "kind": "repayment",
    } | data
    return event("loan.repaid", event_id or f"repaid-{payment_id}", when or at(value_date), said, loan_id)


def reversed_(
    payment_id: str,
    on: str | date,
    loan_id: str = "L1",
    reversal_id: str | None = None,
    when: str | None = None,
    event_id: str | None = None,
) -> Event:
    """A payment counts as if never made."""
    reversal = reversal_id or f"R-{payment_id}"
    said = {
        "loan_id": loan_id,
        "payment_id": payment_id,
        "reversal_id": reversal,
        "reversal_date": a_day(on).isoformat(),
    }
    return event("loan.repayment_reversed", event_id or f"reversed-{reversal}", when or at(on), said, loan_id)


def cancelled(on: str | date, loan_id: str = "L1", when: str | None = None, event_id: str | None = None) -> Event:
    """The disbursement did not happen."""
    said = {"loan_id": loan_id, "cancellation_date": a_day(on).isoformat()}
    return event("loan.disbursement_cancelled", event_id or f"cancelled-{loan_id}", when or at(on), said, loan_id)


def opened(day: str | date) -> Event:
    """A business day began."""
    iso = a_day(day).isoformat()
    said = {"business_date": iso, "repayments_complete": True}
    return event("business_day.opened", f"business-day:{iso}", at(day, time(0)), said)


def days(first: str | date, last: str | date) -> list[Event]:
    """The openings of all days from the first to the last, both included."""
    start = a_day(first)
    return [opened(start + timedelta(n)) for n in range((a_day(last) - start).days + 1)]


def loan_a(penalties: dict[int, int] | None = None) -> list[dict[str, Any]]:
    """12,000.00 at 12% a year over 12 months, equal installments, due on the 15th from 2024-02-15.

    `penalties` adds to installments, by number, what the core has charged for them.
    """
    monthly, left, rows = 106_619, 1_200_000, []
    for number in range(1, 13):
        interest = (left + 50) // 100  # one percent, half up
        principal = left if number == 12 else monthly - interest
        due = date(2024 + number // 12, number % 12 + 1, 15)
        rows.append(an_installment(number, due, principal, interest, penalty=(penalties or {}).get(number, 0)))
        left -= principal
    return rows


def charged_back(
    chargeback_id: str, amount: int, value_date: str | date, loan_id: str = "L1", when: str | None = None, **data: Any
) -> Event:
    """Money that was received was taken back by the payer's bank."""
    said = {
        "loan_id": loan_id,
        "chargeback_id": chargeback_id,
        "payment_id": f"of-{chargeback_id}",
        "value_date": a_day(value_date).isoformat(),
        "amount": amount,
    } | data
    return event("loan.charged_back", f"charged-back-{chargeback_id}", when or at(value_date), said, loan_id)


def revised(
    version: int,
    effective: str | date,
    rows: list[dict[str, Any]],
    loan_id: str = "L1",
    when: str | None = None,
    event_id: str | None = None,
    **data: Any,
) -> Event:
    """Rows of the schedule are replaced by number."""
    said = {
        "loan_id": loan_id,
        "schedule_version": version,
        "effective_date": a_day(effective).isoformat(),
        "reason": "extension",
        "financial_difficulty": False,
        "schedule": rows,
    } | data
    return event("loan.schedule_revised", event_id or f"revised-{version}", when or at(effective), said, loan_id)


def charged(
    charge_id: str,
    amount: int,
    due: str | date,
    kind: str = "penalty",
    installment: int | None = None,
    loan_id: str = "L1",
    when: str | None = None,
) -> Event:
    """A fee or a penalty was posted."""
    said: dict[str, Any] = {
        "loan_id": loan_id,
        "charge_id": charge_id,
        "kind": kind,
        "due_date": a_day(due).isoformat(),
        "amount": amount,
    }
    if installment is not None:
        said["installment"] = installment
    return event("loan.charge_posted", f"charged-{charge_id}", when or at(due), said, loan_id)


def waived(
    waiver_id: str,
    charge_id: str,
    on: str | date,
    amount: int | None = None,
    loan_id: str = "L1",
    when: str | None = None,
) -> Event:
    """A charge, or a part of it, is not owed any more."""
    said: dict[str, Any] = {
        "loan_id": loan_id,
        "charge_id": charge_id,
        "waiver_id": waiver_id,
        "waiver_date": a_day(on).isoformat(),
    }
    if amount is not None:
        said["amount"] = amount
    return event("loan.charge_waived", f"waived-{waiver_id}", when or at(on), said, loan_id)


def paused(
    start: str | date | None,
    end: str | date | None,
    on: str | date,
    loan_id: str = "L1",
    when: str | None = None,
    event_id: str | None = None,
) -> Event:
    """Delinquent days are to stand still from `start` to `end`; said on `on`."""
    said = {"loan_id": loan_id}
    said |= {name: a_day(day).isoformat() for name, day in (("start_date", start), ("end_date", end)) if day}
    return event("loan.delinquency_paused", event_id or f"paused-{start}-{end}", when or at(on), said, loan_id)


def resumed(
    resume: str | date | None,
    on: str | date,
    loan_id: str = "L1",
    when: str | None = None,
    event_id: str | None = None,
    end: str | date | None = None,
) -> Event:
    """A pause ends on `resume`, which is its last day; said on `on`."""
    said = {"loan_id": loan_id}
    said |= {name: a_day(day).isoformat() for name, day in (("resume_date", resume), ("end_date", end)) if day}
    return event("loan.delinquency_resumed", event_id or f"resumed-{resume}", when or at(on), said, loan_id)


def turned(
    kind: str, on: str | date, loan_id: str = "L1", when: str | None = None, event_id: str | None = None
) -> Event:
    """charged_off, written_off, closed, transferred, misuse_found or technical_overdue_flagged."""
    said = {"loan_id": loan_id, "effective_date": a_day(on).isoformat()}
    return event(f"loan.{kind}", event_id or f"{kind}-{loan_id}", when or at(on), said, loan_id)


def indicated(
    indication: str,
    on: str | date,
    loan_id: str = "L1",
    when: str | None = None,
    event_id: str | None = None,
    ended: bool = False,
) -> Event:
    """An indication of the borrower's ability to pay is set, or ended."""
    said = {"loan_id": loan_id, "effective_date": a_day(on).isoformat(), "indication": indication}
    kind = f"credit_indication_{'ended' if ended else 'set'}"
    return event(f"loan.{kind}", event_id or f"{kind}-{indication}", when or at(on), said, loan_id)


def assessed(
    impaired: bool,
    on: str | date,
    loss: str = "0",
    loan_id: str = "L1",
    when: str | None = None,
    event_id: str | None = None,
) -> Event:
    """The loan's impairment was assessed, with the part of it that is expected to be lost in percent."""
    said: dict[str, Any] = {"loan_id": loan_id, "effective_date": a_day(on).isoformat(), "credit_impaired": impaired}
    if impaired:
        said["expected_loss_percent"] = loss
    return event("loan.impairment_assessed", event_id or f"assessed-{loan_id}-{on}", when or at(on), said, loan_id)
