"""The fast path of each event type: a decoder derived from the contract, and the few checks that it leaves.

A repeated JSON key is found by counting double quotes: a message whose fields are all known and there once has exactly
as many as its names and texts need, and each repetition, each unknown field and each escaped quote adds more. Where
there are more, the whole JSON is read strictly, so that nothing is skipped unread: at four times the cost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple, Union

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from schemas.catalogue import MODEL_OF_TYPE, TOPICS
from schemas.envelope import Envelope
from schemas.types import FIRST_DATE, ID_PATTERN, LAST_DATE
from stream.engine.dates import Day
from stream.engine.facts import Allocation, DayOpened, Disbursed, DisbursementCancelled, Fact, Repaid, RepaymentReversed
from stream.engine.money import DUE, NUMBER, TOTAL
from stream.translate import facts
from stream.translate.fast import fast_struct
from stream.translate.rejected import Rejected
from stream.translate.strict_json import read_object

_FIRST: Final = FIRST_DATE.toordinal()
_LAST: Final = LAST_DATE.toordinal()
_ID: Final = re.compile(ID_PATTERN.removesuffix("$")).fullmatch
_new: Final = tuple.__new__


class Undecided(Exception):  # noqa: N818  (not an error: the judge decides)
    """The fast path does not say yes."""


FactOf = Callable[[str, Day, bytes | None, Any, int, bytes], Fact | DayOpened]


class Quick(NamedTuple):
    """The fast path of one event type."""

    decode: Callable[[bytes], Any]
    """Bytes of the data to the derived type."""
    fact: FactOf
    """Checked event id, local day of its time, key, decoded data, the double quotes in the data, and the value that it
    came in, to the fact; raises Undecided."""


def _check_surplus(quotes: int, value: bytes) -> None:
    """More double quotes than the known fields need: unknown fields are well, a repeated key is not."""
    if not quotes:
        return
    try:
        read_object(value)
    except Rejected:
        raise Undecided from None


def _repaid(event_id: str, recorded: Day, key: bytes | None, data: Any, quotes: int, value: bytes) -> Repaid:
    loan_id, payment_id, date, amount, kind, installment, rows = astuple(data)
    value_date = date.toordinal()
    quotes -= 14  # names: 4 * 2; texts: loan_id, payment_id, value_date
    if kind is UNSET:
        kind = "repayment"
    else:
        quotes -= 4
    if installment is UNSET:
        installment = None
    else:
        quotes -= 2
    if rows is UNSET:
        rows = None
    else:
        rows, in_rows = _allocations(rows, amount)
        quotes -= 2 + in_rows
    if quotes:
        _check_surplus(quotes, value)
    if key is None or key != loan_id.encode() or not _FIRST <= value_date <= _LAST:
        raise Undecided
    if not (key.isalnum() or _ID(loan_id)) or not ((payment_id.isascii() and payment_id.isalnum()) or _ID(payment_id)):
        raise Undecided
    # as Repaid(...) does, in half its time
    return _new(Repaid, (event_id, recorded, loan_id, payment_id, value_date, amount, kind, installment, rows))


def _allocations(rows: Any, amount: int) -> tuple[tuple[Allocation, ...] | None, int]:
    """The core's allocation, at most the amount, and the double quotes in it."""
    if not rows:
        return None, 0
    if sum(row.principal + row.interest + row.fee + row.penalty for row in rows) > amount:
        raise Undecided
    return facts.allocations(rows), 10 * len(rows)


def _reversed(
    event_id: str, recorded: Day, key: bytes | None, data: Any, quotes: int, value: bytes
) -> RepaymentReversed:
    fact = facts.repayment_reversed(event_id, recorded, data)
    _check_surplus(quotes - 16, value)
    if key != fact.loan_id.encode() or not _FIRST <= fact.reversal_date <= _LAST:
        raise Undecided
    return fact


def _disbursed(event_id: str, recorded: Day, key: bytes | None, data: Any, quotes: int, value: bytes) -> Disbursed:
    try:
        fact = facts.disbursed(event_id, recorded, data)
    except TypeError:  # a component of an installment was left out, UNSET can't be added: the judge knows its default
        raise Undecided from None
    # 9 names; texts: loan_id, borrower_id, product, segment, currency, disbursement_date, annual_rate; 6 names and a
    # text in each row
    quotes -= 32 + 14 * len(fact.schedule)
    if data.grace_days is not UNSET:
        quotes -= 2
    if data.guarantor_ids is not UNSET:
        quotes -= 2 + 2 * len(fact.guarantor_ids)
    _check_surplus(quotes, value)
    if key != fact.loan_id.encode() or not _FIRST <= fact.disbursement_date <= _LAST:
        raise Undecided
    _check_schedule(fact.schedule)
    return fact


def _check_schedule(rows: list[list[int]]) -> None:
    """In order of due date and number, numbers rise; no row is empty, no date outside the range."""
    if not (_FIRST <= rows[0][DUE] and rows[-1][DUE] <= _LAST and all(row[TOTAL] for row in rows)):
        raise Undecided
    if any(earlier[NUMBER] >= later[NUMBER] for earlier, later in pairwise(rows)):
        raise Undecided


def _cancelled(
    event_id: str, recorded: Day, key: bytes | None, data: Any, quotes: int, value: bytes
) -> DisbursementCancelled:
    fact = facts.disbursement_cancelled(event_id, recorded, data)
    _check_surplus(quotes - 8, value)
    if key != fact.loan_id.encode() or not _FIRST <= fact.cancellation_date <= _LAST:
        raise Undecided
    return fact


def _day_opened(event_id: str, recorded: Day, key: bytes | None, data: Any, quotes: int, value: bytes) -> DayOpened:
    fact = facts.day_opened(event_id, recorded, data)
    quotes -= 6
    if data.input_end_offsets is not UNSET:
        quotes -= 2 + 2 * len(fact.input_end_offsets or ())
    _check_surplus(quotes, value)
    if not _FIRST <= fact.business_date <= _LAST:
        raise Undecided
    if key != data.business_date.isoformat().encode():  # any key will do, but a usual one is looked at quickly
        raise Undecided
    return fact


def structured_quotes(event: Any) -> int:
    """Double quotes in the envelope of a structured event, without those in its data."""
    quotes = 18  # names: id, source, type, time, data; texts: the first four
    if event.specversion is not UNSET:
        quotes += 4
    for text in (event.subject, event.datacontenttype, event.dataschema):
        if text is not UNSET:
            quotes += 2 if text is None else 4
    return quotes


_FACTS: Final[Mapping[str, FactOf]] = {
    "loan.disbursed": _disbursed,
    "loan.disbursement_cancelled": _cancelled,
    "loan.repaid": _repaid,
    "loan.repayment_reversed": _reversed,
    "business_day.opened": _day_opened,
}

_DATA_OF_TYPE: Final[Mapping[str, type[msgspec.Struct]]] = {
    kind: fast_struct(
        MODEL_OF_TYPE[kind],
        by_hand=frozenset(
            {"loan_id", "payment_id", "allocations_fit"} if kind == "loan.repaid" else {"schedule_makes_sense"}
        ),
    )
    for kind in _FACTS
}

QUICK_OF_TYPE: Final[Mapping[str, Quick]] = {
    kind: Quick(msgspec.json.Decoder(data).decode, _FACTS[kind]) for kind, data in _DATA_OF_TYPE.items()
}
"""By event type; types that are rare have none: the judge decides each."""


def _structured(kind: str) -> type[msgspec.Struct]:
    """The derived type of a whole structured event; the caller checks id, source, time and dataschema."""
    return fast_struct(
        Envelope,
        by_hand=frozenset({"id", "source"}),
        instead={"time": str},
        extra={"data": _DATA_OF_TYPE[kind]},
        tag=kind,
    )


def _structured_decoder(kinds: Iterable[str]) -> Callable[[bytes], Any]:
    """A decoder of structured events of these types; one that decides nothing where none has a fast path."""
    structs = tuple(_structured(kind) for kind in kinds if kind in QUICK_OF_TYPE)
    return msgspec.json.Decoder(Union[structs]).decode if structs else _undecided  # noqa: UP007


def _undecided(_value: bytes) -> Any:
    raise Undecided


STRUCTURED_OF_TOPIC: Final[Mapping[str, Callable[[bytes], Any]]] = {
    topic.name: _structured_decoder(topic.types) for topic in TOPICS if topic.is_input
} | {"": _structured_decoder(QUICK_OF_TYPE)}
"""Decoder of structured events by topic; empty: of any input topic."""
