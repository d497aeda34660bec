"""The loop of one task, without a broker."""

from __future__ import annotations

import asyncio
import gc
import weakref
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from stream.faust_batch import Observer, PartitionStore, TaskBatch, TaskSettings
from stream.faust_batch.group import RecordGroup
from stream.faust_batch.positions import POSITIONS_KEY, decode
from stream.faust_batch.queues import RecordQueue
from stream.faust_batch.task import StreamTask

INPUT = TopicPartition("in", 3)
DEADLINE = 5.0


class Manager:
    """What a task asks of its manager; the agent is called at once."""

    def __init__(self, process, settings: TaskSettings) -> None:
        self.settings = settings
        self.observer = Observer()
        self.slots = asyncio.Semaphore(1)
        self.full_slots = asyncio.Semaphore(1)
        self.process = process

    async def deliver(self, task, batch, last):
        message = SimpleNamespace(batch=batch)
        batch.run(self.process, SimpleNamespace(value=batch, message=message, ack=lambda: None))

    async def crash(self, error, where):
        raise error


class Producer:
    """Commits everything, and tells when."""

    def __init__(self) -> None:
        self.committed: asyncio.Queue = asyncio.Queue()

    async def commit(self, writers):
        raw = writers[0].records[POSITIONS_KEY]
        self.committed.put_nowait(decode(raw, INPUT.partition).offsets[INPUT])
        return 0, 0.0

    def writer(self, topic, partition):
        return Writer()


class Writer:
    """Keeps the last value of each key, as a changelog does."""

    def __init__(self) -> None:
        self.records: dict = {}

    def extend(self, values):
        self.records.update(values)

    def append(self, key, value, timestamp_ms, headers):
        self.records[key] = value


def task_of(manager: Manager) -> StreamTask:
    agent = SimpleNamespace(name="agent", changelog="changelog")
    group = RecordGroup([RecordQueue(INPUT)])
    return StreamTask(manager, agent, 3, group=group, store=PartitionStore(), producer=Producer(), context=None)


def arrive(task: StreamTask, count: int) -> None:
    """So many more records are fetched."""
    [queue] = task.group.queues
    first = queue.position or 0
    queue.add([SimpleNamespace(topic="in", partition=3, offset=first + n, timestamp=first + n) for n in range(count)])
    queue.position = queue.lso = first + count
    task.wake()


async def committed(task: StreamTask) -> int:
    return await asyncio.wait_for(task.producer.committed.get(), DEADLINE)


async def until(condition) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - there is nothing to wait for but the loop's next turn
            await asyncio.sleep(0)


def test_nothing_of_a_committed_batch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is freed by its commit alone: no circle keeps its records until the garbage collector runs."""
    made = []

    class Watched(TaskBatch):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            made.append(weakref.ref(self))

    monkeypatch.setattr("stream.faust_batch.task.TaskBatch", Watched)

    async def run():
        task = task_of(Manager(lambda batch: None, TaskSettings()))
        for count in (2, 3):
            arrive(task, count)
            await committed(task)
        await until(lambda: not task.busy)
        alive = [batch() for batch in made if batch() is not None]
        task.future.cancel()
        return len(alive)

    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(run()) == 0
    finally:
        gc.enable()
    assert len(made) == 2


def test_circle_of_an_agent_keeps_no_record_of_a_committed_batch() -> None:
    """Objects of an agent that refer to one another and to the batch keep an empty batch, not thousands of records."""
    kept = []

    async def run():
        task = task_of(Manager(kept.append, TaskSettings()))
        arrive(task, 3)
        await committed(task)
        await until(lambda: not task.busy)
        task.future.cancel()

    asyncio.run(run())
    assert [(batch.records, batch.puts, batch.outputs) for batch in kept] == [((), {}, ())]


def test_the_store_knows_the_positions_that_belong_to_it() -> None:
    """A task that comes back to the same worker reads only what is new of its changelog: its positions are kept."""

    async def run():
        task = task_of(Manager(lambda batch: None, TaskSettings()))
        arrive(task, 2)
        await committed(task)
        await until(lambda: not task.busy)
        task.future.cancel()
        return task.store.inputs

    assert decode(asyncio.run(run()), INPUT.partition).offsets == {INPUT: 2}


def test_records_that_are_left_come_again_after_the_commit() -> None:
    """A batch that leaves its records from the second on commits before them, and the next begins with them."""
    seen = []

    def process(batch: TaskBatch) -> None:
        seen.append([record.offset for record in batch.records])
        if len(seen) == 1:
            batch.leave(1)

    async def run():
        task = task_of(Manager(process, TaskSettings()))
        arrive(task, 3)
        ends = [await committed(task), await committed(task)]
        task.future.cancel()
        return ends

    assert asyncio.run(run()) == [1, 3]
    assert seen == [[0, 1, 2], [1, 2]]


def test_only_full_transactions_go_past_the_slots_of_small_ones() -> None:
    """While the slots are taken, records wait and grow to a full batch; that one has slots of its own."""

    async def run():
        manager = Manager(lambda batch: sizes.append(len(batch.records)), TaskSettings(max_batch=10))
        task = task_of(manager)
        async with manager.slots:
            arrive(task, 9)
            await until(lambda: manager.slots._waiters)
            early = list(sizes)
            arrive(task, 16)
        ends = [await committed(task) for _ in range(3)]
        task.future.cancel()
        return early, ends

    sizes: list[int] = []
    early, ends = asyncio.run(run())
    assert early == []
    assert sizes == [10, 10, 5]
    assert ends == [10, 20, 25]


def test_full_transactions_are_bounded_too() -> None:
    """A full batch waits for one of the full batches' slots, whether small ones' are free or not."""

    async def run():
        manager = Manager(lambda batch: sizes.append(len(batch.records)), TaskSettings(max_batch=10))
        task = task_of(manager)
        async with manager.full_slots:
            arrive(task, 10)
            await until(lambda: manager.full_slots._waiters)
            early = list(sizes)
        await committed(task)
        task.future.cancel()
        return early

    sizes: list[int] = []
    assert asyncio.run(run()) == []
    assert sizes == [10]
