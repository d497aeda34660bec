"""Whether a reader's schema takes everything that a writer's schema describes: proven keyword by keyword, or refused.

A document of a schema carries the fields that the schema names and no others. Only the keywords that our models emit
are understood; any other ends in `UnknownKeywordError`, because a rule that is not understood can't be called kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.alternatives import (
    ANYTHING,
    BOUNDS,
    Schema,
    UnknownKeywordError,
    alternatives,
    free_values,
    refuse_unknown,
    rest,
)

_NO_DEFAULT: Final = None
"""Left out without a default means what null means."""


def problems(writer: Schema, reader: Schema, *, fields_may_be_dropped: bool) -> list[str]:
    """Why some document of `writer` is refused or misread by `reader`; empty: every document is taken as it is meant.

    fields_may_be_dropped: the reader may be without a field of the writer's (an older reader of newer documents);
        False: a field that the reader doesn't know is a problem, since it would be ignored in silence.

    Raises:
        UnknownKeywordError: a keyword in either that the checker doesn't know.
    """
    for schema in (writer, reader):
        refuse_unknown(schema, "$")
    found = _Comparison(writer, reader, fields_may_be_dropped).of(writer, reader, "$")
    try:
        return list(dict.fromkeys(found))
    except RecursionError:
        raise UnknownKeywordError("no rule for a definition that contains itself") from None


class _Comparison:
    """One writer and one reader, with the definitions that their references point to."""

    def __init__(self, writer: Schema, reader: Schema, fields_may_be_dropped: bool) -> None:
        self._writer, self._reader = writer, reader
        self._may_drop = fields_may_be_dropped

    def of(self, writer: Schema, reader: Schema, path: str) -> Iterator[str]:
        """Problems of a place in the document: each alternative of the writer needs one of the reader that takes it."""
        theirs = list(alternatives(reader, self._reader))
        for alternative in alternatives(writer, self._writer):
            kind = alternative.get("type")
            found = [
                list(self._of_one(alternative, one, path))
                for one in theirs
                if "type" not in one or _is_kind(kind, one["type"])
            ]
            if not found:
                yield f"{path}: {kind or 'anything'} is not accepted"
            elif [] not in found:
                yield from min(found, key=len)

    def _of_one(self, writer: Schema, reader: Schema, path: str) -> Iterator[str]:
        if "enum" in writer:
            yield from _of_value(writer["enum"][0], reader, path)
            return
        if "enum" in reader:
            yield f"{path}: only {reader['enum'][0]!r} is accepted"
            return
        yield from _of_bounds(writer, reader, path)
        for name in ("pattern", "format"):
            if name in reader and writer.get(name) != reader[name]:
                yield f"{path}: {name} {reader[name]} is not known to hold"
        if "items" in reader:
            yield from self.of(writer.get("items", ANYTHING), reader["items"], f"{path}[]")
        if writer.get("type") == "object":
            yield from self._of_fields(writer, reader, path)
            yield from self._of_free_names(writer, reader, path)

    def _of_fields(self, writer: Schema, reader: Schema, path: str) -> Iterator[str]:
        always = writer.get("required", ())
        for name in reader.get("required", ()):
            if name not in always:
                yield f"{path}.{name}: is required, and may be left out by the writer"
        known = reader.get("properties", {})
        for name, field in writer.get("properties", {}).items():
            place = f"{path}.{name}"
            if "propertyNames" in reader:
                yield from _of_value(name, reader["propertyNames"], f"{path} (names)")
            for pattern, values in reader.get("patternProperties", {}).items():
                if re.search(pattern, name):
                    yield from self.of(field, values, place)
            if name in known:
                yield from self.of(field, known[name], place)
                if name not in always and _default(field) != _default(known[name]):
                    yield f"{place}: left out, it means {_default(known[name])!r} and not {_default(field)!r}"
                continue
            others = rest(reader)
            if others is False:
                yield f"{place}: is not accepted"
            elif isinstance(others, Mapping) and others:
                yield from self.of(field, others, place)
            elif not self._may_drop:
                yield f"{place}: is ignored in silence; keep reading it, or make a new version"

    def _of_free_names(self, writer: Schema, reader: Schema, path: str) -> Iterator[str]:
        """Objects whose field names are the writer's own, as `classifications`."""
        free = free_values(writer)
        if not free:
            return
        place = f"{path}.*"
        patterns = reader.get("patternProperties", {})
        for pattern, values in free.items():
            for name, field in reader.get("properties", {}).items():
                if name not in writer.get("properties", {}):
                    yield from self.of(values, field, f"{path}.{name}")
            if pattern in patterns:
                yield from self.of(values, patterns[pattern], place)
                continue
            if patterns:
                yield f"{place}: the pattern of names is another"
            others = rest(reader)
            if others is False:
                yield f"{place}: names of the writer's own are not accepted"
            elif isinstance(others, Mapping):
                yield from self.of(values, others, place)
        if "propertyNames" in reader:
            names = {"type": "string", **writer.get("propertyNames", {})}
            yield from self.of(names, {"type": "string", **reader["propertyNames"]}, f"{path} (names)")


def _is_kind(kind: str | None, wanted: str) -> bool:
    return kind == wanted or (kind == "integer" and wanted == "number")


def _of_value(value: Any, reader: Schema, path: str) -> Iterator[str]:
    """Problems of one value of a closed list."""
    if "enum" in reader:
        if value != reader["enum"][0]:
            yield f"{path}: {value!r} is not accepted"
        return
    size = len(value) if isinstance(value, str) else value
    low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minimum", "maximum")
    if size is not None and not reader.get(low, size) <= size <= reader.get(high, size):
        yield f"{path}: {value!r} is outside {low} or {high}"
    if "pattern" in reader and not re.search(reader["pattern"], str(value)):
        yield f"{path}: {value!r} does not match {reader['pattern']}"
    if "format" in reader:
        yield f"{path}: {value!r} is not known to be a {reader['format']}"


def _of_bounds(writer: Schema, reader: Schema, path: str) -> Iterator[str]:
    for low, high in BOUNDS:
        lowest = writer.get(low, float("-inf") if low == "minimum" else 0)
        if low in reader and lowest < reader[low]:
            yield f"{path}: {low} is {reader[low]}, and the writer's is lower"
        if high in reader and writer.get(high, float("inf")) > reader[high]:
            yield f"{path}: {high} is {reader[high]}, and the writer's is higher"


def _default(field: Any) -> Any:
    return field.get("default", _NO_DEFAULT) if isinstance(field, Mapping) else _NO_DEFAULT
