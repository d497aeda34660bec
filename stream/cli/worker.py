"""`overdue worker`: judge loans as their events come."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import sys
from collections.abc import Callable
from typing import Annotated, Final, NoReturn

import faust
import typer

from stream import event_loop
from stream.agents.topics import Topics
from stream.broker_clock import trouble_with_limit
from stream.cli.app import app
from stream.cli.connect import admin, need_topics, partition_counts
from stream.cli.errors import CommandError, LayoutError, UsageError
from stream.cli.options import Brokers, PolicyFile, Prefix, policy_of, settings_with
from stream.engine.policy import Policy
from stream.faust_batch import tune_interpreter
from stream.kafka_rights import missing_rights
from stream.observe.logs import LessRepetition
from stream.observe.metrics import Metrics
from stream.observe.query import Queries
from stream.observe.query_server import serve_queries
from stream.observe.server import serve
from stream.rights import rights, sentence_of_right
from stream.settings import Settings, SettingsError, query_token
from stream.topology import BORROWERS, LOANS, Around, build
from stream.worker_loans import WorkerLoans

EXIT_CRASHED: Final = 1


@app.command()
def worker(
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
    clock: Annotated[
        str | None, typer.Option(help="Who opens business days: 'topic' (upstream) or 'wall' (the worker).")
    ] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Port of the metrics; 0 chooses a free one.")] = None,
) -> NoReturn:
    """Judge loans as their events come, until it is told to stop (SIGTERM, Ctrl-C).

    Everything can be set by the environment (OVERDUE_BROKERS, OVERDUE_POLICY_FILE, ...) or by the TOML file that
    OVERDUE_SETTINGS_FILE names. Start as many workers as there are cores to use; they share the partitions.
    """
    settings = settings_with(
        brokers=brokers, topic_prefix=prefix, policy_file=policy, clock=clock, metrics_port=metrics_port
    )
    rules = policy_of(settings)
    _set_up_logging(settings)
    partitions = asyncio.run(_partitions(settings))
    metrics = Metrics()
    metrics.describe(rules, settings.app_id)
    _serve(metrics, settings)
    queries, address = _serve_queries(rules, settings, metrics)
    event_loop.install()
    tune_interpreter()
    around, end_of_tracing = _tracing(settings)
    application = build(settings, rules, metrics, partitions, address, around)
    if queries is not None and address is not None:
        queries.loans = WorkerLoans(application, LOANS, partitions, address)
    _quieten_libraries()
    _run(
        faust.Worker(
            application, loglevel=settings.log_level, override_logging=False, quiet=True, redirect_stdouts=False
        ),
        end_of_tracing,
    )


def _run(running: faust.Worker, at_end: Callable[[], None]) -> NoReturn:
    """
    Run until the end, and end without Python's own clearing up.

    That meets threads that are still about (consumer, metrics, watchdogs), and a worker was seen to end with SIGSEGV in
    it, after its last words. There is nothing to clear: what counts is in Kafka.
    """
    faulthandler.enable()  # a crash below Python says where
    code: int = EXIT_CRASHED
    try:
        running.execute_from_commandline()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else EXIT_CRASHED if end.code else 0
    except BaseException:
        logging.getLogger("overdue").critical("worker ends", exc_info=True)
    at_end()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tracing(settings: Settings) -> tuple[Around | None, Callable[[], None]]:
    """What traces the batches, where that is wanted, and what to do at the end; OpenTelemetry is imported only here."""
    if not settings.tracing:
        return None, lambda: None
    try:
        from stream.tracing import by_otlp  # noqa: PLC0415  (an extra that most workers do without)
    except ImportError as error:
        raise UsageError(f"OVERDUE_TRACING needs: pip install 'overdue-stream[tracing]' ({error})") from error
    topics = Topics(settings.topic_prefix)
    tracing = by_otlp(settings.app_id, frozenset({topics.overdue, topics.early_warnings, topics.dead_letters}))
    return tracing.around, tracing.end


async def _partitions(settings: Settings) -> int:
    """The number of partitions that all topics have; a wrong layout refuses to start."""
    topics = Topics(settings.topic_prefix)
    needed = [*topics.inputs, topics.business_days, topics.overdue, topics.standing, topics.dead_letters]
    needed += [topics.signals, topics.early_warnings]
    app_id = f"{settings.app_id}.borrowers" if settings.agents == "borrowers" else settings.app_id
    async with admin(settings) as client:
        if missing := await missing_rights(client, rights("worker", settings.topic_prefix, app_id)):
            raise CommandError("\n".join(map(sentence_of_right, missing)))
        partitions = need_topics(await partition_counts(client, needed), needed)
        if settings.clock == "wall" and settings.agents != BORROWERS:
            tolerance = settings.clock_tolerance_minutes
            if trouble := await trouble_with_limit(client, topics.business_days, tolerance):
                raise LayoutError(trouble)
        return partitions


def _serve(metrics: Metrics, settings: Settings) -> None:
    """Metrics on a thread of their own, so that they answer when the event loop does not."""
    try:
        port = serve(metrics, settings.metrics_host, settings.metrics_port)
    except OSError as error:
        raise UsageError(
            f"metrics can't be served on {settings.metrics_host}:{settings.metrics_port} ({error.strerror}); "
            "choose another port with --metrics-port, or 0 for a free one"
        ) from error
    logging.getLogger("overdue").info("metrics on http://%s:%s/metrics", settings.metrics_host, port)


def _serve_queries(policy: Policy, settings: Settings, metrics: Metrics) -> tuple[Queries | None, str | None]:
    """Queries of single loans, where a port is set, and where they are answered; their loans come later."""
    if settings.query_port is None or settings.agents == BORROWERS:
        return None, None
    try:
        queries = Queries(policy, query_token(settings))
        port = serve_queries(queries, settings.query_host, settings.query_port, metrics.query_answered)
    except SettingsError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(
            f"loan queries can't be served on {settings.query_host}:{settings.query_port} ({error.strerror}); "
            "set OVERDUE_QUERY_PORT to another port, or to 0 for a free one"
        ) from error
    host = f"[{settings.query_host}]" if ":" in settings.query_host else settings.query_host
    logging.getLogger("overdue").info("loan queries on http://%s:%s/v1/loans/", host, port)
    return queries, (settings.query_url or f"http://{host}:{port}").rstrip("/")


def _set_up_logging(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(LessRepetition())
    logging.basicConfig(
        level=settings.log_level.upper(),
        handlers=[handler],
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    logging.getLogger("overdue").setLevel(settings.log_level.upper())


def _quieten_libraries() -> None:
    """What the libraries say at each start or on each retry is no news; what the worker must say, it says itself."""
    for noisy in ("aiokafka", "faust", "mode", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    logging.getLogger("stream.faust_batch").setLevel(logging.WARNING)
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)
