"""JSON that means one thing: no repeated keys, no NaN, no endless numbers, no bottomless nesting."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from schemas.rejections import RejectionCode
from stream.translate.rejected import Rejected

MAX_VALUE_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 100
MAX_PARTS: Final = 10_000
"""Brackets before anything is parsed: a schedule needs 1,202, and each part costs time and memory."""
MAX_COMMAS: Final = 15_000
"""The same for members of objects and lists: the longest schedule has 8,400."""
MAX_NUMBER_LENGTH: Final = 40
_CONFLUENT_MAGIC: Final = 0


def read_object(value: bytes | None) -> dict[str, Any]:
    """The JSON object of a record's value.

    Raises:
        Rejected: The value is none.
    """
    if value is None:
        raise Rejected(RejectionCode.VALUE_MISSING)
    if not value.strip():
        raise Rejected(RejectionCode.VALUE_EMPTY)
    if value[0] == _CONFLUENT_MAGIC:
        raise Rejected(RejectionCode.CONFLUENT_WIRE_FORMAT)
    parts = value.count(b"[") + value.count(b"{")
    if parts > MAX_PARTS or value.count(b",") > MAX_COMMAS:
        raise Rejected(RejectionCode.JSON_TOO_MANY_PARTS)
    found = _parse(value)
    if not isinstance(found, dict):
        raise Rejected(RejectionCode.JSON_NOT_OBJECT)
    if parts > MAX_DEPTH:
        _refuse_depth(found)
    return found


def _parse(value: bytes) -> Any:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise Rejected(RejectionCode.NOT_UTF8) from None
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise Rejected(RejectionCode.JSON_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise Rejected(_syntax_code(text, error)) from None


def _syntax_code(text: str, error: json.JSONDecodeError) -> RejectionCode:
    """Truncated: an object was begun and the text ends before it does."""
    text = text.rstrip()
    unfinished = not text.endswith("}") or error.pos >= len(text)
    if text.lstrip().startswith("{") and unfinished and not error.msg.startswith("Extra data"):
        return RejectionCode.JSON_TRUNCATED
    return RejectionCode.JSON_INVALID


def _refuse_depth(found: Any) -> None:
    """Level by level, so that the answer does not hang on how deep the caller's own stack is."""
    level, depth = [found], 1
    while level:
        if depth > MAX_DEPTH:
            raise Rejected(RejectionCode.JSON_TOO_DEEP)
        children = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]
        level = [child for child in children if isinstance(child, dict | list)]
        depth += 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Rejected(RejectionCode.JSON_KEY_REPEATED)
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        raise Rejected(RejectionCode.NUMBER_TOO_LONG)
    return int(text)


def _fraction(text: str) -> float:
    if len(text) > MAX_NUMBER_LENGTH:
        raise Rejected(RejectionCode.NUMBER_TOO_LONG)
    number = float(text)
    if not math.isfinite(number):
        raise Rejected(RejectionCode.NUMBER_NOT_FINITE)
    return number


def _constant(_name: str) -> Any:
    raise Rejected(RejectionCode.NUMBER_NOT_FINITE)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
