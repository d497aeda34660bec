"""What the early warning says: a warning is raised, escalated and cleared, each once."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from stream.engine.dates import iso
from stream.warning.loan_view import LoanView

RAISED: Final = "early_warning.raised"
ESCALATED: Final = "early_warning.escalated"
CLEARED: Final = "early_warning.cleared"

GONE: Final = "condition_gone"
STALE: Final = "observations_too_old"
PAID: Final = "installment_paid"
ENDED: Final = "loan_ended"
"""Why a warning is cleared."""

MAX_CAUSES: Final = 20


class Reason(NamedTuple):
    """Why a warning is raised: what was observed, what it is judged by; for a score also the portfolio's figure and the
    points.
    """

    code: str
    observed: int | str
    threshold: int | str | None
    portfolio: str | None = None
    points: int | None = None


class EarlyWarning(NamedTuple):
    """One event of `loans.early-warnings`."""

    id: str
    kind: str
    warning_id: str
    """Id of the raise: the same in its escalations and its clearing."""
    borrower_id: str
    loan: LoanView | None
    """None: it is about the borrower."""
    code: str
    severity: str
    previous_severity: str | None
    as_of: int
    cycle: str
    installment: int | None
    days_to_due: int | None
    points: int
    """The borrower's, after this."""
    level: str
    probability: float | None
    outcomes: tuple[float, float] | None
    """Known outcomes behind the probability: good, bad."""
    minimum_class: str | None
    cleared_because: str | None
    reasons: tuple[Reason, ...]
    policy_version: str
    causes: tuple[str, ...]


def warning_id(borrower_id: str, loan_id: str, code: str, kind: str, severity: str, cycle: str, as_of: int) -> str:
    """The id of a warning: a hash of what it says, so that every run and every replay gives the same."""
    said = "|".join([borrower_id, loan_id or "-", code, kind, severity, cycle, iso(as_of)])
    return sha256(said.encode()).hexdigest()[:32]


def causes_of(evidence: tuple[str, ...], day: int) -> tuple[str, ...]:
    """The events that caused a warning; the passing of the day where none did."""
    found = tuple(dict.fromkeys(evidence))[-MAX_CAUSES:]
    return found or (f"business-day:{iso(day)}",)
