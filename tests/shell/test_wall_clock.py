"""Business days by wall clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from stream.engine.dates import iso
from stream.wall_clock import WallClock, day_to_open, missing_days

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


class HeldTask:
    """A task whose business day 101 is held, and that was asked for days up to 102."""

    partition = 3
    tick_drained = True
    context = SimpleNamespace(business_date=100, asked_until=102, unfinished=False)


def test_days_that_were_asked_for_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A held day is waited for: a worker that starts anew writes only the days after the last one asked for."""
    clock = WallClock(
        SimpleNamespace(tasks={0: HeldTask()}),
        None,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        SHANGHAI,
        30,
        {},
        clock=lambda: datetime(1, 4, 14, 12, tzinfo=UTC),  # day 104
    )
    written: list[tuple[int, int]] = []

    async def write(partition: int, day: int, moment: datetime) -> None:
        written.append((partition, day))

    monkeypatch.setattr(clock, "_write", write)
    asyncio.run(clock.open_days())
    assert written == [(3, 103), (3, 104)]
