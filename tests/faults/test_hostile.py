"""No message costs more than its share, and whatever bytes come, the answer is a fact or a reason code."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.rejections import RejectionCode
from stream.offline_batch import Batch
from stream.translate.inbound import Inbound
from stream.translate.rejected import Rejected
from stream.translate.strict_json import MAX_VALUE_BYTES
from tests.agent_table import Table, disbursed, serviced
from tests.agent_table import paid as repaid
from tests.faults.hostile import Hostile, corpus
from tests.records import FakeRecord, binary_record, structured_record

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))
MOST_SECONDS = 0.005
MOST_BYTES = 10 << 20
TRIES = 7
CORPUS = list(corpus())


def new_batch(table: Table) -> Batch:
    """A task without loans."""
    store: dict[bytes, bytes] = {}
    return Batch(store, table.agent.open_task(table.partition, store))


def take(table: Table, batch: Batch, record: FakeRecord) -> None:
    """One batch of this record alone."""
    batch.records, batch.sent = [record], []
    table.agent.process(batch)


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_no_message_costs_more_than_its_share(hostile: Hostile) -> None:
    """From bytes to dead letter or alert: 5 ms of CPU at most and 10 MiB, whatever the message holds."""
    table = Table(breaker_limit=10**6)
    take(table, new_batch(table), hostile.record)
    best = 1.0
    for _ in range(TRIES):
        batch = new_batch(table)
        started = time.thread_time()
        take(table, batch, hostile.record)
        best = min(best, time.thread_time() - started)
    batch = new_batch(table)
    tracemalloc.start()
    take(table, batch, hostile.record)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert best <= MOST_SECONDS * (2 if is_busy() else 1), f"{best * 1000:.1f} ms"
    assert peak <= MOST_BYTES, f"{peak / (1 << 20):.1f} MiB"


def is_busy() -> bool:
    """Whether others share the processors: a step then takes up to twice its time, though only its own is counted."""
    return os.getloadavg()[0] > (os.cpu_count() or 1)


@pytest.mark.parametrize(("more", "code"), [(0, None), (1, "value_too_large")])
def test_a_value_may_be_as_large_as_the_limit_and_not_a_byte_more(more: int, code: str | None) -> None:
    """A good payment is filled up with white space to 256 KiB: it counts; one byte more is refused."""
    table = Table()
    batch = new_batch(table)
    take(table, batch, binary_record(disbursed(due="2024-02-15")))
    good = binary_record(repaid("2024-01-20"))
    assert good.value is not None
    size = MAX_VALUE_BYTES + more
    filled = good.value[:-1] + b" " * (size - len(good.value)) + b"}"
    take(table, batch, good._replace(value=filled))
    refused = [json.loads(sent.value or b"")["reason_code"] for sent in batch.sent if sent.topic == "dead-letters"]
    assert refused == ([code] if code else [])


GOOD = [
    disbursed(),
    repaid("2024-01-20"),
    serviced("schedule_revised", schedule_version=2, effective_date="2024-01-20", reason="extension", schedule=[]),
    serviced("charge_posted", charge_id="C", kind="fee", due_date="2024-02-02", amount=5),
    serviced("delinquency_paused", start_date="2024-02-04", end_date="2024-02-20"),
    serviced("written_off", effective_date="2024-01-20"),
]
ODD_TEXTS = ("", "x" * 65, "2024-02-30", "0001-01-01", "9999-12-31", "\uff11\uff12", "NaN", "\u0000", "\u03a9")
ODD_NUMBERS = (0, -1, 10**15, 10**15 + 1, 2**63, 1.5, -0.0, 1e308)
ODD_OTHERS: tuple[Any, ...] = (True, None, [], {}, [[]], {"a": {}})
ODD = st.sampled_from([*ODD_TEXTS, *ODD_NUMBERS, *ODD_OTHERS])


@st.composite
def changed_events(draw: st.DrawFn) -> FakeRecord:
    """A good event with some of its parts replaced, left out or added, in either mode."""
    event: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(GOOD))))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from([event, event["data"]])) if isinstance(event.get("data"), dict) else event
        name = draw(st.sampled_from([*place, "added"]))
        if draw(st.integers(0, 3)):
            place[name] = draw(ODD)
        else:
            place.pop(name, None)
    if draw(st.booleans()) and isinstance(event.get("data"), dict):
        return binary_record(event)
    return structured_record(event)


@st.composite
def changed_bytes(draw: st.DrawFn) -> FakeRecord:
    """A good record with some bytes of value, key or a header changed, cut off or put in."""
    record = draw(st.sampled_from([binary_record, structured_record]))(draw(st.sampled_from(GOOD)))
    value = bytearray(record.value or b"")
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(value)))
        end = min(len(value), place + draw(st.sampled_from([0, 1, 1, 1, 2, 8, 10**6])))
        value[place:end] = draw(st.binary(max_size=3))
    headers = [
        (name, draw(st.binary(max_size=8)) if draw(st.integers(0, 9)) == 0 else text) for name, text in record.headers
    ]
    key = draw(st.sampled_from([record.key, record.key, record.key, None, b"", b"\xff", b"L2"]))
    return FakeRecord(record.topic, key, bytes(value), headers)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        changed_events(), changed_bytes(), st.builds(FakeRecord, st.just("loans.repayments"), st.binary(), st.binary())
    )
)
def test_whatever_comes_is_a_fact_or_has_a_reason_code(record: FakeRecord) -> None:
    """Fuzz of the contract: no other error, and well below 50 ms; by hand: FUZZ_EXAMPLES=10000."""
    inbound = Inbound("Asia/Shanghai")
    started = time.thread_time()
    answer: object
    try:
        answer = inbound.decode(record)
    except Rejected as rejected:
        answer = rejected.reason_code if rejected.reason_code in RejectionCode else None
    assert answer is not None
    assert time.thread_time() - started < 0.05
