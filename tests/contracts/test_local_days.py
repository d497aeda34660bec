"""From times to local days, where the clocks are simple and where they are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from stream.engine.dates import day_of, iso
from stream.translate.local_days import LocalDays

ZONES = ("Asia/Shanghai", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia")


@pytest.mark.parametrize(
    ("zone", "text", "day"),
    [
        ("Asia/Shanghai", "2024-01-22T15:59:59Z", "2024-01-22"),
        ("Asia/Shanghai", "2024-01-22T16:00:00Z", "2024-01-23"),
        ("Asia/Shanghai", "2024-01-22T23:59:59.999999999+08:00", "2024-01-22"),
        ("Asia/Shanghai", "2024-01-23T00:00:00+08:00", "2024-01-23"),
        ("Asia/Kolkata", "2024-01-22T18:29:59Z", "2024-01-22"),
        ("Asia/Kolkata", "2024-01-22T18:30:00Z", "2024-01-23"),
        ("Europe/Berlin", "2024-06-30T22:00:00Z", "2024-07-01"),
        ("Europe/Berlin", "2024-12-31T22:59:59Z", "2024-12-31"),
        ("America/St_Johns", "1990-10-28T02:30:30Z", "1990-10-28"),  # at 00:01 the clocks go back to 23:01
        ("America/St_Johns", "1990-10-28T02:31:00Z", "1990-10-27"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),  # the island had no 30 December 2011
    ],
)
def test_a_time_falls_on_its_local_day(zone: str, text: str, day: str) -> None:
    """A time belongs to the day that local clocks show, asked once and asked again."""
    days = LocalDays(zone)
    assert iso(days.of(text)) == day
    assert iso(days.of(text)) == day


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1950, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001
    st.sampled_from([0, 480, -210, 345]),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
def test_a_remembered_hour_changes_nothing(zone: str, moment: datetime, offset: int, precision: str) -> None:
    """However often the calendar has been asked, the day is the one that the time zone's own rules give."""
    aware = moment.replace(tzinfo=UTC)
    local = aware.astimezone(ZoneInfo(zone)).date()
    text = (moment + timedelta(minutes=offset)).isoformat(timespec=precision)
    sign = "-" if offset < 0 else "+"
    text += "Z" if not offset else f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    days = DAYS[zone]
    assert iso(days.of(text)) == local.isoformat()
    assert iso(days.of(text)) == local.isoformat()


def test_an_hour_in_which_the_clocks_change_is_not_remembered() -> None:
    """Where 00:01 was followed by 23:01, one minute belongs to the next day, whatever was asked before."""
    days = LocalDays("America/St_Johns")
    asked = [iso(days.of(f"1990-10-28T02:{minute}:00Z")) for minute in (15, 30, 45)]
    assert asked == ["1990-10-27", "1990-10-28", "1990-10-27"]


DAYS = {zone: LocalDays(zone) for zone in ZONES}


@pytest.mark.parametrize(
    "bad", ["2024-01-22T08:60:00Z", "2024-01-22T08:00:61Z", "2024-01-22T08:00:00", "2024-01-22T08"]
)
def test_a_bad_time_in_a_remembered_hour_is_still_bad(bad: str) -> None:
    """An hour that is remembered does not vouch for minutes, seconds or a missing zone."""
    days = LocalDays("Asia/Shanghai")
    days.of("2024-01-22T08:00:00Z")
    with pytest.raises(PydanticCustomError):
        days.of(bad)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Asia/Shanghai", "2024-02-16", "2024-02-15T16:00:00Z"),
        ("Europe/Berlin", "2024-07-01", "2024-06-30T22:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),  # the clocks went from 00:00 to 01:00
    ],
)
def test_a_day_begins_at_its_first_moment(zone: str, day: str, begins: str) -> None:
    """Midnight as RFC 3339 and in milliseconds; where the clocks skip it, the first moment of the day."""
    text, milliseconds = LocalDays(zone).midnight(day_of(day))
    assert text == begins
    assert datetime.fromtimestamp(milliseconds / 1000, UTC) == datetime.fromisoformat(begins)
