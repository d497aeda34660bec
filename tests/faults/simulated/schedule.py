"""One run: a story, some faults at some requests, workers that come and go; and whether all came out right."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiokafka import TopicPartition

from stream.faust_batch.errors import InputLostError
from stream.faust_batch.positions import POSITIONS_KEY, decode
from tests.faults.simulated import clock
from tests.faults.simulated.broker import Cluster
from tests.faults.simulated.clients import simulated_clients
from tests.faults.simulated.story import Small
from tests.faults.simulated.wire import Fault, Trouble, Wire
from tests.faults.simulated.worker import Worker
from tests.faults.simulated.world import PARTITIONS, World

PATIENCE = 600.0
"""Seconds of virtual time in which a run must end."""
LATE_SECONDS = 0.4
MOVED_SECONDS = 0.3


@dataclass
class Run:
    """One schedule, decided by its seed and its faults."""

    seed: int
    trouble: Trouble
    world: World
    cluster: Cluster = field(default_factory=Cluster)
    workers: list[Worker] = field(default_factory=list)
    helpers: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.stories = self.world.stories
        self.step = -(-max(len(told.steps) for told in self.stories) // 24)  # a long story comes in bigger bits
        self._spec = self.world.spec()
        self.size = max(len(told.steps) for told in self.stories)

    async def live(self) -> None:
        """Until everything is processed; raises AssertionError where it is not right."""
        for told in self.stories:  # half of the story is there
            told.publish(self.cluster, 0, self.size // 2)
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
        try:
            lost = [worker.app.error for worker in self.workers if isinstance(worker.app.error, InputLostError)]
            assert not lost, f"no record was lost here, but a worker ended with: {lost[0]}"
            self.world.check(self.cluster)
        except AssertionError as wrong:
            raise AssertionError(f"{wrong}; seed {self.seed}, faults {self.trouble.done}") from wrong

    async def _publish(self) -> None:
        """The rest comes bit by bit, in the order of time."""
        done = self.size // 2
        while done < self.size:
            await asyncio.sleep(self.random.uniform(0, 0.03))
            for told in self.stories:
                told.publish(self.cluster, done, done + self.step)
            done += self.step

    async def _start(self, partitions: tuple[int, ...]) -> Worker:
        """A worker that begins as the owner of these."""
        wire = Wire(self.cluster, self.trouble, self.random, self._take_over, self._move)
        worker = Worker(self.cluster, wire, self.world.spec(), self.world.settings)
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
        spec = self._spec
        for number in PARTITIONS:
            records, _ = self.cluster.log(TopicPartition(spec.changelog, number)).committed()
            raw = [record.value for record in records if record.key == POSITIONS_KEY]
            if not raw:
                return False
            positions = decode(raw[-1] or b"", number)
            inputs = [TopicPartition(topic, number) for topic in spec.all_topics]
            if positions.tick_begun or any(positions.offsets.get(p) != self.cluster.log(p).end for p in inputs):
                return False
        return True


def run(seed: int, faults: Mapping[int, Fault] | None = None, size: int = 24, world: World | None = None) -> Trouble:
    """Run one schedule, by default of the small world of a seed; what was asked of the cluster.

    Raises AssertionError where something is lost, doubled or out of order.
    """
    trouble = Trouble(faults or {})
    with clock.virtual_time(), simulated_clients():
        clock.run(Run(seed, trouble, world or Small(seed, size)).live())
    return trouble
