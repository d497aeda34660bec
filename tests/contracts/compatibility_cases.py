"""Pairs of schemas with the verdict that a person gives: what one writes, does the other read it?"""

from __future__ import annotations

from typing import Any, Final, NamedTuple


class Pair(NamedTuple):
    """A writer, a reader, and a document of the writer's that shows the verdict."""

    name: str
    writer: Any
    reader: Any
    document: Any = None


def fields(required: str = "", **properties: Any) -> dict[str, Any]:
    """An open object with these fields; `required` are names with spaces between."""
    return {"type": "object", "properties": properties, "required": required.split()}


TEXT: Final = {"type": "string"}
WHOLE: Final = {"type": "integer"}
NULL: Final = {"type": "null"}
CODE: Final = {"type": "string", "pattern": "^[A-Z]+$"}
DATE: Final = {"type": "string", "format": "date"}
MAP: Final = {"type": "object", "additionalProperties": TEXT}


def up_to(high: int, low: int = 0) -> dict[str, Any]:
    """A whole number."""
    return {"type": "integer", "minimum": low, "maximum": high}


def one_of(*values: Any) -> dict[str, Any]:
    """A closed list."""
    return {"type": "string", "enum": list(values)}


def either(*schemas: Any) -> dict[str, Any]:
    """Any of them."""
    return {"anyOf": list(schemas)}


def refers(to: Any) -> dict[str, Any]:
    """An object whose field `a` is a reference."""
    return {**fields("a", a={"$ref": "#/$defs/A"}), "$defs": {"A": to}}


def topics(pattern: str, value: Any) -> dict[str, Any]:
    """An object whose names follow a pattern."""
    return {"type": "object", "patternProperties": {pattern: value}}


ACCEPTED: Final = (
    Pair("nothing changed", fields("a", a=TEXT), fields("a", a=TEXT), {"a": "x"}),
    Pair("only words changed", TEXT | {"description": "old"}, TEXT | {"title": "new"}, "x"),
    Pair("the reader lacks a field", fields("a", a=TEXT, b=TEXT), fields("a", a=TEXT), {"a": "x", "b": "y"}),
    Pair("the reader has an optional field more", fields("a", a=TEXT), fields("a", a=TEXT, b=TEXT), {"a": "x"}),
    Pair("the reader requires less", fields("a b", a=TEXT, b=TEXT), fields("a", a=TEXT, b=TEXT), {"a": "", "b": ""}),
    Pair("the reader's range is wider", up_to(9), up_to(10), 9),
    Pair("the reader has no range", up_to(9), WHOLE, 9),
    Pair("a whole number is a number", WHOLE, {"type": "number"}, 7),
    Pair("the reader's text may be longer", TEXT | {"maxLength": 5}, TEXT | {"maxLength": 6}, "abcde"),
    Pair("the reader's text may be shorter", TEXT | {"minLength": 2}, TEXT | {"minLength": 1}, "ab"),
    Pair("the reader has no pattern", CODE, TEXT, "CNY"),
    Pair("the reader has no format", DATE, TEXT, "2024-01-31"),
    Pair("the reader's list of values is longer", one_of("a", "b"), one_of("a", "b", "c"), "b"),
    Pair("the reader takes any text", one_of("a", "b"), TEXT | {"maxLength": 1}, "b"),
    Pair("a value that matches the pattern", one_of("CNY"), CODE, "CNY"),
    Pair("a single value is one of the list", {"const": "1.0"}, one_of("1.0", "1.1"), "1.0"),
    Pair("the reader takes null too", TEXT, either(TEXT, NULL), "x"),
    Pair("types as a list", {"type": ["string", "null"]}, either(NULL, WHOLE, TEXT), None),
    Pair("alternatives in another order", either(TEXT, NULL), either(NULL, TEXT), None),
    Pair("the reader's list may be longer", {"type": "array", "items": TEXT, "maxItems": 2},
         {"type": "array", "items": TEXT, "maxItems": 3}, ["x", "y"]),
    Pair("the reader's items are wider", {"type": "array", "items": up_to(9)}, {"type": "array", "items": WHOLE}, [9]),
    Pair("a reference and what it refers to", refers(up_to(9)), fields("a", a=up_to(9)), {"a": 9}),
    Pair("a wider definition", refers(up_to(9)), refers(up_to(10)), {"a": 9}),
    Pair("a map of wider values", MAP, {"type": "object", "additionalProperties": either(TEXT, WHOLE)}, {"x": "y"}),
    Pair("a map's reader with a longer limit", MAP | {"maxProperties": 2}, MAP | {"maxProperties": 3}, {"x": "y"}),
    Pair("named fields read as a map", {**fields("a", a=TEXT)}, MAP, {"a": "x"}),
    Pair("a pattern of names with wider values", topics("^[a-z]+$", up_to(9)), topics("^[a-z]+$", WHOLE), {"a": 9}),
)  # fmt: skip

REFUSED: Final = (
    Pair("the reader requires a field more", fields("a", a=TEXT), fields("a b", a=TEXT, b=TEXT), {"a": "x"}),
    Pair("the reader requires what was optional", fields("", a=TEXT), fields("a", a=TEXT), {}),
    Pair("the reader's highest is lower", up_to(10), up_to(9), 10),
    Pair("the reader's lowest is higher", up_to(9, 0), up_to(9, 1), 0),
    Pair("the reader has a range", WHOLE, up_to(9), 10),
    Pair("a number is not whole", {"type": "number"}, WHOLE, 0.5),
    Pair("another type", WHOLE, TEXT, 1),
    Pair("the reader's text must be shorter", TEXT | {"maxLength": 6}, TEXT | {"maxLength": 5}, "abcdef"),
    Pair("the reader's text must be longer", TEXT | {"minLength": 1}, TEXT | {"minLength": 2}, "a"),
    Pair("the reader has a pattern", TEXT, CODE, "cny"),
    Pair("the reader's pattern is tighter", {"type": "string", "pattern": "^[A-Za-z]+$"}, CODE, "cny"),
    Pair("the reader's list of values is shorter", one_of("a", "b"), one_of("a"), "b"),
    Pair("the reader has a list of values", TEXT, one_of("a"), "b"),
    Pair("a value outside the pattern", one_of("CNY", "cny"), CODE, "cny"),
    Pair("a value that is too long", one_of("a", "abc"), TEXT | {"maxLength": 2}, "abc"),
    Pair("another single value", {"const": "1.0"}, {"const": "1.1"}, "1.0"),
    Pair("true is not one", {"const": True}, {"const": 1, "type": "integer"}, True),
    Pair("the reader takes no null", either(TEXT, NULL), TEXT, None),
    Pair("the reader misses a type of the list", {"type": ["string", "null"]}, TEXT, None),
    Pair("one alternative is tighter", either(up_to(10), NULL), either(up_to(9), NULL), 10),
    Pair("the reader's list must be shorter", {"type": "array", "items": TEXT, "maxItems": 3},
         {"type": "array", "items": TEXT, "maxItems": 2}, ["x", "y", "z"]),
    Pair("the reader's list must have one", {"type": "array", "items": TEXT},
         {"type": "array", "items": TEXT, "minItems": 1}, []),
    Pair("the reader's items are tighter", {"type": "array", "items": WHOLE},
         {"type": "array", "items": up_to(9)}, [10]),
    Pair("items of any kind", {"type": "array"}, {"type": "array", "items": TEXT}, [1]),
    Pair("a tighter definition", refers(up_to(10)), refers(up_to(9)), {"a": 10}),
    Pair("deep inside", fields("a", a=fields("b", b=up_to(10))), fields("a", a=fields("b", b=up_to(9))),
         {"a": {"b": 10}}),
    Pair("a field changed its type", fields("", a=WHOLE), fields("", a=TEXT), {"a": 1}),
    Pair("the reader is closed", fields("", a=TEXT), {**fields(""), "additionalProperties": False}, {"a": "x"}),
    Pair("the reader's other fields are numbers", fields("", a=TEXT), {"type": "object", "additionalProperties": WHOLE},
         {"a": "x"}),
    Pair("a map of tighter values", {"type": "object", "additionalProperties": WHOLE},
         {"type": "object", "additionalProperties": up_to(9)}, {"x": 10}),
    Pair("a map whose reader names a field", MAP, {**fields("", a=WHOLE), "additionalProperties": TEXT}, {"a": "x"}),
    Pair("a map's reader with a shorter limit", MAP | {"maxProperties": 3}, MAP | {"maxProperties": 1},
         {"x": "", "y": ""}),
    Pair("the reader limits names", MAP, MAP | {"propertyNames": {"maxLength": 2}}, {"abc": "x"}),
    Pair("a named field whose name is too long", fields("", abc=TEXT), fields("") | {"propertyNames": {"maxLength": 2}},
         {"abc": "x"}),
    Pair("a pattern of names with tighter values", topics("^[a-z]+$", WHOLE), topics("^[a-z]+$", up_to(9)), {"a": 10}),
    Pair("another pattern of names", topics("^[a-z]+$", WHOLE), topics("^[a-c]+$", TEXT), {"a": 1}),
    Pair("a named field under a pattern", fields("", abc=TEXT), topics("^a", WHOLE), {"abc": "x"}),
)  # fmt: skip

MISREAD: Final = (
    Pair("a field is dropped", fields("a", a=TEXT, b=TEXT), fields("a", a=TEXT), {"a": "x", "b": "y"}),
    Pair("a field is renamed", fields("", amount=WHOLE), fields("", amount_minor=WHOLE), {"amount": 1}),
    Pair("another default", fields("", a=WHOLE | {"default": 0}), fields("", a=WHOLE | {"default": 1}), {}),
    Pair("a default where there was none", fields("", a=TEXT), fields("", a=TEXT | {"default": "x"}), {}),
)

UNKNOWN: Final = (
    Pair("not", {"not": TEXT}, TEXT),
    Pair("oneOf", {"oneOf": [TEXT, WHOLE]}, TEXT),
    Pair("a multiple", WHOLE | {"multipleOf": 5}, WHOLE),
    Pair("an exclusive bound", WHOLE | {"exclusiveMinimum": 0}, WHOLE),
    Pair("deep inside a definition", refers({"if": TEXT}), fields("a", a=TEXT)),
    Pair("beside a reference", refers({"$ref": "#/$defs/A", "maxLength": 3}), fields("a", a=TEXT)),
    Pair("beside a list of values", one_of("a") | {"maxLength": 3}, TEXT),
    Pair("a reference elsewhere", {"$ref": "https://example.org/a.json"}, TEXT),
    Pair("bounds without a type", {"minimum": 3}, TEXT),
    Pair(
        "a definition of itself",
        refers(fields("", a={"$ref": "#/$defs/A"})),
        refers(fields("", a={"$ref": "#/$defs/A"})),
    ),
)
