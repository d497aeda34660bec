"""Opens business days: one record to each partition, with the end offsets that everything before it lies below."""

from __future__ import annotations

from datetime import date

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.agents.topics import Topics
from stream.cli.connect import end_offsets
from stream.cli.errors import UsageError
from stream.engine.dates import Day
from stream.translate.outbound import Outbound


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
    ) -> None:
        """`consumer` is asked for end offsets only."""
        self._producer = producer
        self._consumer = consumer
        self._topics = topics
        self._partitions = partitions
        self._outbound = outbound

    async def open(self, day: Day, repayments_complete: bool = True) -> None:
        """Open a day, after everything that was sent before."""
        await self._producer.flush()
        ends = await end_offsets(self._consumer, list(self._topics.inputs), self._partitions)
        for partition in range(self._partitions):
            offsets = {topic: ends[TopicPartition(topic, partition)] for topic in self._topics.inputs}
            (key, value, headers), timestamp = self._outbound.day_opened(day, repayments_complete, offsets)
            await self._producer.send(
                self._topics.business_days, value, key, partition=partition, timestamp_ms=timestamp, headers=headers
            )
        await self._producer.flush()
