"""How a producer lays out the headers of its events, so that the next one needs no look-ups by name.

A producer writes the headers of one type of event in one order. The judge reads the first such event by name; from it a
layout is kept: where the headers lie whose values vary, and what all the others must be. A record fits the layout when,
with the varying headers taken out, it equals it in full, names, values and order; so nothing is there that was not
judged before, and nothing is there twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from stream.translate.quick import FactOf, Quick
from stream.translate.raw_headers import shape_of
from stream.translate.records import CONTENT_TYPE, DATASCHEMA, ID, SOURCE, SPECVERSION, SUBJECT, TIME, TYPE, Headers

_CONSTANT: Final = frozenset({SPECVERSION, SOURCE, TYPE, DATASCHEMA, CONTENT_TYPE})
_VARYING: Final = frozenset({ID, TIME, SUBJECT})
MAX_OTHER_BYTES: Final = 200
"""A varying header that nobody reads is larger: the judge decides. 64 of them stay within the judge's bounds."""


class Layout(NamedTuple):
    """The headers of one producer's events of one type; places are indexes."""

    length: int
    """How many headers there are."""
    id_at: int
    time_at: int
    subject_at: int | None
    others: tuple[tuple[int, str], ...]
    """Places and names of headers that nobody reads, such as a trace's."""
    constant: list[tuple[str, bytes] | None]
    """All headers, None in the places of those that vary."""
    shape: list[bytes]
    """Of the headers as bytes, see raw_headers.py; empty where headers vary that nobody reads."""
    raw_id: int
    raw_time: int
    raw_subject: int | None
    """Places among the values that vary."""
    decode: Callable[[bytes], Any]
    fact: FactOf
    """As in `Quick`."""


def layout_of(headers: Headers, quick: Quick) -> Layout:
    """The layout of a judged record in binary mode."""
    place: dict[str, int] = {}
    others: list[tuple[int, str]] = []
    constant: list[tuple[str, bytes] | None] = [None] * len(headers)
    for index, (name, value) in enumerate(headers):
        if name in _CONSTANT:
            constant[index] = (name, value)
        elif name in _VARYING:
            place[name] = index
        else:
            others.append((index, name))
    varying = sorted(place.values())
    rank = {name: varying.index(index) for name, index in place.items()}
    return Layout(
        len(headers), place[ID], place[TIME], place.get(SUBJECT), tuple(others), constant,
        [] if others else shape_of(headers, varying), rank[ID], rank[TIME], rank.get(SUBJECT),
        *quick,
    )  # fmt: skip


def others_hold(others: tuple[tuple[int, str], ...], rest: list[tuple[str, bytes] | None]) -> bool:
    """Whether the headers that nobody reads have the layout's names and are small; takes them out of `rest`."""
    for index, name in others:
        header = rest[index]
        if header is None or header[0] != name:
            return False
        value: bytes | None = header[1]  # a header's value may be null
        if value is None or len(value) > MAX_OTHER_BYTES or not value.isascii():
            return False
        rest[index] = None
    return True
