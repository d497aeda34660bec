"""Topic `loans.disbursements`: a loan was paid out, or turned out not to have been."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.types import (
    Contract,
    CurrencyCode,
    Id,
    InstallmentNumber,
    IsoDate,
    Money,
    PositiveMoney,
    Rate,
)

MAX_INSTALLMENTS: Final = 1200
MAX_GUARANTORS: Final = 50


class ScheduledInstallment(Contract):
    """One row of the schedule: what falls due, and when. At least one of the four amounts is above 0."""

    number: InstallmentNumber = Field(description="Number of the installment, 0 to 9999, unique in the schedule.")
    due_date: IsoDate = Field(description="Day by whose end it is to be paid; never before that of a lower number.")
    principal: Money = Field(description="Principal due, minor units.")
    interest: Money = Field(default=0, description="Interest due, minor units.")
    fee: Money = Field(default=0, description="Fees due, minor units.")
    penalty: Money = Field(default=0, description="Penalty due, minor units; 0 in a new schedule as a rule.")


class LoanDisbursed(Contract):
    """A loan was paid out, with the schedule that it is to be repaid by."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    borrower_id: Id = Field(description="The borrower.")
    product: Id = Field(description="Code of the product; the policy's rules of that product apply, or its default's.")
    segment: Literal["retail", "micro_business", "business"] = Field(description="Kind of borrower.")
    currency: CurrencyCode = Field(description="ISO 4217 code of every amount of this loan.")
    principal: PositiveMoney = Field(
        description="Amount paid out, minor units; the schedule's principal need not add up to it."
    )
    disbursement_date: IsoDate = Field(description="Day on which the money was paid out.")
    annual_rate: Rate = Field(description='Contract interest for a year as a decimal text: "0.12" is 12 percent.')
    schedule: Annotated[list[ScheduledInstallment], Field(min_length=1, max_length=MAX_INSTALLMENTS)] = Field(
        description="The installments, 1 to 1200, in any order."
    )
    grace_days: Annotated[int, Field(ge=0, le=365)] | None = Field(
        default=None, description="Days after a due date that do not yet count, 0 to 365; overrides the product's."
    )
    guarantor_ids: Annotated[list[Id], Field(max_length=MAX_GUARANTORS)] | None = Field(
        default=None, description="Who guarantees the loan, at most 50."
    )

    @model_validator(mode="after")
    def schedule_makes_sense(self) -> LoanDisbursed:
        """Numbers are unique, due dates never fall as numbers rise, and no row is empty."""
        rows = sorted(self.schedule, key=lambda row: row.number)
        for row in rows:
            if row.principal + row.interest + row.fee + row.penalty == 0:
                raise PydanticCustomError("installment_empty", "an installment comes to at least 1 minor unit")
        for earlier, later in pairwise(rows):
            if earlier.number == later.number:
                raise PydanticCustomError("installment_number_repeated", "an installment number is used once")
            if later.due_date < earlier.due_date:
                raise PydanticCustomError("due_dates_descend", "a later installment is not due before an earlier one")
        return self


class LoanDisbursementCancelled(Contract):
    """A disbursement turned out not to have happened: the loan owes nothing and never did."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    cancellation_date: IsoDate = Field(description="Day on which it was cancelled.")
