"""
The tasks of one worker: opened when partitions are assigned, finished and closed when they are revoked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from stream.faust_batch.agent import AgentSpec
from stream.faust_batch.batch import TaskBatch
from stream.faust_batch.exit import end_process_after
from stream.faust_batch.layout import assigned_tasks, check_copartitioned, check_disjoint
from stream.faust_batch.lookups import Lookups
from stream.faust_batch.observer import Observer
from stream.faust_batch.opening import TaskKey, open_tasks, stop_producers
from stream.faust_batch.queues import Record, RecordQueue
from stream.faust_batch.settings import TaskSettings
from stream.faust_batch.state import PartitionStore
from stream.faust_batch.task import StreamTask

if TYPE_CHECKING:
    from stream.faust_batch.app import TaskApp

Positions = Mapping[TopicPartition, tuple[int, int | None]]
"""Of each input partition: the next offset to fetch, and the last stable offset (None: not known yet)."""

CANCEL_TIMEOUT = 5.0


class TaskManager:
    """
    Owns the tasks, their queues and their stores; everything runs on the app's event loop.

    Attributes:
        tasks: (agent, partition) to the running task.
        lookups: end offsets and committed offsets.
        slots: a transaction holds one; bounds the transactions in flight.
        full_slots: the same for those that take ``max_batch`` records, or a tick.
    """

    def __init__(self, app: TaskApp, settings: TaskSettings, observer: Observer, connection: Mapping[str, Any]) -> None:
        self.app = app
        self.settings = settings
        self.observer = observer
        self.connection = connection
        self.log = logging.getLogger("stream.faust_batch")
        self.agents: list[AgentSpec] = []
        self.tasks: dict[TaskKey, StreamTask] = {}
        self.lookups = Lookups(connection)
        self.slots = asyncio.Semaphore(settings.slots_for(0))
        self.full_slots = asyncio.Semaphore(settings.full_slots)
        self.crashing = False
        self._routes: dict[TopicPartition, tuple[RecordQueue, StreamTask]] = {}
        self._told: Mapping[TopicPartition, int | None] = {}
        self._stores: dict[TaskKey, PartitionStore] = {}
        self._opening: asyncio.Task[None] | None = None
        self._generation: int | None = None  # of the assignment that may be opened
        self._opened: int | None = None

    def declare(self, agent: AgentSpec) -> None:
        """
        Add an agent.

        Raises:
            TopicLayoutError: one of its topics feeds another agent already.
        """
        check_disjoint(self.agents, agent)
        self.agents.append(agent)

    async def check_layout(self) -> None:
        """
        Raises:
            TopicLayoutError: a topic is missing, or partition counts differ.
        """
        topics = {topic for agent in self.agents for topic in (*agent.all_topics, agent.changelog)}
        counts = await self.lookups.partition_counts(topics)
        for agent in self.agents:
            check_copartitioned(agent, counts)

    # -- assignment ----------------------------------------------------------------------------------------------

    def assigned(self, generation: int) -> None:
        """Partitions are assigned; Faust calls ``open`` in its recovery."""
        self._generation = generation

    async def open(self) -> None:
        """Open the assigned tasks; returns when they may run, or when the assignment is revoked meanwhile."""
        if self._generation in (None, self._opened) or self.crashing:
            return
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open())
        await asyncio.wait([self._opening])  # every table of the app waits for the same

    async def _open(self) -> None:
        generation = self._generation
        try:
            await self._drop_tasks()
            wanted = assigned_tasks(self.agents, {TopicPartition(*tp) for tp in self.app.consumer.assignment()})
            self._keep_stores({(agent.name, partition) for agent, partition in wanted})
            self.slots = asyncio.Semaphore(self.settings.slots_for(len(wanted)))
            self.full_slots = asyncio.Semaphore(self.settings.full_slots)
            await self.app.consumer.pause_changelogs()
            tasks = await open_tasks(self, wanted, self._stores)
            self.tasks = {task.key: task for task in tasks}
            self._routes = {queue.topic_partition: (queue, task) for task in tasks for queue in task.group.all_queues}
            self._opened = generation
            self.observer.assigned(sorted(self.tasks))
        except Exception as error:  # noqa: BLE001 - Faust would swallow it
            await self.crash(error, "opening tasks")
        finally:
            self._opening = None

    def _keep_stores(self, keys: Collection[TaskKey]) -> None:
        for key in self._stores.keys() - keys:
            del self._stores[key]
        for key in keys:
            self._stores.setdefault(key, PartitionStore())
        for agent in self.agents:
            agent.table.data.partitions = {
                partition: store for (name, partition), store in self._stores.items() if name == agent.name
            }

    # -- data ----------------------------------------------------------------------------------------------------

    @property
    def routes(self) -> Mapping[TopicPartition, tuple[RecordQueue, StreamTask]]:
        """Input partitions of the open tasks; a new mapping for each assignment."""
        return self._routes

    def add(
        self, fetched: Mapping[TopicPartition, Sequence[Record]], positions: Positions
    ) -> tuple[list[TopicPartition], list[TopicPartition]]:
        """Take over one fetch; returns the partitions whose fetching is to be paused, and to be resumed."""
        pause: list[TopicPartition] = []
        resume: list[TopicPartition] = []
        woken: dict[StreamTask, None] = {}  # not a set: the same fetch wakes in the same order
        for partition, records in fetched.items():
            queue, task = self._routes[partition]
            if task.stopped is None:
                queue.add(records)
                woken[task] = None
        for partition, (position, lso) in positions.items():
            queue, task = self._routes[partition]
            if queue.follow(position, lso):
                woken[task] = None
        for partition in positions:
            self._pace(self._routes[partition][0], pause, resume)
        for task in woken:
            task.wake()
        return pause, resume

    def _pace(self, queue: RecordQueue, pause: list[TopicPartition], resume: list[TopicPartition]) -> None:
        buffered, most = len(queue), self.settings.max_buffered
        if not queue.paused and buffered > most:
            queue.paused = True
            pause.append(queue.topic_partition)
        elif queue.paused and buffered < most // 2:
            queue.paused = False
            resume.append(queue.topic_partition)

    async def deliver(self, task: StreamTask, batch: TaskBatch, last: Record) -> None:
        """Hand a batch to the agent, as the value of one Faust event."""
        await self.app.consumer.deliver(TopicPartition(task.agent.topics[0], task.partition), batch, last)

    async def end_offsets(self, partitions: Iterable[TopicPartition | tuple[str, int]]) -> dict[TopicPartition, int]:
        """High watermarks, for whoever writes ticks: what ``input_end_offsets`` of a tick should say."""
        return await self.lookups.high_watermarks(TopicPartition(*partition) for partition in partitions)

    def group_offsets(self) -> dict[TopicPartition, int]:
        """
        What the tasks have committed since this was asked last.

        A task that has committed nothing yet tells nothing: at the next start its group would know better than its
        changelog, which looks as if that had been deleted.
        """
        known = {
            partition: queue.committed
            for partition, (queue, task) in self._routes.items()
            if task.store.inputs is not None
        }
        news = {
            partition: offset
            for partition, offset in known.items()
            if offset is not None and offset != self._told.get(partition)
        }
        self._told = known
        return news

    async def tell_group(self) -> None:
        """Commit the group's offsets again and again, for tools that show lag; until cancelled."""
        while True:
            await asyncio.sleep(self.settings.group_commit_interval)
            if not self.app.rebalancing and (news := self.group_offsets()):
                await self.app.consumer.tell_group(news)

    # -- end -----------------------------------------------------------------------------------------------------

    async def on_stopped(self, task: StreamTask) -> None:
        """The task stopped itself: its partitions stay owned and are not read; the other tasks go on."""
        partitions = [queue.topic_partition for queue in task.group.all_queues]
        self.log.error(
            "task %s[%s] has stopped: %s. Nothing of its last batch is committed; its partitions stay here and are "
            "not read until the next rebalance or restart",
            *task.key,
            task.stopped,
        )
        self.observer.task_stopped(*task.key, str(task.stopped))
        for queue in task.group.all_queues:
            queue.clear()
        await self.app.consumer.pause_fetching(partitions)

    async def finish(self, patience: float) -> None:
        """Let running batches commit and begin no other, for at most ``patience`` seconds."""
        await self._cancel_opening()
        if self.crashing or not self.tasks:
            return
        for task in self.tasks.values():
            task.finish()
        _, late = await asyncio.wait([task.future for task in self.tasks.values()], timeout=patience)
        if late:
            self.log.warning("%d batches did not commit within %.1f s; they will be done again", len(late), patience)

    async def close(self) -> None:
        """Drop the tasks; stores stay for a task that may come back."""
        self._generation = self._opened = None
        await self._cancel_opening()
        closed = sorted(self.tasks)
        await self._drop_tasks()
        if closed:
            self.observer.revoked(closed)

    async def _cancel_opening(self) -> None:
        """A restore that runs is for nothing when partitions are revoked; what it has read stays read."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening], timeout=CANCEL_TIMEOUT)

    async def _drop_tasks(self) -> None:
        tasks = list(self.tasks.values())
        self.tasks.clear()
        self._routes = {}
        for task in tasks:
            task.future.cancel()
            if task.busy:  # the outcome of its commit is unknown: read the state again
                self._stores.pop(task.key, None)
        if tasks:
            await asyncio.wait([task.future for task in tasks], timeout=1.0)
            await stop_producers([task.producer for task in tasks])

    async def crash(self, error: BaseException, where: str) -> None:
        """End the worker; nothing that is not committed yet will be."""
        if self.crashing:
            return
        self.crashing = True
        self.log.critical("worker ends: %s: %s: %s", where, type(error).__name__, error)
        self.observer.crashed(error)
        end_process_after(self.settings.exit_timeout)
        await self.app.crash(error)
