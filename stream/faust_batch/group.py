"""
The input of one task: the queues of its partitions, merged in time order, with ticks as barriers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from stream.faust_batch.positions import Positions
from stream.faust_batch.queues import FAR_FUTURE_MS, Limit, Record, RecordQueue


@dataclass(frozen=True, slots=True)
class Taken:
    """One piece of work: records in time order, or a tick alone."""

    records: Sequence[Record]
    tick: Record | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of a queue that may be taken now, and whether the broker holds more that belongs to it."""

    queue: RecordQueue
    stop: int
    incomplete: bool

    @property
    def empty(self) -> bool:
        return self.stop == self.queue.index


class RecordGroup:
    """
    The input partitions of one task (Kafka Streams: PartitionGroup).

    Args:
        queues: in the order in which records of equal time are taken.
        tick_queue: its records are barriers: each waits for the records before it and is taken alone.
        max_idle: seconds; see TaskSettings.
    """

    def __init__(
        self, queues: Sequence[RecordQueue], tick_queue: RecordQueue | None = None, *, max_idle: float = 5.0
    ) -> None:
        self.queues = tuple(queues)
        self.tick_queue = tick_queue
        self.all_queues = self.queues if tick_queue is None else (*self.queues, tick_queue)
        self.barrier: Mapping[TopicPartition, Limit] | None = None
        self.tick_begun = False
        self._max_idle = max_idle
        self._idle_since: float | None = None

    @property
    def tick(self) -> Record | None:
        """The tick at the head of its queue."""
        queue = self.tick_queue
        return queue.records[queue.index] if queue is not None and len(queue) else None

    @property
    def needs_barrier(self) -> bool:
        """A tick waits whose limits are not known yet."""
        return self.barrier is None and not self.tick_begun and self.tick is not None

    @property
    def buffered(self) -> int:
        """Records fetched and not yet taken."""
        return sum(map(len, self.all_queues))

    @property
    def waits_for_records(self) -> bool:
        """The tick waits for records that the broker does not give out: nothing that this worker could do."""
        return self.barrier is not None and any(
            not queue.reached(self.barrier[queue.topic_partition].offset) and not queue.behind for queue in self.queues
        )

    def take(self, limit: int, now: float) -> Taken | None:
        """
        Take at most ``limit`` records in time order, or the tick; None: wait for more to be fetched.

        The tick stays at the head of its queue until ``pass_tick``. ``now`` is any steady clock in seconds.
        """
        tick = self.tick
        if self.tick_begun or (tick is not None and self.barrier is None):
            return Taken((), tick) if self.tick_begun and tick is not None else None
        windows = [self._window(queue, tick) for queue in self.queues]
        if tick is not None and all(window.empty and not window.incomplete for window in windows):
            return Taken((), tick)
        tick_unknown = tick is None and self.tick_queue is not None and self.tick_queue.behind
        if self._must_wait(tick_unknown or any(w.empty and w.incomplete for w in windows), now):
            return None
        records = _merge(_before_horizon(windows, limit), limit)
        return Taken(records) if records else None

    def pass_tick(self) -> None:
        """The tick at the head is done: what comes next may be taken."""
        if self.tick_queue is None or self.tick is None:
            raise ValueError("there is no tick to pass")
        self.tick_queue.advance(self.tick_queue.index + 1)
        self.barrier, self.tick_begun = None, False

    def put_back(self, records: Sequence[Record]) -> None:
        """Records that were taken last are to be taken again; in the order in which they were taken."""
        for queue in self.queues:
            queue.put_back([one for one in records if (one.topic, one.partition) == queue.topic_partition])

    @property
    def moved(self) -> bool:
        """An input is read further than is committed."""
        return any(queue.consumed not in (None, queue.committed) for queue in self.all_queues)

    def positions(self) -> Positions:
        """What the next transaction commits: how far every input is read, and whether a tick has only begun."""
        offsets: dict[TopicPartition, int] = {}
        for queue in self.all_queues:
            consumed = queue.committed if queue.consumed is None else queue.consumed
            if consumed is not None:
                offsets[queue.topic_partition] = consumed
        return Positions(offsets, self.tick_begun)

    def committed(self, positions: Positions) -> None:
        """These positions are committed, or restored."""
        for queue in self.all_queues:
            queue.committed = positions.offsets.get(queue.topic_partition, queue.committed)
        self.tick_begun = positions.tick_begun

    def _window(self, queue: RecordQueue, tick: Record | None) -> _Window:
        fetched = len(queue.records)
        if tick is None or self.barrier is None:
            return _Window(queue, fetched, queue.behind)
        limit = self.barrier[queue.topic_partition]
        stop = limit.index_in(queue)
        return _Window(queue, stop, stop == fetched and not queue.reached(limit.offset))

    def _must_wait(self, blocked: bool, now: float) -> bool:
        """Wait for a partition that has records but delivers none, but not for ever."""
        if not blocked:
            self._idle_since = None
            return False
        if self._idle_since is None:
            self._idle_since = now
        return now - self._idle_since <= self._max_idle


def _before_horizon(windows: Sequence[_Window], limit: int) -> list[tuple[RecordQueue, int]]:
    """
    Cut each window where records still at the broker may come first.

    An incomplete queue's next records are not older than its last fetched one, so nothing later than that
    one may be taken; at the same time the order of the queues decides.
    """
    horizon = min(
        ((w.queue.keys[w.stop - 1], order) for order, w in enumerate(windows) if w.incomplete and not w.empty),
        default=(FAR_FUTURE_MS, 0),
    )
    cuts = []
    for order, window in enumerate(windows):
        queue = window.queue
        bisect = bisect_right if order <= horizon[1] else bisect_left
        stop = min(bisect(queue.keys, horizon[0], queue.index, window.stop), queue.index + limit)
        if stop > queue.index:
            cuts.append((queue, stop))
    return cuts


def _merge(cuts: Sequence[tuple[RecordQueue, int]], limit: int) -> list[Record]:
    """Take the first ``limit`` records of these queues by key; the sort is stable, so ties go by queue."""
    if len(cuts) == 1:
        [(queue, stop)] = cuts
        taken = queue.records[queue.index : stop]
        queue.advance(stop)
        return taken
    keys: list[int] = []
    records: list[Record] = []
    for queue, stop in cuts:
        keys += queue.keys[queue.index : stop]
        records += queue.records[queue.index : stop]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    if len(order) <= limit:
        for queue, stop in cuts:
            queue.advance(stop)
    else:
        del order[limit:]
        _advance(cuts, sorted(order))
    return [records[position] for position in order]


def _advance(cuts: Sequence[tuple[RecordQueue, int]], taken: Sequence[int]) -> None:
    """Move each queue over those of its records that are among the taken positions (ascending)."""
    first = 0
    for queue, stop in cuts:
        behind = first + stop - queue.index
        queue.advance(queue.index + bisect_left(taken, behind) - bisect_left(taken, first))
        first = behind
