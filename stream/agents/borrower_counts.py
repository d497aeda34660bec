"""Where the borrower agent counts what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stream.warning.outcomes import Tally


class BorrowerCounts(Protocol):
    """Told once per batch, and once per day."""

    def batch(
        self,
        records: Mapping[str, int],
        warnings: Mapping[tuple[str, str, str], int],
        decisions: Mapping[tuple[str, str, bool], int],
        rejected: Mapping[str, int],
    ) -> None:
        """Count records by kind (standing, mark, signal, duplicate, rejected), warnings by (kind, code, severity),
        decisions by (kind, family, raised) and rejected signals by reason code.
        """

    def day(self, partition: int, business_date: int, tally: Tally) -> None:
        """Note the business date of a task, and what its warnings have come to so far."""

    def misrouted(self, topic: str, count: int) -> None:
        """Count signals that another partition should have had; called only where there are some."""

    def signal(self, kind: str, observed: int) -> None:
        """Note the observation day of a signal, so that a feed that falls silent can be seen."""


class NoBorrowerCounts:
    """Counts nothing."""

    def batch(
        self,
        records: Mapping[str, int],
        warnings: Mapping[tuple[str, str, str], int],
        decisions: Mapping[tuple[str, str, bool], int],
        rejected: Mapping[str, int],
    ) -> None:
        """Do nothing."""

    def day(self, partition: int, business_date: int, tally: Tally) -> None:
        """Do nothing."""

    def misrouted(self, topic: str, count: int) -> None:
        """Do nothing."""

    def signal(self, kind: str, observed: int) -> None:
        """Do nothing."""
