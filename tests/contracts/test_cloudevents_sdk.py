"""Conformance with CloudEvents over Kafka, judged by the official SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from dateutil.parser import isoparse

from schemas.catalogue import TOPIC_OF_TYPE
from stream.engine.dates import day_of
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound, Outgoing
from stream.translate.rejected import Rejected
from tests.contracts.test_examples import VALID, is_input, name_of, read
from tests.contracts.test_outbound import AN_ALERT
from tests.records import FakeRecord, binary_record, key_of, structured_record

INPUTS = [path for path in VALID if is_input(path)]


def sdk_event(event: dict[str, Any]) -> CloudEvent:
    """The event as the SDK holds it."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    attributes["specversion"] = "1.0"
    attributes["time"] = isoparse(attributes["time"])
    return CloudEvent(attributes, event["data"])


@pytest.mark.parametrize("encode", [to_binary, to_structured])
@pytest.mark.parametrize("path", INPUTS, ids=name_of)
def test_what_the_sdk_writes_is_decoded(path: Path, encode: Any) -> None:
    """An event that the official SDK wrote, in either mode, tells the fact that our own writing of it tells."""
    event = read(path)
    message = encode(sdk_event(event), JSONFormat(), key_mapper=lambda _event: key_of(event))
    record = FakeRecord(TOPIC_OF_TYPE[event["type"]].name, message.key, message.value, list(message.headers.items()))
    assert Inbound("Asia/Shanghai").decode(record) == Inbound("Asia/Shanghai").decode(structured_record(event))


def refused() -> Outgoing:
    """A dead letter."""
    return Outbound("Asia/Shanghai").dead_letter(
        binary_record(read(INPUTS[0])), Rejected(next(iter(type_of_codes())), "a message", "E1")
    )


def type_of_codes() -> Any:
    """The reason codes."""
    from schemas.rejections import RejectionCode

    return RejectionCode


@pytest.mark.parametrize(
    ("outgoing", "event_type", "subject"),
    [
        (Outbound("Asia/Shanghai").alert(AN_ALERT), "loan.overdue_started", "L-1"),
        (Outbound("Asia/Shanghai").day_opened(day_of("2024-02-16"), True)[0], "business_day.opened", None),
        (refused(), "message.rejected", None),
    ],
    ids=["alert", "day", "dead letter"],
)
def test_the_sdk_reads_what_we_write(outgoing: Outgoing, event_type: str, subject: str | None) -> None:
    """The official SDK reads each kind of our records in binary mode, attributes and data unharmed."""
    assert len(dict(outgoing.headers)) == len(outgoing.headers)
    message = KafkaMessage(headers=dict(outgoing.headers), key=None, value=outgoing.value)
    event = from_kafka(message, JSONFormat(), CloudEvent)
    assert event.get_type() == event_type
    assert event.get_subject() == subject
    assert event.get_specversion() == "1.0"
    assert event.get_source() == "urn:overdue-stream"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_dataschema() == f"urn:overdue-stream:schema:{event_type}:v1"
    assert event.get_time().utcoffset().total_seconds() == 0
    assert event.get_data() == json.loads(outgoing.value)
