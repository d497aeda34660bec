"""A batch of a task that runs in memory: what it writes counts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Sent(NamedTuple):
    """A record that would have gone to Kafka."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Batch:
    """A batch of the one task of an offline run; what it writes counts at once."""

    def __init__(self, table: dict[bytes, bytes], context: Any) -> None:
        self.table = table
        self.context = context
        self.partition = 0
        self.records: Sequence[Any] = ()
        self.tick: Any | None = None
        self.sent: list[Sent] = []

    def get(self, key: bytes) -> bytes | None:
        return self.table.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.table.pop(key, None)
        else:
            self.table[key] = value

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        del partition, timestamp_ms
        self.sent.append(Sent(topic, key, value, headers))

    def repeat_tick(self) -> None:
        raise AssertionError("an offline day has no limit")

    def caused_by(self, record: Any) -> None:
        pass

    def leave(self, first: int) -> None:
        raise AssertionError("an offline day has no limit")
