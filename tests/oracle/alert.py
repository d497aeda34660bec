"""What is said of a loan: an alert, its id, and its record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from tests.oracle.figures import Figures

OVERDUE_STARTED = "loan.overdue_started"
BUCKET_CHANGED = "loan.bucket_changed"
CURED = "loan.cured"
CORRECTED = "loan.alert_corrected"
DUE_SOON = "loan.due_soon"
OVERDUE_NOTICED = "loan.overdue_noticed"
CLASSIFICATION_CHANGED = "loan.classification_changed"
CLASSIFICATION_CORRECTED = "loan.classification_corrected"
PAUSE_CHANGED = "loan.pause_changed"
RECOVERY_RECEIVED = "loan.recovery_received"
STATEMENTS = frozenset(
    {OVERDUE_STARTED, BUCKET_CHANGED, CURED, CORRECTED, CLASSIFICATION_CHANGED, CLASSIFICATION_CORRECTED}
)
"""The kinds that say in which bucket or class a loan was: only these are corrected."""


@dataclass(frozen=True)
class Alert:
    """A statement: on `as_of` the loan was in `bucket`."""

    id: str
    kind: str
    about: dict[str, str]
    """The loan: loan_id, borrower_id, product, currency, and the policy's version."""
    as_of: date
    bucket: str | None
    previous_bucket: str | None
    days_past_due: int
    delinquent_days: int
    overdue: dict[str, int]
    outstanding_principal: int
    oldest_due_date: date | None
    episode: int
    causes: tuple[str, ...]
    supersedes: str | None
    classifications: dict[str, str]
    more: dict[str, Any]
    """What only its kind says."""

    @property
    def loan_id(self) -> str:
        """The loan that it is about."""
        return self.about["loan_id"]

    @property
    def scheme(self) -> str | None:
        """The scheme that it says a class of; None: it says a bucket."""
        return self.more.get("scheme")

    def is_true(self, now: Figures, classes: dict[str, str]) -> bool:
        """Whether what it says was so at a moment."""
        if self.scheme is not None:
            said: str = self.more["classification"]
            return classes[self.scheme] == said
        return (self.delinquent_days > 0, self.bucket) == now.statement

    @property
    def data(self) -> dict[str, Any]:
        """What the record on `loans.overdue` says, but for its `reasons`."""
        data = self.about | {
            "as_of": self.as_of.isoformat(),
            "days_past_due": self.days_past_due,
            "delinquent_days": self.delinquent_days,
            "bucket": self.bucket,
            "previous_bucket": self.previous_bucket,
            "classifications": self.classifications,
            "overdue": self.overdue,
            "outstanding_principal": self.outstanding_principal,
            "oldest_due_date": iso(self.oldest_due_date),
            "episode_id": f"{self.loan_id}:{self.episode}" if self.episode else None,
            "causes": list(self.causes),
        }
        return data | self.more | ({"supersedes": self.supersedes} if self.supersedes else {})


def an_alert(
    about: dict[str, str],
    kind: str,
    as_of: date,
    figures: Figures,
    cause: str | None,
    previous: str | None,
    episode: int,
    supersedes: str | None = None,
    classifications: dict[str, str] | None = None,
    what: str | None = None,
    more: dict[str, Any] | None = None,
) -> Alert:
    """The alert that says this; its id is a hash of what it says, so that every run gives the same.

    `what`: what it is about, where that is not the bucket.
    """
    said = [about["loan_id"], kind, episode, what or figures.bucket, as_of.isoformat(), cause, supersedes]
    return Alert(
        id=sha256("|".join("-" if word is None else str(word) for word in said).encode()).hexdigest()[:32],
        kind=kind,
        about=about,
        as_of=as_of,
        bucket=figures.bucket,
        previous_bucket=previous,
        days_past_due=figures.days_past_due,
        delinquent_days=figures.delinquent_days,
        overdue=figures.overdue,
        outstanding_principal=figures.outstanding_principal,
        oldest_due_date=figures.oldest_due_date,
        episode=episode,
        causes=(cause or f"business-day:{as_of.isoformat()}",),
        supersedes=supersedes,
        classifications=classifications or {},
        more=more or {},
    )


def iso(day: date | None) -> str | None:
    """The ISO text of a day, if there is one."""
    return day.isoformat() if day else None
