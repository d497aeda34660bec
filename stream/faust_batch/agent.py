"""
What an agent of the task runtime is declared with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stream.faust_batch.batch import TaskBatch
from stream.faust_batch.queues import Record
from stream.faust_batch.state import PartitionedTable, PartitionStore

Process = Callable[[TaskBatch], None]
OpenTask = Callable[[int, PartitionStore], Any]
BarrierOf = Callable[[Record], Mapping[str, int] | None]


def no_context(partition: int, store: PartitionStore) -> None:
    """For agents that keep nothing beside their state."""


def no_barrier(tick: Record) -> None:
    """For ticks that carry no end offsets: they are looked up."""


@dataclass(frozen=True)
class AgentSpec:
    """One agent: its topics in merge order, the tick topic last."""

    name: str
    topics: tuple[str, ...]
    tick_topic: str | None
    table: PartitionedTable
    process: Process
    open_task: OpenTask
    barrier_of: BarrierOf

    @property
    def changelog(self) -> str:
        """Topic that keeps the table."""
        name: str = self.table.changelog_topic_name
        return name

    @property
    def all_topics(self) -> tuple[str, ...]:
        """Every input topic."""
        return self.topics if self.tick_topic is None else (*self.topics, self.tick_topic)
