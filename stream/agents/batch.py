"""What the runtime hands to an agent, and what an agent hands to the metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from stream.agents.book import Book
from stream.agents.duedates import DueIndex
from stream.agents.feed_watch import FeedWatch


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

    def leave(self, first: int) -> None:
        """Commit what was written and sent so far, and deliver the records from this index on again."""

    def caused_by(self, record: Any) -> None:
        """What is sent next is because of this record, though another one brought it up; only traces ask."""


class Counts(Protocol):
    """Where an agent counts what it did, once per batch."""

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        """Count events by outcome, alerts by (kind, bucket or "none"), rejects by reason code.

        Outcomes: applied, duplicate, rejected, waiting (has begun to wait), released (waits no more; what became of
        it is counted too), forgotten (loans), day_opened, day_held, day_repeated (ticks). So arrivals = applied +
        duplicate + rejected + waiting - released.
        """

    def day(self, partition: int, business_date: int) -> None:
        """Note the business date of a task."""

    def misrouted(self, topic: str, count: int) -> None:
        """Count records that another partition should have had; called only where there are some."""


class NoCounts:
    """Counts nothing."""

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        """Do nothing."""

    def day(self, partition: int, business_date: int) -> None:
        """Do nothing."""

    def misrouted(self, topic: str, count: int) -> None:
        """Do nothing."""


class TaskState:
    """What a task knows beside its table: the business date (0: none yet), due dates, book, feed, rejects in a row."""

    __slots__ = ("book", "business_date", "due", "feed", "rejected_in_row", "unfinished")

    def __init__(
        self, business_date: int, unfinished: bool, due: DueIndex, book: Book, feed: FeedWatch | None = None
    ) -> None:
        """Set the state up.

        unfinished: the business date is still being judged, loans are left to look at.
        feed: None: not watched.
        """
        self.business_date = business_date
        self.unfinished = unfinished
        self.due = due
        self.book = book
        self.feed = feed
        self.rejected_in_row = 0

    @property
    def asked_until(self) -> int:
        """The last business day that was asked for: the business date, or a later one where days are held."""
        return self.feed.feed.until if self.feed is not None and self.feed.feed.held else self.business_date

    @property
    def held_day(self) -> int:
        """The business day that is held; 0: none."""
        return 0 if self.feed is None else self.feed.feed.held
