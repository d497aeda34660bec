"""aiokafka's clients, as far as the runtime uses them, on a simulated cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from aiokafka import TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from tests.faults.simulated.broker import Cluster, Written
from tests.faults.simulated.wire import Wire

RESTORED_AT_ONCE = 3
"""Records that a restore is given at once, so that it takes several fetches."""


class Delivered(NamedTuple):
    """What the runtime reads of a delivery."""

    offset: int


class SimulatedProducer:
    """A transactional producer."""

    def __init__(self, *, cluster: Cluster, wire: Wire, transactional_id: str, **options: Any) -> None:
        self._cluster, self._wire, self._name = cluster, wire, transactional_id
        self._most = options["max_batch_size"]
        self._epoch = -1
        self._deliveries: set[asyncio.Task[Delivered]] = set()

    async def start(self) -> None:
        self._epoch = await self._wire.call("init", lambda: self._cluster.init(self._name))

    async def stop(self) -> None:
        for delivery in self._deliveries:
            delivery.cancel()

    def create_batch(self) -> Any:
        return BatchBuilder(self._most, 0, is_transactional=True)

    async def begin_transaction(self) -> None:
        self._cluster.begin(self._name, self._epoch)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Task[Delivered]:
        records = _records(batch)
        delivery = asyncio.ensure_future(self._deliver(TopicPartition(topic, partition), records))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._over)
        return delivery

    def _over(self, delivery: asyncio.Task[Delivered]) -> None:
        self._deliveries.discard(delivery)
        if not delivery.cancelled():
            delivery.exception()  # looked at here, so that asyncio does not report what nobody waits for any more

    async def _deliver(self, place: TopicPartition, records: Sequence[Written]) -> Delivered:
        def effect() -> int:
            return self._cluster.produce(self._name, self._epoch, place, records)

        return Delivered(await self._wire.call(f"produce {place.topic}", effect))

    async def commit_transaction(self) -> None:
        assert not self._deliveries, "a commit with deliveries on their way"
        await self._wire.call("commit", lambda: self._cluster.finish(self._name, self._epoch, commit=True))


def _records(batch: Any) -> list[Written]:
    """The records of a batch, read from the bytes that would go over the wire."""
    found: list[Written] = []
    memory = MemoryRecords(bytes(batch._build()))
    while memory.has_next():
        entry = memory.next_batch()
        assert entry is not None
        found += [Written(record.timestamp, record.key, record.value, record.headers) for record in entry]
    return found


class SimulatedRestorer:
    """The consumer that reads changelogs."""

    def __init__(self, *, cluster: Cluster, wire: Wire, **options: Any) -> None:
        self._cluster, self._wire = cluster, wire
        self._positions: dict[TopicPartition, int] = {}
        self._committed = options["isolation_level"] == "read_committed"

    async def start(self) -> None:
        await self._wire.call("start", lambda: None)

    async def stop(self) -> None:
        pass

    def assign(self, partitions: Collection[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._positions[partition] = offset

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return dict(await self._wire.call("begins", lambda: dict.fromkeys(partitions, 0)))

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        def effect() -> dict[TopicPartition, int]:
            if self._cluster.old_ends:
                self._cluster.old_ends = False
                return dict.fromkeys(partitions, 0)
            logs = {partition: self._cluster.log(partition) for partition in partitions}
            return {partition: log.stable if self._committed else log.end for partition, log in logs.items()}

        return dict(await self._wire.call("ends", effect))

    async def position(self, partition: TopicPartition) -> int:
        return self._positions[partition]

    async def getmany(self, *, timeout_ms: int) -> dict[TopicPartition, Sequence[Any]]:
        def effect() -> dict[TopicPartition, Sequence[Any]]:
            fetched: dict[TopicPartition, Sequence[Any]] = {}
            for partition, position in self._positions.items():
                log = self._cluster.log(partition)
                read = log.committed if self._committed else log.written
                records, self._positions[partition] = read(position, RESTORED_AT_ONCE)
                if records:
                    fetched[partition] = records
            return fetched

        return dict(await self._wire.call("restore", effect))


class SimulatedLookups:
    """Questions beside the data path."""

    def __init__(self, cluster: Cluster, wire: Wire) -> None:
        self._cluster, self._wire = cluster, wire

    async def high_watermarks(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        wanted = list(partitions)
        if not wanted:
            return {}
        return dict(await self._wire.call("ends", lambda: {p: self._cluster.log(p).end for p in wanted}))

    async def log_start_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        wanted = list(partitions)
        return dict(await self._wire.call("begins", lambda: dict.fromkeys(wanted, 0)))

    async def committed(self, group_id: str, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        told = self._cluster.told
        return dict(await self._wire.call("told", lambda: {p: told[p] for p in partitions if p in told}))

    async def stop(self) -> None:
        pass


@contextmanager
def simulated_clients() -> Iterator[None]:
    """The runtime makes simulated clients; its connection options are the cluster and the wire."""
    with (
        patch("stream.faust_batch.producer.AIOKafkaProducer", SimulatedProducer),
        patch("stream.faust_batch.restore.AIOKafkaConsumer", SimulatedRestorer),
    ):
        yield
