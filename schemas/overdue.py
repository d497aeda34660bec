"""Topic `loans.overdue`: alerts, each a statement about one loan on one business day, never changed afterwards."""

from __future__ import annotations

from pydantic import Field

from schemas.types import (
    AlertId,
    Contract,
    CurrencyCode,
    Days,
    EpisodeId,
    EventId,
    Id,
    IsoDate,
    Label,
    Total,
)


class Amounts(Contract):
    """An amount by component, minor units."""

    principal: Total = Field(description="Principal, minor units.")
    interest: Total = Field(description="Interest, minor units.")
    fee: Total = Field(description="Fees, minor units.")
    penalty: Total = Field(description="Penalty, minor units.")
    total: Total = Field(description="The four together, minor units.")


class AlertReason(Contract):
    """One reason: what was observed, and the threshold that it is judged by."""

    code: Label = Field(description="Code of the reason; new codes may appear, so treat an unknown one as text.")
    observed: int | str = Field(description="What was observed: days, minor units, or a code.")
    threshold: int | str | None = Field(description="What it is judged by, in the same unit; null: no threshold.")


class OverdueAlert(Contract):
    """On `as_of` the loan was in `bucket`, and this is new.

    The alert's id is the event's `id`: a hash of what the alert says. A consumer that has seen an id may drop it.
    """

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    borrower_id: Id = Field(description="The borrower.")
    product: Id = Field(description="Code of the product.")
    currency: CurrencyCode = Field(description="ISO 4217 code of every amount here.")
    as_of: IsoDate = Field(description="Business date that the statement is about.")
    days_past_due: Days = Field(description="Calendar days since the oldest unpaid due date; grace is not taken off.")
    delinquent_days: Days = Field(description="Days past due less grace; 0: not delinquent.")
    bucket: Label | None = Field(description="Bucket by delinquent days; null: not delinquent.")
    previous_bucket: Label | None = Field(description="Bucket before; null: not delinquent before.")
    classifications: dict[str, str] = Field(description="Class by scheme; empty where the policy names no scheme.")
    overdue: Amounts = Field(description="Unpaid of the installments past due.")
    outstanding_principal: Total = Field(description="Unpaid principal of the whole loan, due or not, minor units.")
    oldest_due_date: IsoDate | None = Field(description="Oldest unpaid due date that counts; null: nothing past due.")
    episode_id: EpisodeId | None = Field(
        description="The loan's stretch of delinquency, `<loan_id>:<number from 1>`; null: none yet."
    )
    reasons: list[AlertReason] = Field(description="Why, the most telling first.")
    policy_version: Label = Field(description="Version of the policy that judged.")
    causes: list[EventId] = Field(
        description="Ids of the events that caused it; `business-day:<date>` where the passing of a day did."
    )


class LoanOverdueStarted(OverdueAlert):
    """Delinquent days left 0: grace is over and more than the tolerance is unpaid."""


class LoanBucketChanged(OverdueAlert):
    """The loan moved from one bucket to another, for the worse or for the better."""


class LoanCured(OverdueAlert):
    """Delinquent days returned to 0, for any cause; `bucket` is null."""


class LoanAlertCorrected(OverdueAlert):
    """An earlier alert turned out wrong: this is what was true of its day, as now known."""

    supersedes: AlertId = Field(description="Id of the alert that no longer holds; `as_of` is the same day.")
