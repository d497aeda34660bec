"""What a table holds is checked before a task runs on it; what can't be read is said, and never guessed at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.agents.state_check import check_state
from stream.offline import OfflineRun
from stream.policy_file import parse_policy
from stream.translate.lines import parse_line
from stream.translate.partition import partition_of
from stream.translate.state import FORMAT, StateError, load, load_whole, store
from tests import stories

PARTITIONS = 4


@cache
def states() -> Mapping[bytes, bytes]:
    """Loans with some life behind them, as a task keeps them."""
    run = OfflineRun(parse_policy('version = "test"\n'), open_days=True)
    rows = [stories.an_installment(number, f"2024-0{number}-10", 1_000, 50) for number in range(1, 5)]
    told = [stories.disbursed(rows, "2024-01-01", f"L{number}") for number in range(12)]
    told += [stories.repaid(f"P{number}", 700, "2024-01-20", f"L{number}") for number in range(8)]
    told += [stories.repaid(f"Q{number}", 350, "2024-02-12", f"L{number}") for number in range(4)]
    for number, event in enumerate(told):
        list(run.event(parse_line(json.dumps(event).encode(), number)))
    run.open_until(stories.a_day("2024-03-15").toordinal())
    return {key: value for key, value in run.table.items() if key[0]}


def of_partition(partition: int) -> dict[bytes, bytes]:
    return {key: value for key, value in states().items() if partition_of(key, PARTITIONS) == partition}


@given(st.data())
def test_a_state_cut_short_is_always_told(data: st.DataObject) -> None:
    """Whatever of the figures is missing at the end: StateError, and no loan."""
    raw = data.draw(st.sampled_from(sorted(states().values())))
    with pytest.raises(StateError, match="another app id"):
        load(raw[: data.draw(st.integers(0, load(raw).later_at - 1))])


@given(st.data())
def test_a_state_with_other_bytes_is_a_loan_or_an_error(data: st.DataObject) -> None:
    """One to five bytes changed anywhere: no other error than StateError. (Kafka's checksum tells of all others.)"""
    raw = bytearray(data.draw(st.sampled_from(sorted(states().values()))))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(StateError):
        load(bytes(raw))


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_told(raw: bytes) -> None:
    """Not even random bytes raise anything else; and none of them is a loan."""
    with pytest.raises(StateError):
        load(raw)


def test_what_was_written_is_read_again() -> None:
    """A state that is read and stored again is the same, byte for byte."""
    for raw in states().values():
        assert store(*load_whole(raw)) == raw


def test_a_newer_format_is_refused_when_the_task_opens() -> None:
    """A release that is set back ends with a sentence on the state of the newer one, not with nonsense."""
    key, raw = next(iter(of_partition(0).items()))
    newer = raw[:6] + bytes([FORMAT + 1]) + raw[7:]
    with pytest.raises(StateError, match=r"partition 0: .*Run the release"):
        check_state({key: newer}, 0, PARTITIONS, strict=True)


def test_a_sound_table_is_taken() -> None:
    """An empty one as well."""
    for table in ({}, of_partition(1)):
        check_state(table, 1, PARTITIONS, strict=True)


def test_loans_of_another_partition_are_refused_unless_events_may_come_there() -> None:
    """A changelog copied to a topic with other partitions; with misrouted = count, loans may lie anywhere."""
    with pytest.raises(StateError, match=r"belong to other partitions of 4"):
        check_state(of_partition(1), 0, PARTITIONS, strict=True)
    check_state(of_partition(1), 0, PARTITIONS, strict=False)


def test_a_loan_under_the_id_of_another_is_refused() -> None:
    """Nobody is chased for somebody else's loan."""
    (one, first), (other, second), *_ = of_partition(0).items()
    with pytest.raises(StateError, match="under the id of another"):
        check_state({one: second, other: first}, 0, PARTITIONS, strict=True)
