"""The topics' names, with the lender's prefix."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.catalogue import (
    BORROWER_SIGNALS,
    BUSINESS_DAYS,
    DEAD_LETTERS,
    DISBURSEMENTS,
    EARLY_WARNINGS,
    OVERDUE,
    REPAYMENTS,
    SERVICING,
    STANDING,
)


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of all topics of one lender."""

    prefix: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Loan events; of two with one timestamp, the topic named first goes first."""
        return (self.prefix + DISBURSEMENTS, self.prefix + SERVICING, self.prefix + REPAYMENTS)

    @property
    def business_days(self) -> str:
        """The ticks."""
        return self.prefix + BUSINESS_DAYS

    @property
    def overdue(self) -> str:
        """Alerts."""
        return self.prefix + OVERDUE

    @property
    def standing(self) -> str:
        """The current standing of each loan."""
        return self.prefix + STANDING

    @property
    def dead_letters(self) -> str:
        """Rejected messages."""
        return self.prefix + DEAD_LETTERS

    @property
    def signals(self) -> str:
        """What other systems observe of borrowers."""
        return self.prefix + BORROWER_SIGNALS

    @property
    def early_warnings(self) -> str:
        """Early warnings."""
        return self.prefix + EARLY_WARNINGS
