"""What a rule looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stream.warning.borrower import Borrower, BorrowerLoan
from stream.warning.loan_view import LoanView
from stream.warning.signals import Observation


class Found(NamedTuple):
    """A condition holds: what was observed, what it is judged by, and the events that say so."""

    observed: int | str
    threshold: int | str | None
    evidence: tuple[str, ...]
    minimum_class: str = ""
    """The class that the loan has to have at least; "": it says nothing about that."""


class Case(NamedTuple):
    """One borrower on one day; `loan` is the one asked about, None for rules about the borrower."""

    borrower: Borrower
    day: int
    max_age_days: int
    loan: BorrowerLoan | None

    @property
    def view(self) -> LoanView:
        """The loan asked about."""
        assert self.loan is not None  # noqa: S101  (the registry says which rules are about a loan)
        return self.loan.view

    def fresh(self, kind: str, about: str | None = None) -> list[Observation]:
        """Observations that are not too old, the oldest first."""
        first = self.day - self.max_age_days
        return [
            one
            for one in self.borrower.signals.get(kind, ())
            if first <= one.observed <= self.day and about in (None, one.about)
        ]

    def series(self, kind: str, about: str | None = None) -> list[Observation]:
        """All observations kept, the oldest first; empty where the newest is too old."""
        kept = [
            one
            for one in self.borrower.signals.get(kind, ())
            if one.observed <= self.day and about in (None, one.about)
        ]
        return kept if kept and kept[-1].observed >= self.day - self.max_age_days else []

    def subjects(self, kind: str) -> list[str]:
        """What the observations of a kind are about, in order."""
        return sorted({one.about for one in self.borrower.signals.get(kind, ())})


Thresholds = Mapping[str, int]


def ids(observations: list[Observation]) -> tuple[str, ...]:
    """The events behind some observations."""
    return tuple(one.event_id for one in observations)
