"""
What the task runtime tells the outside: hooks that do nothing until they are overridden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchTimes:
    """Seconds that one batch spent in each stage."""

    wait: float
    """For a commit slot."""

    process: float
    """In the agent: decode, step, encode."""

    produce: float
    """Building and delivering the changelog and the outputs."""

    commit: float
    """Sending the offsets and committing."""


class Observer:
    """
    Override what is of interest; each hook is called on the event loop and must return at once.

    A task is named by (agent, partition).
    """

    def assigned(self, tasks: Sequence[tuple[str, int]]) -> None:
        """These tasks are fenced, restored and about to run; empty for a worker that stands by."""

    def revoked(self, tasks: Sequence[tuple[str, int]]) -> None:
        """These tasks have committed what they could and are closed."""

    def batch_done(self, agent: str, partition: int, records: int, times: BatchTimes) -> None:
        """A transaction was committed; ``records`` is 0 for a tick or for offsets alone."""

    def transaction_failed(self, agent: str, partition: int, error: BaseException, *, fenced: bool) -> None:
        """A transaction did not commit; the worker ends. ``fenced``: another worker owns the task now."""

    def recovery_progress(self, agent: str, partition: int, done: int, total: int) -> None:
        """Of ``total`` changelog offsets to read, ``done`` are read."""

    def recovery_done(self, agent: str, partition: int, records: int, seconds: float) -> None:
        """The task's state is restored; ``records`` changelog records were applied."""

    def positions(self, topic: str, partition: int, position: int, lso: int, committed: int) -> None:
        """Next offset to fetch, last stable offset polled from the broker, committed offset; -1: not known."""

    def barrier_wait(self, agent: str, partition: int, seconds: float) -> None:
        """A tick has been waiting for the records before it for so long; repeated while it waits."""

    def transaction_left_open(self, topic: str, partition: int, lso: int, high_watermark: int, seconds: float) -> None:
        """An upstream transaction keeps this input's last stable offset below its end for so long."""

    def task_stopped(self, agent: str, partition: int, reason: str) -> None:
        """The task stopped itself (StopTask): its partitions stay owned and are not read."""

    def crashed(self, error: BaseException) -> None:
        """The worker ends because of this error."""
