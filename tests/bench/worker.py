"""Our worker as an engine: everything on, seen from outside by the offsets that it commits."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Message

from tests.bench.engines import Command, Engine, Place, Span
from tests.bench.machine import EngineError, Running
from tests.bench.portfolio import AS_OF, MIDNIGHT
from tests.bench.reference import Expected, Said
from tests.bench.throughput import compare

POLL_SECONDS: Final = 0.02


@dataclass(frozen=True)
class OverdueWorker(Engine):
    """`overdue worker` with its default settings: standings, dead letters, metrics, business days by topic."""

    name: str = "overdue"
    exactly_once: bool = True

    def command(self, place: Place, disbursements: int, repayments: int) -> Command:
        environment = {
            "OVERDUE_BROKERS": place.kafka.bootstrap,
            "OVERDUE_TOPIC_PREFIX": place.prefix,
            "OVERDUE_APP_ID": place.app,
            "OVERDUE_METRICS_PORT": "0",
            "OVERDUE_DATA_DIRECTORY": str(place.directory / "state"),
        }
        return Command([sys.executable, "-m", "stream.cli", "worker"], environment)

    def outputs(self, place: Place) -> list[str]:
        return [place.prefix + "loans.overdue", place.prefix + "dead-letters", self.business_days(place)]

    def business_days(self, place: Place) -> str:
        """The topic of the ticks."""
        return place.prefix + "business-days"

    def compacted_outputs(self, place: Place) -> list[str]:
        return [place.prefix + "loans.standing"]

    def prepare(self, place: Place) -> None:
        """Open the business date that all loans are judged on."""
        open_day(place, AS_OF, {})

    def wait_disbursed(self, running: Running, place: Place, count: int, seconds: float) -> None:
        _wait_committed(running, place, place.disbursements, count, seconds)

    def wait_repaid(self, running: Running, place: Place, count: int, seconds: float) -> Span:
        """The first repayments are done when their offsets are committed; the later ones are counted from there."""
        start, before = _wait_committed(running, place, place.repayments, 1, seconds)
        end, after = _wait_committed(running, place, place.repayments, count, seconds)
        return Span(start, end, after - before)

    def said(self, message: Message) -> Said | None:
        alert = json.loads(message.value())
        (cause,) = alert["causes"]
        return Said(
            alert["loan_id"],
            cause,
            alert["days_past_due"],
            alert["previous_bucket"],
            alert["bucket"],
            alert["overdue"]["total"],
        )

    def afterwards(self, running: Running, place: Place, expected: Expected) -> dict[str, Any]:
        """Open one more business day over all loans: how long it takes, and whether it says what it must."""
        topics = (place.disbursements, place.repayments)
        ends = {topic: place.kafka.ends(topic) for topic in topics}
        days = self.business_days(place)
        count = sum(place.kafka.ends(days)) + place.kafka.partitions
        before = compare(self, place, expected.caused_by_events())
        opened = time.monotonic()
        open_day(place, AS_OF + timedelta(days=1), ends)
        end, _ = _wait_committed(running, place, days, count, 120)
        after = compare(self, place, expected.caused_by_events() + expected.at_next_day)
        return {**before, "next_day_seconds": round(end - opened, 3), "next_day_equal": after["equal"]}


@dataclass(frozen=True)
class ProfiledWorker(OverdueWorker):
    """The worker with a thread that sees where its CPU goes; that thread takes some CPU itself."""

    name: str = "overdue-profiled"

    def command(self, place: Place, disbursements: int, repayments: int) -> Command:
        plain = super().command(place, disbursements, repayments)
        start = [sys.executable, "-m", "tests.bench.profiled", str(profile_of(place)), "worker"]
        return Command(start, {**plain.environment, "PYTHONPATH": str(Path(__file__).parents[2])})


def profile_of(place: Place) -> Path:
    """Where a profiled worker writes."""
    return place.directory / "profile.jsonl"


def open_day(place: Place, day: date, ends: dict[str, list[int]]) -> None:
    """Write the tick of a day to every partition, carrying the offsets up to which its input must be done."""
    producer = place.kafka.producer(linger=0)
    time_of_day = MIDNIGHT + (day - AS_OF)
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"business-day:{day}".encode()),
        ("ce_source", b"urn:bench:core-banking"),
        ("ce_type", b"business_day.opened"),
        ("ce_time", time_of_day.isoformat().replace("+00:00", "Z").encode()),
        ("content-type", b"application/json"),
    ]
    for partition in range(place.kafka.partitions):
        carried = {topic: offsets[partition] for topic, offsets in ends.items()}
        data = {
            "business_date": day.isoformat(),
            "repayments_complete": True,
            "input_end_offsets": carried or {place.disbursements: 0, place.repayments: 0},
        }
        producer.produce(
            place.prefix + "business-days",
            json.dumps(data).encode(),
            day.isoformat().encode(),
            partition=partition,
            headers=headers,
            timestamp=round(time_of_day.timestamp() * 1000),
        )
    producer.flush()


def _wait_committed(running: Running, place: Place, topic: str, count: int, seconds: float) -> tuple[float, int]:
    """Wait until offsets of a topic add up to `count`; returns the moment and what they add up to then."""
    deadline = time.monotonic() + seconds
    while (done := sum(place.kafka.committed(place.app, topic))) < count:
        running.check_alive()
        if time.monotonic() > deadline:
            raise EngineError(f"{done} of {count} records of {topic} committed in {seconds:.0f} s; log: {running.log}")
        time.sleep(POLL_SECONDS)
    return time.monotonic(), done
