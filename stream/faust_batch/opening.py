"""
How the tasks of an assignment come to life. The order makes it right:

1. InitProducerId for every task. When it has returned, the previous owner can commit nothing any more and
   its last transaction is complete.
2. A record at the end of every changelog: a broker that was killed may show an older end for a moment.
3. Only then is read what the owner may have written, up to that record: state and positions. What is read is final.
4. Faust sets the consumer to these positions, after this, and fetching begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from stream.faust_batch.agent import AgentSpec
from stream.faust_batch.group import RecordGroup
from stream.faust_batch.layout import begin_offsets, check_nothing_forgotten, check_nothing_processed
from stream.faust_batch.positions import Positions, decode
from stream.faust_batch.producer import TaskProducer
from stream.faust_batch.queues import RecordQueue
from stream.faust_batch.restore import restore
from stream.faust_batch.state import PartitionStore
from stream.faust_batch.task import StreamTask

if TYPE_CHECKING:
    from stream.faust_batch.manager import TaskManager

TaskKey = tuple[str, int]
Wanted = Sequence[tuple[AgentSpec, int]]

STOP_PRODUCER_TIMEOUT = 5.0
START_PRODUCERS_TIMEOUT = 60.0


async def open_tasks(
    manager: TaskManager, wanted: Wanted, stores: Mapping[TaskKey, PartitionStore]
) -> list[StreamTask]:
    """
    Fence, restore, check and start these tasks.

    Raises:
        InputLostError: the positions do not fit to what the broker has.
        KafkaError: a broker does not answer, or refuses.
    """
    producers, ends = await _start_producers(manager, wanted)
    try:
        await _restore(manager, wanted, stores, ends)
        groups = await _positioned_groups(manager, wanted, stores)
        contexts = [agent.open_task(partition, stores[agent.name, partition]) for agent, partition in wanted]
    except BaseException:
        await stop_producers(producers)
        raise
    return [
        StreamTask(
            manager,
            agent,
            partition,
            group=group,
            store=stores[agent.name, partition],
            producer=producer,
            context=context,
        )
        for (agent, partition), producer, group, context in zip(wanted, producers, groups, contexts, strict=True)
    ]


async def stop_producers(producers: Iterable[TaskProducer]) -> None:
    """Close producers, whatever state they are in; what they left open, the next owner aborts."""

    async def stop(producer: TaskProducer) -> None:
        with suppress(Exception):
            async with asyncio.timeout(STOP_PRODUCER_TIMEOUT):
                await producer.stop()

    await asyncio.gather(*(stop(producer) for producer in producers))


async def _start_producers(manager: TaskManager, wanted: Wanted) -> tuple[list[TaskProducer], list[int]]:
    """Producers that fence, and the offsets after their first records."""
    app_id = manager.app.conf.id
    producers = [
        TaskProducer(
            f"{app_id}-{agent.name}-{partition}",
            connection=manager.connection,
            settings=manager.settings,
        )
        for agent, partition in wanted
    ]
    try:
        async with asyncio.timeout(START_PRODUCERS_TIMEOUT):
            await asyncio.gather(*(producer.start() for producer in producers))
            ends = await asyncio.gather(
                *(
                    producer.open_changelog(agent.changelog, partition)
                    for producer, (agent, partition) in zip(producers, wanted, strict=True)
                )
            )
    except BaseException:
        await stop_producers(producers)
        raise
    return producers, ends


async def _restore(
    manager: TaskManager, wanted: Wanted, stores: Mapping[TaskKey, PartitionStore], ends: Sequence[int]
) -> None:
    if not wanted:
        return
    tasks = {TopicPartition(agent.changelog, partition): (agent.name, partition) for agent, partition in wanted}
    started = monotonic()
    applied = await restore(
        {changelog: stores[key] for changelog, key in tasks.items()},
        ends=dict(zip(tasks, ends, strict=True)),
        connection=manager.connection,
        settings=manager.settings,
        progress=lambda changelog, done, total: manager.observer.recovery_progress(*tasks[changelog], done, total),
    )
    for changelog, records in applied.items():
        manager.observer.recovery_done(*tasks[changelog], records, monotonic() - started)


async def _positioned_groups(
    manager: TaskManager, wanted: Wanted, stores: Mapping[TaskKey, PartitionStore]
) -> list[RecordGroup]:
    """The tasks' queues, told where to begin, which is checked against what the broker has."""
    inputs = [TopicPartition(topic, partition) for agent, partition in wanted for topic in agent.all_topics]
    begin = await manager.lookups.log_start_offsets(inputs)
    end = await manager.lookups.high_watermarks(inputs)
    told = await manager.lookups.committed(manager.app.conf.id, inputs)
    groups = []
    for agent, partition in wanted:
        group = _group(agent, partition, manager.settings.max_idle)
        raw = stores[agent.name, partition].inputs
        if raw is None:
            check_nothing_processed(agent, partition, [tp for tp, offset in told.items() if offset > begin[tp]])
        positions = Positions() if raw is None else decode(raw, partition)
        check_nothing_forgotten(agent, partition, positions.offsets, told)
        offsets = begin_offsets(
            [queue.topic_partition for queue in group.all_queues],
            positions.offsets,
            begin,
            end,
            accept_loss=manager.settings.accept_lost_input,
        )
        group.committed(Positions(offsets, positions.tick_begun))
        groups.append(group)
    return groups


def _group(agent: AgentSpec, partition: int, max_idle: float) -> RecordGroup:
    queues = [RecordQueue(TopicPartition(topic, partition)) for topic in agent.topics]
    tick_queue = RecordQueue(TopicPartition(agent.tick_topic, partition)) if agent.tick_topic else None
    return RecordGroup(queues, tick_queue, max_idle=max_idle)
