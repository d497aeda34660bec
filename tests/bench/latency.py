"""Latency: from publishing a repayment to its alert in the hands of a read-committed reader, at a steady rate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event as Flag
from threading import Thread
from typing import Any

from confluent_kafka import TopicPartition

from tests.bench.engines import Engine, Place
from tests.bench.kafka import send
from tests.bench.machine import EngineError, Running
from tests.bench.portfolio import Portfolio
from tests.bench.reference import Expected
from tests.bench.throughput import compare, load_loans, make_outputs

WARM_UP_SECONDS = 10.0
SECONDS_TO_DRAIN = 60.0


def measure(engine: Engine, place: Place, portfolio: Portfolio, expected: Expected, rate: float) -> dict[str, Any]:
    """One trial: the loans first, then the repayments one by one; the first ten seconds are not counted."""
    kafka = place.kafka
    kafka.create([place.disbursements, place.repayments])
    make_outputs(engine, place)
    kafka.publish(place.prefix, portfolio.disbursements())
    load_loans(engine, place)
    running = engine.start(place, 0, portfolio.repayments, "repayments.log")
    reader = AlertReader(engine, place)
    try:
        _wait_ready(running, place)
        sent = publish_steadily(place, portfolio, rate)
        reader.wait_for(expected.at_repayment.total(), SECONDS_TO_DRAIN)
        memory = running.memory_mb()
    finally:
        reader.stop()
        running.stop()
    first = min(sent.values())
    counted = sorted(
        (seen - sent[cause]) * 1000
        for cause, seen in reader.seen.items()
        if cause in sent and sent[cause] - first >= WARM_UP_SECONDS
    )
    if not counted:
        raise EngineError(f"no alert came back after the first {WARM_UP_SECONDS:.0f} s: publish for longer")
    return {
        "rate": round((portfolio.repayments - 1) / (max(sent.values()) - first)),
        "samples": len(counted),
        **percentiles(counted),
        "memory_mb": round(memory),
        **compare(engine, place, expected.caused_by_events()),
    }


def percentiles(ordered: Sequence[float]) -> dict[str, float]:
    """The half, the 90th, the 99th percentile and the most, of ordered milliseconds."""
    last = len(ordered) - 1
    places = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(ordered[min(last, int(len(ordered) * place))], 1) for name, place in places.items()}


def publish_steadily(place: Place, portfolio: Portfolio, rate: float) -> dict[str, float]:
    """Publish all repayments at a rate; returns when each was handed to the producer, first deliveries only."""
    producer = place.kafka.producer(linger=0)
    sent: dict[str, float] = {}
    events = list(portfolio.repayment_events())
    start = time.monotonic() + 0.2
    for number, event in enumerate(events):
        wait = start + number / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sent.setdefault(event.event_id, time.monotonic())
        send(producer, place.prefix, event)
        producer.poll(0)
    producer.flush()
    return sent


class AlertReader:
    """Reads the alerts as they come and notes when each was seen, by the event that caused it."""

    def __init__(self, engine: Engine, place: Place) -> None:
        topic = engine.outputs(place)[0]
        self.seen: dict[str, float] = {}
        self._engine = engine
        self._consumer = place.kafka.reader(topic)
        self._consumer.assign(
            [TopicPartition(topic, number, offset) for number, offset in enumerate(place.kafka.ends(topic))]
        )
        self._stop = Flag()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(0.2)
            if message is None or message.error() is not None:
                continue
            moment = time.monotonic()
            said = self._engine.said(message)
            if said is not None:
                self.seen.setdefault(said.cause, moment)

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until so many alerts were seen; fewer after the deadline show in the comparison."""
        deadline = time.monotonic() + seconds
        while len(self.seen) < count and time.monotonic() < deadline:
            time.sleep(0.1)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()


def _wait_ready(running: Running, place: Place) -> None:
    """Give the engine time to join its group; the first ten seconds of the load do the rest."""
    deadline = time.monotonic() + 60
    while not place.kafka.members(place.app) and time.monotonic() < deadline:
        running.check_alive()
        time.sleep(0.2)
    time.sleep(3)
