"""The worker's own reader of records and headers: the same records, and headers left as bytes until asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream.faust_batch.raw_records import RawRecord, read_records
from stream.translate.inbound import Inbound
from stream.translate.raw_headers import shape_of, varying_values
from stream.translate.records import Headers
from tests.records import FakeRecord, binary_record

nullable = st.none() | st.binary(max_size=3) | st.binary(min_size=60, max_size=200)
headers = st.lists(st.tuples(st.text(max_size=5) | st.text(min_size=60, max_size=70), nullable), max_size=4)
written = st.tuples(st.integers(0, 2**41), nullable, nullable, headers)


def batch_of(records: list[tuple[Any, ...]], *, base: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 1, 7, 0, 0, 1 << 20)
    for number, (timestamp, key, value, its_headers) in enumerate(records):
        builder.append(number, timestamp, key, value, its_headers)
    return base.to_bytes(8, "big") + bytes(builder.build()[8:])


def told(records: Any) -> list[tuple[Any, ...]]:
    return [(one.offset, one.timestamp, one.key, one.value, list(one.headers)) for one in records]


@settings(max_examples=60, deadline=None)
@given(st.lists(written, min_size=1, max_size=5), st.integers(0, 2**62))
def test_records_are_what_was_written_and_what_aiokafka_reads(records: list[tuple[Any, ...]], base: int) -> None:
    """Keys, values and headers of any length or none, times before the first record's, large offsets."""
    data = batch_of(records, base=base)
    found = read_records("t", 3, data)
    assert told(found) == [(base + number, *record) for number, record in enumerate(records)]
    assert told(found) == told(DefaultRecordBatch(data))
    assert {(one.topic, one.partition) for one in found} == {("t", 3)}


def test_broker_that_sets_the_time_sets_it_for_all_records() -> None:
    """message.timestamp.type=LogAppendTime: each record has the batch's largest time, whatever it says itself."""
    data = bytearray(batch_of([(1000, b"k", b"v", []), (900, b"k", b"v", [])]))
    data[22] |= 0x08
    data[35:43] = (5000).to_bytes(8, "big")
    assert [one.timestamp for one in read_records("t", 0, bytes(data))] == [5000, 5000]


@settings(max_examples=100, deadline=None)
@given(st.integers(57, 200), st.integers(0, 255))
def test_damaged_batch_is_an_error_or_still_in_bounds(place: int, byte: int) -> None:
    """No byte that is changed makes the reader take one record's bytes for another's in silence, or hang."""
    data = bytearray(batch_of([(1000, b"key", b"value", [("name", b"x")])] * 5))
    data[max(place % len(data), 57)] = byte
    try:
        found = read_records("t", 0, bytes(data))
    except (ValueError, IndexError):
        return
    assert sum(len(one.key or b"") + len(one.value or b"") + len(one.raw_headers) for one in found) < len(data)


EVENT = {
    "specversion": "1.0",
    "id": "E1",
    "source": "/a",
    "type": "loan.repaid",
    "subject": "L-1",
    "time": "2024-01-22T08:00:00Z",
    "datacontenttype": "application/json",
    "data": {"loan_id": "L-1", "payment_id": "P1", "value_date": "2024-01-22", "amount": 100, "kind": "repayment"},
}


def raw(record: FakeRecord) -> RawRecord:
    [read] = read_records(record.topic, 0, batch_of([(1000, record.key, record.value, list(record.headers))]))
    return read


def taught() -> Inbound:
    """It has seen one such event."""
    found = Inbound("UTC")
    found.decode(binary_record(EVENT))
    return found


def test_event_of_a_known_layout_is_decoded_without_its_headers_being_read() -> None:
    """The values that vary are taken out of the bytes: there are no headers here to read."""
    read = raw(binary_record(EVENT | {"id": "E22", "time": "2024-01-23T09:10:11Z"}))
    only = SimpleNamespace(topic=read.topic, key=read.key, value=read.value, raw_headers=read.raw_headers)
    assert taught().decode(only).event_id == "E22"  # type: ignore[arg-type, union-attr]


CHANGES: dict[str, Any] = {
    "another source": {"source": "/b"},
    "another type": {"type": "loan.repaid.v2"},
    "subject of another loan": {"subject": "L-2"},
    "subject that is no id": {"subject": "L 1"},
    "an id as long as there may be": {"id": "E" * 128},
    "an id that is too long": {"id": "E" * 129},
    "an id with a space": {"id": "E 1"},
    "no id": {"id": ""},
    "a time that is none": {"time": "soon"},
    "a header more": {"traceparent": "00-1"},
    "another version": {"specversion": "1.1"},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES.keys())
def test_headers_as_bytes_are_judged_as_headers_are(changed: dict[str, str]) -> None:
    """The fact, or the refusal, is the same as for the record whose headers were read."""
    record = binary_record(EVENT | changed)
    [expected], [found] = taught().decode_many([record]), taught().decode_many([raw(record)])
    assert repr(found) == repr(expected)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.binary(max_size=70)), max_size=5),
    st.sets(st.integers(0, 4)),
    st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.binary(max_size=70)), max_size=5),
)
@example([("a", b"x")], {0}, [("a", None)])
def test_shape_holds_exactly_for_headers_that_differ_only_where_they_may(
    known: Headers, places: set[int], other: Headers
) -> None:
    """Values come back only where every name, every other value and the order are the same."""
    varying = sorted(place for place in places if place < len(known))
    shape = shape_of(known, varying)
    for candidate in (known, other):
        encoded = read_records("t", 0, batch_of([(0, None, None, list(candidate))]))[0].raw_headers
        same = len(candidate) == len(known) and all(
            one[0] == its[0] and (place in varying or one[1] == its[1])
            for place, (one, its) in enumerate(zip(candidate, known, strict=True))
        )
        short = same and all(candidate[place][1] is not None and len(candidate[place][1]) < 64 for place in varying)
        assert varying_values(encoded, shape) == ([candidate[place][1] for place in varying] if short else None)
