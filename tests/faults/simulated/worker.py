"""A worker of the simulation: the real task manager and fetch loop between a simulated Faust and a simulated Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream.faust_batch import Observer, TaskManager, TaskSettings
from stream.faust_batch.agent import AgentSpec
from stream.faust_batch.transport import PAUSE_WITHOUT_WORK, BatchConsumer
from tests.faults.simulated.broker import Cluster
from tests.faults.simulated.clients import SimulatedLookups
from tests.faults.simulated.wire import Wire

APP_ID = "simulated"
REVOKE_SECONDS = 5.0
FETCH_WAIT_SECONDS = 0.02
"""Pause after a fetch without records, so that a run does not consist of them."""


class SimulatedConsumer:
    """Faust's consumer: where it is in each partition, and the way of a batch to its agent."""

    def __init__(self, app: SimulatedApp, cluster: Cluster, wire: Wire) -> None:
        self.app, self.cluster, self.wire = app, cluster, wire
        self.assigned: set[TopicPartition] = set()
        self.positions: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self._thread = self  # its methods run where they are called
        self._positioned = None

    @property
    def should_stop(self) -> bool:
        return self.app.should_stop

    async def call_thread(self, method: Any, *arguments: Any) -> Any:
        return await method(*arguments)

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    async def pause_changelogs(self) -> None:
        """They are not fetched here."""

    async def seek_wait(self, offsets: Mapping[Any, int]) -> None:
        await asyncio.sleep(FETCH_WAIT_SECONDS)
        for place, offset in offsets.items():
            self.positions[TopicPartition(*place)] = offset

    async def poll(
        self, partitions: Collection[TopicPartition]
    ) -> tuple[dict[TopicPartition, Sequence[Any]], dict[TopicPartition, tuple[int, int]]]:
        """A few records of some partitions, and where all of them are at that moment."""

        def effect() -> Any:
            fetched = {}
            for place in partitions:
                most = self.wire.random.choice((0, 1, 2, 5))
                if place in self.paused or place not in self.positions or not most:
                    continue
                records, self.positions[place] = self.cluster.log(place).committed(self.positions[place], most)
                if records:
                    fetched[place] = records
            where = {
                place: (self.positions[place], self.cluster.log(place).stable)
                for place in partitions
                if place in self.positions
            }
            return fetched, where

        found: tuple[Any, Any] = await self.wire.call("fetch", effect)
        if not found[0]:
            await asyncio.sleep(FETCH_WAIT_SECONDS)
        return found

    async def set_fetching(self, pause: Collection[TopicPartition], resume: Collection[TopicPartition]) -> None:
        self.paused |= set(pause)
        self.paused -= set(resume)

    async def pause_fetching(self, partitions: Collection[TopicPartition]) -> None:
        await self.set_fetching(partitions, ())

    async def tell_group(self, offsets: Mapping[TopicPartition, int]) -> None:
        try:
            await self.wire.call("tell", lambda: self.cluster.told.update(offsets))
        except KafkaError:
            return

    async def deliver(self, place: TopicPartition, batch: Any, last: Any) -> None:
        """The agent gets the batch a moment later."""
        asyncio.get_running_loop().call_soon(batch.run, self.app.process, SimpleNamespace(ack=lambda: None))


class SimulatedApp:
    """Faust's app."""

    def __init__(self, cluster: Cluster, wire: Wire, spec: AgentSpec, settings: TaskSettings) -> None:
        self.process = spec.process
        self.conf = SimpleNamespace(id=APP_ID)
        self.task_settings = settings
        self.consumer = SimulatedConsumer(self, cluster, wire)
        self.should_stop = self.rebalancing = False
        self.rebalancing_count = self.consumer_generation_id = 0
        self.crashed = asyncio.Event()
        self.error: BaseException | None = None
        self.manager = TaskManager(self, settings, Observer(), {"cluster": cluster, "wire": wire})  # type: ignore[arg-type]
        self.manager.lookups = SimulatedLookups(cluster, wire)  # type: ignore[assignment]
        self.manager.declare(spec)

    async def crash(self, error: BaseException) -> None:
        self.error = error
        self.should_stop = True
        self.crashed.set()


class Worker:
    """A process: it owns some partitions until it loses them, dies or crashes."""

    def __init__(self, cluster: Cluster, wire: Wire, spec: AgentSpec, settings: TaskSettings) -> None:
        self.wire, self.spec = wire, spec
        self.app = SimulatedApp(cluster, wire, spec, settings)
        self._futures = [asyncio.ensure_future(self._fetch()), asyncio.ensure_future(self.app.manager.tell_group())]

    @property
    def over(self) -> bool:
        """It has died, or crashed."""
        return self.wire.died.is_set() or self.app.crashed.is_set()

    async def own(self, partitions: Collection[int]) -> None:
        """
        A rebalance, as Faust does it: revoke, assign, recover, seek.

        The consumer stands at the group's offsets until then, and the recovery of an earlier assignment may say in
        between that the rebalance is over.
        """
        app, consumer = self.app, self.app.consumer
        app.rebalancing = True
        app.rebalancing_count += 1
        if consumer.assigned:
            await app.manager.finish(REVOKE_SECONDS)
            await consumer.tell_group(app.manager.group_offsets())
        await app.manager.close()
        consumer.positions.clear()
        consumer.paused.clear()
        topics = (*self.spec.all_topics, self.spec.changelog)
        consumer.assigned = {TopicPartition(topic, number) for topic in topics for number in partitions}
        app.consumer_generation_id += 1
        consumer.positions.update({place: consumer.cluster.told.get(place, 0) for place in consumer.assigned})
        app.manager.assigned(app.consumer_generation_id)
        if self.wire.random.choice((True, False)):
            await BatchConsumer.seek_to_committed(consumer)  # type: ignore[arg-type]
            app.rebalancing = False
        await app.manager.open()
        await BatchConsumer.seek_to_committed(consumer)  # type: ignore[arg-type]
        app.rebalancing = False

    async def end(self) -> None:
        """Nothing of it runs any more."""
        self.app.should_stop = True
        self.wire.died.set()
        for task in self.app.manager.tasks.values():
            task.future.cancel()
        for future in self._futures:
            future.cancel()

    async def _fetch(self) -> None:
        try:
            while not self.over:
                if not await BatchConsumer._fetch_once(self.app.consumer):  # type: ignore[arg-type]
                    await asyncio.sleep(PAUSE_WITHOUT_WORK)
        except Exception as error:  # noqa: BLE001 - as the real loop
            await self.app.manager.crash(error, "fetching")
