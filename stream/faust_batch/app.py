"""
The Faust app whose agents get task batches.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import faust
from aiokafka.producer import sender
from mode.supervisors import CrashingSupervisor

from stream.faust_batch.agent import AgentSpec, BarrierOf, OpenTask, Process, no_barrier, no_context
from stream.faust_batch.exit import end_asked_process_after
from stream.faust_batch.manager import TaskManager
from stream.faust_batch.observer import Observer
from stream.faust_batch.requests import send_produce_requests_without_copies
from stream.faust_batch.security import faust_credentials
from stream.faust_batch.settings import TaskSettings
from stream.faust_batch.state import PartitionedTable
from stream.faust_batch.transport import BatchSchema, BatchTransport
from stream.faust_batch.tuning import collect_garbage
from stream.faust_batch.watchdog import LoopGuard, Watchdog

NO_SECURITY: Mapping[str, Any] = {}
CHANNEL_SIZE = 4096
"""Events per agent channel; a task has one outstanding, so it is never full."""


class TaskApp(faust.App):  # type: ignore[misc]
    """
    A Faust app with transactional task agents; it can have no other agents.

    Args:
        brokers: "host:port", several of them separated by commas.
        security: aiokafka's options security_protocol, ssl_context, sasl_*.
        faust_options: of ``faust.App``.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - Faust's name
        *,
        brokers: str,
        settings: TaskSettings,
        security: Mapping[str, Any] = NO_SECURITY,
        observer: Observer | None = None,
        **faust_options: Any,
    ) -> None:
        self.task_settings = settings
        super().__init__(id, **_faust_options(brokers, settings, security, faust_options))
        connection = {"bootstrap_servers": brokers.split(","), **security}
        self.manager = TaskManager(self, settings, observer or Observer(), connection)
        self._exit_guard: Any = None
        # Faust's "warn" level leaves aiokafka's loggers enabled for DEBUG: every request would build log records.
        logging.getLogger("aiokafka").setLevel(logging.WARNING)
        # Pause after "concurrent transactions", the broker's answer to a transaction that follows closely.
        sender.BACKOFF_OVERRIDE = settings.retry_backoff_ms / 1000
        send_produce_requests_without_copies()

    def task_agent(
        self,
        name: str,
        topics: Sequence[str],
        *,
        table: PartitionedTable,
        process: Process,
        open_task: OpenTask = no_context,
        tick_topic: str | None = None,
        barrier_of: BarrierOf = no_barrier,
    ) -> Any:
        """
        Declare an agent that gets a task's records of these topics, merged in time order.

        Args:
            name: part of the transactional ids; do not change it in a running system.
            topics: records of equal time are taken in this order.
            table: from ``app.Table``, with ``key_type=bytes`` and ``value_type=bytes``.
            process: called with each batch, on the event loop; an error ends the worker before a commit.
            open_task: called with the partition and its restored store; what it returns is ``batch.context``.
            tick_topic: its records are barriers, each alone in its transaction.
            barrier_of: the end offsets of the task's inputs that a tick carries, by topic; None: look them up.

        Raises:
            TopicLayoutError: a topic feeds another agent already.
        """
        spec = AgentSpec(name, tuple(topics), tick_topic, table, process, open_task, barrier_of)
        self.manager.declare(spec)
        channel = self.conf.Topic(self, topics=list(spec.all_topics), schema=BatchSchema(), maxsize=CHANNEL_SIZE)

        async def run_batches(stream: Any) -> None:
            async for event in stream.noack().events():
                event.value.run(process, event)

        return self.agent(channel, name=name, supervisor_strategy=CrashingSupervisor)(run_batches)

    def _new_transport(self) -> Any:
        return BatchTransport(self.conf.broker_consumer, self)

    async def on_start(self) -> None:
        """Refuse a wrong topic layout before the group is joined."""
        await super().on_start()
        try:
            await self.manager.check_layout()
        except Exception as error:
            await self.manager.crash(error, "start")
            raise
        self.add_future(Watchdog(self.manager).run())
        self.add_future(self.manager.tell_group())
        self.add_future(collect_garbage())
        self.add_future(LoopGuard(self.task_settings.stall_timeout).run())

    async def on_stop(self) -> None:
        """Let running batches commit while the agents still run; then leave the group, if the broker answers."""
        if not self.manager.crashing:  # a crash has a guard of its own
            patience = self.task_settings.finish_timeout + self.task_settings.exit_timeout
            self._exit_guard = end_asked_process_after(patience)
        await self.manager.finish(self.task_settings.finish_timeout)
        await self.consumer.tell_group(self.manager.group_offsets())
        await super().on_stop()

    async def on_shutdown(self) -> None:
        """Close what the tasks held."""
        await self.manager.close()
        await self.manager.lookups.stop()
        await super().on_shutdown()
        if self._exit_guard is not None:
            self._exit_guard.cancel()


def _faust_options(
    brokers: str, settings: TaskSettings, security: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Faust's options: what the caller wants, on top of defaults, without what cannot work here."""
    fixed = {
        "broker": [f"kafka://{broker}" for broker in brokers.split(",")],
        "broker_credentials": faust_credentials(security),
        "broker_check_crcs": settings.check_crcs,
        "store": "memory://",
        "Table": PartitionedTable,
        "table_standby_replicas": 0,
        "processing_guarantee": "at_least_once",  # of Faust's own commits, of which there are none
        "topic_disable_leader": True,
        "consumer_auto_offset_reset": "earliest",
    }
    if refused := fixed.keys() & options.keys():
        raise ValueError(f"the task runtime sets {', '.join(sorted(refused))} itself")
    return {**options, **fixed}
