"""Opens business days: one record to each partition, with the end offsets that everything before it lies below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.agents.topics import Topics
from stream.cli.connect import end_offsets
from stream.cli.errors import UsageError
from stream.cli.stamps import Stamps
from stream.engine.dates import Day
from stream.translate.outbound import Outbound

Headers = Sequence[tuple[str, bytes]]


def day_named(text: str) -> Day:
    """The day of an ISO date given on the command line. Raises UsageError."""
    try:
        return Day(date.fromisoformat(text).toordinal())
    except ValueError:
        raise UsageError(f"{text!r} is not a date; write it as 2024-03-08") from None


class Days:
    """Writes ticks to every partition of the business days' topic."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        consumer: AIOKafkaConsumer,
        topics: Topics,
        partitions: int,
        outbound: Outbound,
        stamps: Stamps | None = None,
    ) -> None:
        """`consumer` is asked for end offsets only; `stamps` are shared with whoever publishes in between."""
        self._producer = producer
        self._consumer = consumer
        self._topics = topics
        self._partitions = partitions
        self._outbound = outbound
        self._stamps = stamps or Stamps()

    async def open(self, day: Day, repayments_complete: bool = True) -> None:
        """Open a day, after everything that was sent before."""
        await self._write(lambda offsets: self._outbound.day_opened(day, repayments_complete, offsets)[0])

    async def open_as_told(self, key: bytes | None, value: bytes, headers: Headers) -> None:
        """Open a day by an event of a file in binary mode, after everything that was sent before."""
        data = orjson.loads(value)
        await self._write(lambda offsets: (key, orjson.dumps({"input_end_offsets": offsets} | data), headers))

    async def pass_on(self, key: bytes | None, value: bytes, headers: Headers) -> None:
        """Send a record to every partition as it stands."""
        await self._write(lambda offsets: (key, value, headers))

    async def _write(self, tick: Callable[[dict[str, int]], tuple[bytes | None, bytes, Headers]]) -> None:
        await self._producer.flush()
        ends = await end_offsets(self._consumer, list(self._topics.inputs), self._partitions)
        topic = self._topics.business_days
        stamp = self._stamps.next(topic)
        for partition in range(self._partitions):
            key, value, headers = tick({name: ends[TopicPartition(name, partition)] for name in self._topics.inputs})
            await self._producer.send(topic, value, key, partition=partition, timestamp_ms=stamp, headers=headers)
        await self._producer.flush()
