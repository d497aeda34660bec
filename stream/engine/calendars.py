"""Days on which a lender is closed, and the calendar arithmetic of due dates."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import NamedTuple

from stream.engine.money import DUE, Row


class Calendar(NamedTuple):
    """The working days of a country, as plain data."""

    name: str
    weekend: frozenset[int]
    """Weekdays without work, Monday 0."""
    holidays: frozenset[int]
    """Days without work besides the weekend."""
    workdays: frozenset[int]
    """Weekend days that are worked to make up for a holiday (调休)."""

    def open_on(self, day: int) -> bool:
        """Whether the lender works on this day."""
        if day in self.holidays:
            return False
        return (day - 1) % 7 not in self.weekend or day in self.workdays

    def following(self, day: int) -> int:
        """The day itself where it is a working day, else the next one that is."""
        while not self.open_on(day):
            day += 1
        return day


def roll(schedule: list[Row], calendar: Calendar) -> list[Row]:
    """The schedule with each due date moved to the next working day (roll FOLLOWING); rolling twice changes nothing."""
    rolled = []
    for row in schedule:
        moved = list(row)
        moved[DUE] = calendar.following(row[DUE])
        rolled.append(moved)
    return rolled


def months_after(day: int, months: int) -> int:
    """The same day of the month so many months later; the last day of a month that is too short."""
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).toordinal()


def month_end(day: int) -> int:
    """The last day of the month that a day lies in."""
    start = date.fromordinal(day)
    return start.replace(day=monthrange(start.year, start.month)[1]).toordinal()
