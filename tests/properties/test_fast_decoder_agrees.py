"""What the fast path accepts, the judge accepts, and both tell the same fact.

The other way round is a question of speed only: whatever the fast path refuses, the judge decides. By hand, for longer:
`AGREEMENT_EXAMPLES=20000 pytest tests/properties/test_fast_decoder_agrees.py`.
"""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.translate.inbound import _UNDECIDED, Inbound
from stream.translate.judge import judge
from stream.translate.local_days import LocalDays
from stream.translate.rejected import Rejected
from tests.records import FakeRecord, binary_record, key_of, structured_record

EXAMPLES = int(os.environ.get("AGREEMENT_EXAMPLES", "1500"))
ZONE = "America/St_Johns"
"""Half an hour off, and the clocks there once changed at one minute past midnight."""

ROWS = [
    {"number": number, "due_date": f"2024-0{number}-15", "principal": 500, "interest": 7, "fee": 0, "penalty": 0}
    for number in (1, 2, 3)
]
DATA: dict[str, dict[str, Any]] = {
    "loan.repaid": {
        "loan_id": "L-1",
        "payment_id": "P1",
        "value_date": "2024-01-22",
        "amount": 100,
        "kind": "repayment",
        "installment": 3,
        "allocations": [{"installment": 1, "principal": 40, "interest": 7, "fee": 0, "penalty": 0}],
    },
    "loan.repayment_reversed": {
        "loan_id": "L-1",
        "payment_id": "P1",
        "reversal_id": "R1",
        "reversal_date": "2024-01-23",
    },
    "loan.disbursed": {
        "loan_id": "L-1",
        "borrower_id": "B1",
        "product": "cash",
        "segment": "retail",
        "currency": "CNY",
        "principal": 1500,
        "disbursement_date": "2023-12-15",
        "annual_rate": "0.12",
        "schedule": ROWS,
        "grace_days": 3,
        "guarantor_ids": ["G1", "G2"],
    },
    "loan.disbursement_cancelled": {"loan_id": "L-1", "cancellation_date": "2024-01-22"},
    "business_day.opened": {
        "business_date": "2024-01-22",
        "repayments_complete": True,
        "input_end_offsets": {"loans.repayments": 5, "loans.disbursements": 0},
    },
}

odd_texts = st.one_of(
    st.text(max_size=70),
    st.dates().map(str),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@+=/-]{0,8}\n?", fullmatch=True),
    st.sampled_from(
        ["20240122", "2024-W04-1", "2024-1-2", "2024-02-30", "2024-01-22T00:00:00", "1705881600", "recovery"]
    ),
    st.sampled_from(
        ["0000-01-01", "1900-01-01", "1899-12-31", "2199-12-31", "2200-01-01", "２０２４-01-22", "2024-01-22 "]
    ),
    st.sampled_from(
        ["0.12", "12", "1e2", "", "-1", "CNY\n", "USD", "P" * 64, "P" * 65, "P\n", "L-1", 'P"1', "P\\1", "é"]
    ),
)
odd_numbers = st.one_of(
    st.integers(-3, 5),
    st.integers(-(2**70), 2**70),
    st.sampled_from([10**15, 10**15 + 1, 9999, 10_000, 365, 366, 2**63]),
)
odd_values = st.one_of(
    odd_texts,
    odd_numbers,
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(odd_numbers, max_size=2),
    st.just([]),
    st.dictionaries(st.text(max_size=3), odd_numbers, max_size=2),
    st.lists(st.sampled_from(ROWS), max_size=4),
)
odd_literals = st.sampled_from(
    ["1e2", "100.0", "-0", "1E400", "0.1e1", "00", "+1", "NaN", "Infinity", "9" * 25, "9" * 60, "[[]]", "tru"]
) | st.sampled_from(
    ['"\\ud800"', '"\\u0041"', '"P\\n"', '"\\"', '"a\\"b"', "[" * 200 + "]" * 200, "[" * 3000 + "]" * 3000]
)
times = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "+08:00"),
    st.integers(0, 7199).map(lambda n: f"1990-10-28T0{2 + n // 3600}:{n % 3600 // 60:02}:{n % 60:02}Z"),
    st.sampled_from(
        ["2024-01-22T08:00:00", "2024-01-22T08:00:60Z", "2024-01-22T24:00:00Z", "2024-01-22 08:00:00Z", "soon"]
    ),
    st.sampled_from(
        ["2024-01-22T08:00:00.9999999Z", "2024-01-22t08:00:00z", "2024-01-22T08:00:00-00:00", "2024-01-22T08Z"]
    ),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in nested data."""
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in list(items):
        found.append((value, key))
        if isinstance(child, dict | list):
            found.extend(places(child))
    return found


@st.composite
def records(draw: st.DrawFn) -> FakeRecord:
    """A good record of some type and mode, with up to three things changed."""
    kind = draw(st.sampled_from(sorted(DATA)))
    data = copy.deepcopy(DATA[kind])
    for name in draw(st.lists(st.sampled_from(["kind", "installment", "allocations", "grace_days", "guarantor_ids"]))):
        data.pop(name, None)
    event: dict[str, Any] = {"specversion": "1.0", "id": "E1", "source": "/a", "type": kind, "subject": "L-1"}
    event |= {"time": "2024-01-22T08:00:00Z", "datacontenttype": "application/json", "data": data}
    literal = None
    for change in draw(st.lists(st.sampled_from(["value", "drop", "add", "literal", "time", "attribute"]), max_size=3)):
        container, key = draw(st.sampled_from(places(data) or [(data, "loan_id")]))
        if change == "value":
            container[key] = copy.deepcopy(draw(odd_values))
        elif change == "drop" and isinstance(container, dict):
            container.pop(key, None)
        elif change == "add":
            data[draw(st.sampled_from(["note", "Amount", "data", "id"]))] = copy.deepcopy(draw(odd_values))
        elif change == "literal":
            container[key], literal = "@@", draw(odd_literals)
        elif change == "time":
            event["time"] = draw(times)
        elif change == "attribute":
            event[draw(st.sampled_from(["id", "subject", "source", "traceparent"]))] = draw(odd_texts)
    return finish(draw, event, literal)


def finish(draw: st.DrawFn, event: dict[str, Any], literal: str | None) -> FakeRecord:
    """The bytes of an event, perhaps with a literal, a repeated key or a broken byte in them."""
    try:
        record = draw(st.sampled_from([structured_record, binary_record]))(event)
    except UnicodeEncodeError:
        record = structured_record(event | {"data": {}, "id": "E1", "subject": "L-1", "source": "/a"})
    text = record.value or b""
    if literal is not None:
        text = text.replace(b'"@@"', literal.encode())
    injury = draw(st.sampled_from(["none"] * 6 + ["repeat", "byte", "space", "key", "escape"]))
    if injury == "repeat":
        repeated = draw(
            st.sampled_from([b'"amount": 100', b'"loan_id": "L-1"', b'"kind": "refund"', b'"installment": null'])
        )
        position = draw(st.sampled_from([at for at, byte in enumerate(text) if byte == ord("{")] or [0]))
        text = text[: position + 1] + repeated + b", " + text[position + 1 :]
    elif injury == "byte" and text:
        position = draw(st.integers(0, len(text) - 1))
        text = text[:position] + draw(st.binary(max_size=2)) + text[position + 1 :]
    elif injury == "space":
        text = text.replace(b": ", b" :\n")
    elif injury == "escape":
        text = text.replace(b'"kind"', b'"k\\u0069nd"').replace(b'"amount"', b'"\\u0061mount"')
    elif injury == "key":
        record = record._replace(key=draw(st.sampled_from([None, b"L-2", b"", b"\xff"])))
    return record._replace(value=text)


@pytest.fixture(scope="module")
def inbound() -> Inbound:
    """An Inbound whose fast path knows the layout of every type in both modes."""
    found = Inbound(ZONE)
    for kind, data in DATA.items():
        event = {"specversion": "1.0", "id": "E1", "source": "/a", "type": kind, "subject": "L-1"}
        event |= {"time": "2024-01-22T08:00:00Z", "datacontenttype": "application/json", "data": data}
        for more in ({}, {"traceparent": "00-1"}):
            for make in (binary_record, structured_record):
                found.decode(make(event | more))
    return found


def test_what_the_fast_path_accepts_the_judge_accepts_with_the_same_fact(inbound: Inbound) -> None:
    """The fast path never accepts what the contract refuses, and never reads another value."""
    days = LocalDays(ZONE)
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(records())
    def agree(record: FakeRecord) -> None:
        try:
            fast = inbound._decode_fast(record)
        except _UNDECIDED:
            fast = None
        try:
            slow = judge(record, record.topic, days).fact
        except Rejected:
            slow = None
        seen["fast" if fast is not None else "slow only" if slow is not None else "neither"] += 1
        if fast is not None:
            assert fast == slow
            assert type(fast) is type(slow)

    agree()
    assert seen["fast"] >= EXAMPLES // 10, f"too few messages reach the fast path: {seen}"
    assert seen["neither"] >= EXAMPLES // 10, f"too few bad messages: {seen}"


@pytest.mark.parametrize("kind", sorted(DATA))
@pytest.mark.parametrize("make", [binary_record, structured_record])
def test_a_good_message_of_every_type_and_mode_takes_the_fast_path(inbound: Inbound, kind: str, make: Any) -> None:
    """A good message never needs the judge, once its producer is known."""
    event = {"specversion": "1.0", "id": "E2", "source": "/a", "type": kind, "subject": "L-1"}
    event |= {"time": "2024-01-23T08:00:00Z", "datacontenttype": "application/json", "data": DATA[kind]}
    key = key_of(event)
    if make is binary_record and key is not None:
        event["subject"] = key.decode()
    assert inbound._decode_fast(make(event)) is not None
    assert json.dumps(event)
