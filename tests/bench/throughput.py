"""Throughput: a backlog of repayments, from the first to the last, one process of each engine."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.bench.engines import Engine, Place, Span
from tests.bench.kafka import Kafka
from tests.bench.machine import EngineError, Meter, Running
from tests.bench.reference import Expected, Said

SECONDS_TO_LOAD = 900.0
SECONDS_TO_REPAY = 1_800.0


def measure(engine: Engine, place: Place, expected: Expected, broker_pid: int) -> dict[str, Any]:
    """One trial: the loans first and unmeasured, then the whole backlog; what was said is compared."""
    kafka = place.kafka
    make_outputs(engine, place)
    load_loans(engine, place)
    engine.begin_at(place, kafka.ends(place.disbursements), [0] * kafka.partitions)
    count = sum(kafka.ends(place.repayments))
    running = engine.start(place, 0, count, "repayments.log")
    meter = Meter(engine=running.process.pid, broker=broker_pid)
    try:
        span = engine.wait_repaid(running, place, count, SECONDS_TO_REPAY)
        time.sleep(0.1)
        memory = running.memory_mb()
        wait_committed(running, place, place.repayments)
        meter.stop()
        more = engine.afterwards(running, place, expected)
    finally:
        meter.stop()
        stopped = running.stop()
    spent = meter.spent(span.start, span.end)
    return {
        **_figures(span, spent),
        "memory_mb": round(memory),
        "start_seconds": round(span.start - running.started, 2),
        "stop_seconds": round(stopped, 2),
        **(more or compare(engine, place, expected.caused_by_events())),
    }


def make_outputs(engine: Engine, place: Place) -> None:
    """Fresh topics for what the engine says, and what else it needs before its first start."""
    plain, compacted = engine.outputs(place), engine.compacted_outputs(place)
    place.kafka.delete([*plain, *compacted])
    place.kafka.create(plain, compacted)
    engine.prepare(place)


def load_loans(engine: Engine, place: Place) -> None:
    """All disbursements go into the state; then the engine is stopped and its group is where they end."""
    kafka = place.kafka
    engine.begin_at(place, [0] * kafka.partitions, kafka.ends(place.repayments))
    count = sum(kafka.ends(place.disbursements))
    running = engine.start(place, count, 0, "disbursements.log")
    try:
        engine.wait_disbursed(running, place, count, SECONDS_TO_LOAD)
        wait_committed(running, place, place.disbursements)
    finally:
        running.stop()


def wait_committed(running: Running, place: Place, topic: str, seconds: float = 6) -> None:
    """Wait until all of a topic is committed; engines that commit rarely commit the rest when they stop."""
    deadline = time.monotonic() + seconds
    while place.kafka.committed(place.app, topic) != place.kafka.ends(topic) and time.monotonic() < deadline:
        running.check_alive()
        time.sleep(0.5)


def compare(engine: Engine, place: Place, expected: Counter[Said]) -> dict[str, Any]:
    """Every alert that a read-committed reader sees against what the definition says."""
    messages = place.kafka.read_all(engine.outputs(place)[0])
    said = Counter(one for one in map(engine.said, messages) if one is not None)
    lost, extra = expected - said, said - expected
    if lost or extra:
        _write_difference(place.directory.parent / f"{place.app}-difference.txt", lost, extra)
    return {"alerts": said.total(), "lost": lost.total(), "extra": extra.total(), "equal": said == expected}


def _write_difference(path: Path, lost: Counter[Said], extra: Counter[Said]) -> None:
    lines = [f"lost {one}" for one in sorted(lost, key=str)] + [f"extra {one}" for one in sorted(extra, key=str)]
    path.write_text("\n".join(lines) + "\n")


def _figures(span: Span, spent: dict[str, float]) -> dict[str, Any]:
    seconds = span.end - span.start
    if seconds <= 0:
        raise EngineError("the run was too short to measure: take more repayments")
    others = (spent["machine"] - spent["engine"] - spent["broker"]) / seconds
    return {
        "events": span.events,
        "span": [round(span.start, 3), round(span.end, 3)],
        "seconds": round(seconds, 3),
        "events_per_second": round(span.events / seconds),
        "cpu_us": round(spent["engine"] / span.events * 1e6, 2),
        "broker_cpu_us": round(spent["broker"] / span.events * 1e6, 2),
        "other_cores": round(others, 2),
    }


def load_backlog(kafka: Kafka, prefix: str, portfolio: Any) -> None:
    """Create the input topics and fill them once; all engines read the same bytes."""
    kafka.create([prefix + "loans.disbursements", prefix + "loans.repayments"])
    kafka.publish(prefix, portfolio.disbursements())
    kafka.publish(prefix, portfolio.repayment_events())
