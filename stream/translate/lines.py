"""A line of an event file as the record that it stands for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from stream.translate.records import Headers


class Line(NamedTuple):
    """A record-like line; topic "" stands for the topic that the event's type belongs on."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: Headers


def parse_line(line: bytes, number: int) -> Line:
    """A structured CloudEvent, or {"topic","key","value"} around one; its key is its loan.

    A line that is no JSON becomes a record that will be refused.
    """
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Line("", 0, number, -1, None, line, ())
    topic = ""
    if isinstance(event, dict) and "topic" in event and "value" in event and "type" not in event:
        topic, event = str(event["topic"]), event["value"]
        line = orjson.dumps(event)
    return Line(topic, 0, number, _milliseconds(event), _key(event), line, ())


def _key(event: Any) -> bytes | None:
    data = event.get("data") if isinstance(event, dict) else None
    loan_id = data.get("loan_id") if isinstance(data, dict) else None
    return loan_id.encode("utf-8", "replace") if isinstance(loan_id, str) else b""


def _milliseconds(event: Any) -> int:
    time = event.get("time") if isinstance(event, dict) else None
    try:
        return int(datetime.fromisoformat(str(time)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return -1
