"""One run: a story, some faults at some requests, workers that come and go; and whether all came out right."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from random import Random
from typing import Any

from aiokafka import TopicPartition

from stream.faust_batch.positions import POSITIONS_KEY, decode
from tests.faults.simulated import clock, story
from tests.faults.simulated.broker import Cluster
from tests.faults.simulated.clients import simulated_clients
from tests.faults.simulated.story import CHANGELOG, PARTITIONS, SETTINGS
from tests.faults.simulated.wire import Fault, Trouble, Wire
from tests.faults.simulated.worker import Worker

PATIENCE = 600.0
"""Seconds of virtual time in which a run must end."""
LATE_SECONDS = 0.4
MOVED_SECONDS = 0.3


@dataclass
class Run:
    """One schedule, decided by its seed and its faults."""

    seed: int
    trouble: Trouble
    size: int = 24
    cluster: Cluster = field(default_factory=Cluster)
    workers: list[Worker] = field(default_factory=list)
    helpers: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.stories = [story.a_story(Random(f"{self.seed}/{number}"), number, self.size) for number in PARTITIONS]

    async def live(self) -> None:
        """Until everything is processed; raises AssertionError where it is not right."""
        for told in self.stories:  # half of the story is there
            story.publish(self.cluster, told, 0, self.size // 2)
        upstream = asyncio.ensure_future(self._publish())
        owner = await self._start(PARTITIONS)
        async with asyncio.timeout(PATIENCE):
            while not (upstream.done() and not self.helpers and self._all_committed()):
                await asyncio.sleep(0.05)
                if owner.over:
                    await owner.end()
                    owner = await self._start(PARTITIONS)
                owner = next((worker for worker in reversed(self.workers) if not worker.over), owner)
        for worker in self.workers:
            await worker.end()
        self._judge()

    async def _publish(self) -> None:
        """The rest comes bit by bit, in the order of time."""
        done = self.size // 2
        while done < self.size:
            await asyncio.sleep(self.random.uniform(0, 0.03))
            for told in self.stories:
                story.publish(self.cluster, told, done, done + 1)
            done += 1

    async def _start(self, partitions: tuple[int, ...]) -> Worker:
        """A worker that begins as the owner of these."""
        wire = Wire(self.cluster, self.trouble, self.random, self._take_over, self._move)
        worker = Worker(self.cluster, wire, story.spec(), SETTINGS)
        self.workers.append(worker)
        await self._own(worker, partitions)
        return worker

    async def _own(self, worker: Worker, partitions: tuple[int, ...]) -> None:
        """A rebalance of one worker, which may die in it."""
        opening = asyncio.ensure_future(worker.own(partitions))
        dying = asyncio.ensure_future(worker.wire.died.wait())
        await asyncio.wait([opening, dying], return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        opening.cancel()

    def _take_over(self) -> asyncio.Event:
        """Another worker takes everything over, and the old one does not hear of it for a while.

        Its late request arrives at any moment: before, while or after the other one opens its tasks.
        """
        old, over = self.workers[-1], asyncio.Event()
        asyncio.get_running_loop().call_later(self.random.uniform(0, LATE_SECONDS) ** 2, over.set)

        async def other() -> None:
            await self._start(PARTITIONS)
            await asyncio.sleep(LATE_SECONDS)
            if not old.over:
                await old.app.manager.close()
                await old.end()

        self._help(other())
        return over

    def _move(self) -> None:
        """The second partition moves to another worker, and back."""
        old = self.workers[-1]

        async def other() -> None:
            if len([worker for worker in self.workers if not worker.over]) > 1:
                return  # a rebalance is on its way already
            await self._own(old, PARTITIONS[:1])
            if old.over:
                return
            guest = await self._start(PARTITIONS[1:])
            self.workers.remove(guest)
            self.workers.insert(0, guest)
            await asyncio.sleep(MOVED_SECONDS)
            if not guest.over:
                await self._own(guest, ())
            await guest.end()
            if not old.over:
                await self._own(old, PARTITIONS)

        self._help(other())

    def _help(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self.helpers.add(task)
        task.add_done_callback(self.helpers.discard)

    def _all_committed(self) -> bool:
        """Whether the tasks' positions, as a next owner would read them, are the ends of their inputs."""
        for number in PARTITIONS:
            records, _ = self.cluster.log(TopicPartition(CHANGELOG, number)).committed()
            raw = [record.value for record in records if record.key == POSITIONS_KEY]
            if not raw:
                return False
            positions = decode(raw[-1] or b"", number)
            inputs = [TopicPartition(topic, number) for topic in story.spec().all_topics]
            if positions.tick_begun or any(positions.offsets.get(p) != self.cluster.log(p).end for p in inputs):
                return False
        return True

    def _judge(self) -> None:
        for told in self.stories:
            found, wanted = story.outcome(self.cluster, told.partition), story.expected(told)
            where = f"partition {told.partition}, seed {self.seed}, faults {self.trouble.done}"
            assert found.out == wanted.out, f"{where}: {_difference(found.out, wanted.out)}"
            assert found.refused == wanted.refused, f"{where}: dead letters"
            assert found.state == wanted.state, f"{where}: state"


Said = list[tuple[bytes | None, bytes | None]]


def _difference(found: Said, wanted: Said) -> str:
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(found, wanted, strict=False)))
    return f"{len(found)} outputs instead of {len(wanted)}; the first that differs is number {same}"


def run(seed: int, faults: Mapping[int, Fault] | None = None, size: int = 24) -> Trouble:
    """Run one schedule; what was asked of the cluster. Raises AssertionError where something is lost or doubled."""
    trouble = Trouble(faults or {})
    with clock.virtual_time(), simulated_clients():
        clock.run(Run(seed, trouble, size).live())
    return trouble
