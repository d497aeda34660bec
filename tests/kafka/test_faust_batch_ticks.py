"""Ticks wait for the records before them, come alone, and can be done in pieces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.kafka.faust_batch_harness import Case, NewCase, cases


@pytest.fixture
def new_case(kafka_bootstrap: str, make_topics: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[NewCase]:
    """Makes an app on topics of its own."""
    with cases(kafka_bootstrap, make_topics, tmp_path) as make:
        yield make


def ticks(case: Case) -> dict[int, list[tuple[str, int]]]:
    """Per partition: day and events seen before it, of each tick or piece of one."""
    found: dict[int, list[tuple[str, int]]] = {}
    for partition, values in case.outputs().items():
        parts = [value.split(":") for value in values if value.startswith("tick:")]
        found[partition] = [(day, int(seen)) for _, _, day, seen, _ in parts]
    return found


@pytest.mark.parametrize("carried", [True, False], ids=["carried-offsets", "looked-up"])
def test_tick_sees_exactly_the_events_before_it(new_case: NewCase, carried: bool) -> None:
    """In a catch-up, each tick comes after the events before it and before those after it, in both ways to know."""
    case = new_case("ticks", settings={"clock_skew_ms": 0})
    events = case.events(1200)
    for number in range(3):
        case.publish(events[number * 400 : (number + 1) * 400])
        case.publish_tick(f"day{number}", events[number * 400 + 399].at + 1, case.ends() if carried else None)
    late_tick_at = events[-1].at + 1000
    case.publish(case.events(100, first=5000))
    case.publish_tick("day3", late_tick_at, case.ends() if carried else None)
    worker = case.start()
    case.run_to_the_end(worker)
    assert worker.terminate() == 0
    each = [("day0", 100), ("day1", 200), ("day2", 300), ("day3", 300 if not carried else 325)]
    assert ticks(case) == dict.fromkeys(range(4), each)


def test_carried_offsets_rule_over_timestamps(new_case: NewCase) -> None:
    """With carried offsets even an event much younger than the tick comes before it, and an older one after it."""
    case = new_case("carried")
    young = [event._replace(at=event.at + 10**9) for event in case.events(80)]
    case.publish(young)
    case.publish_tick("day", young[0].at - 10**9, case.ends())
    case.publish(case.events(40, first=100))
    worker = case.start()
    case.run_to_the_end(worker)
    assert worker.terminate() == 0
    assert ticks(case) == {partition: [("day", 20)] for partition in range(4)}


def test_open_upstream_transaction_holds_the_tick_and_nothing_else_breaks(new_case: NewCase) -> None:
    """A tick waits for a transaction that was open when it was written; the worker reports it and lives on."""
    case = new_case("open", settings={"stall_timeout": 2.0, "open_transaction_after": 1.0})
    upstream = Producer({"bootstrap.servers": case.bootstrap, "transactional.id": f"{case.app_id}-upstream"})
    upstream.init_transactions(30)
    upstream.begin_transaction()
    upstream.produce(case.a, b"aborted", b"k000", 0)
    upstream.flush()
    upstream.abort_transaction(30)
    upstream.begin_transaction()
    upstream.produce(case.a, b"v1", b"k000", 0, timestamp=1_700_000_000_000)
    upstream.flush()
    case.publish_tick("day", 1_700_000_100_000)
    worker = case.start()
    worker.until("the report", lambda: worker.all("left_open"))
    worker.until(
        "a tick that waits longer than a stall", lambda: [w for w in worker.all("barrier_wait") if w["seconds"] > 3]
    )
    assert ticks(case)[0] == []
    assert ticks(case)[1] == [("day", 0)]
    upstream.commit_transaction(30)
    case.run_to_the_end(worker)  # markers and the aborted record included
    assert worker.terminate() == 0
    assert ticks(case)[0] == [("day", 1)]


def test_tick_in_pieces_comes_again_until_it_is_done(new_case: NewCase) -> None:
    """A repeated tick keeps its offset, sees what its pieces committed, and lets no record in between."""
    case = new_case("pieces", chunk=3)
    case.publish(case.events(200))
    case.publish_tick("day", case.events(200)[-1].at + 1, case.ends())
    case.publish(case.events(80, first=300))
    worker = case.start()
    case.run_to_the_end(worker)
    assert worker.terminate() == 0
    assert ticks(case) == {partition: [("day", 50)] * 4 for partition in range(4)}  # 10 keys, 3 at a time
    for values in case.outputs().values():
        where = [number for number, value in enumerate(values) if value.startswith("tick:")]
        assert where == list(range(50, 54))


def test_tick_goes_on_first_after_a_crash_in_its_middle(new_case: NewCase) -> None:
    """A worker that dies between two pieces of a tick: the next one finishes the tick before any record."""
    case = new_case("crash-in-tick", partitions=1, chunk=3, settings={"clock_skew_ms": 10**9})
    case.write_config({"clock_skew_ms": 10**9}, chunk=3, die_in_tick=str(case.folder / "died"))
    case.publish(case.events(80, keys=10))
    case.publish_tick("day", case.events(80)[-1].at + 1)
    first = case.start()
    assert first.wait() == 9
    assert case.committed()[case.ticks, 0] == 0
    older = [event._replace(at=event.at - 10_000) for event in case.events(40, keys=10, first=500)]
    case.publish(older)  # by a barrier looked up now, these would come before the rest of the tick
    second = case.start()
    case.run_to_the_end(second)
    assert second.terminate() == 0
    values = case.outputs()[0]
    where = [number for number, value in enumerate(values) if value.startswith("tick:")]
    assert where == [80, 81, 82, 83]
    assert len(values) == 80 + 4 + 40
    assert json.loads(json.dumps(ticks(case))) == {"0": [["day", 80]] * 4}
