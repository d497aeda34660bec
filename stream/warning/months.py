"""Calendar months of days."""

from __future__ import annotations

from datetime import date


def month_of(day: int) -> int:
    """The month of a day, counted from year 0: the same month of the next year is 12 more."""
    found = date.fromordinal(day)
    return found.year * 12 + found.month - 1


def ends_month(day: int) -> bool:
    """Whether `day` is the last of its month."""
    return month_of(day) != month_of(day + 1)


def month_text(day: int) -> str:
    """The month of a day as YYYY-MM."""
    return date.fromordinal(day).strftime("%Y-%m")
