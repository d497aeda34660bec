"""
The tasks of one worker: opened when partitions are assigned, finished and closed when they are revoked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from stream.faust_batch.agent import AgentSpec
from stream.faust_batch.batch import TaskBatch
from stream.faust_batch.errors import TopicLayoutError
from stream.faust_batch.exit import end_process_after
from stream.faust_batch.lookups import Lookups
from stream.faust_batch.observer import Observer
from stream.faust_batch.producer import TaskProducer
from stream.faust_batch.queues import TICK_BEGUN, Record, RecordGroup, RecordQueue
from stream.faust_batch.restore import restore
from stream.faust_batch.settings import TaskSettings
from stream.faust_batch.state import PartitionStore
from stream.faust_batch.task import StreamTask

if TYPE_CHECKING:
    from stream.faust_batch.app import TaskApp

TaskKey = tuple[str, int]
Positions = Mapping[TopicPartition, tuple[int, int | None]]
"""Of each input partition: the next offset to fetch, and the last stable offset (None: not known yet)."""

STOP_PRODUCER_TIMEOUT = 5.0
START_PRODUCERS_TIMEOUT = 60.0


class TaskManager:
    """
    Owns the tasks, their queues and their stores; everything runs on the app's event loop.

    Attributes:
        tasks: (agent, partition) to the running task.
        lookups: end offsets and committed offsets.
        slots: a transaction holds one; bounds the transactions in flight.
    """

    def __init__(self, app: TaskApp, settings: TaskSettings, observer: Observer, connection: Mapping[str, Any]) -> None:
        self.app = app
        self.settings = settings
        self.observer = observer
        self.connection = connection
        self.log: Any = app.log
        self.agents: list[AgentSpec] = []
        self.tasks: dict[TaskKey, StreamTask] = {}
        self.lookups = Lookups(connection)
        self.slots = asyncio.Semaphore(settings.slots_for(0))
        self.crashing = False
        self._routes: dict[TopicPartition, tuple[RecordQueue, StreamTask]] = {}
        self._stores: dict[TaskKey, PartitionStore] = {}
        self._opening: asyncio.Task[None] | None = None
        self._generation: int | None = None  # of the assignment that may be opened
        self._opened: int | None = None

    # -- declaration ---------------------------------------------------------------------------------------------

    def declare(self, agent: AgentSpec) -> None:
        """
        Add an agent.

        Raises:
            TopicLayoutError: one of its topics feeds another agent already.
        """
        for other in self.agents:
            if shared := set(other.all_topics) & set(agent.all_topics):
                raise TopicLayoutError(
                    f"topic {min(shared)!r} feeds the agents {other.name!r} and {agent.name!r}: a consumer group has one "
                    "committed offset per partition, so give each agent a topic of its own"
                )
        self.agents.append(agent)

    async def check_layout(self) -> None:
        """
        Partition p of all topics of an agent is one task, so their counts must be equal.

        Raises:
            TopicLayoutError: a topic is missing, or the counts differ.
        """
        topics = {topic for agent in self.agents for topic in agent.all_topics}
        changelogs = {agent.changelog for agent in self.agents}
        counts = await self.lookups.partition_counts([*topics, *changelogs])
        for agent in self.agents:
            check_copartitioned(agent, counts)

    # -- assignment ----------------------------------------------------------------------------------------------

    def assigned(self, generation: int) -> None:
        """Partitions are assigned; Faust will call ``open`` in its recovery."""
        self._generation = generation

    async def open(self) -> None:
        """
        Open the assigned tasks: fence their previous owners, then read offsets and state.

        The order makes it right: when InitProducerId has returned, the previous owner can commit nothing
        any more and its last transaction is complete, so what is read afterwards is final.
        """
        if self._generation in (None, self._opened) or self.crashing:
            return
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open())
        await asyncio.wait([self._opening])  # every table of the app waits for the same

    async def _open(self) -> None:
        generation = self._generation
        try:
            await self._drop_tasks()
            wanted = self._assigned()
            self._keep_stores({(agent.name, partition) for agent, partition in wanted})
            self.slots = asyncio.Semaphore(self.settings.slots_for(len(wanted)))
            await self.app.consumer.pause_changelogs()
            producers = await self._start_producers(wanted)
            try:
                await self._restore(wanted)
                await self._start_tasks(wanted, producers)
            except BaseException:
                await _stop_all([producer for key, producer in producers.items() if key not in self.tasks])
                raise
            self._opened = generation
            self.observer.assigned(sorted(self.tasks))
        except Exception as error:  # noqa: BLE001 - Faust would swallow it
            await self.crash(error, "opening tasks")
        finally:
            self._opening = None

    def _assigned(self) -> list[tuple[AgentSpec, int]]:
        """The tasks of this worker. A task needs its partition of every topic of its agent."""
        mine = {TopicPartition(*partition) for partition in self.app.consumer.assignment()}
        wanted = []
        for agent in self.agents:
            for number in sorted({partition.partition for partition in mine if partition.topic in agent.all_topics}):
                missing = [topic for topic in agent.all_topics if TopicPartition(topic, number) not in mine]
                if missing:
                    raise TopicLayoutError(
                        f"agent {agent.name!r} owns partition {number} without that of {', '.join(missing)}: "
                        "give all its topics the same number of partitions"
                    )
                wanted.append((agent, number))
        return wanted

    def _keep_stores(self, keys: Collection[TaskKey]) -> None:
        for key in self._stores.keys() - keys:
            del self._stores[key]
        for key in keys:
            self._stores.setdefault(key, PartitionStore())
        for agent in self.agents:
            agent.table.data.partitions = {
                partition: store for (name, partition), store in self._stores.items() if name == agent.name
            }

    async def _start_producers(self, wanted: Sequence[tuple[AgentSpec, int]]) -> dict[TaskKey, TaskProducer]:
        group_id = self.app.conf.id
        producers = {
            (agent.name, partition): TaskProducer(
                f"{group_id}-{agent.name}-{partition}",
                group_id=group_id,
                connection=self.connection,
                settings=self.settings,
            )
            for agent, partition in wanted
        }
        try:
            async with asyncio.timeout(START_PRODUCERS_TIMEOUT):
                await asyncio.gather(*(producer.start() for producer in producers.values()))
        except BaseException:
            await _stop_all(producers.values())
            raise
        return producers

    async def _restore(self, wanted: Sequence[tuple[AgentSpec, int]]) -> None:
        if not wanted:
            return
        tasks = {TopicPartition(agent.changelog, partition): (agent.name, partition) for agent, partition in wanted}
        started = monotonic()
        applied = await restore(
            {changelog: self._stores[key] for changelog, key in tasks.items()},
            connection=self.connection,
            settings=self.settings,
            progress=lambda changelog, done, total: self.observer.recovery_progress(*tasks[changelog], done, total),
        )
        for changelog, records in applied.items():
            self.observer.recovery_done(*tasks[changelog], records, monotonic() - started)

    async def _start_tasks(
        self, wanted: Sequence[tuple[AgentSpec, int]], producers: Mapping[TaskKey, TaskProducer]
    ) -> None:
        ticks = [TopicPartition(agent.tick_topic, partition) for agent, partition in wanted if agent.tick_topic]
        committed = await self.lookups.committed(self.app.conf.id, ticks)
        contexts = [agent.open_task(partition, self._stores[agent.name, partition]) for agent, partition in wanted]
        routes = {}
        for (agent, partition), context in zip(wanted, contexts, strict=True):
            key = agent.name, partition
            queues = [RecordQueue(TopicPartition(topic, partition)) for topic in agent.topics]
            tick_queue = RecordQueue(TopicPartition(agent.tick_topic, partition)) if agent.tick_topic else None
            group = RecordGroup(queues, tick_queue, max_idle=self.settings.max_idle)
            if tick_queue is not None and (last := committed.get(tick_queue.topic_partition)):
                group.tick_begun = last.metadata == TICK_BEGUN
            task = StreamTask(
                self, agent, partition, group=group, store=self._stores[key], producer=producers[key], context=context
            )
            self.tasks[key] = task
            routes.update({queue.topic_partition: (queue, task) for queue in group.all_queues})
        self._routes = routes

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
        woken = set()
        for partition, records in fetched.items():
            queue, task = self._routes[partition]
            if task.stopped is None:
                queue.add(records)
                woken.add(task)
        for partition, (position, lso) in positions.items():
            queue, task = self._routes[partition]
            if queue.position != position or queue.lso != lso:
                woken.add(task)
            queue.position, queue.lso = position, lso
            self._pace(queue, pause, resume)
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

    async def finish(self, timeout: float) -> None:
        """Let running batches commit and begin no other, for at most ``timeout`` seconds."""
        await self._cancel_opening()
        if self.crashing or not self.tasks:
            return
        for task in self.tasks.values():
            task.finish()
        _, late = await asyncio.wait([task.future for task in self.tasks.values()], timeout=timeout)
        if late:
            self.log.warning("%d batches did not commit within %.1f s; they will be done again", len(late), timeout)

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
            await asyncio.wait([self._opening], timeout=STOP_PRODUCER_TIMEOUT)

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
            await _stop_all([task.producer for task in tasks])

    async def crash(self, error: BaseException, where: str) -> None:
        """End the worker; nothing that is not committed yet will be."""
        if self.crashing:
            return
        self.crashing = True
        self.log.critical("worker ends: %s: %s: %s", where, type(error).__name__, error)
        self.observer.crashed(error)
        end_process_after(self.settings.exit_timeout)
        await self.app.crash(error)


def check_copartitioned(agent: AgentSpec, counts: Mapping[str, int]) -> None:
    """Every topic of the agent exists and has as many partitions as the first; a changelog may still be missing."""
    needed = counts[agent.all_topics[0]]
    for topic in (*agent.all_topics, agent.changelog):
        count = counts[topic]
        if not count and topic != agent.changelog:
            raise TopicLayoutError(f"topic {topic!r} of agent {agent.name!r} does not exist: create it first")
        if count not in (needed, 0):
            raise TopicLayoutError(
                f"topic {topic!r} has {count} partitions, {agent.all_topics[0]!r} has {needed}: all topics of agent "
                f"{agent.name!r} need the same number"
            )


async def _stop_all(producers: Iterable[TaskProducer]) -> None:
    async def stop(producer: TaskProducer) -> None:
        with suppress(Exception):  # it may be fenced or never started; what it left open, the next owner aborts
            async with asyncio.timeout(STOP_PRODUCER_TIMEOUT):
                await producer.stop()

    await asyncio.gather(*(stop(producer) for producer in producers))
