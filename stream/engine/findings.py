"""What the engine says: alerts, each a statement about one loan on one business day."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from stream.engine.dates import Day, iso
from stream.engine.money import Money

OVERDUE_STARTED: Final = "loan.overdue_started"
BUCKET_CHANGED: Final = "loan.bucket_changed"
CURED: Final = "loan.cured"
ALERT_CORRECTED: Final = "loan.alert_corrected"
CLASSIFICATION_CHANGED: Final = "loan.classification_changed"
CLASSIFICATION_CORRECTED: Final = "loan.classification_corrected"
PAUSE_CHANGED: Final = "loan.pause_changed"
RECOVERY_RECEIVED: Final = "loan.recovery_received"
DUE_SOON: Final = "loan.due_soon"
OVERDUE_NOTICED: Final = "loan.overdue_noticed"


class Reason(NamedTuple):
    """Why an alert was raised: what was observed, and the threshold that it is judged by."""

    code: str
    observed: int | str
    threshold: int | str | None


class Alert(NamedTuple):
    """On `as_of` the loan was in `bucket`, and this is new."""

    id: str
    kind: str
    loan_id: str
    borrower_id: str
    product: str
    currency: str
    as_of: Day
    days_past_due: int
    delinquent_days: int
    previous_bucket: str | None
    bucket: str | None
    overdue: tuple[Money, Money, Money, Money]
    """Principal, interest, fee and penalty of the installments past due."""
    outstanding_principal: Money
    oldest_due_date: Day | None
    episode: int
    """Number of the loan's delinquency episode, from 1; 0: none yet."""
    reasons: tuple[Reason, ...]
    policy_version: str
    causes: tuple[str, ...]
    """Ids of the events that caused it; `business-day:<date>` where a day did."""
    supersedes: str | None
    """Id of the alert that a correction replaces."""
    classifications: str = ""
    """The loan's class by each scheme of the policy, `scheme:code` and a blank between two; "" without schemes."""
    installment: int | None = None
    """Number of the installment that a notice is about."""
    classification: tuple[str, str, str] | None = None
    """Scheme, class, and former class, of a classification that changed."""
    pause: tuple[Day, Day, bool] | None = None
    """First day, last day, and whether it is in force, of a pause that began or is over."""


def alert_id(
    loan_id: str, kind: str, episode: int, bucket: str | None, as_of: Day, cause: str | None, supersedes: str | None
) -> str:
    """The id of an alert: a hash of what it says, so that every run and every replay gives the same.

    `bucket`: for alerts that are not about the bucket, what tells two of a day apart in its place.
    """
    said = "|".join([loan_id, kind, str(episode), bucket or "-", iso(as_of), cause or "-", supersedes or "-"])
    return sha256(said.encode()).hexdigest()[:32]
