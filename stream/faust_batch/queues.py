"""
The queue of one input partition, and where the records of a tick end in it.

Pure data structures, like group.py: no event loop, no clock, no broker.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from typing import Protocol

from aiokafka import TopicPartition

from stream.faust_batch.errors import InputLostError

FAR_FUTURE_MS = 1 << 62

_offset_of = attrgetter("offset")
_timestamp_of = attrgetter("timestamp")


class Record(Protocol):
    """A fetched record: what the runtime reads of aiokafka's ``ConsumerRecord``."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class RecordQueue:
    """
    Records of one input partition that are fetched and not yet taken.

    ``keys`` holds for each record the maximum of the timestamps from the head up to it: merging queues by
    it takes the lowest head first and never changes the order within a partition.
    """

    __slots__ = ("committed", "index", "keys", "lso", "paused", "position", "records", "topic_partition")

    def __init__(self, topic_partition: TopicPartition) -> None:
        self.topic_partition = topic_partition
        self.records: list[Record] = []
        self.keys: list[int] = []
        self.index = 0  # of the first record not yet taken
        self.position: int | None = None  # next offset to fetch
        self.lso: int | None = None  # last stable offset: where committed records end
        self.committed: int | None = None
        self.paused = False

    def __len__(self) -> int:
        return len(self.records) - self.index

    def follow(self, position: int, lso: int | None) -> bool:
        """
        Note where the consumer is now; whether that is news.

        Raises:
            InputLostError: it went back. Kafka's client does so in silence (auto.offset.reset) when the broker,
                just restarted, does not know of an offset yet; everything would be processed once more.
        """
        self._must_not_go_back(position)
        news = (position, lso) != (self.position, self.lso)
        self.position, self.lso = position, lso
        return news

    def add(self, records: Sequence[Record]) -> None:
        """
        Append fetched records, in the order of their offsets; before ``follow``, which tells where they end.

        Raises:
            InputLostError: they were fetched before: the consumer was set back meanwhile, and went forward again.
        """
        if records:
            self._must_not_go_back(records[0].offset)
        if self.index:
            del self.records[: self.index], self.keys[: self.index]
            self.index = 0
        tops = accumulate(map(_timestamp_of, records), max, initial=self.keys[-1] if self.keys else -1)
        next(tops)  # the one that it begins with
        self.keys += tops
        self.records += records

    def _must_not_go_back(self, offset: int) -> None:
        known = self.committed if self.position is None else self.position
        if known is not None and offset < known:
            topic, partition = self.topic_partition
            raise InputLostError(
                f"the consumer of {topic}[{partition}] went back from offset {known} to {offset}; start the worker "
                "again: it begins at what is committed"
            )

    def put_back(self, records: Sequence[Record]) -> None:
        """These were taken last, and are to be taken again: they are the head now."""
        if not records:
            return
        self.records[self.index : self.index] = records
        self.keys[self.index : self.index] = [-1] * len(records)
        top = -1
        for index in range(self.index, len(self.keys)):
            self.keys[index] = top = max(top, self.records[index].timestamp)

    def advance(self, index: int) -> None:
        """The records before this index are taken; a late record behind them is a head of its own now."""
        self.index = index
        top, keys, records = -1, self.keys, self.records
        while index < len(keys):
            top = max(top, records[index].timestamp)
            if keys[index] == top:
                return  # from here on nothing hung on the records taken
            keys[index] = top
            index += 1

    def clear(self) -> None:
        """Forget what is buffered."""
        self.records, self.keys, self.index = [], [], 0

    @property
    def behind(self) -> bool:
        """The broker has more records, or it is not known yet."""
        return self.position is None or self.lso is None or self.position < self.lso

    def reached(self, offset: int) -> bool:
        """Every record below this offset is fetched."""
        return self.position is not None and self.position >= offset

    @property
    def consumed(self) -> int | None:
        """Offset below which everything is taken, transaction markers included; None: not known yet."""
        return self.records[self.index].offset if self.index < len(self.records) else self.position


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a tick's records end in one queue: before this offset and before this timestamp."""

    offset: int
    timestamp_ms: int = FAR_FUTURE_MS

    def index_in(self, queue: RecordQueue) -> int:
        """Index of the first buffered record that does not come before the tick."""
        by_offset = bisect_left(queue.records, self.offset, queue.index, key=_offset_of)
        if self.timestamp_ms == FAR_FUTURE_MS:
            return by_offset
        return min(by_offset, bisect_left(queue.keys, self.timestamp_ms, queue.index))
