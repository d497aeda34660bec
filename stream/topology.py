"""The whole of it on one page: topics, tables, agents, clock."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stream.agents.batch import TaskState
from stream.agents.borrower_agent import BorrowerAgent
from stream.agents.loan_agent import LoanAgent
from stream.agents.results import BreakerOpenError
from stream.agents.topics import Topics
from stream.connection import client_options, security_options
from stream.engine.policy import Policy
from stream.faust_batch import StopTask, TaskApp, TaskBatch, TaskSettings
from stream.observe.borrowers import BorrowerMetrics
from stream.observe.metrics import Metrics
from stream.observe.moments import BEAT_SECONDS
from stream.observe.watch import AgentMetrics, RuntimeMetrics
from stream.settings import Settings
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.rejected import Rejected
from stream.translate.standing import StandingHeaders
from stream.wall_clock import WallClock
from stream.warning.policy import WarningPolicy
from stream.warning_policy import load_warning_policy
from stream.worker_loans import no_address

LOANS = "loans"
BORROWERS = "borrowers"
"""Names of agents and tables, which state hangs on: changelog topics, transactional ids. Never change them."""


OPEN_TRANSACTION_SECONDS = 20.0
"""An upstream transaction that holds a partition back for this time is told in metric and log."""

Process = Callable[[TaskBatch], None]
Around = Callable[[str, Process], Process]
"""What is put around the work of an agent."""


def build(
    settings: Settings,
    policy: Policy,
    metrics: Metrics,
    partitions: int,
    address: str | None = None,
    around: Around | None = None,
) -> TaskApp:
    """The worker's app; `partitions` is what every topic has. Nothing is connected yet.

    `address`: where it answers queries of its loans, which the workers of a group tell each other; None: it does not.
    `around`: traces the batches of each agent; None: nothing does.
    Raises PolicyError where the policy's early warning is wrong.
    """
    topics = Topics(settings.topic_prefix)
    inbound = Inbound(policy.time_zone, settings.topic_prefix)
    outbound = Outbound(policy.time_zone, settings.source)
    security = security_options(settings)
    if "ssl_context" in security:
        metrics.moments.certificates = security["ssl_context"].look
    app = _app(settings, metrics, partitions, address or no_address(), security)
    if settings.agents != BORROWERS:
        _add_loans(app, settings, policy, metrics, partitions, topics, inbound, outbound, around or _as_it_is)
        if settings.clock == "wall":
            _open_days_by_wall_clock(app, settings, policy, metrics, outbound, topics)
    if settings.agents != LOANS:
        warning = load_warning_policy(settings.policy_file)
        if warning.enabled or settings.agents == BORROWERS:
            _add_borrowers(app, settings, warning, metrics, partitions, topics, inbound, outbound, around or _as_it_is)

    @app.task  # type: ignore[untyped-decorator]
    async def beat() -> None:
        while not app.should_stop:
            metrics.moments.beat()
            await asyncio.sleep(BEAT_SECONDS)

    return app


def _as_it_is(_agent: str, process: Process) -> Process:
    return process


def _app(settings: Settings, metrics: Metrics, partitions: int, address: str, security: dict[str, Any]) -> TaskApp:
    app_id = f"{settings.app_id}.{BORROWERS}" if settings.agents == BORROWERS else settings.app_id
    return TaskApp(
        app_id,
        brokers=settings.brokers,
        settings=TaskSettings(
            accept_lost_input=settings.accept_lost_input,
            max_batch=settings.max_batch,
            commit_slots=settings.commit_slots,
            transaction_timeout_ms=int(settings.transaction_timeout_seconds * 1000),
            stall_timeout=settings.stall_timeout_seconds,
            open_transaction_after=OPEN_TRANSACTION_SECONDS,
        ),
        security=security,
        observer=RuntimeMetrics(metrics),
        topic_partitions=partitions,
        topic_replication_factor=settings.replication,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 4,
        broker_rebalance_timeout=max(10.0, settings.session_timeout_seconds),
        datadir=str(settings.data_directory or Path(tempfile.gettempdir()) / f"overdue-{app_id}"),
        web_enabled=False,
        canonical_url=address,
    )


def _add_loans(
    app: TaskApp,
    settings: Settings,
    policy: Policy,
    metrics: Metrics,
    partitions: int,
    topics: Topics,
    inbound: Inbound,
    outbound: Outbound,
    around: Around,
) -> None:
    """What is true of each loan: events of loans and business days in; alerts, standings and dead letters out."""
    agent_metrics = AgentMetrics(metrics, LOANS)
    agent = LoanAgent(
        policy,
        inbound,
        outbound,
        StandingHeaders(policy.time_zone, settings.source),
        agent_metrics,
        topics=topics,
        partitions=partitions,
        breaker_limit=settings.breaker_limit,
        refuse_misrouted=settings.misrouted == "reject",
    )

    def process(batch: TaskBatch) -> None:
        try:
            agent.process(batch)
        except BreakerOpenError as broken:
            raise StopTask(str(broken)) from broken
        if batch.records:
            agent_metrics.age(time.time() - batch.records[0].timestamp / 1000)  # noqa: TID251
        else:
            agent_metrics.size(batch.partition, batch.store)
        agent_metrics.left(batch.partition, batch.context, batch.store)

    def open_task(partition: int, store: Mapping[bytes, bytes]) -> TaskState:
        state = agent.open_task(partition, store)
        agent_metrics.opened(partition, state, store)
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
        LOANS,
        topics.inputs,
        table=app.Table(LOANS, partitions=partitions, key_type=bytes, value_type=bytes),
        process=around(LOANS, process),
        open_task=open_task,
        tick_topic=topics.business_days,
        barrier_of=barrier,
    )


def _add_borrowers(
    app: TaskApp,
    settings: Settings,
    warning: WarningPolicy,
    metrics: Metrics,
    partitions: int,
    topics: Topics,
    inbound: Inbound,
    outbound: Outbound,
    around: Around,
) -> None:
    """Who is about to go wrong: standings with marks of judged days, and signals in; early warnings out."""
    agent = BorrowerAgent(
        warning,
        inbound,
        outbound,
        BorrowerMetrics(metrics),
        topics=topics,
        partitions=partitions,
        breaker_limit=settings.breaker_limit,
        borrowers_per_batch=settings.borrowers_per_transaction,
        refuse_misrouted=settings.misrouted == "reject",
    )

    def process(batch: TaskBatch) -> None:
        try:
            agent.process(batch)
        except BreakerOpenError as broken:
            raise StopTask(str(broken)) from broken
        metrics.state_keys.labels(BORROWERS, batch.partition).set(len(batch.store))

    app.task_agent(
        BORROWERS,
        (topics.standing, topics.signals),
        table=app.Table(BORROWERS, partitions=partitions, key_type=bytes, value_type=bytes),
        process=around(BORROWERS, process),
        open_task=agent.open_task,
    )


def _open_days_by_wall_clock(
    app: TaskApp, settings: Settings, policy: Policy, metrics: Metrics, outbound: Outbound, topics: Topics
) -> None:
    clock = WallClock(
        app.manager,
        outbound,
        topics,
        ZoneInfo(policy.time_zone),
        settings.posting_lag_minutes,
        client_options(settings),
        refused=lambda is_refused: metrics.clock_refused.set(int(is_refused)),
    )

    @app.timer(1.0)  # type: ignore[untyped-decorator]
    async def open_days() -> None:
        await clock.open_days()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
    async def stop_clock(*_: Any, **__: Any) -> None:
        await clock.stop()
