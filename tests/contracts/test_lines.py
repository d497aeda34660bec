"""Lines of a file: bare events, wrapped events, and lines that are neither."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from schemas.rejections import RejectionCode
from stream.engine.facts import Repaid
from stream.translate.inbound import Inbound
from stream.translate.lines import parse_line
from stream.translate.rejected import Rejected
from tests.bad_messages import repayment

EVENT = {
    "id": "E1",
    "source": "/s",
    "type": "loan.repaid",
    "time": "2024-03-16T01:30:00.250Z",
    "data": repayment("L-1"),
}
MILLISECONDS = int(datetime(2024, 3, 16, 1, 30, tzinfo=UTC).timestamp()) * 1000 + 250


def test_a_bare_event_finds_its_topic_key_and_time() -> None:
    """A line with one structured event becomes a record on the topic of its type, keyed by its loan."""
    line = parse_line(json.dumps(EVENT).encode() + b"\r\n", 41)
    assert (line.topic, line.key, line.offset, line.timestamp) == ("loans.repayments", b"L-1", 41, MILLISECONDS)
    assert isinstance(Inbound("Asia/Shanghai").decode(line), Repaid)


def test_a_wrapped_event_keeps_the_topic_and_key_that_it_came_with() -> None:
    """A line `{"topic", "key", "value"}` becomes a record with that topic and key, right or wrong."""
    wrapped = json.dumps({"key": "L-2", "value": EVENT, "topic": "loans.repayments"}).encode()
    line = parse_line(wrapped)
    assert (line.topic, line.key, line.timestamp) == ("loans.repayments", b"L-2", MILLISECONDS)
    with pytest.raises(Rejected) as refused:
        Inbound("Asia/Shanghai").decode(line)
    assert refused.value.reason_code == RejectionCode.KEY_IS_NOT_LOAN_ID


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", RejectionCode.VALUE_EMPTY),
        (b"{", RejectionCode.JSON_TRUNCATED),
        (b"[]", RejectionCode.JSON_NOT_OBJECT),
        (b"\xff", RejectionCode.NOT_UTF8),
        (b"[" * 3000, RejectionCode.JSON_TOO_DEEP),
        (b'{"topic":"x"}', RejectionCode.ATTRIBUTE_MISSING),
        (b'{"topic":"loans.repayments","key":null,"value":7}', RejectionCode.JSON_NOT_OBJECT),
        (json.dumps(EVENT | {"type": "loan.forgotten"}).encode(), RejectionCode.TYPE_UNKNOWN),
        (json.dumps(EVENT | {"type": "loan.standing"}).encode(), RejectionCode.TYPE_NOT_ON_TOPIC),
        (json.dumps(EVENT | {"time": "soon"}).encode(), RejectionCode.TIME_INVALID),
        (json.dumps(EVENT | {"data": 7}).encode(), RejectionCode.DATA_NOT_OBJECT),
    ],
)
def test_a_bad_line_is_refused_when_it_is_decoded(text: bytes, code: RejectionCode) -> None:
    """Whatever a line holds, parsing it gives a record, and decoding that says what is wrong."""
    line = parse_line(text)
    with pytest.raises(Rejected) as refused:
        Inbound("Asia/Shanghai").decode(line)
    assert refused.value.reason_code == code
