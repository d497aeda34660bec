"""Topic `loans.repayments`: money came in for a loan, was taken back, or turned out never to have come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.types import Contract, Id, InstallmentNumber, IsoDate, Money, PositiveMoney

PaymentKind = Literal["repayment", "down_payment", "goodwill_credit", "refund", "recovery", "credit_balance_refund"]


class PaymentAllocation(Contract):
    """What the core banking system says a payment paid of one installment."""

    installment: InstallmentNumber = Field(description="Number of the installment.")
    principal: Money = Field(description="Principal paid, minor units.")
    interest: Money = Field(description="Interest paid, minor units.")
    fee: Money = Field(description="Fees paid, minor units.")
    penalty: Money = Field(description="Penalty paid, minor units.")


class LoanRepaid(Contract):
    """Money came in for a loan (or credit was paid out again, by kind `credit_balance_refund`)."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    payment_id: Id = Field(description="The payment; one whose id was seen before for this loan is dropped.")
    value_date: IsoDate = Field(
        description="Day that the money counts from; at most 31 days after the business date of its arrival."
    )
    amount: PositiveMoney = Field(description="Amount, minor units, at least 1.")
    kind: PaymentKind = Field(
        default="repayment",
        description="What the money is: `refund` is a payout or merchant refund that reduces the debt, `recovery` "
        "comes after a write-off, `credit_balance_refund` pays credit out.",
    )
    installment: InstallmentNumber | None = Field(
        default=None, description="Number of the installment that it is meant for; the rest follows the usual order."
    )
    allocations: Annotated[list[PaymentAllocation], Field(max_length=1200)] | None = Field(
        default=None, description="The core's own allocation, used as it stands; together at most `amount`."
    )

    @model_validator(mode="after")
    def allocations_fit(self) -> LoanRepaid:
        """No more is allocated than was paid."""
        rows = self.allocations or ()
        if sum(row.principal + row.interest + row.fee + row.penalty for row in rows) > self.amount:
            raise PydanticCustomError("allocations_exceed_amount", "allocations add up to at most the amount")
        return self


class LoanRepaymentReversed(Contract):
    """A payment counts as if it had never been made (returned debit, wrong loan)."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    payment_id: Id = Field(description="The payment that is taken back; it may still be unknown.")
    reversal_id: Id = Field(description="The reversal; one whose id was seen before for this loan is dropped.")
    reversal_date: IsoDate = Field(description="Day on which it was reversed.")


class LoanChargedBack(Contract):
    """Money that really was received was taken back (by the payer's bank, say): it is owed again from that day on."""

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    chargeback_id: Id = Field(description="The chargeback; one whose id was seen before for this loan is dropped.")
    payment_id: Id = Field(description="The payment that it takes back, whole or in part.")
    value_date: IsoDate = Field(
        description="Day from which on it is owed again; at most 31 days after the business date of its arrival."
    )
    amount: PositiveMoney = Field(description="Amount taken back, minor units, at least 1.")
