"""What is wrong with a setting, in a sentence that names the variable and the nearest valid value; never the value."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic.fields import FieldInfo

KINDS = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
}


def sentence(problem: Mapping[str, Any], fields: Mapping[str, FieldInfo], prefix: str) -> str:
    """One error of pydantic; it may hold the value as `input`, of which nothing but its nearest valid one is told."""
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if not name:  # about several settings: its words name them
        return str(problem.get("ctx", {}).get("error", problem["msg"]))
    if name not in fields:
        return unknown(f"{prefix}{name.upper()}", [f"{prefix}{known.upper()}" for known in fields])
    return f"{prefix}{name.upper()}: {_what(problem, fields[name])}"


def unknown(variable: str, known: Iterable[str]) -> str:
    """A variable that is none of ours."""
    nearest = difflib.get_close_matches(variable, list(known), n=1)
    return f"{variable} is not a setting" + (
        f"; did you mean {nearest[0]}?" if nearest else "; see: overdue config show"
    )


def _what(problem: Mapping[str, Any], field: FieldInfo) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "literal_error":
        return _one_of([str(value) for value in get_args(field.annotation)], str(problem["input"]))
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"must be {_range(field)}; the nearest is {_plain(context.get('ge', context.get('le')))}"
    if kind == "string_pattern_mismatch":
        return f"has not the form that it must have ({field.description}); for example {field.examples[0]}"  # type: ignore[index]
    if kind == "value_error":
        return str(context["error"])
    if kind == "too_short":
        return f"must have at least {context['min_length']} characters"
    limits = _range(field)
    return f"{KINDS.get(kind, problem['msg'])}{', ' + limits if limits else ''}"


def _one_of(valid: list[str], given: str) -> str:
    nearest = difflib.get_close_matches(given.lower(), [value.lower() for value in valid], n=1, cutoff=0.5)
    meant = next((value for value in valid if nearest and value.lower() == nearest[0]), None)
    return f"must be {', '.join(valid[:-1])} or {valid[-1]}" + (f"; did you mean {meant}?" if meant else "")


def _range(field: FieldInfo) -> str:
    """`1 to 1000`, where there are bounds."""
    low = next((bound.ge for bound in field.metadata if hasattr(bound, "ge")), None)
    high = next((bound.le for bound in field.metadata if hasattr(bound, "le")), None)
    return "" if low is None or high is None else f"{_plain(low)} to {_plain(high)}"


def _plain(number: float) -> str:
    """Without an exponent, and without a point where none is needed."""
    return str(int(number)) if number == int(number) else str(number)
