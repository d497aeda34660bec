"""A small log, an agent to which order matters, and what must come out whatever happens on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from stream.faust_batch import TaskBatch, TaskSettings
from stream.faust_batch.agent import AgentSpec, no_context
from tests.faults.simulated.broker import Cluster
from tests.faults.simulated.world import PARTITIONS, Step, Story, difference

FIRST, SECOND, TICKS, OUT, REFUSED, CHANGELOG = "first", "second", "ticks", "out", "refused", "changelog"
KEYS = (b"a", b"b", b"c", b"d", b"e")
PER_TICK_BATCH = 2
"""Keys that one transaction of a tick looks at."""
MOST_AT_ONCE = 3
"""Records that one transaction takes; the runtime offers more."""
CURSOR = b"\x00cursor"
AFTER_TICK_MS = 100_000
"""More than the clock skew that a tick without offsets allows for."""

SETTINGS = TaskSettings(
    max_batch=4, commit_slots=1, max_buffered=6, idle_commit=0.1, exit_timeout=0.0, clock_skew_ms=60_000
)


def a_story(random: Random, partition: int, size: int) -> Story:
    """Records on two topics, ties among them, ticks with and without offsets, records that nobody may see."""
    story, now = Story(partition), 1_000
    ends = {FIRST: 0, SECOND: 0}
    for number in range(size):
        if number and number % 9 == 0:
            carried = ends if random.random() < 0.6 else None
            story.steps.append(Step(TICKS, now + 1, b"day", json.dumps({"day": number, "ends": carried}).encode()))
            now += AFTER_TICK_MS
            continue
        topic = random.choice((FIRST, SECOND))
        if not (topic == SECOND and random.random() < 0.3):  # else at the same moment as the one before it
            now += random.randint(1, 5)
        value = b"bad" if random.random() < 0.1 else b"%d" % number
        aborted = random.random() < 0.1
        story.steps.append(Step(topic, now, random.choice(KEYS), value, aborted=aborted))
        ends[topic] += 2 if aborted else 1  # an aborted record is followed by its marker
        ends = dict(ends)
    return story


def chained(old: bytes | None, *parts: object) -> bytes:
    """A digest of all that ever happened to a key, in its order."""
    return sha256((old or b"") + repr(parts).encode()).hexdigest()[:12].encode()


def process(batch: TaskBatch) -> None:
    """The agent: each record and each tick changes a key's digest and says so; a bad record is refused.

    What is too much for one transaction it leaves for the next.
    """
    if batch.tick is not None:
        _tick(batch, batch.tick)
        return
    for index, record in enumerate(batch.records):
        if index == MOST_AT_ONCE:
            batch.leave(index)
            return
        assert record.key is not None
        if record.value == b"bad":
            batch.send(REFUSED, batch.partition, record.key, _name(record), record.timestamp)
        else:
            _tell(batch, record.key, _name(record), record.timestamp)


def _tick(batch: TaskBatch, tick: Any) -> None:
    done = batch.get(CURSOR) or b""
    keys = sorted(key for key in batch.store if key > done and not key.startswith(b"\x00"))
    for key in keys[:PER_TICK_BATCH]:
        _tell(batch, key, _name(tick), tick.timestamp)
    if len(keys) > PER_TICK_BATCH:
        batch.put(CURSOR, keys[PER_TICK_BATCH - 1])
        batch.repeat_tick()
    elif done:
        batch.put(CURSOR, None)


def _tell(batch: TaskBatch, key: bytes, name: bytes, timestamp: int) -> None:
    digest = chained(batch.get(key), name)
    batch.put(key, digest)
    batch.send(OUT, batch.partition, key, digest, timestamp)


def _name(record: Any) -> bytes:
    return f"{record.topic}@{record.offset}".encode()


def barrier_of(tick: Any) -> Mapping[str, int] | None:
    """The end offsets that a tick carries."""
    ends: Mapping[str, int] | None = json.loads(tick.value)["ends"]
    return ends


def spec() -> AgentSpec:
    """The agent as it is declared."""
    table: Any = SimpleNamespace(changelog_topic_name=CHANGELOG, data=SimpleNamespace(partitions={}))
    return AgentSpec("agent", (FIRST, SECOND), TICKS, table, process, no_context, barrier_of)


@dataclass
class Outcome:
    """What a read-committed reader finds of one partition."""

    out: list[tuple[bytes | None, bytes | None]]
    refused: list[bytes | None]
    state: dict[bytes | None, bytes | None]


def outcome(cluster: Cluster, partition: int) -> Outcome:
    """What is there."""

    def read(topic: str) -> list[Any]:
        return cluster.log(TopicPartition(topic, partition)).committed()[0]

    state = {record.key: record.value for record in read(CHANGELOG)}
    return Outcome(
        [(record.key, record.value) for record in read(OUT)],
        [record.value for record in read(REFUSED)],
        {key: value for key, value in state.items() if value is not None and not (key or b"").startswith(b"\x00")},
    )


def expected(story: Story) -> Outcome:
    """What must be there, told without any of the runtime."""
    state: dict[bytes | None, bytes | None] = {}
    out: list[tuple[bytes | None, bytes | None]] = []
    refused: list[bytes | None] = []
    for key, value, name in _in_order(story):
        if key == b"day":
            changed: list[bytes] = sorted(key for key in state if key is not None)
        elif value == b"bad":
            refused.append(name)
            continue
        else:
            changed = [key]
        for one in changed:
            state[one] = chained(state.get(one), name)
            out.append((one, state[one]))
    return Outcome(out, refused, state)


def _in_order(story: Story) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Key, value and name of each record in the order of the story; of equal times, the first topic goes first."""
    offsets = {FIRST: 0, SECOND: 0, TICKS: 0}
    named = []
    for topic, timestamp, key, value, _, aborted in story.steps:
        if not aborted:
            order = (FIRST, SECOND, TICKS).index(topic)
            named.append((timestamp, order, key, value, f"{topic}@{offsets[topic]}".encode()))
        offsets[topic] += 2 if aborted else 1
    for *_, key, value, name in sorted(named, key=lambda one: one[:2]):
        yield key, value, name


class Small:
    """This log and this agent, as a world to run."""

    settings = SETTINGS

    def __init__(self, seed: int, size: int) -> None:
        self.stories = [a_story(Random(f"{seed}/{number}"), number, size) for number in PARTITIONS]

    def spec(self) -> AgentSpec:
        """A new worker's agent."""
        return spec()

    def check(self, cluster: Cluster) -> None:
        """Everything once and in order."""
        for told in self.stories:
            found, wanted = outcome(cluster, told.partition), expected(told)
            assert found.out == wanted.out, f"partition {told.partition}: {difference(found.out, wanted.out)}"
            assert found.refused == wanted.refused, f"partition {told.partition}: dead letters"
            assert found.state == wanted.state, f"partition {told.partition}: state"
