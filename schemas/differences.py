"""What has changed between two published contracts, as far as it breaks somebody; each with who and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.alternatives import UnknownKeywordError
from schemas.catalogue import TOPIC_OF_TYPE, Compatibility
from schemas.compatibility import problems

SCHEMA_SUFFIX: Final = ".schema.json"
ENVELOPE: Final = "cloudevent"
_FIXED: Final = {
    "x-key": "the key",
    "x-partitioning": "the partitioning",
    "x-cleanup-policy": "the clean-up policy",
}


class Contract(NamedTuple):
    """A published contract: file name to JSON Schema, and the AsyncAPI document ({} where it had none yet)."""

    schemas: Mapping[str, Any]
    asyncapi: Mapping[str, Any]


class Break(NamedTuple):
    """One thing that somebody would notice."""

    name: str
    """The published file, or the topic."""
    sentence: str


def _of_versions(old: Contract, new: Contract) -> Iterator[Break]:
    """A new version of what the worker writes: those who read it know of the old one only."""
    known = dict(sorted(map(_kind_and_version, old.schemas)))  # by type, the newest
    for name in new.schemas:
        kind, version = _kind_and_version(name)
        if kind in known and version > known[kind] and compatibility_of(name) != "BACKWARD_TRANSITIVE":
            yield Break(
                name,
                f"consumers of today know version {known[kind]} and would get {version}; what can't be added goes into "
                "a new type beside this one",
            )


def _kind_and_version(file_name: str) -> tuple[str, int]:
    kind, _, version = file_name.removesuffix(SCHEMA_SUFFIX).rpartition(".v")
    return kind, int(version)


def breaks(old: Contract, new: Contract) -> list[Break]:
    """Every incompatible change from an earlier contract to a new one; the worker is deployed before everybody else.

    A new event type on a topic is compatible: a consumer passes over types that it doesn't know.
    """
    return [*_of_schemas(old, new), *_of_versions(old, new), *_of_topics(old.asyncapi, new.asyncapi)]


def _of_schemas(old: Contract, new: Contract) -> Iterator[Break]:
    for name, before in old.schemas.items():
        after = new.schemas.get(name)
        if after is None:
            yield Break(name, "is gone: events of this type would be refused, or never come again; keep it")
            continue
        try:
            yield from (Break(name, sentence) for sentence in _of_schema(before, after, compatibility_of(name)))
        except UnknownKeywordError as error:
            yield Break(name, f"can't be judged: {error}")


def compatibility_of(file_name: str) -> Compatibility:
    """What is asked of a published schema; the envelope is in what comes in and in what goes out."""
    topic = TOPIC_OF_TYPE.get(_kind_and_version(file_name)[0])
    return "FULL_TRANSITIVE" if topic is None else topic.compatibility


def _of_schema(before: Any, after: Any, asked: Compatibility) -> Iterator[str]:
    if asked != "FORWARD_TRANSITIVE":
        for problem in problems(before, after, fields_may_be_dropped=False):
            yield (
                f"events of today break the new worker ({problem}); the topic is full of them, and producers change "
                f"after it: allow both, or make a new version"
            )
    if asked != "BACKWARD_TRANSITIVE":
        for problem in problems(after, before, fields_may_be_dropped=True):
            yield (
                f"new events break consumers of today ({problem}); they change after the worker: keep what they rely "
                f"on and add beside it, or make a new version"
            )


def _of_topics(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    channels = new.get("channels", {})
    for name, before in old.get("channels", {}).items():
        after = channels.get(name)
        if after is None:
            yield Break(name, "the topic is gone")
            continue
        for member, words in _FIXED.items():
            if member in before and before[member] != after.get(member):
                yield Break(name, f"{words} was {before[member]!r} and is {after.get(member)!r}; make a new topic")
        for gone in sorted(before.get("messages", {}).keys() - after.get("messages", {}).keys()):
            yield Break(name, f"{gone} is no longer on this topic; keep it, or give it another name elsewhere")
