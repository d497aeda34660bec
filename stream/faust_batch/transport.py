# ruff: noqa: SLF001 - private attributes of Faust and aiokafka, listed in README.md and held by contract tests
"""
The Faust transport that hands an agent a whole task batch as one event.

Everything of Faust's consumer stays in use but the way of a record from the fetch to the agent,
the commit of offsets, and the two places that wait for acknowledgements.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from stream.faust_batch.batch import TaskBatch
from stream.faust_batch.fetched import make_records_lean
from stream.faust_batch.queues import Record, RecordQueue
from stream.faust_batch.task import StreamTask

PAUSE_WITHOUT_WORK = 0.005
TELL_GROUP_TIMEOUT = 2.0

Fetched = Mapping[TopicPartition, Sequence[Record]]
Positions = Mapping[TopicPartition, tuple[int, int | None]]
Routes = Mapping[TopicPartition, tuple[RecordQueue, StreamTask]]


class BatchMessage(ConsumerMessage):  # type: ignore[misc]
    """The message of a batch's event."""

    __slots__ = ("batch",)

    batch: TaskBatch


class BatchSchema(Schema):  # type: ignore[misc]
    """The value of an event is the TaskBatch."""

    def compile(self, app: Any, **options: Any) -> Any:
        """Nothing is decoded here: the agent gets the records' bytes."""
        create_event = app.create_event

        async def decode(message: BatchMessage, *, propagate: bool = False) -> Any:
            return create_event(None, message.batch, None, message)

        return decode


class BatchConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Runs aiokafka's consumer in Faust's consumer thread."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        make_records_lean()
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # Faust sets both and has no option for them
        consumer._fetch_max_wait_ms = self.app.task_settings.fetch_max_wait_ms
        return consumer

    async def poll(self, partitions: Collection[TopicPartition]) -> tuple[Fetched, Positions]:
        """
        Fetched records and, from the same moment, each partition's position and last stable offset.

        Read apart from the records they would run ahead of them.
        """
        consumer = self._ensure_consumer()
        fetched = await self._fetch_records(
            consumer, partitions, timeout=self.app.task_settings.poll_timeout, max_records=None
        )
        subscription = consumer._fetcher._subscriptions.subscription
        assignment = None if subscription is None else subscription.assignment
        if assignment is None:
            return fetched, {}
        states = ((partition, assignment._tp_state.get(partition)) for partition in partitions)
        return fetched, {
            partition: (state.position, state.lso)
            for partition, state in states
            if state is not None and state.has_valid_position
        }

    async def tell_group(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """Commit offsets of the group for the partitions that are still assigned."""
        consumer = self._ensure_consumer()
        mine = consumer.assignment()
        if told := {partition: offset for partition, offset in offsets.items() if partition in mine}:
            await consumer.commit(told)

    async def set_fetching(self, pause: Collection[TopicPartition], resume: Collection[TopicPartition]) -> None:
        """Pause and resume partitions in aiokafka itself: it then asks the broker for nothing of them."""
        consumer = self._ensure_consumer()
        mine = consumer.assignment()
        consumer.pause(*(partition for partition in pause if partition in mine))
        consumer.resume(*(partition for partition in resume if partition in mine))


class BatchConsumer(driver.Consumer):  # type: ignore[misc]
    """Faust's consumer, with the fetch loop of the task runtime."""

    _positioned: Routes | None = None  # the assignment whose positions are set

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:
        """
        The fetch loop: it never waits for a task, and never leaves records inside aiokafka.

        A partition left out of a poll keeps its records there, and aiokafka then stops fetching from
        that partition's broker for a while.
        """
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                if not self.flow_active:
                    await self.wait(self.can_resume_flow)
                if not await self._fetch_once():
                    await asyncio.sleep(PAUSE_WITHOUT_WORK)
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except Exception as error:  # noqa: BLE001 - a worker that cannot fetch ends
            await self.app.manager.crash(error, "fetching")

    async def _fetch_once(self) -> bool:
        """One fetch; False: there is nothing to fetch from."""
        app, manager = self.app, self.app.manager
        partitions = manager.routes
        if app.rebalancing or not partitions or partitions is not self._positioned:
            return False  # no record before the positions are set: until then they are what the group was told
        before = app.rebalancing_count, app.consumer_generation_id
        fetched, positions = await self._thread.call_thread(self._thread.poll, partitions)
        if self.should_stop or app.rebalancing or before != (app.rebalancing_count, app.consumer_generation_id):
            return True  # of an earlier assignment; the new one's positions are set when its tasks are open
        pause, resume = manager.add(fetched, positions)
        if pause or resume:
            await self._thread.call_thread(self._thread.set_fetching, pause, resume)
        if fetched:
            await asyncio.sleep(app.task_settings.poll_gap)  # let the next fetch grow at the broker
        return True

    async def deliver(self, partition: TopicPartition, batch: TaskBatch, last: Record) -> None:
        """Hand a batch to the agent through Faust's conductor."""
        tp = TP(*partition)
        message = BatchMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, 0, None, None, None, None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip
        message.batch = batch
        await self.callback(message)

    async def pause_fetching(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch nothing of these partitions any more."""
        await self._thread.call_thread(self._thread.set_fetching, partitions, ())

    async def pause_changelogs(self) -> None:
        """Faust assigns changelog partitions to its consumer; they are restored elsewhere."""
        await self.pause_fetching([TopicPartition(*tp) for tp in self.assignment() if self._is_changelog_tp(tp)])

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Tables are restored by the task manager: Faust's own recovery is told that there is nothing to do."""
        earliest: Mapping[TP, int] = await self.earliest_offsets(*partitions)
        return earliest

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """
        Set the consumer to where the tasks begin: the group's offsets are only told, never believed.

        Faust may call this again while the tasks run; what is being fetched already stays where it is. It may also
        call it, and say that the rebalance is over, for an assignment that has been revoked meanwhile, while the
        tasks of the next one are being opened: only what was set after that counts.
        """
        routes = self.app.manager.routes
        queues = [queue for queue, _ in routes.values()]
        begin = {TP(*q.topic_partition): q.committed for q in queues if q.position is None and q.committed is not None}
        await self.seek_wait(begin)
        self._positioned = routes
        return begin

    async def tell_group(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit offsets of the group, for tools that show lag; one that fails is made good by the next."""
        told = {partition: OffsetAndMetadata(offset, "") for partition, offset in offsets.items()}
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(TELL_GROUP_TIMEOUT):
                await self._thread.call_thread(self._thread.tell_group, told)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        return True  # positions are committed in the tasks' transactions

    def _new_offset(self, tp: TP) -> int | None:
        return None

    def ack(self, message: Any) -> bool:
        """Forget the message; Faust would keep every acknowledged offset until it commits it itself."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def wait_empty(self) -> None:
        """Wait for running batches, for a bounded time; Faust's own waits for cancelled batches for ever."""
        await self.app.manager.finish(self.app.task_settings.finish_timeout)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """The watchdog looks after this; Faust's own check knows nothing of transactions."""

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """From now on the tasks may be opened; Faust's recovery does it."""
        self.app.manager.assigned(generation_id)
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit before the partitions are given away: Faust has taken the acknowledgements away by then."""
        app = self.app
        if revoked and not app.should_stop:
            self.stop_flow()
            await app.manager.finish(min(app.task_settings.finish_timeout, app.conf.broker_rebalance_timeout / 2))
            await self.tell_group(app.manager.group_offsets())
            app.flow_control.suspend()
            app.flow_control.clear()
        await app.manager.close()
        await super().on_partitions_revoked(revoked)


class BatchTransport(driver.Transport):  # type: ignore[misc]
    """Faust's aiokafka transport with this consumer."""

    Consumer = BatchConsumer
