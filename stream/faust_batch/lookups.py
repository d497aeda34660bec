"""
Questions to the broker beside the data path: end offsets, committed offsets, topic layout.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

LOOKUP_TIMEOUT = 15.0


class Lookups:
    """Clients that read no records; each is started when it is first needed. Every question is bounded in time."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._connection = dict(connection)
        self._consumers: dict[str, AIOKafkaConsumer] = {}
        self._lock = asyncio.Lock()

    async def high_watermarks(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition ends, open transactions included."""
        return await self._end_offsets(partitions, "read_uncommitted")

    async def last_stable_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the committed records of each partition end."""
        return await self._end_offsets(partitions, "read_committed")

    async def log_start_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition begins."""
        wanted = list(partitions)
        if not wanted:
            return {}
        async with asyncio.timeout(LOOKUP_TIMEOUT):
            consumer = await self._consumer("read_uncommitted")
            starts: dict[TopicPartition, int] = await consumer.beginning_offsets(wanted)
        return starts

    async def committed(self, group_id: str, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """The group's committed offsets, as far as the broker knows; partitions without one are left out."""
        if not partitions:
            return {}
        async with asyncio.timeout(LOOKUP_TIMEOUT), _admin(self._connection) as admin:
            found = await admin.list_consumer_group_offsets(group_id, partitions=list(partitions))
        return {partition: committed.offset for partition, committed in found.items() if committed.offset >= 0}

    async def partition_counts(self, topics: Collection[str]) -> dict[str, int]:
        """Number of partitions of each topic; 0: it does not exist."""
        async with asyncio.timeout(LOOKUP_TIMEOUT), _admin(self._connection) as admin:
            described = await admin.describe_topics(list(topics))
        counts = {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}
        return {topic: counts.get(topic, 0) for topic in topics}

    async def stop(self) -> None:
        """Close the clients."""
        for consumer in self._consumers.values():
            await consumer.stop()
        self._consumers.clear()

    async def _end_offsets(
        self, partitions: Iterable[TopicPartition], isolation_level: str
    ) -> dict[TopicPartition, int]:
        wanted = [TopicPartition(*partition) for partition in partitions]
        if not wanted:
            return {}
        async with asyncio.timeout(LOOKUP_TIMEOUT):
            consumer = await self._consumer(isolation_level)
            ends: dict[TopicPartition, int] = await consumer.end_offsets(wanted)
        return ends

    async def _consumer(self, isolation_level: str) -> AIOKafkaConsumer:
        async with self._lock:
            if isolation_level not in self._consumers:
                consumer = AIOKafkaConsumer(
                    **self._connection, enable_auto_commit=False, isolation_level=isolation_level
                )
                await consumer.start()
                self._consumers[isolation_level] = consumer
            return self._consumers[isolation_level]


@asynccontextmanager
async def _admin(connection: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(**connection)
    try:
        await client.start()
        yield client
    finally:
        await client.close()
