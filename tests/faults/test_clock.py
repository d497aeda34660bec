"""Clocks jump, and calendars have edges: each business day is opened once, in order, and none is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from aiokafka.errors import InvalidTimestampError

from stream.agents.topics import Topics
from stream.broker_clock import trouble_with
from stream.translate.outbound import Outbound
from stream.wall_clock import WallClock

HOUR = timedelta(hours=1)


class Opened(WallClock):
    """Notes the days that it would write; the task processes each at once, and the broker has a clock of its own."""

    def __init__(self, zone: str, lag: int, first: date) -> None:
        self.state = SimpleNamespace(asked_until=first.toordinal(), unfinished=False)
        self.task = SimpleNamespace(tick_drained=True, context=self.state, partition=0)
        manager = SimpleNamespace(tasks={("loans", 0): self.task})
        self.moment = datetime(2000, 1, 1, tzinfo=UTC)
        self.brokers_clock = datetime.max.replace(tzinfo=UTC) - HOUR
        self.refusals = [False]
        zone_info = ZoneInfo(zone)
        super().__init__(manager, Outbound(zone), Topics(), zone_info, lag, {}, lambda: self.moment, self.say_refused)
        self.days: list[date] = []

    def say_refused(self, refused: bool) -> None:
        self.refusals.append(refused)

    async def _write(self, partition: int, day: int, moment: datetime) -> None:
        if moment > self.brokers_clock + HOUR:
            raise InvalidTimestampError
        self.days.append(date.fromordinal(day))
        self.state.asked_until = day

    def see(self, moments: Iterable[datetime]) -> list[date]:
        """The days opened when the clock shows these moments, one after the other."""
        return self.see_wrongly(moments, timedelta())

    def see_wrongly(self, moments: Iterable[datetime], ahead: timedelta) -> list[date]:
        """The same where the worker's clock is so far ahead of the broker's."""

        async def look() -> None:
            for moment in moments:
                self.brokers_clock, self.moment = moment, moment + ahead
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
    clock.see_wrongly(every(5, midnight + HOUR, midnight + 2 * HOUR), jump)
    assert any(clock.refusals) == (jump > timedelta(days=1))  # two hours on, it is still the same day
    if restart:
        clock.restart()
    days = clock.see(every(60, midnight + 2 * HOUR, midnight + timedelta(days=6)))
    assert days == dates(date(2024, 2, 29), date(2024, 3, 6))


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=3), timedelta(days=400)], ids=str)
def test_a_clock_that_is_ahead_opens_no_day_before_the_broker_s_has_it(ahead: timedelta) -> None:
    """Nobody is chased for a day that has not come: the broker refuses it, and it is opened when it has come."""
    clock = Opened("Asia/Shanghai", 0, date(2024, 2, 28))
    midnight = datetime(2024, 2, 28, 16, tzinfo=UTC)  # Feb 29 begins
    late_evening = every(5, midnight - 2 * HOUR + timedelta(minutes=5), midnight - HOUR)
    assert clock.see_wrongly(late_evening, ahead) == []
    assert clock.refusals.pop()
    assert clock.see([midnight - timedelta(minutes=30)]) == []
    assert not clock.refusals.pop()
    assert clock.see([midnight + timedelta(minutes=1)]) == [date(2024, 2, 29)]


def test_a_clock_within_the_tolerance_may_open_a_day_early() -> None:
    """What must be known: up to the tolerance (here an hour) early, which the topic's configuration sets."""
    clock = Opened("Asia/Shanghai", 0, date(2024, 2, 28))
    midnight = datetime(2024, 2, 28, 16, tzinfo=UTC)
    assert clock.see_wrongly([midnight - timedelta(minutes=40)], timedelta(minutes=50)) == [date(2024, 2, 29)]
    assert not clock.refusals.pop()


def test_a_refused_day_is_asked_for_once_a_minute() -> None:
    """A wrong clock is no reason to ask the broker, and to say it in the log, each second."""
    clock = Opened("Asia/Shanghai", 0, date(2024, 2, 28))
    noon = datetime(2024, 2, 28, 4, tzinfo=UTC)
    clock.see_wrongly((noon + timedelta(seconds=second) for second in range(180)), timedelta(days=2))
    assert clock.refusals == [False, True, True, True]


@pytest.mark.parametrize(
    ("value", "trouble"),
    [
        ("3600000", None),
        ("60000", None),
        ("3600001", "overdue topics apply"),
        ("9223372036854775807", "OVERDUE_CLOCK_TOLERANCE_MINUTES"),
        (None, "OVERDUE_CLOCK=topic"),
    ],
)
def test_a_topic_that_takes_any_time_is_no_guard(value: str | None, trouble: str | None) -> None:
    """The worker starts only where the broker refuses times further ahead than the tolerance, and says what to do."""
    said = trouble_with(value, "business-days", 60)
    assert said is None if trouble is None else trouble in (said or "")
