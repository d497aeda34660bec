"""Topic `loans.overdue`: alerts, each a statement about one loan, or one task, on one business day; never changed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.figures import (
    Bucket,
    Causes,
    Classifications,
    Currency,
    DaysPastDue,
    LoanKey,
    OldestDueDate,
    Overdue,
    PolicyVersion,
    Product,
)
from schemas.types import (
    AlertId,
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


class Pause(Contract):
    """A stretch of days that does not count as delinquent."""

    start_date: IsoDate = Field(description="First day, inclusive.")
    end_date: IsoDate = Field(description="Last day, inclusive.")
    active: bool = Field(description="True: `as_of` lies inside.")


class AlertReason(Contract):
    """One reason: what was observed, and the threshold that it is judged by."""

    code: Label = Field(description="Code of the reason; new codes may appear, so treat an unknown one as text.")
    observed: int | str = Field(description="What was observed: days, minor units, or a code.")
    threshold: int | str | None = Field(description="What it is judged by, in the same unit; null: no threshold.")


class OverdueAlert(Contract):
    """On `as_of` the loan was in `bucket`, and this is new.

    The alert's id is the event's `id`: a hash of what the alert says. A consumer that has seen an id may drop it.
    """

    loan_id: LoanKey
    borrower_id: Id = Field(description="The borrower.")
    product: Product
    currency: Currency
    as_of: IsoDate = Field(description="Business date that the statement is about.")
    days_past_due: DaysPastDue
    delinquent_days: Days = Field(description="Days past due less grace and paused days; 0: not delinquent.")
    bucket: Bucket
    previous_bucket: Label | None = Field(description="Bucket before; null: not delinquent before.")
    classifications: Classifications
    overdue: Overdue
    outstanding_principal: Total = Field(description="Unpaid principal of the whole loan, due or not, minor units.")
    oldest_due_date: OldestDueDate
    episode_id: EpisodeId | None = Field(
        description="The loan's stretch of delinquency, `<loan_id>:<number from 1>`; null: none yet."
    )
    reasons: list[AlertReason] = Field(description="Why, the most telling first.")
    policy_version: PolicyVersion
    causes: Causes


class LoanOverdueStarted(OverdueAlert):
    """Delinquent days left 0: grace is over and more than the tolerance is unpaid."""


class LoanBucketChanged(OverdueAlert):
    """The loan moved from one bucket to another, for the worse or for the better."""


class LoanCured(OverdueAlert):
    """Delinquent days returned to 0, for any cause; `bucket` is null."""


class LoanAlertCorrected(OverdueAlert):
    """An earlier alert about the bucket turned out wrong: this is what was true of its day, as now known."""

    supersedes: AlertId = Field(description="Id of the alert that no longer holds; `as_of` is the same day.")


class LoanDueSoon(OverdueAlert):
    """An installment falls due in as many days as the policy gives notice of, and is unpaid."""

    installment: InstallmentNumber = Field(description="Number of the installment.")


class LoanOverdueNoticed(OverdueAlert):
    """An installment has been unpaid for as many days after its due date as the policy gives notice of."""

    installment: InstallmentNumber = Field(description="Number of the installment.")


class LoanClassificationChanged(OverdueAlert):
    """The loan's class under one scheme changed, for the worse or for the better."""

    scheme: Label = Field(description="The scheme, as the policy names it.")
    classification: Label = Field(description="Class under it now; also in `classifications`.")
    previous_classification: Label | None = Field(description="Class before; null: none yet.")


class LoanClassificationCorrected(LoanClassificationChanged):
    """An earlier alert about the class turned out wrong: this is the class at the end of its day, as now known.

    `previous_classification` is the class that the earlier alert said.
    """

    supersedes: AlertId = Field(description="Id of the alert that no longer holds; `as_of` is the same day.")


class LoanPauseChanged(OverdueAlert):
    """A pause came into force, or is in force no more."""

    pause: Pause = Field(description="The pause; `active` says which of the two.")


class LoanRecoveryReceived(OverdueAlert):
    """Money came in for a loan that was written off; it is no cure."""

    recovered: PositiveMoney = Field(description="How much came, minor units.")


class FeedAlert(Contract):
    """About the repayments of one task, partition by partition: no loan is named."""

    partition: Annotated[int, Field(ge=0)] = Field(
        description="Partition of the task; the Kafka key is `partition-<number>`."
    )
    as_of: IsoDate = Field(description="The business day in question; the repayments are those of the day before.")
    installments_due: Annotated[int, Field(ge=0)] = Field(
        description="Installments due on the day before, of loans that were not past due."
    )
    installments_met: Annotated[int, Field(ge=0)] = Field(description="How many of them were met.")
    installments_met_usually: Annotated[int, Field(ge=0)] = Field(
        description="How many of so many were met on the last days, on average."
    )
    reasons: list[AlertReason] = Field(description="Why, the most telling first.")
    policy_version: PolicyVersion
    causes: list[EventId] = Field(description="Ids of the events that caused it; `business-day:<date>` of a tick.")


class FeedHeld(FeedAlert):
    """So few repayments came that the feed is not believed: the day does not open, no loan of the partition ages."""


class FeedReleased(FeedAlert):
    """A held day opens: the repayments came, an operator said that they are complete, or it was held long enough."""
