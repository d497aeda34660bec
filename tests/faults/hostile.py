"""Messages that are made to cost: time by their depth, length or number of parts, memory by what they unfold to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from stream.translate.strict_json import MAX_VALUE_BYTES
from tests import stories
from tests.records import FakeRecord, binary_record, structured_record

LIMIT = MAX_VALUE_BYTES


class Hostile(NamedTuple):
    """One of them."""

    name: str
    record: FakeRecord


def _disbursed(rows: int) -> stories.Event:
    schedule = [stories.an_installment(n + 1, "2030-01-01", 10**9, 10**9, 10**9, 10**9) for n in range(rows)]
    return stories.disbursed(schedule, "2024-01-15")


def _repaid(**data: object) -> stories.Event:
    return stories.repaid("P1", 100, "2024-01-20") | {
        "data": stories.repaid("P1", 100, "2024-01-20")["data"] | data,
    }


def _filled(start: bytes, part: bytes, end: bytes, size: int = LIMIT) -> bytes:
    """As many of a part as fit between start and end."""
    count = (size - len(start) - len(end)) // len(part)
    return start + part * count + end


def values() -> Iterator[tuple[str, bytes]]:
    """Values that are JSON, or nearly, as large as they may be."""
    yield "open brackets", b"[" * LIMIT
    yield "open objects", _filled(b"", b'{"a":', b"")
    yield "nested arrays, closed", b"[" * (LIMIT // 2) + b"]" * (LIMIT // 2)
    yield "nested objects, closed", b'{"a":' * 40_000 + b"1" + b"}" * 40_000
    yield "one long string", _filled(b'{"loan_id":"', b"x", b'"}')
    yield "escapes", _filled(b'{"loan_id":"', b"\\u0041", b'"}')
    yield "lone surrogates", _filled(b'{"loan_id":"', b"\\ud800", b'"}')
    yield "backslashes", _filled(b'{"loan_id":"', b"\\\\", b'"}')
    yield "one long number", _filled(b'{"amount":', b"9", b"}")
    yield "one long fraction", _filled(b'{"amount":0.', b"1", b"}")
    yield "a huge exponent", b'{"amount":1e999999999}'
    yield "many numbers", _filled(b'{"amount":[', b"1,", b"1]}")
    yield "many empty objects", _filled(b'{"schedule":[', b"{},", b"{}]}")
    yield "one key again and again", _filled(b"{", b'"a":1,', b'"a":1}')
    yield "many keys", b"{" + b",".join(b'"k%d":0' % n for n in range(20_000)) + b"}"
    yield "white space", _filled(b"{", b" ", b"}")
    yield "zero bytes", b"\0" * LIMIT
    yield "broken UTF-8", b"\xff" * LIMIT
    yield "byte order marks", b"\xef\xbb\xbf" * (LIMIT // 3)
    yield "not a number", b'{"amount":NaN}'
    yield "one byte too many", b" " * (LIMIT + 1)
    yield "a mebibyte", b"[" * (1 << 20)


def corpus() -> Iterator[Hostile]:
    """All of them; each is to be refused or applied like any other message."""
    plain = binary_record(_repaid())
    for name, value in values():
        yield Hostile(name, plain._replace(value=value))
        yield Hostile(f"{name}, structured", plain._replace(value=value, headers=structured_record(_repaid()).headers))
    yield Hostile("the longest schedule", binary_record(_disbursed(1_200)))
    yield Hostile("a schedule too long by one", binary_record(_disbursed(1_201)))
    row = {"installment": 1, "principal": 1, "interest": 0, "fee": 0, "penalty": 0}
    yield Hostile("many allocations", binary_record(_repaid(allocations=[row] * 3_500)))
    yield Hostile("unknown fields", binary_record(_repaid(**{f"x{n}": n for n in range(9_000)})))
    yield Hostile("a field as deep as allowed", plain._replace(value=json.dumps(_deep(95)).encode()))
    yield Hostile("a long key", plain._replace(key=b"L" * LIMIT))
    yield Hostile("a long id", binary_record(_repaid() | {"id": "x" * 4_000}))
    usual = list(plain.headers)
    yield Hostile("many headers", plain._replace(headers=[*usual, *((f"h{n}", b"") for n in range(10_000))]))
    yield Hostile("one header many times", plain._replace(headers=usual * 10))
    yield Hostile("long headers", plain._replace(headers=[*usual, *((f"h{n}", b"x" * 4_000) for n in range(50))]))
    yield Hostile("a header of a mebibyte", plain._replace(headers=[*usual, ("h", b"x" * (1 << 20))]))
    yield Hostile("a long header name", plain._replace(headers=[*usual, ("h" * (1 << 16), b"x")]))


def _deep(levels: int) -> object:
    found: object = 1
    for _ in range(levels):
        found = {"a": found}
    return found
