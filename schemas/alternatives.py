"""JSON Schema as far as our models emit it: the keywords known, and a schema as alternatives of one type each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]

ANNOTATIONS: Final = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples", "deprecated"})
_TYPES: Final = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
BOUNDS: Final = (
    *(("minimum", "maximum"), ("minLength", "maxLength")),
    *(("minItems", "maxItems"), ("minProperties", "maxProperties")),
)
_BOUND_NAMES: Final = frozenset(name for pair in BOUNDS for name in pair)
_OBJECT: Final = frozenset({"properties", "required", "additionalProperties", "patternProperties", "propertyNames"})
KEYWORDS: Final = (
    ANNOTATIONS | _BOUND_NAMES | _OBJECT | {"type", "enum", "const", "pattern", "format", "items", "anyOf", "$ref"}
)
ANYTHING: Final[Schema] = {}


class UnknownKeywordError(ValueError):
    """A schema uses a keyword, or a mixture of keywords, that the checker has no rule for."""


def refuse_unknown(schema: Any, path: str) -> None:
    """Raise UnknownKeywordError where the schema, or one inside it, has a keyword without a rule."""
    if isinstance(schema, bool):
        return
    if unknown := sorted(set(schema) - KEYWORDS):
        raise UnknownKeywordError(f"{path}: no rule for {', '.join(unknown)}; teach schemas/compatibility.py first")
    if ("anyOf" in schema or "$ref" in schema) and (beside := set(schema) - ANNOTATIONS - {"anyOf", "$ref"}):
        raise UnknownKeywordError(f"{path}: no rule for {', '.join(sorted(beside))} beside anyOf or $ref")
    closed = {"enum", "const"} & set(schema)
    if closed and (beside := set(schema) - ANNOTATIONS - {min(closed), "type"}):
        raise UnknownKeywordError(f"{path}: no rule for {', '.join(sorted(beside))} beside {min(closed)}")
    if "patternProperties" in schema and isinstance(schema.get("additionalProperties"), Mapping):
        raise UnknownKeywordError(f"{path}: no rule for additionalProperties beside patternProperties")
    for name in ("$defs", "properties", "patternProperties"):
        for key, inner in schema.get(name, {}).items():
            refuse_unknown(inner, f"{path}.{key}")
    for name in ("items", "additionalProperties", "propertyNames"):
        if name in schema:
            refuse_unknown(schema[name], f"{path}.{name}")
    for inner in schema.get("anyOf", ()):
        refuse_unknown(inner, path)


def alternatives(schema: Any, root: Schema) -> Iterator[Schema]:
    """A schema as alternatives of one type, or one value, each: what `anyOf`, `$ref`, lists of types and `enum` say."""
    if schema is True:
        yield ANYTHING
    elif schema is False:
        return
    elif "$ref" in schema:
        yield from alternatives(_definition(schema["$ref"], root), root)
    elif "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from alternatives(one, root)
    elif "enum" in schema or "const" in schema:
        for value in schema["enum"] if "enum" in schema else [schema["const"]]:
            yield {"type": type_of(value), "enum": [value]}
    else:
        kinds: str | Sequence[str] | None = schema.get("type")
        for kind in [kinds] if isinstance(kinds, str) else kinds or ():
            if kind not in _TYPES:
                raise UnknownKeywordError(f"no rule for the type {kind}")
            yield {**schema, "type": kind}
        if kinds is None:
            if set(schema) - ANNOTATIONS:
                raise UnknownKeywordError(f"no rule for {', '.join(sorted(set(schema) - ANNOTATIONS))} without a type")
            yield ANYTHING


def _definition(reference: str, root: Schema) -> Any:
    name = reference.removeprefix("#/$defs/")
    if name not in root.get("$defs", {}):
        raise UnknownKeywordError(f"no rule for the reference {reference}")
    return root["$defs"][name]


def type_of(value: Any) -> str:
    """The type of a value of `enum` or `const`. Raises UnknownKeywordError for a list or an object."""
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    if type(value) not in kinds:
        raise UnknownKeywordError("no rule for a list or an object as a value of enum or const")
    return kinds[type(value)]


def rest(schema: Schema) -> Any:
    """What fields that the schema doesn't name must be; `{}`: anything."""
    if "patternProperties" in schema and "additionalProperties" not in schema:
        return ANYTHING
    others = schema.get("additionalProperties", ANYTHING)
    return ANYTHING if others is True else others


def free_values(writer: Schema) -> dict[str, Any]:
    """Pattern of names ("": any) to the values under them, where the writer may choose names; else nothing."""
    if "patternProperties" in writer:
        return dict(writer["patternProperties"])
    others = writer.get("additionalProperties", None if "properties" in writer else ANYTHING)
    return {} if others is None or others is False else {"": ANYTHING if others is True else others}
