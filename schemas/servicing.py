"""Topic `loans.servicing`: what changes a loan beside its payments: schedule, charges, pauses, status, flags."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.disbursements import MAX_INSTALLMENTS, ScheduledInstallment
from schemas.types import Contract, Id, InstallmentNumber, IsoDate, Percent, PositiveMoney

RevisionReason = Literal["rate_change", "prepayment", "extension", "restructuring", "correction", "re_age", "tranche"]
Indication = Literal[
    "non_accrual",
    "credit_adjustment",
    "sold_at_loss",
    "distressed_restructuring",
    "bankruptcy_filed",
    "bankruptcy_protection",
    "other_unlikely_to_pay",
    "liquidation",
    "refinanced_to_repay",
]
ChargeKind = Literal["fee", "penalty"]


class RevisedInstallment(ScheduledInstallment):
    """One row of a revised schedule, in the place of the one with its number; all four amounts may be 0."""


class LoanScheduleRevised(Contract):
    """The unpaid future has a new schedule: rows replace by number, past-due ones too, and the money counts anew.

    A row that is not named is dropped where it is due on or after `effective_date`, and stays where it is due earlier.
    """

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    schedule_version: Annotated[int, Field(ge=1, le=10**9)] = Field(
        description="Version of the schedule, rising; the disbursement's is 1. One not above the current is ignored."
    )
    effective_date: IsoDate = Field(description="Day from which on the new schedule holds; may lie in the past.")
    reason: RevisionReason = Field(
        description="Why the schedule changed; re_age: arrears are brought current unpaid, which the policy may limit; "
        "tranche: a further part of the loan was paid out."
    )
    financial_difficulty: bool = Field(
        default=False,
        description="True: the terms were eased because the borrower is in financial difficulty; the loan counts as "
        "restructured.",
    )
    disbursed: PositiveMoney | None = Field(
        default=None, description="Of a tranche: the principal that it paid out, minor units."
    )
    schedule: Annotated[list[RevisedInstallment], Field(max_length=MAX_INSTALLMENTS)] = Field(
        description="The rows that are new, 0 to 1200, in any order, each number once."
    )

    @model_validator(mode="after")
    def numbers_are_unique(self) -> LoanScheduleRevised:
        """A row is found by its number, so that a number stands once."""
        if len({row.number for row in self.schedule}) != len(self.schedule):
            raise PydanticCustomError("installment_number_repeated", "an installment number is used once")
        return self


class LoanChargePosted(Contract):
    """A fee or a penalty is owed on top of the schedule."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    charge_id: Id = Field(description="The charge; one whose id was seen before for this loan is dropped.")
    kind: ChargeKind = Field(description="What is charged.")
    due_date: IsoDate = Field(description="Day by whose end it is to be paid, where no installment is named.")
    amount: PositiveMoney = Field(description="Amount, minor units, at least 1.")
    installment: InstallmentNumber | None = Field(
        default=None,
        description="Number of the installment that it joins; left out: the first due on or after its date.",
    )


class LoanChargeWaived(Contract):
    """What is still owed of a charge, up to an amount, is not owed any more."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    charge_id: Id = Field(description="The charge that is waived.")
    waiver_id: Id | None = Field(
        default=None, description="The waiver; one seen before is dropped. Left out: the event's id stands for it."
    )
    waiver_date: IsoDate | None = Field(
        default=None, description="Day that it counts from; left out: the local date of the event's time."
    )
    amount: PositiveMoney | None = Field(
        default=None, description="The most that is waived, minor units; left out: all that is owed of the charge."
    )


class LoanDelinquencyPaused(Contract):
    """Delinquent days stand still for a while; days past due go on. May lie in the past or in the future."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    start_date: IsoDate | None = Field(default=None, description="First day of the pause, inclusive; needed.")
    end_date: IsoDate | None = Field(default=None, description="Last day of the pause, inclusive; needed.")


class LoanDelinquencyResumed(Contract):
    """A pause that runs today ends today; today still belongs to it."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    resume_date: IsoDate | None = Field(
        default=None, description="Today: the local date of the event's time; needed, and any other day is refused."
    )
    end_date: IsoDate | None = Field(default=None, description="Has no place here: one that is there is refused.")


class TurnOfLoan(Contract):
    """A turn in a loan's life, on a day."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    effective_date: IsoDate = Field(description="Day from which on it holds.")


class LoanChargedOff(TurnOfLoan):
    """The lender does not expect to be paid any more; the debt stands, and goes on ageing."""


class LoanWrittenOff(TurnOfLoan):
    """The loan left the books: it counts zeros, and what is paid later is a recovery."""


class LoanClosed(TurnOfLoan):
    """The loan is over, whatever cents remain: it counts zeros."""


class LoanTransferred(TurnOfLoan):
    """The loan was sold or moved to another lender: it counts zeros, and takes no more events."""


class LoanMisuseFound(TurnOfLoan):
    """The borrower used the money against the contract; classifications that look at it have their floor."""


class LoanTechnicalOverdueFlagged(TurnOfLoan):
    """The current delinquency comes from a technical fault, and not from the borrower."""


class LoanCreditIndicationSet(TurnOfLoan):
    """The lender found a sign that the borrower is unlikely to pay; classifications that look at it have a floor."""

    indication: Indication = Field(
        description="Which: CRR art. 178(3)(a) non_accrual, (b) credit_adjustment, (c) sold_at_loss, "
        "(d) distressed_restructuring, (e) bankruptcy_filed by the lender, (f) bankruptcy_protection of the borrower; "
        "other_unlikely_to_pay of the lender's own; liquidation; refinanced_to_repay."
    )


class LoanCreditIndicationEnded(TurnOfLoan):
    """An indication is in force no more; one that is not in force can't end."""

    indication: Indication = Field(description="Which indication ended.")


class LoanImpairmentAssessed(TurnOfLoan):
    """What of the loan is expected to be lost; the newest assessment counts."""

    credit_impaired: bool = Field(description="True: credit-impaired; false: not, or no more.")
    expected_loss_percent: Percent = Field(
        default="0", description="Expected credit loss in percent of the book balance, where it is credit-impaired."
    )
