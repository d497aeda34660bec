# ruff: noqa: SLF001 - private attributes of aiokafka, listed in README.md and held by contract tests
"""
The transactional producer of one task.

Rules that aiokafka needs (README.md): every delivery is awaited and checked before the commit; all batches
are handed over without a pause; after any error the producer is given up, with the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from time import perf_counter
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError, ProducerFenced, UnknownTopicOrPartitionError

from stream.faust_batch.errors import DeliveryError, RecordTooLargeError
from stream.faust_batch.positions import OPENED_KEY
from stream.faust_batch.settings import TaskSettings

_AHEAD = (
    "this machine's clock, or the time of an event, is further ahead of the broker's clock than the topic's "
    "message.timestamp.after.max.ms allows (an hour by default): set the clocks right (NTP)"
)


class PartitionWriter:
    """
    Builds the record batches of one transaction for one partition.

    It writes to the record builder below aiokafka's ``BatchBuilder``: the layer between costs a quarter
    of a record.
    """

    __slots__ = ("_append", "_batch", "_batches", "_count", "_max_bytes", "_new_batch", "partition", "topic")

    def __init__(self, topic: str, partition: int, producer: AIOKafkaProducer, max_bytes: int) -> None:
        self.topic = topic
        self.partition = partition
        self._batches: list[Any] = []
        self._new_batch = producer.create_batch
        self._max_bytes = max_bytes
        self._open_batch()

    def append(self, key: bytes | None, value: bytes | None, timestamp_ms: int | None, headers: list[Any]) -> None:
        """Add one record; a full batch is followed by the next one."""
        written = self._append(self._count, timestamp_ms, key, value, headers)
        if written is None or not self._count:
            self._begin(written, key, value, timestamp_ms, headers)
        self._count += 1

    def extend(self, values: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Add a record for each key, without headers and with the time of now."""
        headers: list[Any] = []
        for key, value in values:
            written = self._append(self._count, None, key, value, headers)
            if written is None or not self._count:
                self._begin(written, key, value, None, headers)
            self._count += 1

    def batches(self) -> Sequence[tuple[Any, int]]:
        """The finished batches in order, each with its number of records."""
        self._seal()
        return [(batch, batch.record_count()) for batch in self._batches]

    def _begin(
        self, written: Any, key: bytes | None, value: bytes | None, timestamp_ms: int | None, headers: Any
    ) -> None:
        """The first record of a batch: aiokafka takes one of any size, so it is checked here."""
        if written is None:
            self._seal()
            self._open_batch()
            written = self._append(0, timestamp_ms, key, value, headers)
        if written.size > self._max_bytes:
            raise RecordTooLargeError(
                f"a record of {written.size} bytes for topic {self.topic!r}, partition {self.partition}, is larger "
                f"than max_batch_bytes = {self._max_bytes}; raise it and the topic's max.message.bytes"
            )

    def _open_batch(self) -> None:
        self._batch = self._new_batch()
        self._append = self._batch._builder.append
        self._count = 0

    def _seal(self) -> None:
        self._batch._relative_offset = self._count
        self._batch.close()
        self._batches.append(self._batch)


class TaskProducer:
    """One transactional id; starting it fences the task's previous owner and ends that one's open transaction."""

    def __init__(self, transactional_id: str, *, connection: Mapping[str, Any], settings: TaskSettings) -> None:
        self._max_batch_bytes = settings.max_batch_bytes
        self._client = AIOKafkaProducer(
            **connection,
            transactional_id=transactional_id,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            retry_backoff_ms=settings.retry_backoff_ms,
            max_batch_size=settings.max_batch_bytes,
            compression_type=settings.compression,
            acks="all",
            linger_ms=0,  # a batch is complete when it is handed over
        )

    async def start(self) -> None:
        """InitProducerId: returns when the previous owner can commit nothing any more."""
        await self._client.start()

    async def open_changelog(self, topic: str, partition: int) -> int:
        """
        Write the new owner's first record; the offset after it.

        Everything that a former owner has committed lies before it, whatever end the broker tells: one that was
        killed shows, for a moment after its restart, an older end, and without an error.
        """
        writer = self.writer(topic, partition)
        writer.append(OPENED_KEY, b"1", None, [])
        end, _ = await self.commit([writer])
        return end

    async def stop(self) -> None:
        """Close the connections; what is not committed is aborted by the next owner."""
        await self._client.stop()

    def writer(self, topic: str, partition: int) -> PartitionWriter:
        """A writer for one partition of the next transaction."""
        return PartitionWriter(topic, partition, self._client, self._max_batch_bytes)

    async def commit(self, writers: Sequence[PartitionWriter]) -> tuple[int, float]:
        """
        Commit what these hold, in one transaction; the changelog is the first.

        Returns:
            The offset after the last changelog record, and the seconds until delivery.

        Raises:
            DeliveryError: the broker refused a batch; nothing is committed.
            KafkaError: whatever else aiokafka says; the outcome may be unknown.
        """
        started = perf_counter()
        await self._client.begin_transaction()
        ends = await self._deliver(writers)
        delivered = perf_counter()
        await self._client.commit_transaction()
        return ends[0], delivered - started

    async def _deliver(self, writers: Sequence[PartitionWriter]) -> list[int]:
        """
        Hand over all batches, then wait for every delivery; the offset after each writer's last record.

        A partition takes its second batch when the first one is on its way, so first batches go first:
        the transaction then learns of all its partitions in one request.
        """
        sent: list[_Sent] = []
        for row in zip_longest(*(writer.batches() for writer in writers)):
            for writer, entry in zip(writers, row, strict=True):
                if entry is not None:
                    batch, count = entry
                    sent.append(_Sent(writer, batch, count, await self._hand_over(batch, writer)))
        if sent:
            await asyncio.wait([one.delivery for one in sent], return_when=asyncio.FIRST_EXCEPTION)
        for one in sent:
            one.raise_if_failed()
        last = {one.writer: one for one in sent}
        return [last[writer].end for writer in writers]

    async def _hand_over(self, batch: Any, writer: PartitionWriter) -> Any:
        """The future of the batch's delivery."""
        try:
            return await self._client.send_batch(batch, writer.topic, partition=writer.partition)
        except (UnknownTopicOrPartitionError, AssertionError) as error:  # aiokafka asserts that the partition exists
            raise DeliveryError(
                f"there is no topic {writer.topic!r} with a partition {writer.partition}: create it first"
            ) from error


@dataclass(frozen=True, slots=True)
class _Sent:
    """A batch on its way."""

    writer: PartitionWriter
    batch: Any
    count: int
    delivery: Any

    @property
    def end(self) -> int:
        """The offset after its last record; a delivery tells the first one's."""
        offset: int = self.delivery.result().offset
        return offset + self.count

    def raise_if_failed(self) -> None:
        if not self.delivery.done() or (error := self.delivery.exception()) is None:
            return
        if isinstance(error, ProducerFenced):  # says it all: another worker owns the task now
            raise error
        hint = f"; {_AHEAD}" if isinstance(error, InvalidTimestampError) else ""
        raise DeliveryError(
            f"topic {self.writer.topic!r}, partition {self.writer.partition}: the broker refused a batch of "
            f"{self.count} records, {self.batch.size()} bytes: {error!r}{hint}"
        ) from error
