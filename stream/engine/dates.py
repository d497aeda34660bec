"""Days as integers: dates exist at the edge only."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NewType

Day = NewType("Day", int)
"""A calendar day of the bank's time zone, as its proleptic Gregorian ordinal; the difference of two is in days."""


@lru_cache(maxsize=1 << 16)
def iso(day: int) -> str:
    """The ISO 8601 date of a day."""
    return date.fromordinal(day).isoformat()


def day_of(text: str) -> Day:
    """The day of an ISO 8601 date; raises ValueError for anything else."""
    return Day(date.fromisoformat(text).toordinal())
