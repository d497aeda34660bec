"""The demo on Kafka: the sample is published day by day, and the worker's alerts are read as they are committed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer

from stream.agents.topics import Topics
from stream.cli import connect
from stream.cli.days import Days
from stream.cli.demo_offline import Ears
from stream.cli.demo_story import Said, Story
from stream.cli.demo_worker import DemoWorker, Metrics
from stream.cli.errors import CommandError
from stream.cli.publication import binary
from stream.cli.publisher import Publisher
from stream.cli.stamps import Stamps
from stream.cli.watch import assign, event_type
from stream.engine.dates import Day
from stream.engine.policy import Policy
from stream.local.portfolio import Event, Sample
from stream.settings import Settings
from stream.translate import records
from stream.translate.local_days import LocalDays
from stream.translate.outbound import Outbound
from stream.translate.standing_view import MARK_KEY

START_SECONDS = 60.0
DAY_SECONDS = 30.0
POLL_SECONDS = 0.02
POLL_MS = 20

AGENTS: Final = 2
"""The loan agent and the borrower agent: each has a task per partition."""
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DAY_SECONDS: Final = 86_400


class DemoOnKafka:
    """Tells the sample's story through Kafka and one worker."""

    def __init__(self, sample: Sample, policy: Policy, settings: Settings, worker: DemoWorker) -> None:
        """The topics exist, and the worker is started."""
        self._sample = sample
        self._policy = policy
        self._settings = settings
        self._worker = worker
        self._topics = Topics(settings.topic_prefix)
        self._partitions = settings.partitions
        self.story = Story()
        self._today = 0

    async def wait_for_the_worker(self) -> None:
        """Wait until the worker has restored and runs all its tasks."""
        await self._until("the worker has all its tasks", self._has_tasks, START_SECONDS)

    async def tell(self, ears: Ears) -> Story:
        """Publish day by day; tell each day's beginning, each alert and each early warning."""
        async with (
            connect.producer(self._settings) as producer,
            connect.offsets_reader(self._settings) as offsets,
            connect.consumer(self._settings) as reader,
        ):
            topics = [self._topics.overdue, self._topics.early_warnings]
            await assign(reader, topics, self._partitions, from_beginning=True)
            zone = LocalDays(self._policy.time_zone)
            outbound = Outbound(self._policy.time_zone, self._settings.source)
            stamps = Stamps()
            days = Days(producer, offsets, self._topics, self._partitions, outbound, stamps)
            publisher = Publisher(producer, days, stamps, zone, self._topics.prefix, open_days=False)
            signals = self._sample.signals_by_day()
            for day, events in self._sample.by_day():
                ears.begin_day(day, len(events))
                self._today = day.toordinal()
                await days.open(Day(self._today))
                self.story.days += 1
                await self._hear(reader, ears)
                await self._publish(publisher, [*events, *signals[day]])
                self.story.published += len(events)
                self.story.signals += len(signals[day])
                await self._hear(reader, ears)
        await self._read_the_end()
        return self.story

    async def _publish(self, publisher: Publisher, events: list[Event]) -> None:
        for event in events:
            await publisher.publish(binary(event))
        await publisher.finish()

    async def _hear(self, reader: AIOKafkaConsumer, ears: Ears) -> None:
        """Read until the worker has dealt with all that was published, and all that it said of it has come."""
        deadline = time.monotonic() + DAY_SECONDS
        while True:
            polled = await self._polled(reader)
            for record in polled:
                said = Said(event_type(record), _header(record, records.ID), orjson.loads(record.value))
                if record.topic == self._topics.overdue:
                    self.story.said.append(said)
                    ears.alert(said)
                else:
                    self.story.warnings.append(said)
                    ears.warning(said)
            # what was said is asked for after all was found to be done, so that nothing of it can be missing
            if not polled and self._is_done(await self._metrics()) and self._has_heard(await self._metrics()):
                return
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The worker has not dealt with {self.story.published} events and {self.story.days} days within"
                    f" {DAY_SECONDS:.0f} s; it counts {dict(self.story.outcomes)}."
                )

    def _is_done(self, metrics: Metrics) -> bool:
        story = self.story
        story.outcomes = metrics.get("loan_events_total", Counter())
        story.borrowers = metrics.get("loan_borrower_records_total", Counter())
        days = metrics.get("loan_business_date_timestamp_seconds", Counter())
        return (
            story.arrived == story.published
            and story.signals_arrived == story.signals
            and story.outcomes["day_opened"] == story.days * self._partitions
            and days["borrowers"] == self._partitions * (self._today - _EPOCH_DAY) * _DAY_SECONDS
        )

    def _has_heard(self, metrics: Metrics) -> bool:
        alerts, warnings = (metrics.get(f"loan_{name}_total", Counter()) for name in ("alerts", "early_warnings"))
        return len(self.story.said) >= alerts.total() and len(self.story.warnings) >= warnings.total()

    async def _read_the_end(self) -> None:
        """The dead letters and the last standing of each loan, read from their topics."""
        topics = [self._topics.dead_letters, self._topics.standing]
        async with connect.consumer(self._settings) as reader:
            await assign(reader, topics, self._partitions, from_beginning=True)
            ends = await connect.end_offsets(reader, topics, self._partitions)
            while not await _has_read(reader, ends):
                for record in await self._polled(reader):
                    if record.value is None or record.key.startswith(MARK_KEY):
                        continue
                    data = orjson.loads(record.value)
                    if record.topic == self._topics.standing:
                        self.story.standings[data["loan_id"]] = data
                    else:
                        self.story.rejected[data["reason_code"]] += 1

    async def _polled(self, reader: AIOKafkaConsumer) -> list[Any]:
        polled = await reader.getmany(timeout_ms=POLL_MS)
        found = [record for batch in polled.values() for record in batch]
        return sorted(found, key=lambda record: record.timestamp)

    def _has_tasks(self, metrics: Metrics) -> bool:
        return metrics.get("loan_assigned_tasks", Counter()).total() == AGENTS * self._partitions

    async def _metrics(self) -> Metrics:
        return await asyncio.to_thread(self._worker.metrics)

    async def _until(self, what: str, holds: Callable[[Metrics], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not holds(await self._metrics()):
            if time.monotonic() > deadline:
                raise CommandError(f"Not within {seconds:.0f} s: {what}.")
            await asyncio.sleep(POLL_SECONDS)


async def _has_read(reader: AIOKafkaConsumer, ends: dict[Any, int]) -> bool:
    return all([await reader.position(partition) >= end for partition, end in ends.items()])


def _header(record: Any, name: str) -> str:
    found: bytes = dict(record.headers).get(name, b"")
    return found.decode(errors="replace")
