"""What a schedule runs: a log that upstream publishes, an agent, and what must come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple, Protocol

from aiokafka import TopicPartition

from stream.faust_batch import TaskSettings
from stream.faust_batch.agent import AgentSpec
from tests.faults.simulated.broker import Cluster, Transaction, Written

PARTITIONS = (0, 1)


class Step(NamedTuple):
    """A record that upstream publishes."""

    topic: str
    timestamp: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()
    aborted: bool = False
    """It is part of a transaction that is aborted, and nobody may see it."""


@dataclass
class Story:
    """What is published on one partition, in the order of time."""

    partition: int
    steps: list[Step] = field(default_factory=list)

    def publish(self, cluster: Cluster, start: int, stop: int) -> None:
        """Some steps of it reach the log."""
        for number, step in enumerate(self.steps[start:stop], start):
            log = cluster.log(TopicPartition(step.topic, self.partition))
            transaction = Transaction("upstream", self.partition, number) if step.aborted else None
            log.append([Written(step.timestamp, step.key, step.value, step.headers)], transaction)
            if transaction is not None:
                log.mark(transaction, commit=False)


class World(Protocol):
    """A log, an agent and a judge."""

    settings: TaskSettings
    stories: list[Story]

    def spec(self) -> AgentSpec:
        """The agent of a new process."""

    def check(self, cluster: Cluster) -> None:
        """Raise AssertionError where what is committed is not what must be."""


Said = list[tuple[bytes | None, bytes | None]]


def difference(found: Said, wanted: Said) -> str:
    """In words."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(found, wanted, strict=False)))
    return f"{len(found)} outputs instead of {len(wanted)}; the first that differs is number {same}"
