"""What is refused: messages too large by a byte and by far, and dead letters that are sent again once and twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from stream.translate.partition import partition_of
from stream.translate.strict_json import MAX_VALUE_BYTES
from tests import stories
from tests.faults.portfolio import DISBURSEMENTS, REPAYMENTS
from tests.faults.small import PARTITIONS, Book, small_book
from tests.faults.verdict import Verdict
from tests.stories import Event, a_day

FIRST = a_day("2024-02-20")
LOANS = 60
KAFKA_LIMIT = 1_048_588
"""Bytes of a message that Kafka takes by default, with key, headers and a few of its own."""


@dataclass
class Found:
    """What came of it."""

    verdict: Verdict
    times: int
    failures: list[str] = field(default_factory=list)


def oversize(say: Callable[[str], None]) -> Found:
    """Messages around our limit and up to Kafka's, of every kind of bytes, among good ones of the same loans."""
    failures: list[str] = []
    with small_book(limit_bytes=KAFKA_LIMIT) as book:
        _pay_out(book)
        numbers = count()
        for size, reason in ((MAX_VALUE_BYTES, ""), (MAX_VALUE_BYTES + 1, "value_too_large")):
            for loan in ("B1", "B2"):
                event = stories.repaid(f"{loan}-{next(numbers)}", 100, FIRST + timedelta(1), loan)
                body = json.dumps(event).encode()
                book.send(REPAYMENTS, loan.encode(), body.ljust(size), event["time"], reason=reason)
        for number, byte in enumerate((b"\0", b"\xff", b"[", b"\x1f", b" ")):
            for size in (KAFKA_LIMIT - 500, KAFKA_LIMIT // 2, 300_000):
                loan = f"B{number % LOANS}"
                book.send(REPAYMENTS, loan.encode(), byte * size, stories.at(FIRST), reason="value_too_large")
        book.open(stories.days(FIRST, FIRST + timedelta(20)))
        if not book.wait():
            failures.append("not everything was processed")
        if not book.worker.alive():
            failures.append("the worker ended")
        found = Found(book.judge(), len(book.bad), failures)
        _say(say, "oversize", found)
        return found


def redriven(say: Callable[[str], None]) -> Found:
    """A producer with another partitioner: its messages are refused, sent again where they belong, and once more.

    The worker is killed after each redrive. The second one changes nothing.
    """
    failures: list[str] = []
    with small_book() as book:
        _pay_out(book)
        for number in range(LOANS):
            loan = f"B{number}"
            event = stories.repaid(f"{loan}-p", 1_000, FIRST + timedelta(2), loan)
            wrong = (partition_of(loan.encode(), PARTITIONS) + 1) % PARTITIONS
            book.tell(REPAYMENTS, event, partition=wrong, reason="misrouted")
        book.open(stories.days(FIRST, FIRST + timedelta(4)))
        if not book.wait():
            failures.append("not everything was processed")
        alerts = []
        for turn in (1, 2):
            done = _redrive(book, "misrouted")
            say(f"redrive {turn}: {done.stderr.strip().splitlines()[-1] if done.stderr else ''}")
            if done.returncode or f"{LOANS} messages sent again" not in done.stderr:
                failures.append(f"redrive {turn}: exit code {done.returncode}: {done.stderr}")
            assert book.worker.process
            book.worker.process.kill()
            book.worker.process.wait()
            book.worker.start()
            if not book.wait():
                failures.append(f"redrive {turn}: not everything was processed")
            alerts.append(sum(book.progress.ends("loans.overdue", PARTITIONS).values()))
        book.open(stories.days(FIRST + timedelta(5), FIRST + timedelta(20)))
        if not book.wait():
            failures.append("not everything was processed")
        verdict = book.judge()
        if verdict.duplicates < LOANS:
            failures.append(f"only {verdict.duplicates} repetitions were seen")
        found = Found(verdict, 2 * LOANS, failures)
        _say(say, "redrive", found)
        return found


def _pay_out(book: Book) -> None:
    for number in range(LOANS):
        loan = f"B{number}"
        rows = [stories.an_installment(n, FIRST + timedelta(5 * n - 3 + number % 3), 1_000) for n in (1, 2, 3)]
        event: Event = stories.disbursed(rows, FIRST - timedelta(5), loan)
        book.tell(DISBURSEMENTS, event)


def _redrive(book: Book, reason: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "stream.cli", "dlq", "redrive", "--reason", reason)
    return subprocess.run(
        command, env=os.environ | book.settings, capture_output=True, text=True, timeout=120, check=False
    )


def _say(say: Callable[[str], None], what: str, found: Found) -> None:
    verdict = found.verdict
    say(
        f"{what}: {verdict.alerts} alerts, {verdict.dead_letters} dead letters, {verdict.duplicates} repetitions, "
        f"{'exact' if verdict.exact else verdict.examples[:3]} {found.failures or ''}"
    )
