"""
Fetched records at less cost: aiokafka makes each a data class of ten fields, and hands it on by three calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords

from stream.faust_batch import raw_records
from stream.faust_batch.raw_records import RawRecord, read_records

COMPILED: Final = not raw_records.__file__.endswith(".py")
"""Our own reader of records is the faster one."""
BEFORE_LENGTH: Final = 8
BEFORE_BATCH: Final = 12
"""Bytes before the length of a record batch, and those that the length does not count."""


class FetchedRecord(NamedTuple):
    """What the runtime and the agents read of a record; in place of aiokafka's ``ConsumerRecord``."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]

    raw_headers = None  # type: ignore[misc]  # those of a RawRecord are bytes


Fetched = FetchedRecord | RawRecord

_new = tuple.__new__


class FetchedBytes:
    """The record batches of one partition in a fetch; in place of aiokafka's ``MemoryRecords``."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def size_in_bytes(self) -> int:
        """Of all, a last batch that is cut off included."""
        return len(self._data)

    def has_next(self) -> bool:
        """There is at least one whole batch."""
        return next(self.pieces(), None) is not None

    def pieces(self) -> Iterator[bytes]:
        """The bytes of each whole batch."""
        data, start = self._data, 0
        while (begin := start + BEFORE_BATCH) <= len(data):
            end = begin + int.from_bytes(data[start + BEFORE_LENGTH : begin])
            if end > len(data):
                return
            yield data[start:end]
            start = end


class LeanPartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one partition in a fetch; which of them are given out is decided as aiokafka does."""

    _given: Iterator[Fetched] = iter(())
    _after: int | None = None

    def __next__(self) -> Fetched:
        """One record, for who takes them one by one."""
        while True:
            for record in self._given:
                self.next_fetch_offset = record.offset + 1
                return record
            if self._after is not None:
                self.next_fetch_offset = self._after
            records, self._after = next(self._records_iterator)
            self._given = iter(records)

    def take_all(self) -> list[Fetched]:
        """
        All records that were not taken yet.

        Raises:
            CorruptRecordException: they are damaged; the position stays before all of them.
        """
        found, behind = list(self._given), self._after
        self._after = None
        for records, after in self._records_iterator:
            found += records
            behind = after
        if behind is not None:
            self.next_fetch_offset = behind
        return found

    def _unpack_records(self) -> Iterator[tuple[Sequence[Fetched], int]]:
        """The records of each batch that is given out, and the offset behind them."""
        wanted = self.next_fetch_offset
        for piece in self._records.pieces():
            batch = MemoryRecords(piece).next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if self._is_left_out(batch):
                yield [], batch.next_offset
                continue
            records = self._read(piece, batch)
            if records and records[0].offset < wanted:  # the broker gives out whole batches
                records = [record for record in records if record.offset >= wanted]
            yield records, batch.next_offset

    def _is_left_out(self, batch: Any) -> bool:
        """It is a control batch, or of a transaction that was aborted."""
        if self._isolation_level == fetcher.READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return True
        return bool(batch.is_control_batch)

    def _read(self, piece: bytes, batch: Any) -> Sequence[Fetched]:
        topic, partition = self._tp
        plain = batch.producer_id is not None and not batch.compression_type
        if COMPILED and plain:
            return self._read_ourselves(piece)
        try:
            return [
                _new(FetchedRecord, (topic, partition, one.offset, one.timestamp, one.key, one.value, one.headers))
                for one in batch
            ]
        except (CorruptRecordException, UnicodeDecodeError):
            if not plain:
                raise
            return self._read_ourselves(piece)  # it may only have a name of a header that is no text

    def _read_ourselves(self, piece: bytes) -> Sequence[Fetched]:
        try:
            return read_records(self._tp.topic, self._tp.partition, piece)
        except (ValueError, IndexError) as error:
            raise CorruptRecordException(str(error)) from error


class LeanFetchResult(fetcher.FetchResult):  # type: ignore[misc]
    """What was fetched of one partition and not taken yet."""

    _partition_records: Any

    def getall(self, max_records: int | None = None) -> list[Any]:
        """Take at most so many records; None: all."""
        if max_records is not None:
            found: list[Any] = super().getall(max_records)
            return found
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        found = self._partition_records.take_all()
        self._update_position()
        self._partition_records = None
        return found


def make_records_lean() -> None:
    """From now on, every consumer of this process gives out ``FetchedRecord``s, or ``RawRecord``s if compiled."""
    fetcher.MemoryRecords = FetchedBytes
    fetcher.PartitionRecords = LeanPartitionRecords
    fetcher.FetchResult = LeanFetchResult
