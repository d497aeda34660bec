"""Lines of a file to records: one CloudEvent in structured mode a line, bare or as `{"topic", "key", "value"}`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
from pydantic_core import PydanticCustomError

from schemas.catalogue import TOPIC_OF_TYPE
from schemas.types import parse_instant
from stream.translate.records import Headers
from stream.translate.signals import is_signal

NO_TIMESTAMP: Final = -1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Line(NamedTuple):
    """A record that came from a file."""

    topic: str
    """The catalogue's name, from the wrapper or by the event's type; empty where neither tells."""
    partition: int
    offset: int
    """The line, from 0."""
    timestamp: int
    """Milliseconds of the event's `time` since 1970 UTC; -1: it has none that can be read."""
    key: bytes | None
    """From the wrapper; else the event's loan id, a signal's borrower id, or a business date, where it has one."""
    value: bytes | None
    headers: Headers


class _Data(msgspec.Struct, gc=False):
    loan_id: Any = None
    borrower_id: Any = None
    business_date: Any = None


class _Event(msgspec.Struct, gc=False):
    type: Any = None
    time: Any = None
    data: _Data | None = None


class _Wrapper(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    topic: str
    value: msgspec.Raw
    key: str | None = None


_read_event: Final = msgspec.json.Decoder(_Event).decode
_read_wrapper: Final = msgspec.json.Decoder(_Wrapper).decode
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def parse_line(line: bytes, number: int = 0) -> Line:
    """The record of a line; whatever is wrong with the event in it, decoding the record says.

    Args:
        line: The line, with or without its newline.
        number: Which line it is, from 0.
    """
    value = line.strip()
    if value.startswith(b'{"topic"') or (b'"topic"' in value and b'"value"' in value):
        try:
            wrapper = _read_wrapper(value)
        except _UNREADABLE:
            pass
        else:
            event = _look(bytes(wrapper.value))
            key = None if wrapper.key is None else wrapper.key.encode(errors="replace")
            return Line(wrapper.topic, 0, number, _timestamp(event), key, bytes(wrapper.value), ())
    event = _look(value)
    return Line(_topic(event), 0, number, _timestamp(event), _key(event), value, ())


def _look(value: bytes) -> _Event:
    """What can be seen of an event at a glance; nothing is judged here."""
    try:
        return _read_event(value)
    except _UNREADABLE:
        return _Event()


def _topic(event: _Event) -> str:
    topic = TOPIC_OF_TYPE.get(event.type) if isinstance(event.type, str) else None
    return topic.name if topic is not None and topic.is_input else ""


def _key(event: _Event) -> bytes | None:
    if event.data is None:
        return None
    data = event.data
    of_borrower = isinstance(event.type, str) and is_signal(event.type)
    for found in (data.borrower_id,) if of_borrower else (data.loan_id, data.business_date):
        if isinstance(found, str):
            return found.encode(errors="replace")
    return None


def _timestamp(event: _Event) -> int:
    try:
        return int((parse_instant(event.time) - _EPOCH).total_seconds() * 1000)
    except PydanticCustomError:
        return NO_TIMESTAMP
