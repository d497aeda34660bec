"""With clock = wall, the owner of each partition opens business days itself, by writing the event for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError

from stream.agents.batch import TaskState
from stream.agents.topics import Topics
from stream.engine.dates import Day, iso
from stream.translate.outbound import Outbound

log = logging.getLogger("overdue")
TRY_AGAIN = timedelta(minutes=1)
"""After a refusal; sooner where the clock is set."""


def now() -> datetime:
    """The one place where the worker asks what time it is to open a day."""
    return datetime.now(UTC)  # noqa: TID251


def day_to_open(moment: datetime, zone: ZoneInfo, posting_lag_minutes: int) -> Day:
    """The business date that is open at a moment: a day opens when the posting lag after its midnight has passed."""
    return Day((moment - timedelta(minutes=posting_lag_minutes)).astimezone(zone).toordinal())


def missing_days(business_date: int, today: Day) -> range:
    """The days to open, oldest first; a task that has none yet begins with today."""
    return range(business_date + 1 if business_date else today, today + 1)


class WallClock:
    """Writes the days that the tasks of this worker lack, as far as the broker's clock agrees; see broker_clock.py."""

    def __init__(
        self,
        manager: Any,
        outbound: Outbound,
        topics: Topics,
        zone: ZoneInfo,
        posting_lag_minutes: int,
        client_options: dict[str, Any],
        clock: Callable[[], datetime] = now,
        refused: Callable[[bool], None] = lambda is_refused: None,
    ) -> None:
        """`manager`: the task manager, for the tasks that run here and the end offsets of their inputs.

        `refused`: told whether the broker's clock disagrees.
        """
        self._manager = manager
        self._outbound = outbound
        self._topics = topics
        self._zone = zone
        self._posting_lag_minutes = posting_lag_minutes
        self._client_options = client_options
        self._clock = clock
        self._producer: Any = None
        self._refused = refused
        self._refused_at: datetime | None = None
        self._written: dict[int, int] = {}

    async def open_days(self) -> None:
        """Write every missing day of every task, and none that the broker refuses, because it has not come."""
        moment = self._clock()
        if self._refused_at is not None and abs(moment - self._refused_at) < TRY_AGAIN:
            return
        try:
            await self._open_until(moment)
        except InvalidTimestampError:
            self._refused_at = moment
            self._refused(True)
            log.error(
                "no business day is opened: by this machine's clock it is %s, and the broker's is further behind than "
                "the topic allows. Set the clocks right (NTP); the days are opened when they have come",
                moment.isoformat(timespec="seconds"),
            )
            await self.stop()  # the broker has not counted what it refused, so its producer cannot go on
        else:
            if self._refused_at is not None:
                log.info("this machine's clock agrees with the broker's again")
            self._refused_at = None
            self._refused(False)

    async def _open_until(self, moment: datetime) -> None:
        """Every missing day of every task that has processed all days written so far."""
        today = day_to_open(moment, self._zone, self._posting_lag_minutes)
        for task in list(self._manager.tasks.values()):
            state: TaskState = task.context
            if not task.tick_drained or state.unfinished or self._written.get(task.partition, 0) >= today:
                continue
            for day in missing_days(max(state.asked_until, self._written.get(task.partition, 0)), today):
                await self._write(task.partition, Day(day), moment)
            self._written[task.partition] = today

    async def _write(self, partition: int, day: Day, moment: datetime) -> None:
        ends = await self._manager.end_offsets([(topic, partition) for topic in self._topics.inputs])
        offsets = {topic_partition.topic: offset for topic_partition, offset in ends.items()}
        (key, value, headers), _ = self._outbound.day_opened(day, False, offsets)
        if self._producer is None:
            producer = AIOKafkaProducer(**self._client_options, enable_idempotence=True)
            await producer.start()
            self._producer = producer
        await self._producer.send_and_wait(
            self._topics.business_days,
            value,
            key=key,
            partition=partition,
            headers=headers,
            timestamp_ms=int(moment.timestamp() * 1000),
        )
        log.info("partition %s: business day %s opened", partition, iso(day))

    async def stop(self) -> None:
        """Close what was opened."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await producer.stop()
