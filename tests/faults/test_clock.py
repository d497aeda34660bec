"""Clocks jump, and calendars have edges: each business day is opened once, in order, and none is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from stream.agents.topics import Topics
from stream.translate.outbound import Outbound
from stream.wall_clock import WallClock, day_to_open

HOUR = timedelta(hours=1)


class Opened(WallClock):
    """Notes the days that it would write; the task processes each at once."""

    def __init__(self, zone: str, lag: int, first: date) -> None:
        self.state = SimpleNamespace(asked_until=first.toordinal(), unfinished=False)
        self.task = SimpleNamespace(tick_drained=True, context=self.state, partition=0)
        manager = SimpleNamespace(tasks={("loans", 0): self.task})
        self.moment = datetime(2000, 1, 1, tzinfo=UTC)
        super().__init__(manager, Outbound(zone), Topics(), ZoneInfo(zone), lag, {}, lambda: self.moment)
        self.days: list[date] = []

    async def _write(self, partition: int, day: int) -> None:
        self.days.append(date.fromordinal(day))
        self.state.asked_until = day

    def see(self, moments: Iterable[datetime]) -> list[date]:
        """The days opened when the clock shows these moments, one after the other."""

        async def look() -> None:
            for self.moment in moments:
                await self.open_days()

        asyncio.run(look())
        return self.days

    def restart(self) -> None:
        """Another process: it knows what the task has processed, and nothing else."""
        self._written: dict[int, int] = {}


def every(minutes: int, first: datetime, last: datetime) -> list[datetime]:
    count = (last - first) // timedelta(minutes=minutes)
    return [first + timedelta(minutes=minutes) * number for number in range(count + 1)]


def dates(first: date, last: date) -> list[date]:
    return [first + timedelta(number) for number in range((last - first).days + 1)]


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "America/New_York", "America/St_Johns", "Pacific/Apia", "Africa/Cairo"]
)
@pytest.mark.parametrize("lag", [0, 30, 180])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2024, 2, 27), date(2024, 3, 2)),
        (date(2023, 12, 30), date(2024, 1, 2)),
        (date(2024, 3, 8), date(2024, 3, 12)),
        (date(2024, 11, 1), date(2024, 11, 5)),
        (date(2024, 4, 24), date(2024, 4, 28)),
    ],
    ids=["leap day", "year end", "an hour missing", "an hour twice", "midnight missing in Cairo"],
)
def test_every_day_opens_once_at_calendar_edges(zone: str, lag: int, first: date, last: date) -> None:
    """Over Feb 29, year end and both changes of the clocks, looked at each minute from noon to noon."""
    start, end = (datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) + 12 * HOUR for day in (first, last))
    opened = Opened(zone, lag, first).see(every(7, start.astimezone(UTC), end.astimezone(UTC)))
    assert opened == dates(first + timedelta(1), last)


@pytest.mark.parametrize(
    "jump",
    [2 * HOUR, -2 * HOUR, timedelta(minutes=-10), timedelta(days=-400), timedelta(days=3)],
    ids=["2 h on", "2 h back", "10 min back", "400 d back", "3 d on"],
)
@pytest.mark.parametrize("restart", [False, True])
def test_a_clock_that_jumps_and_comes_back_opens_no_day_twice(jump: timedelta, restart: bool) -> None:
    """The clock is wrong for an hour around midnight and right again, with and without a new process: no day twice."""
    clock = Opened("Asia/Shanghai", 0, date(2024, 2, 28))
    midnight = datetime(2024, 2, 28, 16, tzinfo=UTC)  # Feb 29 begins
    clock.see(every(5, midnight - 3 * HOUR, midnight + HOUR))
    clock.see(moment + jump for moment in every(5, midnight + HOUR, midnight + 2 * HOUR))
    if restart:
        clock.restart()
    days = clock.see(every(60, midnight + 2 * HOUR, midnight + timedelta(days=6)))
    assert days == dates(date(2024, 2, 29), date(2024, 3, 6))


def test_a_clock_a_year_ahead_opens_days_that_have_not_come() -> None:
    """What must be known: days opened in advance stay open, and nothing more opens until the calendar is there."""
    clock = Opened("Asia/Shanghai", 0, date(2024, 2, 28))
    noon = datetime(2024, 2, 28, 4, tzinfo=UTC)
    clock.see([noon, noon + timedelta(days=400)])
    ahead = len(clock.days)
    assert ahead == 400
    clock.see([noon + timedelta(days=1), noon + timedelta(days=399)])
    assert len(clock.days) == ahead
    clock.see([noon + timedelta(days=401)])
    assert clock.days[-1] == date.fromordinal(day_to_open(noon + timedelta(days=401), ZoneInfo("Asia/Shanghai"), 0))
    assert len(set(clock.days)) == len(clock.days)
