"""
Restore of the tasks' state from their changelogs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException

from stream.faust_batch.errors import StalledError, StateDamagedError
from stream.faust_batch.settings import TaskSettings
from stream.faust_batch.state import PartitionStore

Progress = Callable[[TopicPartition, int, int], None]
"""Called with a changelog partition, the offsets read of it, and the offsets to read."""


async def restore(
    stores: Mapping[TopicPartition, PartitionStore],
    *,
    ends: Mapping[TopicPartition, int],
    connection: Mapping[str, Any],
    settings: TaskSettings,
    progress: Progress,
) -> dict[TopicPartition, int]:
    """
    Bring each store from its position up to the last stable offset of its changelog partition.

    A store whose position the changelog does not hold any more is read anew from the beginning.

    Args:
        ends: the last stable offsets are at least these, whatever the broker says.

    Returns:
        The number of records applied to each store.
    """
    consumer = AIOKafkaConsumer(
        **connection,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=settings.restore_fetch_bytes,
        fetch_max_wait_ms=settings.fetch_max_wait_ms,
        check_crcs=True,  # of what lay on a disk for long; a broker does not look when it sends it
    )
    await consumer.start()
    try:
        return await _Restore(consumer, stores, ends, settings.stall_timeout, progress).run()
    finally:
        await consumer.stop()


class _Restore:
    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        stores: Mapping[TopicPartition, PartitionStore],
        ends: Mapping[TopicPartition, int],
        stall_timeout: float,
        progress: Progress,
    ) -> None:
        self._consumer = consumer
        self._stores = stores
        self._stall_timeout = stall_timeout
        self._progress = progress
        self._first: dict[TopicPartition, int] = {}
        self._end = dict(ends)
        self._applied = dict.fromkeys(stores, 0)

    async def run(self) -> dict[TopicPartition, int]:
        await self._seek()
        unfinished = {partition for partition, store in self._stores.items() if store.position < self._end[partition]}
        moved = monotonic()
        while unfinished:
            fetched = await self._fetch()
            for partition, records in fetched.items():
                self._apply(partition, records)
            if await self._advance(unfinished):
                moved = monotonic()
            elif monotonic() - moved > self._stall_timeout:
                raise StalledError(f"restore: {sorted(unfinished)} delivered nothing for {self._stall_timeout:.0f} s")
        return self._applied

    async def _seek(self) -> None:
        partitions = list(self._stores)
        self._consumer.assign(partitions)
        begin = await self._consumer.beginning_offsets(partitions)
        told = await self._consumer.end_offsets(partitions)  # read committed: the last stable offsets
        self._end = {partition: max(told[partition], self._end[partition]) for partition in partitions}
        for partition, store in self._stores.items():
            if not begin[partition] <= store.position <= self._end[partition]:
                store.forget()
                store.position = begin[partition]
            self._first[partition] = store.position
            self._consumer.seek(partition, store.position)

    async def _fetch(self) -> Mapping[TopicPartition, Sequence[Any]]:
        try:
            found: Mapping[TopicPartition, Sequence[Any]] = await self._consumer.getmany(timeout_ms=200)
        except CorruptRecordException as error:
            places = ", ".join(f"{place.topic}[{place.partition}]" for place in sorted(self._stores))
            raise StateDamagedError(
                f"restore: {error}. A changelog is damaged on the broker's disk (one of {places}). If it has replicas, "
                "remove the damaged copy and let Kafka copy it anew; else start anew under another app id, which "
                "judges all inputs again"
            ) from error
        return found

    def _apply(self, partition: TopicPartition, records: Sequence[Any]) -> None:
        restore = self._stores[partition].restore
        for record in records:
            restore(record.key, record.value)
        self._applied[partition] += len(records)

    async def _advance(self, unfinished: set[TopicPartition]) -> bool:
        """Note how far each partition is read, markers and aborted records included; True: one has moved."""
        moved = False
        for partition in tuple(unfinished):
            store, end = self._stores[partition], self._end[partition]
            position = await self._consumer.position(partition)
            if position != store.position:
                store.position, moved = position, True
                first = self._first[partition]
                self._progress(partition, min(position, end) - first, end - first)
            if position >= end:
                unfinished.discard(partition)
        return moved
