"""How a producer lays out the headers of its events, so that the next one needs no look-ups by name.

A producer writes the headers of one type of event in one order. The judge reads the first such event by name; from it a
layout is kept: where the headers lie whose values vary, and what all the others must be. A record fits the layout when,
with the varying headers taken out, it equals it in full, names, values and order; so nothing is there that was not
judged before, and nothing is there twice.
"""

from __future__ import annotations

from typing import Final

from stream.translate.quick import Quick
from stream.translate.raw_headers import shape_of
from stream.translate.records import CONTENT_TYPE, DATASCHEMA, ID, SOURCE, SPECVERSION, SUBJECT, TIME, TYPE, Headers

_CONSTANT: Final = frozenset({SPECVERSION, SOURCE, TYPE, DATASCHEMA, CONTENT_TYPE})
_VARYING: Final = frozenset({ID, TIME, SUBJECT})
MAX_OTHER_BYTES: Final = 200
"""A varying header that nobody reads is larger: the judge decides. 64 of them stay within the judge's bounds."""


class Layout:
    """The headers of one producer's events of one type; places are indexes.

    length: how many headers there are.
    others: places and names of headers that nobody reads, such as a trace's.
    constant: all headers, None in the places of those that vary.
    shape: of the headers as bytes, see raw_headers.py; empty where headers vary that nobody reads.
    raw_id, raw_time, raw_subject: places among the values that vary.
    decode, fact: as in `Quick`.
    """

    __slots__ = (
        "constant",
        "decode",
        "fact",
        "id_at",
        "length",
        "others",
        "raw_id",
        "raw_subject",
        "raw_time",
        "shape",
        "subject_at",
        "time_at",
    )

    def __init__(
        self,
        constant: list[tuple[str, bytes] | None],
        others: tuple[tuple[int, str], ...],
        shape: list[bytes],
        place: dict[str, int],
        rank: dict[str, int],
        quick: Quick,
    ) -> None:
        """`place`: of the varying headers that are read, by name; `rank`: their places among the values that vary."""
        self.length = len(constant)
        self.id_at, self.time_at, self.subject_at = place[ID], place[TIME], place.get(SUBJECT)
        self.others = others
        self.constant = constant
        self.shape = shape
        self.raw_id, self.raw_time, self.raw_subject = rank[ID], rank[TIME], rank.get(SUBJECT)
        self.decode, self.fact = quick

    def is_like(self, other: Layout) -> bool:
        """Whether the same records fit both."""
        if (self.id_at, self.time_at, self.subject_at) != (other.id_at, other.time_at, other.subject_at):
            return False
        return self.others == other.others and self.constant == other.constant


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
    shape = [] if others else shape_of(headers, varying)
    return Layout(constant, tuple(others), shape, place, rank, quick)


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
