"""Our worker as an engine: everything on, seen from outside by what it tells its group once a second."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition
from confluent_kafka import Message

from schemas.catalogue import DISBURSEMENTS, OVERDUE, REPAYMENTS, STANDING, TOPICS
from stream.faust_batch.positions import POSITIONS_KEY, Positions
from tests.bench.engines import Command, Engine, Place, Span
from tests.bench.machine import EngineError, Running
from tests.bench.portfolio import AS_OF, MIDNIGHT
from tests.bench.reference import Expected, Said
from tests.bench.throughput import compare

POLL_SECONDS: Final = 0.02
COMPARED: Final = {b"loan.overdue_started", b"loan.bucket_changed", b"loan.cured", b"loan.alert_corrected"}


@dataclass(frozen=True)
class OverdueWorker(Engine):
    """
    `overdue worker` with its default settings: standings, dead letters, metrics, business days by topic.

    The loan agent alone: the borrower agent's work has no counterpart in the peers.
    """

    name: str = "overdue"
    exactly_once: bool = True

    def command(self, place: Place, disbursements: int, repayments: int) -> Command:
        environment = {
            "OVERDUE_BROKERS": place.kafka.bootstrap,
            "OVERDUE_TOPIC_PREFIX": place.prefix,
            "OVERDUE_APP_ID": place.app,
            "OVERDUE_METRICS_PORT": "0",
            "OVERDUE_AGENTS": "loans",
            "OVERDUE_DATA_DIRECTORY": str(place.directory / "state"),
        }
        return Command([sys.executable, "-m", "stream.cli", "worker"], environment)

    def outputs(self, place: Place) -> list[str]:
        """The alerts, and every other topic of the catalogue that the bench does not make itself."""
        made = {OVERDUE, STANDING, DISBURSEMENTS, REPAYMENTS}
        return [place.prefix + name for name in (OVERDUE, *(topic.name for topic in TOPICS if topic.name not in made))]

    def business_days(self, place: Place) -> str:
        """The topic of the ticks."""
        return place.prefix + "business-days"

    def compacted_outputs(self, place: Place) -> list[str]:
        return [place.prefix + "loans.standing"]

    def changelog(self, place: Place) -> str:
        """The topic that keeps the table, and how far each task has read."""
        return f"{place.app}-loans-changelog"

    def begin_at(self, place: Place, disbursements: list[int], repayments: list[int]) -> None:
        """A task believes its changelog alone; the group's offsets only tell."""
        super().begin_at(place, disbursements, repayments)
        kafka, days = place.kafka, self.business_days(place)
        if self.changelog(place) not in kafka.topics():
            kafka.create([], [self.changelog(place)])
        read = {
            place.disbursements: disbursements,
            place.repayments: repayments,
            days: kafka.committed(place.app, days),
        }
        producer = kafka.producer(linger=0)
        for partition in range(kafka.partitions):
            offsets = {TopicPartition(topic, partition): found[partition] for topic, found in read.items()}
            value = Positions(offsets).encode()
            producer.produce(self.changelog(place), value, POSITIONS_KEY, partition=partition)
        producer.flush()

    def prepare(self, place: Place) -> None:
        """Open the business date that all loans are judged on."""
        open_day(place, AS_OF, {})

    def wait_disbursed(self, running: Running, place: Place, count: int, seconds: float) -> None:
        _wait_committed(running, place, place.disbursements, count, seconds)

    def wait_repaid(self, running: Running, place: Place, count: int, seconds: float) -> Span:
        """From the first to the last time that the group is told of progress and not of the end.

        It is told once a second: when the last one was really done is not known so exactly, the others are.
        """
        start, before = _wait_committed(running, place, place.repayments, 1, seconds)
        end, after = start, before
        deadline = time.monotonic() + seconds
        while (done := sum(place.kafka.committed(place.app, place.repayments))) < count:
            if done > after:
                end, after = time.monotonic(), done
            _check(running, deadline, f"{done} of {count} repayments committed")
            time.sleep(POLL_SECONDS)
        finished = time.monotonic()
        return (
            Span(start, end, after - before, finished)
            if after > before
            else Span(start, finished, count - before, finished)
        )

    def said(self, message: Message) -> Said | None:
        """What the peers say, too: classifications and notices are not compared."""
        if dict(message.headers())["ce_type"] not in COMPARED:
            return None
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
        _check(running, deadline, f"{done} of {count} records of {topic} committed")
        time.sleep(POLL_SECONDS)
    return time.monotonic(), done


def _check(running: Running, deadline: float, so_far: str) -> None:
    running.check_alive()
    if time.monotonic() > deadline:
        raise EngineError(f"too slow: {so_far}; log: {running.log}")
