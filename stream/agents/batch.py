"""What the runtime hands to an agent, and what an agent hands to the metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from stream.agents.duedates import DueIndex


class Batch(Protocol):
    """One unit of work of a task, committed whole or not at all: records in time order, or one tick alone."""

    records: Sequence[Any]
    tick: Any | None
    partition: int
    context: Any

    def get(self, key: bytes) -> bytes | None:
        """What the table has of a key, this batch's own writes included."""

    def put(self, key: bytes, value: bytes | None) -> None:
        """Write a key; None deletes it."""

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        """Send a record with the batch; a value of None is a tombstone."""

    def repeat_tick(self) -> None:
        """Commit what was written and sent so far, keep the tick at the head, and deliver it again."""


class Counts(Protocol):
    """Where an agent counts what it did, once per batch."""

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        """Count events by outcome, alerts by (kind, bucket or "none"), rejects by reason code.

        Outcomes: applied, duplicate, rejected, waiting (has begun to wait), released (waits no more; what became of
        it is counted too), forgotten (loans), day_opened, day_repeated. So arrivals = applied + duplicate + rejected +
        waiting - released.
        """

    def day(self, partition: int, business_date: int) -> None:
        """Note the business date of a task."""


class NoCounts:
    """Counts nothing."""

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        """Do nothing."""

    def day(self, partition: int, business_date: int) -> None:
        """Do nothing."""


class TaskState:
    """What a task knows beside its table: the business date (0: none yet), the due-date index, rejects in a row."""

    __slots__ = ("business_date", "due", "rejected_in_row", "unfinished")

    def __init__(self, business_date: int, unfinished: bool, due: DueIndex) -> None:
        """`unfinished`: the business date is still being judged, loans are left to look at."""
        self.business_date = business_date
        self.unfinished = unfinished
        self.due = due
        self.rejected_in_row = 0
