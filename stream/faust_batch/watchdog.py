"""
Ends a worker that lives but does not work.

"Stuck" is a position below the last stable offset that does not move, or buffered records without a commit.
Distance to the end of the log is not: markers count there, and an open upstream transaction holds it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Hashable, Mapping
from time import monotonic
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream.faust_batch.errors import StalledError
from stream.faust_batch.exit import EXIT_HARD
from stream.faust_batch.queues import RecordQueue

if TYPE_CHECKING:
    from stream.faust_batch.manager import TaskManager
    from stream.faust_batch.task import StreamTask

UNKNOWN = -1
BEAT = 1.0


class Stopwatch:
    """For how long each thing has shown the same value."""

    def __init__(self) -> None:
        self._since: dict[Hashable, tuple[object, float]] = {}

    def unchanged(self, thing: Hashable, value: object, now: float) -> float:
        """Seconds for which this thing has had this value, as far as it was asked."""
        last, since = self._since.get(thing, (None, now))
        if thing not in self._since or last != value:
            since = now
            self._since[thing] = value, now
        return now - since

    def forget(self, thing: Hashable) -> None:
        """Start again for this thing."""
        self._since.pop(thing, None)


class Watchdog:
    """Looks at the broker's end offsets, the positions and the commits of all tasks."""

    def __init__(self, manager: TaskManager) -> None:
        self._manager = manager
        self._settings = manager.settings
        self._positions = Stopwatch()
        self._commits = Stopwatch()
        self._transactions = Stopwatch()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._settings.watch_interval)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a worker without a watchdog ends, too
                await self._manager.crash(error, "watchdog")

    async def look(self) -> None:
        """
        One look.

        Raises:
            StalledError: there is work, and nothing has moved for ``stall_timeout``.
        """
        stable, high = await self._ends()
        now = monotonic()
        for partition, (queue, task) in self._manager.routes.items():
            lso = stable.get(partition, queue.lso)
            self._report(queue, lso)
            self._check_position(queue, task, lso, now)
            self._report_open_transaction(partition, lso, high.get(partition), now)
        for task in self._manager.tasks.values():
            self._check_commits(task, now)

    async def _ends(self) -> tuple[Mapping[TopicPartition, int], Mapping[TopicPartition, int]]:
        """Last stable offsets and high watermarks; empty while the broker does not answer."""
        partitions = tuple(self._manager.routes)
        lookups = self._manager.lookups
        try:
            return await lookups.last_stable_offsets(partitions), await lookups.high_watermarks(partitions)
        except (KafkaError, TimeoutError) as error:
            self._manager.log.warning("the broker tells no end offsets: %r", error)
            return {}, {}

    def _report(self, queue: RecordQueue, lso: int | None) -> None:
        known = (UNKNOWN if value is None else value for value in (queue.position, lso, queue.committed))
        self._manager.observer.positions(*queue.topic_partition, *known)

    def _check_position(self, queue: RecordQueue, task: StreamTask, lso: int | None, now: float) -> None:
        partition = queue.topic_partition
        at_end = lso is not None and queue.position is not None and queue.position >= lso
        if at_end or queue.paused or task.stopped is not None:
            self._positions.forget(partition)
            return
        seconds = self._positions.unchanged(partition, queue.position, now)
        if seconds > self._settings.stall_timeout:
            raise StalledError(
                f"input {partition.topic}[{partition.partition}] stays at offset {queue.position} for {seconds:.0f} s "
                f"although the broker has committed records up to {lso}"
            )

    def _check_commits(self, task: StreamTask, now: float) -> None:
        group = task.group
        if task.tick_since is not None:
            self._manager.observer.barrier_wait(*task.key, now - task.tick_since)
        if task.stopped is not None or not (task.busy or group.buffered) or group.waits_for_records:
            self._commits.forget(task.key)
            return
        seconds = self._commits.unchanged(task.key, task.committed_at, now)
        if seconds > self._settings.stall_timeout:
            raise StalledError(
                f"task {task.agent.name}[{task.partition}] has {group.buffered} records waiting and has not committed "
                f"for {seconds:.0f} s"
            )

    def _report_open_transaction(
        self, partition: TopicPartition, lso: int | None, high_watermark: int | None, now: float
    ) -> None:
        if lso is None or high_watermark is None or high_watermark <= lso:
            self._transactions.forget(partition)
            return
        seconds = self._transactions.unchanged(partition, lso, now)
        if seconds >= self._settings.open_transaction_after:
            self._manager.observer.transaction_left_open(
                partition.topic, partition.partition, lso, high_watermark, seconds
            )


class LoopGuard:
    """
    Ends the process from a thread when the event loop does not turn for too long.

    The thread counts its own seconds, so that a process that was suspended is not taken for stuck.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._beats = 0

    async def run(self) -> None:
        """Beat until cancelled."""
        stop = threading.Event()
        threading.Thread(target=self._watch, args=(stop,), name="loop-guard", daemon=True).start()
        try:
            while True:
                self._beats += 1
                await asyncio.sleep(BEAT)
        finally:
            stop.set()

    def _watch(self, stop: threading.Event) -> None:
        seen, silent = self._beats, 0.0
        while not stop.wait(BEAT):
            seen, silent = self._beats, 0.0 if self._beats != seen else silent + BEAT
            if silent > self._timeout:
                os.write(2, b"worker ends hard: the event loop has been blocked for %d s\n" % silent)
                os._exit(EXIT_HARD)
