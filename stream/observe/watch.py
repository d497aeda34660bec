"""From what the runtime and the agent report to the metrics and the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import date

from stream.agents.batch import TaskState
from stream.faust_batch.observer import BatchTimes, Observer
from stream.observe.metrics import Metrics

_EPOCH_DAY = date(1970, 1, 1).toordinal()
log = logging.getLogger("overdue")


class RuntimeMetrics(Observer):
    """The task runtime's reports, as metrics and log lines."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._stages = {
            stage: metrics.batch_seconds.labels(stage) for stage in ("wait", "process", "produce", "commit")
        }
        self._reported: dict[int, float] = {}
        self._waiting: set[tuple[str, int]] = set()  # tasks whose business day waits
        self._held: dict[tuple[str, int], int] = {}  # inputs that an upstream transaction holds back, and where

    def assigned(self, tasks: Sequence[tuple[str, int]]) -> None:
        """Count the rebalance, show the tasks."""
        self._metrics.rebalances.inc()
        self._metrics.tasks.set(len(tasks))
        self._metrics.ready.set(1)
        self._metrics.moments.assigned()
        if tasks:
            partitions = sorted({partition for _, partition in tasks})
            log.info("running partitions %s", ", ".join(map(str, partitions)))
        else:
            log.info("no partitions for this worker; it stands by")

    def revoked(self, tasks: Sequence[tuple[str, int]]) -> None:
        """Forget what was said about the tasks."""
        self._metrics.tasks.set(0)
        self._metrics.ready.set(0)
        for gauge in (*self._metrics.of_a_task, self._metrics.lag, self._metrics.transaction_left_open):
            gauge.clear()  # all tasks are revoked at once
        self._metrics.moments.revoked()
        self._metrics.book.revoked()
        for forget in self._metrics.when_revoked:
            forget()

    def batch_done(self, agent: str, partition: int, records: int, times: BatchTimes) -> None:
        """Time the batch."""
        self._stages["wait"].observe(times.wait)
        self._stages["process"].observe(times.process)
        self._stages["produce"].observe(times.produce)
        self._stages["commit"].observe(times.commit)
        self._metrics.transaction_seconds.observe(times.produce + times.commit)
        self._metrics.moments.committed()
        if records:
            self._metrics.batch_records.observe(records)
        elif (agent, partition) in self._waiting:
            self._waiting.discard((agent, partition))
            self._metrics.barrier_wait.labels(agent, partition).set(0)

    def transaction_failed(self, agent: str, partition: int, error: BaseException, *, fenced: bool) -> None:
        """A failed transaction ends the worker; a fenced one is normal after a stop of the process."""
        if fenced:
            self._metrics.fenced.inc()
            log.error("partition %s: another worker has taken over; this one ends", partition)
        else:
            log.error("partition %s: transaction failed: %s: %s", partition, type(error).__name__, error)

    def recovery_progress(self, agent: str, partition: int, done: int, total: int) -> None:
        """Show how far a restore is, in the log once a second."""
        self._metrics.recovery_remaining.labels(agent, partition).set(total - done)
        now = time.monotonic()
        if total and now - self._reported.get(partition, 0.0) >= 1.0:
            self._reported[partition] = now
            log.info("partition %s: restored %s of %s (%.0f%%)", partition, done, total, 100 * done / total)

    def recovery_done(self, agent: str, partition: int, records: int, seconds: float) -> None:
        """A task is restored."""
        self._metrics.recovery_remaining.labels(agent, partition).set(0)
        self._metrics.recovery_seconds.observe(seconds)
        log.info("partition %s: restored, %s records in %.1f s", partition, records, seconds)

    def positions(self, topic: str, partition: int, position: int, lso: int, committed: int) -> None:
        """Lag is what the broker has and is not committed; before the first commit, what is not fetched."""
        done = committed if committed >= 0 else position
        self._metrics.moments.position(topic, partition, done, lso)
        if lso > self._held.get((topic, partition), lso):
            del self._held[topic, partition]
            self._metrics.transaction_left_open.labels(topic, partition).set(0)
        if done >= 0 and lso >= 0:
            self._metrics.lag.labels(topic, partition).set(max(0, lso - done))

    def barrier_wait(self, agent: str, partition: int, seconds: float) -> None:
        """A business day waits; or has waited, which the commit of its batch ends."""
        self._waiting.add((agent, partition))
        self._metrics.barrier_wait.labels(agent, partition).set(seconds)

    def transaction_left_open(self, topic: str, partition: int, lso: int, high_watermark: int, seconds: float) -> None:
        """Somebody else's transaction blocks us."""
        self._held[topic, partition] = lso
        self._metrics.transaction_left_open.labels(topic, partition).set(seconds)
        log.warning(
            "%s partition %s: an upstream transaction has been open for %.0f s; nothing behind it can be read",
            topic,
            partition,
            seconds,
        )

    def task_stopped(self, agent: str, partition: int, reason: str) -> None:
        """The breaker opened."""
        self._metrics.breaker_open.labels(agent, partition).set(1)
        log.error("%s", reason)

    def crashed(self, error: BaseException) -> None:
        """The last words."""
        log.error("the worker ends: %s: %s", type(error).__name__, error)
        if "AuthorizationFailed" in f"{type(error).__name__} {error}":
            log.error("a right in Kafka was taken away; overdue doctor names it, deploy/acls.md has all")


class AgentMetrics:
    """What an agent counts, as metrics."""

    def __init__(self, metrics: Metrics, agent: str) -> None:
        self._metrics = metrics
        self._agent = agent

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        """Add a batch's counts."""
        for outcome, count in events.items():
            if count:
                self._metrics.events.labels(outcome).inc(count)
        for (kind, bucket), count in alerts.items():
            self._metrics.alerts.labels(kind, bucket).inc(count)
        for reason, count in rejected.items():
            self._metrics.dead_letters.labels(reason).inc(count)

    def day(self, partition: int, business_date: int) -> None:
        """Show a task's business date."""
        self._metrics.business_date.labels(self._agent, partition).set((business_date - _EPOCH_DAY) * 86_400)
        self._metrics.moments.day(self._agent, partition, business_date)

    def misrouted(self, topic: str, count: int = 1) -> None:
        """Count events that another partition should have had."""
        self._metrics.misrouted.labels(topic).inc(count)

    def opened(self, partition: int, state: TaskState, table: Mapping[bytes, bytes]) -> None:
        """Show a task that begins here."""
        self._metrics.book.opened(partition, state.book)
        self.size(partition, table)
        self.left(partition, state, table)

    def size(self, partition: int, table: Mapping[bytes, bytes]) -> None:
        """Measure a task's table; 40 ms for a million loans, so once a day."""
        size = sum(map(len, table.keys())) + sum(map(len, table.values()))
        self._metrics.state_bytes.labels(self._agent, partition).set(size)

    def left(self, partition: int, state: TaskState, table: Mapping[bytes, bytes]) -> None:
        """Show what a batch has left of a task: its keys, loans that the open day has not looked at, a held day."""
        self._metrics.state_keys.labels(self._agent, partition).set(len(table))
        self._metrics.timers_overdue.labels(self._agent, partition).set(state.due.count(state.business_date))
        self._metrics.feed_held.labels(self._agent, partition).set(1 if state.held_day else 0)

    def age(self, seconds: float) -> None:
        """Note how old the oldest event of a batch was."""
        self._metrics.event_age.observe(max(0.0, seconds))
