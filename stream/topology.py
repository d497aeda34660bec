"""The whole of it on one page: topics, table, agent, clock."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stream.agents.batch import TaskState
from stream.agents.loan_agent import LoanAgent
from stream.agents.results import BreakerOpenError
from stream.agents.topics import Topics
from stream.connection import client_options, security_options
from stream.engine.policy import Policy
from stream.faust_batch import StopTask, TaskApp, TaskBatch, TaskSettings
from stream.observe.metrics import Metrics
from stream.observe.watch import AgentMetrics, RuntimeMetrics
from stream.settings import Settings
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.rejected import Rejected
from stream.translate.standing import StandingHeaders
from stream.wall_clock import WallClock

TABLE = "loans"
AGENT = "loans"
"""Names that state hangs on: the changelog topic and the transactional ids. Never change them."""


def build(settings: Settings, policy: Policy, metrics: Metrics, partitions: int) -> TaskApp:
    """The worker's app; `partitions` is what every topic has. Nothing is connected yet."""
    topics = Topics(settings.topic_prefix)
    inbound = Inbound(policy.time_zone, settings.topic_prefix)
    outbound = Outbound(policy.time_zone, settings.source)
    agent_metrics = AgentMetrics(metrics)
    agent = LoanAgent(
        policy,
        inbound,
        outbound,
        StandingHeaders(policy.time_zone, settings.source),
        agent_metrics,
        topics=topics,
        partitions=partitions,
        breaker_limit=settings.breaker_limit,
    )
    app = TaskApp(
        settings.app_id,
        brokers=settings.brokers,
        settings=TaskSettings(
            max_batch=settings.max_batch,
            commit_slots=settings.commit_slots,
            transaction_timeout_ms=int(settings.transaction_timeout_seconds * 1000),
            stall_timeout=settings.stall_timeout_seconds,
        ),
        security=security_options(settings),
        observer=RuntimeMetrics(metrics),
        topic_partitions=partitions,
        topic_replication_factor=settings.replication,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 4,
        broker_rebalance_timeout=max(10.0, settings.session_timeout_seconds),
        datadir=str(settings.data_directory or Path(tempfile.gettempdir()) / f"overdue-{settings.app_id}"),
        web_enabled=False,
    )
    table = app.Table(TABLE, partitions=partitions, key_type=bytes, value_type=bytes)

    def process(batch: TaskBatch) -> None:
        try:
            agent.process(batch)
        except BreakerOpenError as broken:
            raise StopTask(str(broken)) from broken
        if batch.records:
            agent_metrics.age(time.time() - batch.records[0].timestamp / 1000)  # noqa: TID251
        metrics.state_keys.labels(batch.partition).set(len(batch.store))

    def open_task(partition: int, store: Mapping[bytes, bytes]) -> TaskState:
        state = agent.open_task(partition, store)
        gc.freeze()  # the restored table is long-lived: the garbage collector need not look at it again
        return state

    def barrier(tick: Any) -> dict[str, int] | None:
        """End offsets that a tick carries; a tick that will be rejected waits for nothing."""
        try:
            fact = inbound.decode(tick)
        except Rejected:
            return dict.fromkeys(topics.inputs, 0)
        return getattr(fact, "input_end_offsets", None)

    app.task_agent(
        AGENT,
        topics.inputs,
        table=table,
        process=process,
        open_task=open_task,
        tick_topic=topics.business_days,
        barrier_of=barrier,
    )
    if settings.clock == "wall":
        _open_days_by_wall_clock(app, settings, policy, outbound, topics)
    return app


def _open_days_by_wall_clock(
    app: TaskApp, settings: Settings, policy: Policy, outbound: Outbound, topics: Topics
) -> None:
    clock = WallClock(
        app.manager,
        outbound,
        topics,
        ZoneInfo(policy.time_zone),
        settings.posting_lag_minutes,
        client_options(settings),
    )

    @app.timer(1.0)  # type: ignore[untyped-decorator]
    async def open_days() -> None:
        await clock.open_days()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
    async def stop_clock(*_: Any, **__: Any) -> None:
        await clock.stop()
