"""Months, and the days on which a lender works."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from holidays import HolidayBase, country_holidays


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later; the last day of a month that is too short."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


@dataclass(frozen=True)
class WorkingDays:
    """A country's working days, make-up workdays included, with the lender's own days."""

    country: str
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def following(self, day: date) -> date:
        """The day itself where the lender works on it, else the next on which it does."""
        while not self._works(day):
            day += timedelta(1)
        return day

    def _works(self, day: date) -> bool:
        if day in self.holidays or day in self.workdays:
            return day in self.workdays
        return _country(self.country).is_working_day(day)


@lru_cache
def _country(name: str) -> HolidayBase:
    return country_holidays(name, years=range(2000, 2040))


def working_days(name: str, own: dict[str, Any]) -> WorkingDays:
    """A calendar of the policy's own by its name, else a country's."""
    keys = own.get(name, {})
    days = {what: frozenset(date.fromisoformat(d) for d in keys.get(what, ())) for what in ("holidays", "workdays")}
    return WorkingDays(keys.get("country", name), **days)
