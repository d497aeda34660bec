"""Working days of a country, made into plain data for the engine.

Source: the `holidays` package, which has the State Council's yearly notices for China, make-up workdays (调休)
included, up to the last one that was published; of later years it knows the holidays' fixed dates only.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from stream.engine.calendars import Calendar
from stream.policy_file.parts import OwnCalendar

YEARS: Final = range(2000, 2061)


@lru_cache(maxsize=8)
def country_calendar(country: str) -> Calendar:
    """The calendar of a country, by its ISO 3166 code. Raises ValueError for one that is not known."""
    from holidays import country_holidays  # noqa: PLC0415  (a quarter of a second, which most policies do not need)

    try:
        days = country_holidays(country, years=YEARS)
    except NotImplementedError:
        raise ValueError(f"no calendar of a country {country} is known; use an ISO 3166 code such as CN") from None
    return Calendar(
        country,
        frozenset(days.weekend),
        frozenset(day.toordinal() for day in days),
        frozenset(day.toordinal() for day in days.weekend_workdays),
    )


def own_calendar(name: str, part: OwnCalendar) -> Calendar:
    """A country's calendar with the lender's own days. Raises ValueError."""
    country = country_calendar(part.country)
    closed, worked = _days(part.holidays), _days(part.workdays)
    if both := closed & worked:
        raise ValueError(f"{date.fromordinal(min(both))} is named as a holiday and as a workday")
    return Calendar(name, country.weekend, (country.holidays - worked) | closed, (country.workdays - closed) | worked)


def _days(texts: list[str]) -> frozenset[int]:
    try:
        return frozenset(date.fromisoformat(text).toordinal() for text in texts)
    except ValueError:
        raise ValueError('each day must be an ISO date between quotation marks, such as "2027-02-08"') from None
