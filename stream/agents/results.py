"""What a batch says: alerts, dead letters with their breaker, and the counts of both."""

from __future__ import annotations

from collections import Counter
from typing import Final

from schemas.rejections import RejectionCode
from stream.agents.batch import Batch, TaskState
from stream.agents.topics import Topics
from stream.engine.feed import FeedAlert
from stream.engine.findings import Alert
from stream.translate.outbound import Outbound
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.waiting import WaitingEvent

_CODES: Final = {str(code): code for code in RejectionCode}


class BreakerOpenError(Exception):
    """Too many messages in a row were rejected: the feed is broken, and the dead-letter topic is no place for it."""


class Results:
    """What one batch has said so far."""

    def __init__(self, batch: Batch, outbound: Outbound, topics: Topics, breaker_limit: int) -> None:
        """`breaker_limit`: this many rejects in a row, of one task, open the breaker."""
        self._batch = batch
        self._outbound = outbound
        self._overdue_topic, self._dead_letter_topic = topics.overdue, topics.dead_letters
        self._breaker_limit = breaker_limit
        self.events: Counter[str] = Counter()
        self.alerts: Counter[tuple[str, str]] = Counter()
        self.rejected: Counter[str] = Counter()
        self.misrouted: Counter[str] = Counter()
        """By topic, records that another partition should have had."""

    def say(self, key: bytes, alert: Alert, timestamp: int) -> None:
        """Send an alert."""
        _, value, headers = self._outbound.alert(alert)
        self._batch.send(self._overdue_topic, self._batch.partition, key, value, timestamp, headers)
        self.alerts[alert.kind, alert.bucket or "none"] += 1

    def say_of_feed(self, alert: FeedAlert, timestamp: int) -> None:
        """Send an alert about the task's feed."""
        key, value, headers = self._outbound.feed_alert(alert)
        self._batch.send(self._overdue_topic, self._batch.partition, key, value, timestamp, headers)
        self.alerts[alert.kind, "none"] += 1

    def reject(self, record: Record, rejected: Rejected) -> None:
        """Send a message that has just arrived to the dead letters. Raises BreakerOpenError."""
        state: TaskState = self._batch.context
        state.rejected_in_row += 1
        if state.rejected_in_row >= self._breaker_limit:
            raise BreakerOpenError(
                f"partition {self._batch.partition}: {state.rejected_in_row} messages in a row were rejected, the last "
                f"with {rejected.reason_code} at {record.topic} offset {record.offset}; nothing more is read from this "
                f"partition. Repair the feed, then restart the worker"
            )
        self.bury(record, rejected)

    def bury(self, record: Record, rejected: Rejected) -> None:
        """Send a message to the dead letters that says nothing about what arrives now: it has waited."""
        key, value, headers = self._outbound.dead_letter(record, rejected)
        self._batch.send(self._dead_letter_topic, self._batch.partition, key, value, record.timestamp, headers)
        self.events["rejected"] += 1
        self.rejected[rejected.reason_code] += 1

    def refuse(self, record: Record, reason_code: str, event_id: str | None) -> None:
        """Send a message to the dead letters that the loan's history forbids. Raises BreakerOpenError."""
        rejected = Rejected(_CODES[reason_code], None, event_id)
        if type(record) is WaitingEvent:
            self.bury(record, rejected)
        else:
            self.reject(record, rejected)
