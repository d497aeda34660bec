"""From what the runtime and the agent report to the metrics and the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import date

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

    def assigned(self, tasks: Sequence[tuple[str, int]]) -> None:
        """Count the rebalance, show the tasks."""
        self._metrics.rebalances.inc()
        self._metrics.tasks.set(len(tasks))
        if tasks:
            log.info("running partitions %s", ", ".join(str(partition) for _, partition in sorted(tasks)))
        else:
            log.info("no partitions for this worker; it stands by")

    def revoked(self, tasks: Sequence[tuple[str, int]]) -> None:
        """Forget what was said about the tasks."""
        self._metrics.tasks.set(0)
        for _, partition in tasks:
            for gauge in (
                self._metrics.business_date,
                self._metrics.state_keys,
                self._metrics.recovery_remaining,
                self._metrics.barrier_wait,
                self._metrics.breaker_open,
            ):
                if (str(partition),) in gauge._metrics:  # noqa: SLF001  (remove() raises for an unknown label)
                    gauge.remove(str(partition))

    def batch_done(self, agent: str, partition: int, records: int, times: BatchTimes) -> None:
        """Time the batch."""
        self._stages["wait"].observe(times.wait)
        self._stages["process"].observe(times.process)
        self._stages["produce"].observe(times.produce)
        self._stages["commit"].observe(times.commit)
        self._metrics.transaction_seconds.observe(times.produce + times.commit)
        if records:
            self._metrics.batch_records.observe(records)

    def transaction_failed(self, agent: str, partition: int, error: BaseException, *, fenced: bool) -> None:
        """A failed transaction ends the worker; a fenced one is normal after a stop of the process."""
        if fenced:
            self._metrics.fenced.inc()
            log.error("partition %s: another worker has taken over; this one ends", partition)
        else:
            log.error("partition %s: transaction failed: %s: %s", partition, type(error).__name__, error)

    def recovery_progress(self, agent: str, partition: int, done: int, total: int) -> None:
        """Show how far a restore is, in the log once a second."""
        self._metrics.recovery_remaining.labels(partition).set(total - done)
        now = time.monotonic()
        if total and now - self._reported.get(partition, 0.0) >= 1.0:
            self._reported[partition] = now
            log.info("partition %s: restored %s of %s (%.0f%%)", partition, done, total, 100 * done / total)

    def recovery_done(self, agent: str, partition: int, records: int, seconds: float) -> None:
        """A task is restored."""
        self._metrics.recovery_remaining.labels(partition).set(0)
        self._metrics.recovery_seconds.observe(seconds)
        log.info("partition %s: restored, %s records in %.1f s", partition, records, seconds)

    def positions(self, topic: str, partition: int, position: int, lso: int, committed: int) -> None:
        """Lag is what the broker has and is not committed; before the first commit, what is not fetched."""
        done = committed if committed >= 0 else position
        if done >= 0 and lso >= 0:
            self._metrics.lag.labels(topic, partition).set(max(0, lso - done))

    def barrier_wait(self, agent: str, partition: int, seconds: float) -> None:
        """A business day waits."""
        self._metrics.barrier_wait.labels(partition).set(seconds)

    def transaction_left_open(self, topic: str, partition: int, lso: int, high_watermark: int, seconds: float) -> None:
        """Somebody else's transaction blocks us."""
        self._metrics.transaction_left_open.labels(topic, partition).set(seconds)
        log.warning(
            "%s partition %s: an upstream transaction has been open for %.0f s; nothing behind it can be read",
            topic,
            partition,
            seconds,
        )

    def task_stopped(self, agent: str, partition: int, reason: str) -> None:
        """The breaker opened."""
        self._metrics.breaker_open.labels(partition).set(1)
        log.error("%s", reason)

    def crashed(self, error: BaseException) -> None:
        """The last words."""
        log.error("the worker ends: %s: %s", type(error).__name__, error)


class AgentMetrics:
    """The agent's counts, as metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

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
        self._metrics.business_date.labels(partition).set((business_date - _EPOCH_DAY) * 86_400)

    def age(self, seconds: float) -> None:
        """Note how old the oldest event of a batch was."""
        self._metrics.event_age.observe(max(0.0, seconds))
