"""The demo on Kafka: the sample is published day by day, and the worker's alerts are read as they are committed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer

from stream.agents.topics import Topics
from stream.cli import connect
from stream.cli.days import Days
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

START_SECONDS = 60.0
DAY_SECONDS = 30.0
POLL_SECONDS = 0.02
POLL_MS = 20


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

    async def wait_for_the_worker(self) -> None:
        """Wait until the worker has restored and runs all its tasks."""
        await self._until("the worker has all its tasks", self._has_tasks, START_SECONDS)

    async def tell(self, begin_day: Callable[[date, int], None], said: Callable[[Said], None]) -> Story:
        """Publish day by day; call back at each day's beginning and for each alert."""
        async with (
            connect.producer(self._settings) as producer,
            connect.offsets_reader(self._settings) as offsets,
            connect.consumer(self._settings) as reader,
        ):
            await assign(reader, [self._topics.overdue], self._partitions, from_beginning=True)
            zone = LocalDays(self._policy.time_zone)
            outbound = Outbound(self._policy.time_zone, self._settings.source)
            stamps = Stamps()
            days = Days(producer, offsets, self._topics, self._partitions, outbound, stamps)
            publisher = Publisher(producer, days, stamps, zone, self._topics.prefix, open_days=False)
            for day, events in self._sample.by_day():
                begin_day(day, len(events))
                await days.open(Day(day.toordinal()))
                await self._publish(publisher, events)
                await self._hear_the_day(reader, said)
        await self._read_the_end()
        return self.story

    async def _publish(self, publisher: Publisher, events: list[Event]) -> None:
        for event in events:
            await publisher.publish(binary(event))
        await publisher.finish()
        self.story.days += 1
        self.story.published += len(events)

    async def _hear_the_day(self, reader: AIOKafkaConsumer, said: Callable[[Said], None]) -> None:
        """Read alerts until the worker has dealt with all that was published, and each of its alerts has come."""
        deadline = time.monotonic() + DAY_SECONDS
        while True:
            for record in await self._polled(reader):
                alert = Said(event_type(record), _header(record, records.ID), orjson.loads(record.value))
                self.story.said.append(alert)
                said(alert)
            metrics = await self._metrics()
            if self._is_done(metrics) and len(self.story.said) >= metrics.get("loan_alerts_total", Counter()).total():
                return
            if time.monotonic() > deadline:
                raise CommandError(
                    f"The worker has not dealt with {self.story.published} events and {self.story.days} days within"
                    f" {DAY_SECONDS:.0f} s; it counts {dict(self.story.outcomes)}."
                )

    def _is_done(self, metrics: Metrics) -> bool:
        self.story.outcomes = metrics.get("loan_events_total", Counter())
        opened = self.story.outcomes["day_opened"]
        return self.story.arrived == self.story.published and opened == self.story.days * self._partitions

    async def _read_the_end(self) -> None:
        """The dead letters and the last standing of each loan, read from their topics."""
        topics = [self._topics.dead_letters, self._topics.standing]
        async with connect.consumer(self._settings) as reader:
            await assign(reader, topics, self._partitions, from_beginning=True)
            ends = await connect.end_offsets(reader, topics, self._partitions)
            while not await _has_read(reader, ends):
                for record in await self._polled(reader):
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
        return metrics.get("loan_assigned_tasks", Counter()).total() == self._partitions

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
