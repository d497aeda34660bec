"""
One task: partition p of all topics of one agent, with one order, one owner and one transaction at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from stream.faust_batch.batch import TaskBatch
from stream.faust_batch.errors import StalledError, StopTask
from stream.faust_batch.group import RecordGroup, Taken
from stream.faust_batch.observer import BatchTimes
from stream.faust_batch.positions import POSITIONS_KEY
from stream.faust_batch.producer import TaskProducer
from stream.faust_batch.queues import Limit
from stream.faust_batch.state import PartitionStore

if TYPE_CHECKING:
    from stream.faust_batch.agent import AgentSpec
    from stream.faust_batch.manager import TaskManager

WAKE_AT_LEAST_EVERY = 1.0
LOOKUP_AGAIN_AFTER = 1.0


class StreamTask:
    """
    Takes what has accumulated in its queues, has the agent process it, commits, and begins again.

    Attributes:
        context: what the agent's ``open_task`` returned.
        stopped: the reason, where the task stopped itself.
    """

    def __init__(
        self,
        manager: TaskManager,
        agent: AgentSpec,
        partition: int,
        *,
        group: RecordGroup,
        store: PartitionStore,
        producer: TaskProducer,
        context: Any,
    ) -> None:
        self.agent = agent
        self.partition = partition
        self.group = group
        self.store = store
        self.producer = producer
        self.context = context
        self.stopped: str | None = None
        self.busy = False  # records are taken and not yet committed
        self.committed_at = monotonic()
        self.tick_since: float | None = None  # when the tick reached the head of its queue
        self._manager = manager
        self._settings = manager.settings
        self._finishing = False
        self._wake = asyncio.Event()
        self.future = asyncio.ensure_future(self._run())

    @property
    def key(self) -> tuple[str, int]:
        """Agent and partition."""
        return self.agent.name, self.partition

    @property
    def tick_drained(self) -> bool:
        """Every tick written so far is processed and committed."""
        queue = self.group.tick_queue
        return queue is not None and not self.busy and not len(queue) and not queue.behind

    @property
    def tick_position(self) -> int | None:
        """Offset of the next tick to be taken; None: not known yet."""
        return None if self.group.tick_queue is None else self.group.tick_queue.consumed

    def wake(self) -> None:
        """There are new records or positions."""
        self._wake.set()

    def finish(self) -> None:
        """Let a running batch commit, begin no other."""
        self._finishing = True
        self._wake.set()
        if not self.busy:
            self.future.cancel()

    async def _run(self) -> None:
        try:
            while not self._finishing and self.stopped is None:
                await self._find_barrier()
                if not await self._step():
                    await self._wait()
        except StopTask as stop:
            self.stopped = str(stop)
            self.busy = False
            await self._manager.on_stopped(self)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker ends before a commit
            await self._manager.crash(error, f"task {self.agent.name}[{self.partition}]")

    async def _step(self) -> bool:
        """One transaction, if there is something to commit; False: nothing to do."""
        started = perf_counter()
        async with self._slots():
            if self._finishing:
                return False
            waited = perf_counter() - started
            taken = self.group.take(self._settings.max_batch, monotonic())
            if taken is None and not self._positions_due():
                return False
            self.busy = True  # stays true after an error: what was taken is lost with this task
            await self._work(taken or Taken(()), waited)
            self.busy = False
            return True

    def _slots(self) -> asyncio.Semaphore:
        """A full transaction and a tick would not grow by waiting for a slot: those have slots of their own."""
        full = self.group.tick is not None or self.group.buffered >= self._settings.max_batch
        return self._manager.full_slots if full else self._manager.slots

    async def _wait(self) -> None:
        self._wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), WAKE_AT_LEAST_EVERY)

    def _positions_due(self) -> bool:
        """Positions moved over markers or aborted records, and have not been committed for a while."""
        return monotonic() - self.committed_at > self._settings.idle_commit and self.group.moved

    async def _find_barrier(self) -> None:
        """Where the records before the waiting tick end, as the tick says or else as the broker says."""
        group = self.group
        if not group.needs_barrier or group.tick is None:
            return
        self.tick_since = monotonic()
        tick = group.tick
        carried: Mapping[str, int] = self.agent.barrier_of(tick) or {}
        limits = {
            q.topic_partition: Limit(carried[q.topic_partition.topic])
            for q in group.queues
            if q.topic_partition.topic in carried
        }
        open_ends = [queue.topic_partition for queue in group.queues if queue.topic_partition not in limits]
        latest = tick.timestamp + self._settings.clock_skew_ms
        for partition, end in (await self._high_watermarks(open_ends)).items():
            limits[partition] = Limit(end, latest)
        group.barrier = limits

    async def _high_watermarks(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """
        Look the ends up until the broker answers; the watchdog bounds it.

        High watermarks, not last stable offsets: committed records can lie behind an older open
        transaction. Not by time: an offset looked up by time may be a transaction marker's, which
        carries the broker's clock.
        """
        while True:
            try:
                return await self._manager.lookups.high_watermarks(partitions)
            except (KafkaError, TimeoutError) as error:
                self._manager.log.warning("end offsets for a tick: %r; asking again", error)
                await asyncio.sleep(LOOKUP_AGAIN_AFTER)

    async def _work(self, taken: Taken, waited: float) -> None:
        batch, event = await self._process(taken)
        started = perf_counter()
        if taken.tick is not None:
            self._end_tick(batch)
        if batch.left:
            self.group.put_back(batch.left)
        positions = self.group.positions()
        encoded = positions.encode()
        produce = await self._commit(batch, encoded)
        self.store.apply(batch.puts)
        self.store.inputs = encoded
        self.group.committed(positions)
        self.committed_at = monotonic()
        done = len(taken.records) - len(batch.left)
        batch.release()
        if event is not None:
            event.ack()
        commit = perf_counter() - started - produce
        times = BatchTimes(waited, batch.process_seconds, produce, commit)
        self._manager.observer.batch_done(self.agent.name, self.partition, done, times)

    async def _process(self, taken: Taken) -> tuple[TaskBatch, Any]:
        """The batch as the agent left it, and its event; no event for positions alone."""
        done = asyncio.get_running_loop().create_future()
        batch = TaskBatch(self, taken.records, taken.tick, done)
        last = taken.tick or (taken.records[-1] if taken.records else None)
        if last is None:
            return batch, None
        await self._manager.deliver(self, batch, last)
        event = await done
        batch.let_go()
        return batch, event

    def _end_tick(self, batch: TaskBatch) -> None:
        if batch.repeats:
            self.group.tick_begun = True
            return
        self.group.pass_tick()
        if self.tick_since is not None:
            self._manager.observer.barrier_wait(*self.key, monotonic() - self.tick_since)
            self.tick_since = None

    async def _commit(self, batch: TaskBatch, positions: bytes) -> float:
        changelog = self.producer.writer(self.agent.changelog, self.partition)
        changelog.extend(batch.puts.items())
        changelog.append(POSITIONS_KEY, positions, None, [])
        try:
            async with asyncio.timeout(self._settings.commit_timeout):
                end, seconds = await self.producer.commit([changelog, *batch.outputs])
        except Exception as failure:
            error = _explained(failure, self._settings.commit_timeout)
            self._manager.observer.transaction_failed(*self.key, error, fenced=isinstance(error, ProducerFenced))
            raise error from failure
        self.store.position = end
        return seconds


def _explained(failure: Exception, commit_timeout: float) -> Exception:
    if isinstance(failure, TimeoutError):
        return StalledError(f"a transaction was not committed within {commit_timeout:.0f} s; its outcome is unknown")
    return failure
