"""Checked data of an event to the fact that the engine is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import UNSET

from stream.engine.dates import Day
from stream.engine.facts import (
    Allocation,
    DayOpened,
    Disbursed,
    DisbursementCancelled,
    Fact,
    Repaid,
    RepaymentReversed,
)
from stream.engine.money import DUE, NUMBER, Row

# `data` is a pydantic model or the msgspec type derived from it: the same names, and UNSET in the latter where a field
# was left out.


def disbursed(event_id: str, recorded: Day, data: Any) -> Disbursed:
    """Of `loan.disbursed`; installments by due date, then by number."""
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
        for row in data.schedule
    ]
    rows.sort(key=_due_then_number)
    return Disbursed(
        event_id,
        recorded,
        data.loan_id,
        data.borrower_id,
        data.product,
        data.segment,
        data.currency,
        data.principal,
        Day(data.disbursement_date.toordinal()),
        data.annual_rate,
        rows,
        None if data.grace_days is UNSET else data.grace_days,
        tuple(data.guarantor_ids or ()),
    )


def _due_then_number(row: Row) -> tuple[int, int]:
    return row[DUE], row[NUMBER]


def disbursement_cancelled(event_id: str, recorded: Day, data: Any) -> DisbursementCancelled:
    """Of `loan.disbursement_cancelled`."""
    return DisbursementCancelled(event_id, recorded, data.loan_id, Day(data.cancellation_date.toordinal()))


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
        event_id, recorded, data.loan_id, data.payment_id, data.reversal_id, Day(data.reversal_date.toordinal())
    )


def day_opened(event_id: str, _recorded: Day, data: Any) -> DayOpened:
    """Of `business_day.opened`."""
    return DayOpened(
        event_id,
        Day(data.business_date.toordinal()),
        data.repayments_complete,
        None if data.input_end_offsets is UNSET else data.input_end_offsets,
    )


FACT_OF_TYPE: Final[Mapping[str, Callable[[str, Day, Any], Fact | DayOpened]]] = {
    "loan.disbursed": disbursed,
    "loan.disbursement_cancelled": disbursement_cancelled,
    "loan.repaid": repaid,
    "loan.repayment_reversed": repayment_reversed,
    "business_day.opened": day_opened,
}
