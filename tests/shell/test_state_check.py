"""What a table holds is checked before a task runs on it; what can't be read is said, and never guessed at."""

from __future__ import annotations

import json
from base64 import b64decode
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
    """Whatever is missing at the end: StateError, and no loan."""
    raw = data.draw(st.sampled_from(sorted(states().values())))
    with pytest.raises(StateError, match="another app id"):
        load(raw[: data.draw(st.integers(0, len(raw) - 1))])


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


OF_THE_FIRST_FORMAT = b64decode(
    "AAtGdAAA3AAiokwxpEItTDGpY2FzaF9sb2FupnJldGFpbKNDTlnOAAtGRv+gkpcBzgALRk/NAV4AAADNBBqXAs4AC0ZuzQPoMgAA"
    "zQQaujMgNzM4OTU1IDEwMDAgNTAgMCAwIDEwNTAKlgAAzQkuZAAAAM4AC0ZZolAxzQK8oAEKzgALRnMkJM4AC0ZPok0yvU0xIDcz"
    "ODg5NiA3Mzg5MjYKTTIgNzM4OTI2IDAKAc4AC0ZQJM4AC0Zut2J1c2luZXNzLWRheToyMDI0LTAyLTE1xAxswhPekU+8qkOgAXQA"
    "xOVEIGRpc2J1cnNlZC1MMQpTIDEgNzM4ODk1IDEwMDAgNTAgMCAwIDEwNTAKUyAyIDczODkyNiAxMDAwIDUwIDAgMCAxMDUwClMg"
    "MyA3Mzg5NTUgMTAwMCA1MCAwIDAgMTA1MApBIDczODg5NiAxIE0xIDEgYTFjZWZlMWM5Yzk5NGFkMGU2OWQ5Mzc0YmQxN2QwOTYg"
    "LQpwIDczODkwNSAwIDcwMCBQMSByZXBhaWQtUDEKQSA3Mzg5MjYgMSBNMiAxIGQ4ZGViOTU0OWUxNDVlMTVmYjljYTE3MTVkYThj"
    "MzkxIC0K2T5jbl9maXZlX2NsYXNzXzIwMjM6c3BlY2lhbF9tZW50aW9uIHBib2NfYnVyZWF1OjIgaWZyczk6c3RhZ2VfMsA="
)
"""Three installments of 10.50 due on the 10th of January to March 2024; 7.00 paid on the 20th of January; judged on the
15th of February by the release that wrote this format."""


def test_state_of_the_first_format_is_read() -> None:
    """What an earlier release has written is the same loan: figures, journal and the installments to come."""
    loan = load(OF_THE_FIRST_FORMAT)
    assert (loan.loan_id, loan.days_past_due, loan.bucket) == ("L1", 36, "M2")  # January has 31 days
    assert [row[2:6] for row in loan.rows] == [[350, 0, 0, 0], [1_000, 50, 0, 0]]  # interest was paid first
    assert loan.later == f"3 {stories.a_day('2024-03-10').toordinal()} 1000 50 0 0 1050\n"
    assert [line[:1] for line in loan.journal.splitlines()] == [b"D", b"S", b"S", b"S", b"A", b"p", b"A"]
    again = load(store(loan, 738_932, 3))
    assert (again.later, again.journal, again.rows) == (loan.later, loan.journal, loan.rows)
