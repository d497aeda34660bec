"""Events that wait, with their raw message: for their loan's disbursement, or for their value date to open."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

import msgspec

_HEADER: Final = Struct(">IH")
"""The day on which to look again, as a loan's state begins with its own; two bytes that are not used."""


class WaitingEvent(msgspec.Struct, array_like=True):
    """A record that waits; it has a record's attributes, so that it can be decoded and rejected like one."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    event_id: str
    own_id: str | None
    """The id of the payment, chargeback or charge that it tells of; None: it has none."""
    until: int
    """The business day on which it is looked at again."""

    @classmethod
    def of(cls, record: Any, event_id: str, own_id: str | None, until: int) -> WaitingEvent:
        headers: Sequence[tuple[str, bytes]] = record.headers
        return cls(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value,
            [(name, value) for name, value in headers],
            event_id,
            own_id,
            until,
        )


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[WaitingEvent]).decode


def read_waiting(raw: bytes | None) -> list[WaitingEvent]:
    """The events that wait, in order of arrival; none where nothing is stored."""
    return [] if raw is None else _decode(memoryview(raw)[_HEADER.size :])


def write_waiting(waiting: list[WaitingEvent], next_check: int) -> bytes:
    return _HEADER.pack(next_check, 0) + _encode(waiting)
