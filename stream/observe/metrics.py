"""The metrics of one worker, made from the catalogue, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from stream.agents.book import CURRENT
from stream.engine.policy import Policy
from stream.observe import catalogue
from stream.observe.book import BookCollector
from stream.observe.catalogue import Metric
from stream.observe.moments import Moments


class Metrics:
    """All metrics of one worker; `moments` knows what they need to go on when nothing happens any more."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.moments = Moments(self.registry)
        self.book = BookCollector()
        self.registry.register(self.book)
        ProcessCollector(registry=self.registry)
        self.events = self._counter(catalogue.EVENTS)
        self.alerts = self._counter(catalogue.ALERTS)
        self.dead_letters = self._counter(catalogue.DEAD_LETTERS)
        self.misrouted = self._counter(catalogue.MISROUTED)
        self.breaker_open = self._gauge(catalogue.BREAKER_OPEN)
        self.batch_seconds = self._histogram(catalogue.BATCH_SECONDS)
        self.transaction_seconds = self._histogram(catalogue.TRANSACTION_SECONDS)
        self.batch_records = self._histogram(catalogue.BATCH_RECORDS)
        self.event_age = self._histogram(catalogue.EVENT_AGE)
        self.lag = self._gauge(catalogue.LAG)
        self.barrier_wait = self._gauge(catalogue.BARRIER_WAIT)
        self.business_date = self._gauge(catalogue.BUSINESS_DATE)
        self.clock_refused = self._gauge(catalogue.CLOCK_REFUSED)
        self.feed_held = self._gauge(catalogue.FEED_HELD)
        self.timers_overdue = self._gauge(catalogue.TIMERS_OVERDUE)
        self.transaction_left_open = self._gauge(catalogue.TRANSACTION_LEFT_OPEN)
        self.tasks = self._gauge(catalogue.TASKS)
        self.ready = self._gauge(catalogue.READY)
        self.state_keys = self._gauge(catalogue.STATE_KEYS)
        self.state_bytes = self._gauge(catalogue.STATE_BYTES)
        self.recovery_remaining = self._gauge(catalogue.RECOVERY_REMAINING)
        self.recovery_seconds = self._histogram(catalogue.RECOVERY_SECONDS)
        self.rebalances = self._counter(catalogue.REBALANCES)
        self.fenced = self._counter(catalogue.FENCED)
        self.bucket_start = self._gauge(catalogue.BUCKET_START)
        self.borrower_records = self._counter(catalogue.BORROWER_RECORDS)
        self.early_warnings = self._counter(catalogue.EARLY_WARNINGS)
        self.warning_decisions = self._counter(catalogue.WARNING_DECISIONS)
        self.warning_outcomes = self._gauge(catalogue.WARNING_OUTCOMES)
        self.warning_lead = self._gauge(catalogue.WARNING_LEAD)
        self.warning_went_bad = self._gauge(catalogue.WARNING_WENT_BAD)
        self.warning_loan_time = self._gauge(catalogue.WARNING_LOAN_TIME)
        self.signal_newest = self._gauge(catalogue.SIGNAL_NEWEST)
        self.queries = self._counter(catalogue.QUERIES)
        self.query_seconds = self._histogram(catalogue.QUERY_SECONDS)
        self.when_revoked: list[Callable[[], None]] = []  # what else forgets the tasks of this worker
        self.build = Info(catalogue.BUILD.bare_name, catalogue.BUILD.meaning, registry=self.registry)

    def describe(self, policy: Policy, app_id: str) -> None:
        """Say what is running, and where the policy's buckets begin."""
        try:
            release = version("overdue-stream")
        except PackageNotFoundError:
            release = "unknown"
        self.build.info({"version": release, "policy_version": policy.version, "app_id": app_id})
        self.moments.time_zone = policy.time_zone
        for product, rules in {"default": policy.default, **policy.products}.items():
            self.bucket_start.labels(product, CURRENT).set(0)
            for bucket in rules.buckets:
                self.bucket_start.labels(product, bucket.code).set(bucket.min_days)

    def query_answered(self, status: int, seconds: float) -> None:
        """Count a query of a loan."""
        self.queries.labels(str(status)).inc()
        self.query_seconds.observe(seconds)

    @property
    def of_a_task(self) -> tuple[Gauge, ...]:
        """Those that end with a task of this worker."""
        return (
            self.business_date,
            self.state_keys,
            self.state_bytes,
            self.timers_overdue,
            self.feed_held,
            self.recovery_remaining,
            self.barrier_wait,
            self.breaker_open,
        )

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.bare_name, metric.meaning, metric.labels, registry=self.registry)

    def _gauge(self, metric: Metric) -> Gauge:
        return Gauge(metric.name, metric.meaning, metric.labels, registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(metric.name, metric.meaning, metric.labels, buckets=metric.buckets, registry=self.registry)
