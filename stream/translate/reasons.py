"""From what pydantic says of a message to the reason code and the sentence that a person gets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from schemas.rejections import RejectionCode
from stream.translate.rejected import Rejected

MONEY_FIELDS: Final = frozenset(
    {
        *("amount", "principal", "interest", "fee", "penalty"),
        *("balance", "cash_advance", "debt", "debt_over_90_days", "expected_loss", "exposure", "gambling", "limit"),
        *("minimum_due", "paid"),
    }
)
_CODES: Final[dict[str, RejectionCode]] = {code.value: code for code in RejectionCode}
_FREE_NAMES: Final = frozenset({"input_end_offsets"})
"""Objects whose keys are the sender's own: their names stay out of messages."""


def rejected_attributes(error: ValidationError) -> Rejected:
    """The refusal of an envelope."""
    first = _first(error)
    name = str(first["loc"][0])
    code = _attribute_code(first, name)
    return Rejected(code, f"{name}: {code.meaning}")


def rejected_data(error: ValidationError) -> Rejected:
    """The refusal of an event's data; the message names the field, as in `data.schedule[3].due_date`."""
    first = _first(error)
    code = _data_code(first)
    return Rejected(code, f"{_path(first['loc'])}: {code.meaning}")


def _first(error: ValidationError) -> Any:
    return error.errors(include_url=False, include_context=False)[0]


def _path(location: Iterable[int | str]) -> str:
    path = "data"
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
        if part in _FREE_NAMES:
            break
    return path


def _attribute_code(error: Any, name: str) -> RejectionCode:
    kind = error["type"]
    if kind in _CODES:
        return _CODES[kind]
    if kind == "missing":
        return RejectionCode.ATTRIBUTE_MISSING
    if name == "id" and kind in _ID_CODES:
        return _ID_CODES[kind]
    return {
        "specversion": RejectionCode.SPECVERSION_UNKNOWN,
        "datacontenttype": RejectionCode.CONTENT_TYPE_UNSUPPORTED,
    }.get(name, RejectionCode.ATTRIBUTE_INVALID)


_ID_CODES: Final = {
    "string_too_short": RejectionCode.ID_EMPTY,
    "string_too_long": RejectionCode.ID_TOO_LONG,
    "string_pattern_mismatch": RejectionCode.ID_CHARACTERS,
    "string_unicode": RejectionCode.ID_CHARACTERS,
}
_TEXT_CODES: Final = {
    "currency": RejectionCode.CURRENCY_INVALID,
    "annual_rate": RejectionCode.RATE_INVALID,
    "expected_loss_percent": RejectionCode.PERCENT_INVALID,
}


def _data_code(error: Any) -> RejectionCode:
    """The code of pydantic's error in a field of the data."""
    kind, value = error["type"], error["input"]
    names = [part for part in error["loc"] if isinstance(part, str)]
    name = names[-1] if names else ""
    is_money = name in MONEY_FIELDS
    code = RejectionCode.FIELD_TYPE_WRONG
    if kind in _CODES:
        code = _CODES[kind]
    elif kind == "missing":
        code = RejectionCode.FIELD_MISSING
    elif kind == "literal_error" and isinstance(value, str):
        code = RejectionCode.VALUE_NOT_ALLOWED
    elif kind in _ID_CODES and isinstance(value, str):
        code = _TEXT_CODES.get(name, _ID_CODES[kind])
    elif kind == "too_short":
        code = RejectionCode.SCHEDULE_EMPTY
    elif kind == "too_long":
        code = RejectionCode.SCHEDULE_TOO_LONG if name == "schedule" else RejectionCode.TOO_MANY_ITEMS
    elif kind == "greater_than_equal":
        code = RejectionCode.AMOUNT_TOO_SMALL if is_money else RejectionCode.NUMBER_OUT_OF_RANGE
    elif kind == "less_than_equal":
        code = RejectionCode.AMOUNT_TOO_LARGE if is_money else RejectionCode.NUMBER_OUT_OF_RANGE
    elif is_money and isinstance(value, float):
        code = RejectionCode.MONEY_NOT_INTEGER
    return code
