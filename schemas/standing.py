"""Topic `loans.standing`: the whole current standing of one loan; compacted, so the last record of a loan counts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.figures import (
    Amounts,
    Bucket,
    Classifications,
    Currency,
    DaysPastDue,
    LoanKey,
    OldestDueDate,
    Overdue,
    PolicyVersion,
    Product,
)
from schemas.overdue import Pause
from schemas.types import (
    Contract,
    Days,
    EpisodeId,
    EventId,
    Id,
    InstallmentNumber,
    IsoDate,
    Label,
    PositiveMoney,
    Total,
)

Status = Literal["pending", "active", "settled", "overpaid", "cancelled", "charged_off", "written_off", "transferred"]


class PastDueInstallment(Contract):
    """An installment that is past due, and what is unpaid of it."""

    number: InstallmentNumber = Field(description="Number of the installment.")
    due_date: IsoDate = Field(description="Day by whose end it was to be paid.")
    days_past_due: Days = Field(description="Calendar days since then.")
    unpaid: Amounts = Field(description="What is unpaid of it.")


class InstallmentBucket(Contract):
    """What is unpaid in one bucket, counted installment by installment, without grace."""

    bucket: Label = Field(description="Code of the bucket.")
    min_days: Days = Field(description="First day of the bucket, inclusive.")
    max_days: Days | None = Field(description="Last day of the bucket, inclusive; null: open.")
    amount: Total = Field(description="Unpaid of the installments in it, minor units.")


class LastPayment(Contract):
    """The payment with the latest value date."""

    payment_id: Id = Field(description="The payment.")
    value_date: IsoDate = Field(description="Day that it counts from.")
    amount: PositiveMoney = Field(description="Its amount, minor units.")


class BucketPeriod(Contract):
    """A stretch of days that the loan was in one bucket."""

    bucket: Label = Field(description="Code of the bucket.")
    from_date: IsoDate = Field(description="Day on which it was entered.")
    to_date: IsoDate | None = Field(
        description="Day on which it was left, equal to the next `from_date`; null: still in it."
    )


class Episode(Contract):
    """The current stretch of delinquency."""

    id: EpisodeId = Field(description="`<loan_id>:<number from 1>`, as in alerts.")
    started_date: IsoDate = Field(description="Business date of its first alert.")
    worst_days_past_due: Days = Field(description="The most days past due in it so far.")


class LoanStanding(Contract):
    """What is true of one loan at the end of what is known of `as_of`."""

    loan_id: LoanKey
    borrower_id: Id = Field(description="The borrower; decides the partition.")
    product: Product
    segment: Literal["retail", "micro_business", "business"] = Field(description="Kind of borrower.")
    currency: Currency
    status: Status = Field(
        description="Where the loan is in its life. An active and a charged-off loan age, a written-off one keeps its "
        "days, all others count zeros."
    )
    as_of: IsoDate = Field(description="Business date judged.")
    days_past_due: DaysPastDue
    delinquent_days: Days = Field(description="Days past due less grace and paused days, at least 0.")
    delinquent_date: IsoDate | None = Field(description="Oldest unpaid due date plus grace; null: nothing past due.")
    bucket: Bucket
    classifications: Classifications
    overdue: Overdue
    delinquent_amount: Total = Field(description="`overdue.total` and the excess of chargebacks, minor units.")
    outstanding_principal: Total = Field(description="Unpaid principal of the whole loan, minor units.")
    outstanding_total: Total = Field(description="Unpaid of the whole loan, all components, minor units.")
    credit_balance: Total = Field(description="Paid beyond what the loan owes, minor units.")
    oldest_due_date: OldestDueDate
    next_due_date: IsoDate | None = Field(description="Next due date by the policy's rule; null: nothing to come.")
    next_due_amount: Total = Field(description="Unpaid of the installment due then, minor units; 0: nothing to come.")
    past_due_installments: list[PastDueInstallment] = Field(description="Installments past due, oldest first.")
    installment_buckets: list[InstallmentBucket] = Field(
        description="Amounts by bucket, ascending; empty unless the policy asks for the installment level."
    )
    pauses: list[Pause] = Field(description="Pauses, oldest first.")
    last_payment: LastPayment | None = Field(description="The payment with the latest value date; null: none yet.")
    bucket_history: list[BucketPeriod] = Field(
        description="Buckets by business date, oldest first, within the horizon."
    )
    episode: Episode | None = Field(description="The current stretch of delinquency; null: not delinquent.")
    max_days_past_due_ever: Days = Field(description="The most days past due that the loan ever had.")
    schedule_version: Annotated[int, Field(ge=0, le=10**9)] = Field(description="Version of the schedule, from 1.")
    policy_version: PolicyVersion
    last_event_id: EventId = Field(description="Id of the last event or tick that changed something here.")
    behaviour: dict[str, int | str | list[int] | None] = Field(
        description="Figures of the borrower's payment behaviour that early warning reads; names may be added."
    )
