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


class ChargedBack(NamedTuple):
    """Money that really was received was taken back: it is owed again from `value_date` on (domain: Fineract)."""

    event_id: str
    recorded: Day
    loan_id: str
    chargeback_id: str
    payment_id: str
    value_date: Day
    amount: Money


class ScheduleRevised(NamedTuple):
    """Rows of the schedule are replaced by number; those not named and due on or after `effective_date` are dropped."""

    event_id: str
    recorded: Day
    loan_id: str
    schedule_version: int
    """A version not above the current one is ignored; the schedule of the disbursement is version 1."""
    effective_date: Day
    reason: str
    """rate_change, prepayment, extension, restructuring, correction, re_age or tranche."""
    financial_difficulty: bool
    """True: the terms were eased because the borrower is in financial difficulty (2023 Measures, art. 17-19)."""
    schedule: list[Row]
    disbursed: Money = 0
    """Principal that was paid out with this version, a further tranche of the loan."""


class ChargePosted(NamedTuple):
    """A fee or a penalty is owed on top of the schedule."""

    event_id: str
    recorded: Day
    loan_id: str
    charge_id: str
    kind: str
    """fee or penalty."""
    due_date: Day
    amount: Money
    installment: int | None
    """Number of the installment that it joins; None: the first one due on or after `due_date`."""


class ChargeWaived(NamedTuple):
    """What is still owed of a charge, up to an amount, is not owed any more."""

    event_id: str
    recorded: Day
    loan_id: str
    charge_id: str
    waiver_id: str
    waiver_date: Day
    amount: Money | None
    """None: the whole charge."""


class DelinquencyPaused(NamedTuple):
    """Delinquent days stand still from `start_date` to `end_date`, both inclusive (domain reference, 9.8)."""

    event_id: str
    recorded: Day
    loan_id: str
    start_date: Day | None
    end_date: Day | None
    """None is refused with a reason code of its own."""


class DelinquencyResumed(NamedTuple):
    """A running pause ends on `resume_date`, which is still paused (domain reference, 9.9)."""

    event_id: str
    recorded: Day
    loan_id: str
    resume_date: Day | None
    end_date: Day | None
    """Refused where there is one: a resume has no end."""


class StatusSet(NamedTuple):
    """The loan's life took a turn: charged_off, written_off, closed or transferred."""

    event_id: str
    recorded: Day
    loan_id: str
    status: str
    effective_date: Day


class Flagged(NamedTuple):
    """Something that a classification looks at: misuse_found, technical_overdue, or a flag of indications.py."""

    event_id: str
    recorded: Day
    loan_id: str
    flag: str
    effective_date: Day


class DayOpened(NamedTuple):
    """A business day began: the only fact that ages loans."""

    event_id: str
    business_date: Day
    repayments_complete: bool
    input_end_offsets: dict[str, int] | None
    """End offsets of the task's other inputs when the tick was written, or None: not known."""


Fact = (
    Disbursed
    | DisbursementCancelled
    | Repaid
    | RepaymentReversed
    | ChargedBack
    | ScheduleRevised
    | ChargePosted
    | ChargeWaived
    | DelinquencyPaused
    | DelinquencyResumed
    | StatusSet
    | Flagged
)
