"""Sends events and opens the days between them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from stream.cli.days import Days
from stream.cli.errors import CommandError, InputError
from stream.cli.publication import Publication
from stream.cli.stamps import Stamps
from stream.engine.dates import Day
from stream.translate.local_days import LocalDays

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Publisher:
    """Publishes records in their order, and counts them."""

    def __init__(
        self, producer: AIOKafkaProducer, days: Days, stamps: Stamps, zone: LocalDays, prefix: str, *, open_days: bool
    ) -> None:
        """`open_days`: open each business day of the zone as the events' time passes, beginning with the first's."""
        self._producer = producer
        self._days = days
        self._zone = zone
        self._prefix = prefix
        self._stamps = stamps
        self._open_days = open_days
        self._today: int = 0
        self._error: BaseException | None = None
        self.sent: Counter[str] = Counter()
        self.opened = 0

    async def publish(self, record: Publication) -> None:
        """Send one record; days up to its own are opened first."""
        if self._open_days and record.event_time_ms is not None and not record.opens_a_day:
            await self.open_until(self._zone.at(_EPOCH + timedelta(milliseconds=record.event_time_ms)))
        if record.opens_a_day:
            told = self._days.pass_on if record.untouched else self._days.open_as_told
            await told(record.key, record.value, record.headers)
            self.opened += 1
        else:
            await self._send(record)
        self.sent[record.topic] += 1

    async def open_until(self, day: int) -> None:
        """Open every day up to this one that is not open yet; the first of all opens alone."""
        first = self._today + 1 if self._today else day
        for opening in range(first, day + 1):
            await self._days.open(Day(opening))
            self.opened += 1
            self._today = opening

    async def finish(self) -> None:
        """Wait until everything is acknowledged. Raises CommandError where something was not."""
        await self._producer.flush()
        self._raise_error()

    async def _send(self, record: Publication) -> None:
        self._raise_error()
        topic = self._prefix + record.topic
        try:
            acknowledged = await self._producer.send(
                topic, record.value, record.key, timestamp_ms=self._stamps.next(topic), headers=record.headers
            )
        except MessageSizeTooLargeError as error:
            raise InputError(f"an event of {len(record.value)} bytes is larger than Kafka takes: {error}") from error
        acknowledged.add_done_callback(self._note)

    def _note(self, acknowledged: asyncio.Future[object]) -> None:
        if not acknowledged.cancelled() and (error := acknowledged.exception()) is not None:
            self._error = self._error or error

    def _raise_error(self) -> None:
        if self._error is not None:
            kind = type(self._error).__name__ if isinstance(self._error, KafkaError) else "error"
            raise CommandError(
                f"Kafka did not take an event ({kind}: {self._error}); publish the file again: events that"
                " were taken already are dropped by their id."
            ) from self._error
