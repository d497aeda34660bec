"""From a line of an event file to the Kafka record that is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from schemas.catalogue import BORROWER_SIGNALS, BUSINESS_DAYS, TOPIC_OF_TYPE
from schemas.types import parse_instant
from stream.translate import records
from stream.translate.lines import NO_TIMESTAMP, Line

Headers = list[tuple[str, bytes]]


_KEY_FIELDS: Final = {BUSINESS_DAYS: "business_date", BORROWER_SIGNALS: "borrower_id"}


class Publication(NamedTuple):
    """A record to publish; its topic is named without the prefix."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers
    event_time_ms: int | None
    """The event's time; None: it has none that can be read."""

    @property
    def untouched(self) -> bool:
        """Whether the value is the line itself, right or wrong."""
        return (records.CONTENT_TYPE, records.CLOUDEVENT_JSON) in self.headers

    @property
    def opens_a_day(self) -> bool:
        """Whether it goes to every partition of the business days."""
        return self.topic == BUSINESS_DAYS


def in_binary_mode(line: Line) -> Publication:
    """The event of a checked line, its attributes as headers and its data as the value."""
    return binary(orjson.loads(line.value or b""))


def binary(event: Mapping[str, Any]) -> Publication:
    """An event of a known type with a time that can be read; its data may still be wrong."""
    data = event["data"]
    headers = [(records.CONTENT_TYPE, str(event.get("datacontenttype") or "application/json").encode())]
    headers += [
        (records.PREFIX + name, _attribute(value))
        for name, value in event.items()
        if value is not None and name not in ("data", "datacontenttype")
    ]
    topic = TOPIC_OF_TYPE[event["type"]].name
    key = data[_KEY_FIELDS.get(topic, "loan_id")]
    timestamp = parse_instant(event["time"]).timestamp()
    return Publication(topic, key.encode(), orjson.dumps(data), headers, round(timestamp * 1000))


def as_it_stands(line: Line, default_topic: str | None) -> Publication | None:
    """The line untouched, in structured mode; None: neither the line nor the caller says to which topic."""
    topic = line.topic or default_topic
    if topic is None:
        return None
    timestamp = line.timestamp if line.timestamp != NO_TIMESTAMP else None
    return Publication(topic, line.key, line.value or b"", [(records.CONTENT_TYPE, records.CLOUDEVENT_JSON)], timestamp)


def _attribute(value: object) -> bytes:
    """An attribute as the Kafka binding of CloudEvents writes it: text, or true and false in small letters."""
    return (str(value).lower() if isinstance(value, bool) else str(value)).encode()
