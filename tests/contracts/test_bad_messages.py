"""Bad messages: each is refused under its own reason, in words that give nothing of it away."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

import stream.engine
from schemas.rejections import RejectionCode
from stream.engine.facts import Disbursed, Repaid
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.rejected import Rejected
from tests.bad_messages import BadMessage, as_json, bad_messages, ce_headers, disbursement, repayment
from tests.contracts.test_outbound import valid_data
from tests.records import FakeRecord

BAD = bad_messages()
CANARY = "6222021234567890123"
"""A card number that must not appear in what is said about a message."""


def record_of(bad: BadMessage) -> FakeRecord:
    """The bad message as a record."""
    return FakeRecord(bad.topic, bad.key, bad.value, bad.headers)


def a_repayment(value: bytes | None = None, **changes: Any) -> FakeRecord:
    """A good repayment, with data or the whole value changed."""
    data = as_json(repayment("L-1", **changes)) if value is None else value
    return FakeRecord("loans.repayments", b"L-1", data, ce_headers("loan.repaid"))


@pytest.fixture
def experienced() -> Inbound:
    """An Inbound that has seen good messages of this producer, so that its fast path is awake."""
    inbound = Inbound("Asia/Shanghai")
    assert isinstance(inbound.decode(a_repayment()), Repaid)
    loan = FakeRecord("loans.disbursements", b"L-1", as_json(disbursement("L-1")), ce_headers("loan.disbursed"))
    assert isinstance(inbound.decode(loan), Disbursed)
    return inbound


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_message_is_refused_for_its_reason(bad: BadMessage, experienced: Inbound) -> None:
    """A bad message is refused under its reason code, by a fresh process and by one that knows the producer."""
    for inbound in (Inbound("Asia/Shanghai"), experienced):
        with pytest.raises(Rejected) as refused:
            inbound.decode(record_of(bad))
        assert refused.value.reason_code == bad.code
        assert refused.value.event_id in ("bad-1", None)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_message_makes_a_valid_dead_letter(bad: BadMessage) -> None:
    """Every bad message fits into a dead letter that satisfies its schema."""
    record = record_of(bad)
    with pytest.raises(Rejected) as refused:
        Inbound("Asia/Shanghai").decode(record)
    data = valid_data(Outbound("Asia/Shanghai").dead_letter(record, refused.value))
    assert data["reason_code"] == bad.code


def test_the_catalogue_has_every_code_that_a_single_message_can_earn() -> None:
    """Only what a loan's history forbids has no bad message here."""
    needs_history = set(RejectionCode) - {bad.code for bad in BAD} - {RejectionCode.DATE_BEFORE_DISBURSEMENT}
    assert all(not code.startswith(("json", "id_", "date_", "time_", "header")) for code in needs_history)
    assert len({bad.code for bad in BAD}) >= 45
    assert len({bad.name for bad in BAD}) == len(BAD) >= 100


def test_neighbours_of_bad_messages_are_exact(experienced: Inbound) -> None:
    """In a batch, each bad message is refused in its place and each good one tells its fact."""
    batch = [record for bad in BAD for record in (a_repayment(payment_id="P1"), record_of(bad))]
    found = experienced.decode_many(batch)
    expected = experienced.decode(a_repayment(payment_id="P1"))
    assert found[::2] == [expected] * len(BAD)
    assert [refused.reason_code for refused in found[1::2] if isinstance(refused, Rejected)] == [b.code for b in BAD]


@pytest.mark.parametrize("name", ["payment_id", "value_date", "kind", "amount", "installment", "allocations"])
def test_a_refusal_repeats_nothing_of_the_message(name: str, experienced: Inbound) -> None:
    """The message of a refusal names field and rule, never the value: it may be personal data."""
    with pytest.raises(Rejected) as refused:
        experienced.decode(a_repayment(**{name: f"{CANARY} {CANARY}"}))
    assert CANARY not in f"{refused.value} {refused.value.message} {refused.value!r}"
    assert f"data.{name}" in refused.value.message


def test_a_refusal_repeats_no_name_that_the_sender_made_up(experienced: Inbound) -> None:
    """Keys of a free object are the sender's own words and stay out of the message, too."""
    data = {"business_date": "2024-03-16", "repayments_complete": True, "input_end_offsets": {CANARY: -1}}
    record = FakeRecord("business-days", b"2024-03-16", as_json(data), ce_headers("business_day.opened"))
    with pytest.raises(Rejected) as refused:
        experienced.decode(record)
    assert CANARY not in str(refused.value)
    assert refused.value.__cause__ is None


def test_unknown_fields_are_ignored_at_any_place(experienced: Inbound) -> None:
    """A field that a later version adds is no reason to refuse."""
    assert experienced.decode(a_repayment(note={"a": [1, 2, {"b": None}]})) == experienced.decode(a_repayment())


def test_a_known_field_is_read_however_its_name_is_written(experienced: Inbound) -> None:
    """A name with an escape in it is the name that it spells, never an unknown one."""
    value = as_json(repayment("L-1", kind="refund")).replace(b'"kind"', b'"k\\u0069nd"')
    assert experienced.decode(a_repayment(value)) == experienced.decode(a_repayment(kind="refund"))


def test_the_wrong_topic_is_refused_only_where_there_is_a_topic(experienced: Inbound) -> None:
    """An event from a file, which has no topic, is judged by its type alone."""
    record = a_repayment()
    assert experienced.decode(record._replace(topic="")) == experienced.decode(record)
    with pytest.raises(Rejected) as refused:
        experienced.decode(record._replace(topic="loans.disbursements"))
    assert refused.value.reason_code == RejectionCode.TYPE_NOT_ON_TOPIC


def test_a_prefix_stands_before_every_topic() -> None:
    """With a prefix, records of prefixed topics are decoded as those of the catalogue's topics."""
    prefixed = Inbound("Asia/Shanghai", topic_prefix="test.").decode(
        a_repayment()._replace(topic="test.loans.repayments")
    )
    assert prefixed == Inbound("Asia/Shanghai").decode(a_repayment())


@pytest.mark.parametrize(
    "value",
    [
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        b"[" * 200_000,
        b'{"amount":1E+1000000}',
        b'{"amount":' + b"9" * 250_000 + b"}",
        b'{"loan_id":"' + b"\\u0041" * 40_000 + b'"}',
        b'{"' + b'a":1,"' * 40_000 + b'b":1}',
        as_json({"loan_id": "L-1", "note": [[]] * 80_000}),
        as_json({"loan_id": "L-1", "note": [[]] * 9_990}),
    ],
    ids=[
        "nested objects",
        "open brackets",
        "exponent",
        "digits",
        "escapes",
        "repeated keys",
        "many lists",
        "lists below the limit",
    ],
)
def test_no_small_message_takes_long(value: bytes, experienced: Inbound) -> None:
    """A message made to be slow costs at most 50 ms of CPU per 64 KiB, and so a quarter of a second."""
    started = time.process_time()
    with pytest.raises(Rejected):
        experienced.decode(a_repayment(value))
    assert time.process_time() - started < 0.25


def test_a_producer_is_known_by_all_of_its_headers(experienced: Inbound) -> None:
    """Headers that differ from the known layout in any place are judged anew, never taken for the known ones."""
    good = a_repayment()
    swapped = [*good.headers]
    swapped[1], swapped[4] = ("ce_time", swapped[1][1]), ("ce_id", swapped[4][1])
    with pytest.raises(Rejected) as refused:
        experienced.decode(good._replace(headers=swapped))
    assert refused.value.reason_code == RejectionCode.TIME_INVALID
    with pytest.raises(Rejected) as refused:
        experienced.decode(good._replace(headers=[*good.headers[:-1], ("content-type", b"text/plain")]))
    assert refused.value.reason_code == RejectionCode.CONTENT_TYPE_UNSUPPORTED
    with pytest.raises(Rejected) as refused:
        experienced.decode(
            good._replace(headers=[("ce_when" if name == "ce_time" else name, v) for name, v in good.headers])
        )
    assert refused.value.reason_code == RejectionCode.ATTRIBUTE_MISSING
    traced = good._replace(headers=[*good.headers, ("traceparent", b"00-1")])
    assert experienced.decode(traced) == experienced.decode(good)
    with pytest.raises(Rejected) as refused:
        experienced.decode(traced._replace(headers=[*good.headers, ("ce_type", b"00-1")]))
    assert refused.value.reason_code == RejectionCode.HEADER_REPEATED
    null_id: Any = [(name, None if name == "ce_id" else value) for name, value in good.headers]
    with pytest.raises(Rejected) as refused:
        experienced.decode(good._replace(headers=null_id))
    assert refused.value.reason_code == RejectionCode.HEADER_INVALID


def test_structured_json_without_any_header_is_an_event(experienced: Inbound) -> None:
    """A structured event is known by its envelope where the content type is missing or plain JSON."""
    data = repayment("L-1")
    event = {"id": "bad-1", "source": "/s", "type": "loan.repaid", "time": "2024-03-16T01:30:00Z", "data": data}
    expected = experienced.decode(a_repayment())
    for headers in ([], [("content-type", b"application/json; charset=UTF-8")], [("traceparent", b"00-1")]):
        record = FakeRecord("loans.repayments", b"L-1", json.dumps(event).encode(), headers)
        assert experienced.decode(record) == expected
        assert experienced.decode(record) == expected


def test_every_refusal_of_the_engine_has_a_code_with_a_meaning() -> None:
    """What the engine can refuse is in the list of reason codes, so that no dead letter fails for want of its code."""
    sources = (path.read_text("utf-8") for path in Path(stream.engine.__path__[0]).rglob("*.py"))
    refused = {code for source in sources for code in re.findall(r"Refused\(\"(\w+)\"\)", source)}
    assert len(refused) >= 20
    assert refused <= set(RejectionCode)
