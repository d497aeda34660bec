"""A record as a Kafka consumer hands it out, for tests."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from schemas.catalogue import TOPIC_OF_TYPE


class FakeRecord(NamedTuple):
    """What the translation reads of a record."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] | list[tuple[str, bytes]] = ()
    partition: int = 0
    offset: int = 0
    timestamp: int = -1


def key_of(event: dict[str, Any]) -> bytes | None:
    """The Kafka key that a structured event has in the contract."""
    data = event.get("data")
    names = ("borrower_id",) if str(event.get("type")).startswith("borrower.") else ("loan_id", "business_date")
    found = next((data[name] for name in names if name in data), None) if isinstance(data, dict) else None
    return found.encode() if isinstance(found, str) else None


def structured_record(event: dict[str, Any], topic: str | None = None) -> FakeRecord:
    """A structured event on the topic of its type, or on another."""
    home = TOPIC_OF_TYPE.get(str(event.get("type")))
    name = topic if topic is not None else home.name if home else "loans.repayments"
    headers = [("content-type", b"application/cloudevents+json")]
    return FakeRecord(name, key_of(event), json.dumps(event, ensure_ascii=False).encode(), headers)


def binary_record(event: dict[str, Any], topic: str | None = None) -> FakeRecord:
    """The same event in binary mode."""
    structured = structured_record(event, topic)
    headers = [
        ("content-type" if name == "datacontenttype" else f"ce_{name}", str(value).encode())
        for name, value in event.items()
        if name != "data"
    ]
    return structured._replace(value=json.dumps(event["data"], ensure_ascii=False).encode(), headers=headers)
