"""Checked data of an event to the fact that the engine is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import UNSET

from stream.engine import indications
from stream.engine.dates import Day
from stream.engine.facts import (
    Allocation,
    ChargedBack,
    ChargePosted,
    ChargeWaived,
    DayOpened,
    DelinquencyPaused,
    DelinquencyResumed,
    Disbursed,
    DisbursementCancelled,
    Fact,
    Flagged,
    Repaid,
    RepaymentReversed,
    ScheduleRevised,
    StatusSet,
)
from stream.engine.money import DUE, NUMBER, Row

# `data` is a pydantic model or the msgspec type derived from it: the same names, and UNSET in the latter where a field
# was left out.


def disbursed(event_id: str, recorded: Day, data: Any) -> Disbursed:
    """Of `loan.disbursed`; installments by due date, then by number."""
    return Disbursed(
        event_id,
        recorded,
        data.loan_id,
        data.borrower_id,
        data.product,
        data.segment,
        data.currency,
        data.principal,
        _day(data.disbursement_date),
        data.annual_rate,
        _schedule(data.schedule),
        None if data.grace_days is UNSET else data.grace_days,
        tuple(data.guarantor_ids or ()),
    )


def _schedule(installments: Iterable[Any]) -> list[Row]:
    rows: list[Row] = [
        [
            row.number,
            row.due_date.toordinal(),
            row.principal,
            row.interest,
            row.fee,
            row.penalty,
            row.principal + row.interest + row.fee + row.penalty,
        ]
        for row in installments
    ]
    rows.sort(key=_due_then_number)
    return rows


def _due_then_number(row: Row) -> tuple[int, int]:
    return row[DUE], row[NUMBER]


def disbursement_cancelled(event_id: str, recorded: Day, data: Any) -> DisbursementCancelled:
    """Of `loan.disbursement_cancelled`."""
    return DisbursementCancelled(event_id, recorded, data.loan_id, _day(data.cancellation_date))


def repaid(event_id: str, recorded: Day, data: Any) -> Repaid:
    """Of `loan.repaid`."""
    return Repaid(
        event_id,
        recorded,
        data.loan_id,
        data.payment_id,
        data.value_date.toordinal(),
        data.amount,
        data.kind or "repayment",
        None if data.installment is UNSET else data.installment,
        allocations(data.allocations) if data.allocations else None,
    )


def allocations(rows: Any) -> tuple[Allocation, ...]:
    """The core's own allocation, row by row."""
    return tuple(Allocation(row.installment, row.principal, row.interest, row.fee, row.penalty) for row in rows)


def repayment_reversed(event_id: str, recorded: Day, data: Any) -> RepaymentReversed:
    """Of `loan.repayment_reversed`."""
    return RepaymentReversed(
        event_id, recorded, data.loan_id, data.payment_id, data.reversal_id, _day(data.reversal_date)
    )


def charged_back(event_id: str, recorded: Day, data: Any) -> ChargedBack:
    """Of `loan.charged_back`."""
    return ChargedBack(
        event_id, recorded, data.loan_id, data.chargeback_id, data.payment_id, _day(data.value_date), data.amount
    )


def schedule_revised(event_id: str, recorded: Day, data: Any) -> ScheduleRevised:
    """Of `loan.schedule_revised`; installments by due date, then by number."""
    return ScheduleRevised(
        event_id,
        recorded,
        data.loan_id,
        data.schedule_version,
        _day(data.effective_date),
        data.reason,
        data.financial_difficulty,
        _schedule(data.schedule),
        data.disbursed or 0,
    )


def charge_posted(event_id: str, recorded: Day, data: Any) -> ChargePosted:
    """Of `loan.charge_posted`."""
    return ChargePosted(
        event_id,
        recorded,
        data.loan_id,
        data.charge_id,
        data.kind,
        _day(data.due_date),
        data.amount,
        data.installment,
    )


def charge_waived(event_id: str, recorded: Day, data: Any) -> ChargeWaived:
    """Of `loan.charge_waived`; without an id or a date of its own it has the event's."""
    return ChargeWaived(
        event_id,
        recorded,
        data.loan_id,
        data.charge_id,
        data.waiver_id or event_id,
        recorded if data.waiver_date is None else _day(data.waiver_date),
        data.amount,
    )


def delinquency_paused(event_id: str, recorded: Day, data: Any) -> DelinquencyPaused:
    """Of `loan.delinquency_paused`."""
    return DelinquencyPaused(
        event_id, recorded, data.loan_id, _day_or_none(data.start_date), _day_or_none(data.end_date)
    )


def delinquency_resumed(event_id: str, recorded: Day, data: Any) -> DelinquencyResumed:
    """Of `loan.delinquency_resumed`."""
    return DelinquencyResumed(
        event_id, recorded, data.loan_id, _day_or_none(data.resume_date), _day_or_none(data.end_date)
    )


def _status_set(status: str) -> Callable[[str, Day, Any], StatusSet]:
    def status_set(event_id: str, recorded: Day, data: Any) -> StatusSet:
        return StatusSet(event_id, recorded, data.loan_id, status, _day(data.effective_date))

    return status_set


def _flagged(flag: str) -> Callable[[str, Day, Any], Flagged]:
    def flagged(event_id: str, recorded: Day, data: Any) -> Flagged:
        return Flagged(event_id, recorded, data.loan_id, flag, _day(data.effective_date))

    return flagged


def _indicated(kind: str) -> Callable[[str, Day, Any], Flagged]:
    def indicated(event_id: str, recorded: Day, data: Any) -> Flagged:
        return Flagged(event_id, recorded, data.loan_id, f"{kind}:{data.indication}", _day(data.effective_date))

    return indicated


def impairment_assessed(event_id: str, recorded: Day, data: Any) -> Flagged:
    """Of `loan.impairment_assessed`; the expected loss in hundredths of a percent."""
    loss = int(Decimal(data.expected_loss_percent or "0") * 100)
    flag = f"{indications.IMPAIRED}:{loss}" if data.credit_impaired else indications.NOT_IMPAIRED
    return Flagged(event_id, recorded, data.loan_id, flag, _day(data.effective_date))


def _day(found: date) -> Day:
    return Day(found.toordinal())


def _day_or_none(found: date | None) -> Day | None:
    return None if found is None else _day(found)


def day_opened(event_id: str, _recorded: Day, data: Any) -> DayOpened:
    """Of `business_day.opened`."""
    return DayOpened(
        event_id,
        _day(data.business_date),
        data.repayments_complete,
        None if data.input_end_offsets is UNSET else data.input_end_offsets,
    )


FACT_OF_TYPE: Final[Mapping[str, Callable[[str, Day, Any], Fact | DayOpened]]] = {
    "loan.disbursed": disbursed,
    "loan.disbursement_cancelled": disbursement_cancelled,
    "loan.repaid": repaid,
    "loan.repayment_reversed": repayment_reversed,
    "loan.charged_back": charged_back,
    "loan.schedule_revised": schedule_revised,
    "loan.charge_posted": charge_posted,
    "loan.charge_waived": charge_waived,
    "loan.delinquency_paused": delinquency_paused,
    "loan.delinquency_resumed": delinquency_resumed,
    "loan.charged_off": _status_set("charged_off"),
    "loan.written_off": _status_set("written_off"),
    "loan.closed": _status_set("closed"),
    "loan.transferred": _status_set("transferred"),
    "loan.misuse_found": _flagged("misuse_found"),
    "loan.technical_overdue_flagged": _flagged("technical_overdue"),
    "loan.credit_indication_set": _indicated(indications.SET),
    "loan.credit_indication_ended": _indicated(indications.ENDED),
    "loan.impairment_assessed": impairment_assessed,
    "business_day.opened": day_opened,
}
