"""Topic `loans.early-warnings`: who is about to go overdue, why, how sure, and how long before."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.figures import Amounts, Causes, PolicyVersion
from schemas.types import (
    AlertId,
    Contract,
    CurrencyCode,
    Days,
    EpisodeId,
    Id,
    InstallmentNumber,
    IsoDate,
    Label,
    Total,
)

Severity = Literal["low", "medium", "high", "critical"]


class WarningReason(Contract):
    """Why a warning is raised."""

    code: Label = Field(description="What was looked at.")
    observed: int | str = Field(description="What was observed.")
    threshold: int | str | None = Field(description="What it is judged by, in the same unit; null: no threshold.")
    portfolio: str | None = Field(description="The portfolio's own figure, of a score's reason; null: none.")
    points: int | None = Field(description="Points above the portfolio's mean, of a score's reason; null: none.")


class ProbabilityOutcomes(Contract):
    """The known outcomes that a probability stands on."""

    good: Annotated[int, Field(ge=0)] = Field(description="Where what was foretold did not happen.")
    bad: Annotated[int, Field(ge=0)] = Field(description="Where it did.")


class EarlyWarningEvent(Contract):
    """A warning about a loan or a borrower; its id is a hash of what it says."""

    warning_id: AlertId = Field(description="Id of the raise: the same in its escalations and its clearing.")
    borrower_id: Id = Field(description="The borrower; also the Kafka key.")
    loan_id: Id | None = Field(description="The loan; null: it is about the borrower.")
    product: Id | None = Field(description="Code of the loan's product; null with `loan_id`.")
    currency: CurrencyCode | None = Field(description="ISO 4217 code of every amount here; null with `loan_id`.")
    code: Label = Field(description="Code of the rule or score; WATCH_LIST: the borrower's level.")
    severity: Severity = Field(description="How grave it is.")
    previous_severity: Severity | None = Field(description="What it was before an escalation; null: no escalation.")
    as_of: IsoDate = Field(description="Business date that it is said of.")
    cycle: Label = Field(description="Installment, or month, in which it was raised: once in each.")
    installment: InstallmentNumber | None = Field(description="Next installment not past due; null: none.")
    days_to_due: Days | None = Field(description="Days to its due date; null: none.")
    points: Annotated[int, Field(ge=0)] = Field(description="The borrower's points after this.")
    level: Literal["none", "yellow", "orange", "red"] = Field(description="The borrower's level after this.")
    probability: Annotated[float, Field(ge=0, le=1)] | None = Field(
        description="That the installment goes wrong, of a score; null: not known, or a rule."
    )
    outcomes: ProbabilityOutcomes | None = Field(description="What the probability stands on; null: none.")
    minimum_class: Label | None = Field(
        description="Class of cn_five_class_2023 that the loan has to have at least; null: it says nothing about that."
    )
    days_past_due: Days | None = Field(description="Of the loan; null with `loan_id`.")
    delinquent_days: Days | None = Field(description="Of the loan; null with `loan_id`.")
    bucket: Label | None = Field(description="Of the loan; null: not delinquent.")
    classifications: dict[str, str] = Field(description="The loan's class by scheme.")
    overdue: Amounts | None = Field(description="Unpaid of the loan's installments past due; null with `loan_id`.")
    outstanding_principal: Total | None = Field(description="Of the loan, minor units; null with `loan_id`.")
    oldest_due_date: IsoDate | None = Field(description="Oldest unpaid due date; null: nothing past due.")
    episode_id: EpisodeId | None = Field(description="The loan's stretch of delinquency; null: not delinquent.")
    reasons: list[WarningReason] = Field(description="Why, the most telling first.")
    policy_version: PolicyVersion
    causes: Causes


class EarlyWarningRaised(EarlyWarningEvent):
    """A condition holds that often comes before trouble; once per code, loan or borrower, and cycle."""


class EarlyWarningEscalated(EarlyWarningEvent):
    """A warning that stands has become graver."""


class EarlyWarningCleared(EarlyWarningEvent):
    """A warning stands no more."""

    cleared_because: Literal["condition_gone", "observations_too_old", "installment_paid", "loan_ended"] = Field(
        description="Why it was cleared."
    )
