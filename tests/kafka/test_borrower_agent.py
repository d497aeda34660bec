"""Both agents in one worker on a real broker, killed in between: the warnings that standings call for, each once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from stream.agents.borrower_agent import BorrowerAgent
from stream.agents.borrower_counts import NoBorrowerCounts
from stream.agents.topics import Topics
from stream.local.portfolio import sample
from stream.translate.inbound import Inbound
from stream.translate.lines import Line
from stream.translate.outbound import Outbound
from tests import stories
from tests.kafka.test_worker import PARTITIONS, environment, overdue  # noqa: F401  (a fixture)
from tests.warning.bank import WARNINGS, ZONE, Task

SECONDS = 60


@contextmanager
def worker(lender: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker; killed at the end, if it still runs."""
    with log.open("ab") as file:
        running = subprocess.Popen([sys.executable, "-m", "stream.cli", "worker"], env=lender, stderr=file)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


class Reader:
    """Reads a topic from its beginning, committed records only."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        from confluent_kafka import Consumer, TopicPartition

        settings = {"bootstrap.servers": bootstrap, "group.id": f"reader-{os.getpid()}", "enable.auto.commit": False}
        self._consumer = Consumer(settings | {"isolation.level": "read_committed"})
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        self.lines: dict[int, list[Line]] = {number: [] for number in range(PARTITIONS)}

    def until(self, enough: Callable[[], bool]) -> None:
        """Read until there is enough."""
        deadline = time.monotonic() + SECONDS
        while not enough():
            assert time.monotonic() < deadline, "not enough records came"
            message = self._consumer.poll(0.2)
            if message is not None and message.error() is None:
                line = Line(
                    message.topic(),
                    message.partition(),
                    message.offset(),
                    message.timestamp()[1],
                    message.key(),
                    message.value(),
                    tuple(message.headers() or ()),
                )
                self.lines[message.partition()].append(line)

    def close(self) -> None:
        self._consumer.close()


def said(lines: list[Line]) -> dict[str, Any]:
    """Warnings by id; each is there once."""
    found = {dict(line.headers)["ce_id"].decode(): json.loads(line.value or b"") for line in lines}
    assert len(found) == len(lines), "a warning was said twice"
    return found


def test_warnings_survive_a_kill_and_follow_from_the_standings(
    environment: Callable[[str], dict[str, str]],  # noqa: F811
    kafka_bootstrap: str,
    tmp_path: Path,
) -> None:
    """After a kill -9 on the way, each partition has the warnings that its standings and signals give, each once.

    A day opens for three borrowers a transaction.
    """
    lender = environment("warned") | {"OVERDUE_BORROWERS_PER_TRANSACTION": "3"}
    book = sample(loans=60)
    good = [event for event in book.events if event["id"].count("bad") == 0]
    last = max(book.days)
    signals = [
        stories.event(
            "borrower.employment_changed",
            f"job-{number}",
            stories.at(last),
            {"borrower_id": f"NEW-{number}", "observation_date": last.isoformat(), "status": "unemployed"},
        )
        for number in range(20)
    ]
    file, more = tmp_path / "book.ndjson", tmp_path / "signals.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in good))
    more.write_text("".join(json.dumps(event) + "\n" for event in signals))
    overdue("topics", "apply", environment=lender)
    log = tmp_path / "worker.log"
    standings = Reader(kafka_bootstrap, "warned.loans.standing")
    warnings = Reader(kafka_bootstrap, "warned.loans.early-warnings")
    with worker(lender, log):
        overdue("publish", str(file), "--open-days", "--until", last.isoformat(), "--no-check", environment=lender)
        warnings.until(lambda: sum(map(len, warnings.lines.values())) >= 5)
    with worker(lender, log) as running:
        standings.until(lambda: all(_is_judged(lines, last) for lines in standings.lines.values()))
        overdue("publish", str(more), "--no-check", environment=lender)
        wanted = {number: _given_by(number, lines, signals) for number, lines in standings.lines.items()}
        warnings.until(lambda: all(len(warnings.lines[n]) >= len(wanted[n]) for n in wanted))
        time.sleep(0.5)  # nothing more may come
        warnings.until(lambda: True)
        running.terminate()
        assert running.wait(SECONDS) == 0, log.read_text()
    assert sum(map(len, wanted.values())) > 40
    for number, lines in warnings.lines.items():
        assert said(lines) == wanted[number]
    standings.close()
    warnings.close()


def _is_judged(lines: list[Line], last: date) -> bool:
    """Whether the marks of the last day of all loan tasks are there."""
    marks = [json.loads(line.value or b"") for line in lines if (line.key or b"").startswith(b"business-day:")]
    return sum(mark["business_date"] == last.isoformat() for mark in marks) == PARTITIONS


def _given_by(partition: int, standings: list[Line], signals: list[dict[str, Any]]) -> dict[str, Any]:
    """The warnings of the same agent in process, over the same records."""
    from stream.translate.lines import parse_line
    from stream.translate.partition import partition_of

    agent = BorrowerAgent(
        WARNINGS, Inbound(ZONE), Outbound(ZONE), NoBorrowerCounts(), topics=Topics(), partitions=PARTITIONS
    )
    task = Task(agent, partition)
    lines = [parse_line(json.dumps(event).encode()) for event in signals]
    mine = [line for line in lines if partition_of(line.key or b"", PARTITIONS) == partition]
    sent = [*task.run([line._replace(topic="loans.standing") for line in standings]), *task.run(mine)]
    return {dict(one.headers)["ce_id"].decode(): json.loads(one.value or b"") for one in sent}
