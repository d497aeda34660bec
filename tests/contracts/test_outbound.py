"""What goes out: alerts, dead letters and business days, each valid under its published schema."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from schemas.catalogue import MODEL_OF_TYPE
from schemas.rejections import RejectionCode
from stream.engine.dates import day_of
from stream.engine.facts import DayOpened
from stream.engine.feed import FeedRules, Shortfall, held
from stream.engine.findings import Alert, Reason
from stream.faust_batch import TaskSettings
from stream.translate.inbound import Inbound
from stream.translate.lines import parse_line
from stream.translate.outbound import Outbound, Outgoing, structured
from stream.translate.rejected import Rejected
from tests.records import FakeRecord

AN_ALERT = Alert(
    id="4f1c2a9e0b7d48c6a3e5f7091b2d4c6e",
    kind="loan.overdue_started",
    loan_id="L-1",
    borrower_id="B-1",
    product="cash",
    currency="CNY",
    as_of=day_of("2024-02-16"),
    days_past_due=1,
    delinquent_days=1,
    previous_bucket=None,
    bucket="M1",
    overdue=(396035, 12000, 5, 1),
    outstanding_principal=1200000,
    oldest_due_date=day_of("2024-02-15"),
    episode=1,
    reasons=(Reason("days_past_due", 1, 0),),
    policy_version="cn-2026-01",
    causes=("business-day:2024-02-16",),
    supersedes=None,
)


def valid_data(outgoing: Outgoing) -> dict[str, Any]:
    """The data of a record of ours, held to the model of its type and its published schema."""
    from tests.contracts.test_examples import schema

    event_type = dict(outgoing.headers)["ce_type"].decode()
    data: dict[str, Any] = json.loads(outgoing.value)
    MODEL_OF_TYPE[event_type].model_validate(data)
    schema(event_type).validate(data)
    return data


def test_an_alert_carries_every_figure_in_the_contracts_words() -> None:
    """An alert's key is the loan, its headers tell id, loan and local midnight of its day, its data all figures."""
    outgoing = Outbound("Asia/Shanghai").alert(AN_ALERT)
    assert outgoing.key == b"L-1"
    assert outgoing.headers == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"4f1c2a9e0b7d48c6a3e5f7091b2d4c6e"),
        ("ce_source", b"urn:overdue-stream"),
        ("ce_type", b"loan.overdue_started"),
        ("ce_subject", b"L-1"),
        ("ce_time", b"2024-02-15T16:00:00Z"),  # midnight of 16 February in Shanghai, eight hours ahead of UTC
        ("ce_dataschema", b"urn:overdue-stream:schema:loan.overdue_started:v1"),
        ("content-type", b"application/json"),
    ]
    data = valid_data(outgoing)
    assert data["as_of"] == "2024-02-16"
    assert data["overdue"] == {"principal": 396035, "interest": 12000, "fee": 5, "penalty": 1, "total": 408041}
    assert data["oldest_due_date"] == "2024-02-15"
    assert data["episode_id"] == "L-1:1"
    assert data["reasons"] == [{"code": "days_past_due", "observed": 1, "threshold": 0}]
    assert data["causes"] == ["business-day:2024-02-16"]
    assert "supersedes" not in data


@pytest.mark.parametrize("kind", ["loan.overdue_started", "loan.bucket_changed", "loan.cured"])
def test_every_kind_of_alert_is_valid(kind: str) -> None:
    """Each kind of alert satisfies its schema, with everything null that may be."""
    bare = AN_ALERT._replace(kind=kind, bucket=None, oldest_due_date=None, episode=0, overdue=(0, 0, 0, 0), reasons=())
    data = valid_data(Outbound("Asia/Shanghai").alert(bare))
    assert data["episode_id"] is None
    assert data["oldest_due_date"] is None


def test_a_correction_names_what_it_supersedes() -> None:
    """`loan.alert_corrected` is valid and carries the id of the alert that no longer holds."""
    earlier = "0" * 32
    corrected = AN_ALERT._replace(kind="loan.alert_corrected", supersedes=earlier)
    assert valid_data(Outbound("Asia/Shanghai").alert(corrected))["supersedes"] == earlier


def test_alerts_of_servicing_say_what_they_are_about() -> None:
    """A notice names its installment, a class its scheme, a pause its days, a recovery its amount."""
    outbound = Outbound("Asia/Shanghai")
    notice = AN_ALERT._replace(kind="loan.due_soon", installment=3)
    assert valid_data(outbound.alert(notice))["installment"] == 3
    classified = AN_ALERT._replace(
        kind="loan.classification_changed",
        classifications="cn_five_class_2023:special_mention ifrs9:stage_1",
        classification=("cn_five_class_2023", "special_mention", ""),
    )
    data = valid_data(outbound.alert(classified))
    assert data["classifications"] == {"cn_five_class_2023": "special_mention", "ifrs9": "stage_1"}
    assert (data["scheme"], data["classification"]) == ("cn_five_class_2023", "special_mention")
    assert data["previous_classification"] is None
    paused = AN_ALERT._replace(kind="loan.pause_changed", pause=(day_of("2024-02-16"), day_of("2024-03-15"), True))
    assert valid_data(outbound.alert(paused))["pause"] == {
        "start_date": "2024-02-16",
        "end_date": "2024-03-15",
        "active": True,
    }
    recovered = AN_ALERT._replace(kind="loan.recovery_received", reasons=(Reason("recovery_received", 500, None),))
    assert valid_data(outbound.alert(recovered))["recovered"] == 500


def test_an_alert_about_a_feed_names_its_partition() -> None:
    """`feed.held` is keyed by its partition, tells what was due and met, and names no loan."""
    found = held(3, day_of("2024-02-16"), Shortfall(2310, 402, 2102), FeedRules(), "cn-2026-01")
    outgoing = Outbound("Asia/Shanghai").feed_alert(found)
    assert outgoing.key == b"partition-3"
    assert dict(outgoing.headers)["ce_subject"] == b"partition-3"
    assert valid_data(outgoing) == {
        "partition": 3,
        "as_of": "2024-02-16",
        "installments_due": 2310,
        "installments_met": 402,
        "installments_met_usually": 2102,
        "reasons": [{"code": "repayments_fall_short", "observed": 402, "threshold": 1051}],
        "policy_version": "cn-2026-01",
        "causes": ["business-day:2024-02-16"],
    }


def test_a_dead_letter_keeps_the_record_as_it_was() -> None:
    """A dead letter carries text as text, other bytes as base64, and an id made of position and reason."""
    record = FakeRecord(
        "loans.repayments", b"L-1", b'{"amount":0}', [("ce_id", b"E1"), ("x", b"\xff")], 3, 815, 1710552600123
    )
    rejected = Rejected(RejectionCode.AMOUNT_TOO_SMALL, "data.amount: too small", "E1")
    outgoing = Outbound("Asia/Shanghai").dead_letter(record, rejected)
    headers = dict(outgoing.headers)
    expected = sha256(b"loans.repayments|3|815|amount_too_small").hexdigest()[:32]
    assert headers["ce_id"] == expected.encode()
    assert headers["ce_time"] == b"2024-03-16T01:30:00.123Z"
    assert outgoing.key == b"L-1"
    assert valid_data(outgoing) == {
        "reason_code": "amount_too_small",
        "message": "data.amount: too small",
        "topic": "loans.repayments",
        "partition": 3,
        "offset": 815,
        "timestamp": 1710552600123,
        "event_id": "E1",
        "key": "L-1",
        "value": '{"amount":0}',
        "headers": [{"name": "ce_id", "value": "E1"}, {"name": "x", "value_base64": "/w=="}],
    }


ALMOST_A_MEBIBYTE = 1_040_000
BATCH_BYTES = TaskSettings().max_batch_bytes


@pytest.mark.parametrize(
    ("key", "value", "headers", "kept"),
    [
        (b"L-1", b"\0" * 262_144, [], True),
        (b"L-1", b"\xff" * 350_000, [], True),
        (b"\xff" * 350_000, b"{}", [], True),
        (b"\0" * 350_000, b"{}", [], True),
        (b"L-1", b"\0" * ALMOST_A_MEBIBYTE, [], False),
        (b"L-1", b"\xff" * ALMOST_A_MEBIBYTE, [], False),
        (b"L-1", b"{" * ALMOST_A_MEBIBYTE, [], False),
        (b"\xff" * ALMOST_A_MEBIBYTE, b"{}", [], False),
        (b"L-1", b"{}", [("h", b"\xff" * ALMOST_A_MEBIBYTE)], False),
        (b"L-1", b"{}", [("", b"")] * 100_000, False),
    ],
)
def test_a_dead_letter_fits_into_a_batch_whatever_the_record_held(
    key: bytes, value: bytes, headers: list[tuple[str, bytes]], kept: bool
) -> None:
    """No message that a topic takes stops a worker by its size: where it is too large, only its place is said."""
    record = FakeRecord("loans.repayments", key, value, headers, 3, 815, 1710552600123)
    outgoing = Outbound("Asia/Shanghai").dead_letter(record, Rejected(RejectionCode.VALUE_TOO_LARGE))
    sizes = [len(outgoing.key or b""), len(outgoing.value), *(len(name) + len(text) for name, text in outgoing.headers)]
    assert sum(sizes) < BATCH_BYTES - 10_000
    data = valid_data(outgoing)
    assert (data["topic"], data["partition"], data["offset"]) == ("loans.repayments", 3, 815)
    assert ("left_out_bytes" in data) == (not kept)


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"", None, "还款".encode(), b'"\\ud800"', b"\x00" * 5])
def test_any_bytes_fit_into_a_dead_letter(value: bytes | None) -> None:
    """Whatever the refused value was, the dead letter is valid and gives the bytes back."""
    record = FakeRecord("loans.repayments", value, value, [("h", value)] if value is not None else [])
    data = valid_data(Outbound("Asia/Shanghai").dead_letter(record, Rejected(RejectionCode.NOT_UTF8)))
    for name in ("key", "value"):
        text, raw = data.get(name), data.get(f"{name}_base64")
        found = base64.b64decode(raw) if raw is not None else None if text is None else text.encode()
        assert found == value


def test_a_day_that_we_open_is_one_that_we_decode() -> None:
    """The record that opens a day decodes to that day, at local midnight plus the posting lag."""
    day = day_of("2024-03-16")
    outgoing, timestamp = Outbound("Asia/Shanghai").day_opened(day, True, {"loans.repayments": 4711}, 1800)
    valid_data(outgoing)
    record = FakeRecord("business-days", outgoing.key, outgoing.value, outgoing.headers)
    fact = Inbound("Asia/Shanghai").decode(record)
    assert fact == DayOpened("business-day:2024-03-16", day, True, {"loans.repayments": 4711})
    assert dict(outgoing.headers)["ce_time"] == b"2024-03-15T16:30:00Z"
    assert datetime.fromtimestamp(timestamp / 1000, UTC) == datetime(2024, 3, 15, 16, 30, tzinfo=UTC)


def test_a_structured_line_holds_topic_key_and_the_whole_event() -> None:
    """The replay form of a record is one line of JSON with the CloudEvent in structured mode."""
    outgoing = Outbound("Asia/Shanghai").alert(AN_ALERT)
    line = structured("loans.overdue", *outgoing)
    assert b"\n" not in line
    found = json.loads(line)
    assert list(found) == ["topic", "key", "value"]
    assert (found["topic"], found["key"]) == ("loans.overdue", "L-1")
    event = found["value"]
    assert event["specversion"] == "1.0"
    assert event["id"] == AN_ALERT.id
    assert event["datacontenttype"] == "application/json"
    assert event["data"] == json.loads(outgoing.value)


def test_a_line_that_we_wrote_is_one_that_we_read() -> None:
    """A day opened, written as a line of a file, decodes to the same fact."""
    outgoing, timestamp = Outbound("Asia/Shanghai").day_opened(day_of("2024-03-16"), False)
    line = parse_line(structured("business-days", *outgoing) + b"\n", 7)
    assert (line.topic, line.key, line.offset, line.timestamp) == ("business-days", b"2024-03-16", 7, timestamp)
    assert Inbound("Asia/Shanghai").decode(line) == DayOpened(
        "business-day:2024-03-16", day_of("2024-03-16"), False, None
    )
