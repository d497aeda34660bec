"""Every metric, once: name, unit, labels, meaning. Labels never name a loan, so the number of series is bounded."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

_SHORT = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_AGES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3_600.0, 21_600.0, 86_400.0)
_SIZES = (1.0, 5.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0)


class Metrics:
    """All metrics of one worker, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # what was done
        self.events = self._counter("loan_events", "Events by outcome; see the README for the sum.", "outcome")
        self.alerts = self._counter("loan_alerts", "Alerts by kind and by bucket reached.", "kind", "bucket")
        self.dead_letters = self._counter("loan_dlq", "Messages sent to the dead letters, by reason code.", "reason")
        self.breaker_open = self._gauge(
            "loan_dlq_breaker_open",
            "1: too many messages in a row were rejected, the partition is stopped.",
            "partition",
        )
        # how fast
        self.batch_seconds = self._histogram(
            "loan_batch_seconds", "Seconds of one batch by stage: wait, process, produce, commit.", _SHORT, "stage"
        )
        self.transaction_seconds = self._histogram(
            "loan_transaction_seconds", "Seconds from the beginning of a transaction to its commit.", _SHORT
        )
        self.batch_records = self._histogram("loan_batch_records", "Records in one transaction.", _SIZES)
        self.event_age = self._histogram(
            "loan_event_age_seconds",
            "Age of the oldest event of a batch by its Kafka timestamp, when committed.",
            _AGES,
        )
        # how far behind
        self.lag = self._gauge(
            "loan_consumer_lag_messages",
            "Offsets between what is committed and the end of the partition, as polled from the broker.",
            "topic",
            "partition",
        )
        self.barrier_wait = self._gauge(
            "loan_barrier_wait_seconds", "How long a business day waits for the records before it.", "partition"
        )
        self.business_date = self._gauge(
            "loan_business_date_timestamp_seconds", "Business date of a task, as its midnight in UTC.", "partition"
        )
        self.transaction_left_open = self._gauge(
            "loan_upstream_transaction_open_seconds",
            "How long an upstream transaction has kept a partition from being read.",
            "topic",
            "partition",
        )
        # state and life
        self.tasks = self._gauge("loan_assigned_tasks", "Tasks that this worker runs; 0: it stands by.")
        self.state_keys = self._gauge("loan_state_keys", "Keys in a task's table.", "partition")
        self.recovery_remaining = self._gauge(
            "loan_recovery_remaining_messages", "Changelog offsets still to read before the task can run.", "partition"
        )
        self.recovery_seconds = self._histogram("loan_recovery_seconds", "Seconds to restore one task.", _AGES)
        self.rebalances = self._counter("loan_rebalances", "Times that tasks were assigned anew.")
        self.fenced = self._counter("loan_fenced", "Times that another worker had taken a task over.")
        self.build = Info("loan_build", "Version of the worker and of its policy.", registry=self.registry)

    def describe(self, policy_version: str, app_id: str) -> None:
        """Say what is running."""
        try:
            release = version("overdue-stream")
        except PackageNotFoundError:
            release = "unknown"
        self.build.info({"version": release, "policy_version": policy_version, "app_id": app_id})

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=buckets, registry=self.registry)
