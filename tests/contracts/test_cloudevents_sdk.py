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

from schemas.catalogue import MODEL_OF_TYPE, TOPIC_OF_TYPE
from schemas.envelope import dataschema_of
from stream.engine.dates import day_of
from stream.engine.feed import FeedAlert
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound, Outgoing
from stream.translate.rejected import Rejected
from tests.contracts.test_examples import VALID, is_input, name_of, read
from tests.contracts.test_outbound import AN_ALERT
from tests.records import FakeRecord, binary_record, key_of, structured_record
from tests.warning.bank import Bank
from tests.warning.test_borrower_agent import portfolio_events, signals_of

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


def said_by_both_agents() -> dict[str, Any]:
    """A record of each kind that the agents of a small bank send on their way through a spring, by event type."""
    bank = portfolio_events(Bank())
    bank.publish(*(event for _, event in signals_of(30))).settle()
    sent = [(one.value, one.headers) for one in bank.out if one.value is not None]
    day = day_of("2024-02-16")
    held = FeedAlert("0" * 32, "feed.held", 3, day, 20, 2, 18, (), "a-policy", ("business-day:2024-02-16",))
    outgoing = Outbound("Asia/Shanghai").feed_alert(held)
    return {dict(headers)["ce_type"].decode(): (value, headers) for value, headers in [*sent, outgoing[1:]]}


def test_the_sdk_reads_whatever_the_agents_say() -> None:
    """The official SDK reads alerts, standings, marks, early warnings and alerts of a feed, each by its contract."""
    found = said_by_both_agents()
    assert {"loan.overdue_started", "loan.cured", "loan.standing", "business_day.judged", "feed.held"} <= set(found)
    assert any(kind.startswith("early_warning.") for kind in found)
    for kind, (value, headers) in found.items():
        assert len(dict(headers)) == len(headers)
        event = from_kafka(KafkaMessage(headers=dict(headers), key=None, value=value), JSONFormat(), CloudEvent)
        assert event.get_type() == kind
        assert event.get_dataschema() == dataschema_of(kind)
        assert event.get_specversion() == "1.0"
        MODEL_OF_TYPE[kind].model_validate_json(value)
