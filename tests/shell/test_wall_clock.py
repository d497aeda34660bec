"""Business days by wall clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from stream.engine.dates import iso
from stream.wall_clock import day_to_open, missing_days

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-03-07T16:29:59", "2024-03-07"),
        ("2024-03-07T16:30:00", "2024-03-08"),
        ("2024-03-08T15:59:00", "2024-03-08"),
    ],
)
def test_a_day_opens_when_the_posting_lag_has_passed(moment: str, day: str) -> None:
    """In Shanghai (UTC+8) with 30 minutes of lag the 8th opens at 16:30 UTC of the 7th, not a second before."""
    assert iso(day_to_open(datetime.fromisoformat(moment).replace(tzinfo=UTC), SHANGHAI, 30)) == day


def test_missed_days_are_caught_up_in_order_and_a_new_task_begins_today() -> None:
    """From the business date on each day once; without one, today alone."""
    assert list(missing_days(100, 103)) == [101, 102, 103]  # type: ignore[arg-type]
    assert list(missing_days(0, 103)) == [103]  # type: ignore[arg-type]
    assert list(missing_days(103, 103)) == []  # type: ignore[arg-type]
