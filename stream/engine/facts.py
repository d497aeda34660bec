"""What the engine is told: facts in the past tense, days and minor units only."""

from __future__ import annotations

from typing import NamedTuple

from stream.engine.dates import Day
from stream.engine.money import Money, Row


class Disbursed(NamedTuple):
    """A loan was paid out, with the schedule that it is to be repaid by."""

    event_id: str
    recorded: Day
    """Local date of the event's `time`: when the lender knew of it."""
    loan_id: str
    borrower_id: str
    product: str
    segment: str
    currency: str
    principal: Money
    disbursement_date: Day
    annual_rate: str
    schedule: list[Row]
    """One row per installment, seven places, oldest due date first."""
    grace_days: int | None
    """Overrides the product's grace days; None: the product's."""
    guarantor_ids: tuple[str, ...]


class DisbursementCancelled(NamedTuple):
    """A disbursement turned out not to have happened."""

    event_id: str
    recorded: Day
    loan_id: str
    cancellation_date: Day


class Allocation(NamedTuple):
    """What upstream says a payment paid of one installment."""

    installment: int
    principal: Money
    interest: Money
    fee: Money
    penalty: Money


class Repaid(NamedTuple):
    """Money came in for a loan (or credit was paid out again, by kind `credit_balance_refund`)."""

    event_id: str
    recorded: Day
    loan_id: str
    payment_id: str
    value_date: Day
    """The day that the money counts from."""
    amount: Money
    kind: str
    """repayment, down_payment, goodwill_credit, refund, recovery or credit_balance_refund."""
    installment: int | None
    """The number of the installment that the payment is meant for, or None."""
    allocations: tuple[Allocation, ...] | None
    """The core's own allocation, used as it stands, or None: the engine's waterfall decides."""


class RepaymentReversed(NamedTuple):
    """A payment counts as if it had never been made."""

    event_id: str
    recorded: Day
    loan_id: str
    payment_id: str
    reversal_id: str
    reversal_date: Day


class DayOpened(NamedTuple):
    """A business day began: the only fact that ages loans."""

    event_id: str
    business_date: Day
    repayments_complete: bool
    input_end_offsets: dict[str, int] | None
    """End offsets of the task's other inputs when the tick was written, or None: not known."""


Fact = Disbursed | DisbursementCancelled | Repaid | RepaymentReversed
