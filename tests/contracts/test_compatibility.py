"""The compatibility checker is right: judged pairs, a document that proves each verdict, and a search for one."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.alternatives import UnknownKeywordError
from schemas.compatibility import problems
from schemas.export import PUBLISHED
from tests.contracts.compatibility_cases import ACCEPTED, MISREAD, REFUSED, UNKNOWN, Pair

PUBLISHED_SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted(PUBLISHED.glob("*.schema.json"))}


def takes(schema: Any, document: Any) -> bool:
    """Whether a validator of others' making accepts the document."""
    return bool(Draft202012Validator(schema).is_valid(document))


def test_there_are_enough_pairs() -> None:
    """At least forty pairs are judged, of both kinds, each under a name of its own."""
    pairs = [*ACCEPTED, *REFUSED, *MISREAD, *UNKNOWN]
    assert len({pair.name for pair in pairs}) == len(pairs) >= 40
    assert min(len(ACCEPTED), len(REFUSED)) >= 15


@pytest.mark.parametrize("pair", ACCEPTED, ids=lambda pair: pair.name)
def test_a_reader_that_takes_all_is_accepted(pair: Pair) -> None:
    """A change by which the reader still takes everything is accepted; and it does take the document at hand."""
    assert problems(pair.writer, pair.reader, fields_may_be_dropped=True) == []
    assert takes(pair.writer, pair.document)
    assert takes(pair.reader, pair.document)


@pytest.mark.parametrize("pair", REFUSED, ids=lambda pair: pair.name)
def test_a_reader_that_refuses_something_is_refused(pair: Pair) -> None:
    """A change is refused where there is a document of the writer's that the reader does not take, as here."""
    assert problems(pair.writer, pair.reader, fields_may_be_dropped=True) != []
    assert takes(pair.writer, pair.document)
    assert not takes(pair.reader, pair.document)


@pytest.mark.parametrize("pair", MISREAD, ids=lambda pair: pair.name)
def test_a_reader_that_takes_it_otherwise_than_meant_is_refused(pair: Pair) -> None:
    """A change is refused where the reader takes the document and reads something else than was written."""
    assert problems(pair.writer, pair.reader, fields_may_be_dropped=False) != []
    assert takes(pair.reader, pair.document)


@pytest.mark.parametrize("pair", UNKNOWN, ids=lambda pair: pair.name)
def test_what_is_not_understood_is_refused(pair: Pair) -> None:
    """A keyword without a rule ends the check, on either side, however harmless it may be."""
    for writer, reader in ((pair.writer, pair.reader), (pair.reader, pair.writer)):
        with pytest.raises(UnknownKeywordError, match="no rule for"):
            problems(writer, reader, fields_may_be_dropped=True)


@pytest.mark.parametrize("name", PUBLISHED_SCHEMAS)
def test_a_published_schema_is_compatible_with_itself(name: str) -> None:
    """Every published schema is understood, and reads what it writes."""
    schema = PUBLISHED_SCHEMAS[name]
    assert problems(schema, schema, fields_may_be_dropped=False) == []


def test_a_problem_names_the_field() -> None:
    """A problem says where in the document it is, and what the reader wants."""
    schema = PUBLISHED_SCHEMAS["loan.disbursed.v1.schema.json"]
    changed = copy.deepcopy(schema)
    changed["$defs"]["ScheduledInstallment"]["properties"]["number"]["maximum"] = 360
    (problem,) = problems(schema, changed, fields_may_be_dropped=False)
    assert problem == "$.schedule[].number: maximum is 360, and the writer's is higher"


# The search: two schemas that the checker calls compatible, and a document that shows that they are not.

BOUND = st.integers(0, 4)


def bounded(kind: str, low: str, high: str) -> st.SearchStrategy[dict[str, Any]]:
    """A schema of a type with or without its bounds."""
    return st.fixed_dictionaries({"type": st.just(kind)}, optional={low: BOUND, high: BOUND})


LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    bounded("integer", "minimum", "maximum"),
    bounded("number", "minimum", "maximum"),
    bounded("string", "minLength", "maxLength"),
    st.fixed_dictionaries({"type": st.just("string"), "pattern": st.sampled_from(["^a*$", "^[ab]*$"])}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["", "a", "ab", "b"]), min_size=1, unique=True)}),
    st.fixed_dictionaries({"const": st.sampled_from(["a", 1, 3, None, True])}),
    st.sampled_from([{"type": "null"}, {"type": "boolean"}]),
)


def composed(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects, maps, lists and alternatives of schemas."""
    fields = st.dictionaries(st.sampled_from(["a", "b", "ab"]), inner, max_size=3)
    free = st.sampled_from([True, False]) | inner
    return st.one_of(
        fields.flatmap(
            lambda found: st.fixed_dictionaries(
                {"type": st.just("object"), "properties": st.just(found)},
                optional={
                    "required": st.lists(st.sampled_from(sorted(found) or ["a"]), max_size=2, unique=True),
                    "additionalProperties": free,
                    "propertyNames": st.just({"maxLength": 1}),
                },
            )
        ),
        st.fixed_dictionaries(
            {"type": st.just("object"), "additionalProperties": free}, optional={"maxProperties": BOUND}
        ),
        st.fixed_dictionaries(
            {"type": st.just("object"), "patternProperties": st.fixed_dictionaries({"^a": inner})},
            optional={"additionalProperties": st.just(False), "properties": fields},
        ),
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner}, optional={"minItems": BOUND, "maxItems": BOUND}
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
    )


SCHEMAS = composed(st.recursive(LEAVES, composed, max_leaves=3))
TEXTS = ["", "a", "aa", "ab", "b", "abc", "aaaaa"]


def documents(schema: Any) -> st.SearchStrategy[Any]:
    """Documents that a schema probably describes; whether it does is checked afterwards."""
    if not isinstance(schema, dict) or not schema:
        return st.sampled_from([*TEXTS, 0, 1, 5, -1, 2.5, None, True])
    if "anyOf" in schema:
        return st.one_of([documents(one) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    kind = schema["type"]
    low, high = schema.get("minimum", -1), schema.get("maximum", 6)
    leaves: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(min(low, high), max(low, high)),
        "number": st.sampled_from([low, high, (low + high) / 2]),
        "string": st.sampled_from(TEXTS),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    if kind in leaves:
        return leaves[kind]
    if kind == "array":
        return st.lists(documents(schema.get("items")), min_size=schema.get("minItems", 0), max_size=5)
    named = {name: documents(inner) for name, inner in schema.get("properties", {}).items()}
    required = {name: inner for name, inner in named.items() if name in schema.get("required", ())}
    optional = {name: inner for name, inner in named.items() if name not in required}
    free = schema.get("patternProperties", {}).get("^a", schema.get("additionalProperties", False))
    if free is not False and "properties" not in schema:
        optional |= {name: documents(free) for name in ("a", "ab", "c") if name not in named}
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """A writer, a reader, often the same with a part changed, and a document that is probably the writer's."""
    schema = draw(SCHEMAS)
    other = draw(SCHEMAS) if draw(st.integers(0, 4)) == 0 else copy.deepcopy(schema)
    place = draw(st.sampled_from(list(parts(other))))
    word = draw(st.sampled_from(sorted(place)))
    if word in ("properties", "patternProperties", "required", "enum", "anyOf") and len(place[word]) > 1:
        gone = draw(st.sampled_from(sorted(place[word], key=str)))
        if isinstance(place[word], dict):
            del place[word][gone]
        else:
            place[word].remove(gone)
    elif word in ("items", "additionalProperties", "const"):
        place[word] = draw({"const": st.sampled_from(["a", 3, None])}.get(word, LEAVES | st.booleans()))
    elif isinstance(place[word], int):
        place[word] = draw(BOUND)
    elif word != "type":
        del place[word]
    if not place:
        place["type"] = "string"
    writer, reader = (schema, other) if draw(st.booleans()) else (other, schema)
    return writer, reader, draw(st.lists(documents(writer), min_size=6, max_size=6))


def parts(schema: Any) -> Any:
    """The schema and every schema inside."""
    if isinstance(schema, dict):
        yield schema
        for word in ("properties", "patternProperties"):
            for inner in schema.get(word, {}).values():
                yield from parts(inner)
        for word in ("items", "additionalProperties"):
            yield from parts(schema.get(word))
        for inner in schema.get("anyOf", ()):
            yield from parts(inner)


def described(schema: Any, document: Any) -> bool:
    """Whether the document is the schema's and carries only fields that it names, at every depth and alternative."""
    return takes(closed(schema), document)


def closed(schema: Any) -> Any:
    """The schema with its objects of named fields closed."""
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    for word in ("properties", "patternProperties"):
        if word in found:
            found[word] = {name: closed(inner) for name, inner in found[word].items()}
    for word in ("items", "additionalProperties"):
        if word in found:
            found[word] = closed(found[word])
    if "anyOf" in found:
        found["anyOf"] = [closed(inner) for inner in found["anyOf"]]
    if ("properties" in found or "patternProperties" in found) and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases())
def test_no_document_contradicts_an_acceptance(case: tuple[Any, Any, list[Any]]) -> None:
    """Where the checker says that the reader takes everything, no document of the writer's is found that it refuses."""
    writer, reader, found = case
    with contextlib.suppress(UnknownKeywordError):
        if not problems(writer, reader, fields_may_be_dropped=True):
            for document in found:
                assert takes(reader, document) or not described(writer, document)
