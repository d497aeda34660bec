"""The layout that topics must have, what they have, and the difference: pure, no Kafka in here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from schemas.catalogue import TOPICS

FOREVER: Final = "-1"
CHANGELOG_CONFIG: Final = {"cleanup.policy": "compact", "message.timestamp.type": "CreateTime"}


class Topic(NamedTuple):
    """A topic as it is, or as it must be."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]
    """As it must be: what the layout asks for. As it is: at least that."""


class Difference(NamedTuple):
    """One thing that is not as the layout has it."""

    topic: str
    what: str
    """`topic`, `partitions`, `replication`, or the name of a configuration entry."""
    is_now: str | None
    """None: it is not there."""
    should_be: str

    @property
    def repairable(self) -> bool:
        """Whether `topics apply` repairs it: a changed partition count would send loans to other tasks."""
        return self.what not in ("partitions", "replication")


def wanted(prefix: str, app_id: str, partitions: int, replication: int, keep_forever: bool) -> list[Topic]:
    """The topics of the catalogue and the changelogs of the worker's tables."""
    topics = [
        Topic(prefix + topic.name, partitions, replication, _config(topic.config, keep_forever)) for topic in TOPICS
    ]
    changelogs = [f"{app_id}-loans-changelog", f"{app_id}-borrowers-changelog"]
    return [*topics, *(Topic(name, partitions, replication, CHANGELOG_CONFIG) for name in changelogs)]


def _config(config: Mapping[str, str], keep_forever: bool) -> dict[str, str]:
    changed = dict(config)
    if keep_forever and "retention.ms" in config:
        changed["retention.ms"] = FOREVER
    return changed


def differences(wanted: list[Topic], found: Mapping[str, Topic]) -> list[Difference]:
    """What is not as wanted, topic by topic in the layout's order; topics beside the layout are no matter."""
    differing = []
    for topic in wanted:
        now = found.get(topic.name)
        if now is None:
            differing.append(Difference(topic.name, "topic", None, f"{topic.partitions} partitions"))
            continue
        for what, is_now, should_be in (
            ("partitions", now.partitions, topic.partitions),
            ("replication", now.replication, topic.replication),
        ):
            if is_now != should_be:
                differing.append(Difference(topic.name, what, str(is_now), str(should_be)))
        differing += [
            Difference(topic.name, entry, now.config.get(entry), value)
            for entry, value in topic.config.items()
            if now.config.get(entry) != value
        ]
    return differing
