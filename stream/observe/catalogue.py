"""Every metric of the worker, once: name, unit, labels, meaning, source.

Labels never name a loan or a borrower, and every label's values are bounded, so the number of series is bounded too.
`python -m stream.observe` writes the reference page from it; rules, dashboards and runbook may name nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram", "info"]
Unit = Literal["", "seconds", "bytes", "minor units"]

SHORT: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
AGES: Final = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3_600.0, 21_600.0, 86_400.0)
SIZES: Final = (1.0, 5.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0)

LABELS: Final = {
    "agent": "Part of the worker: `loans`, `borrowers`.",
    "topic": "Topic with the lender's prefix.",
    "partition": "Partition of the inputs; one partition of one agent is one task.",
    "outcome": "What became of an event: applied, duplicate, rejected, waiting, released, forgotten, day_opened, …",
    "kind": "Event type of an alert or early warning.",
    "bucket": "Code of a bucket of the policy; `none` or `current`: not delinquent.",
    "reason": "Reason code of a rejection, see schemas/rejections.py.",
    "stage": "Part of a batch: wait, process, produce, commit.",
    "product": "Product that the policy names; `default`: every other one.",
    "currency": "ISO 4217 code.",
    "code": "Code of a rule, SCORE_LATE, SCORE_CASH_MISS or WATCH_LIST.",
    "severity": "low, medium, high, critical.",
    "decision": "disbursement, due_minus, event, month_end.",
    "family": "late or cash_miss.",
    "raised": "true or false.",
    "signal": "Type of a signal without `borrower.`",
    "direction": "`worse`, `better`, or `cured` (nothing delinquent any more).",
    "certificate": "Whose: own, authority, broker.",
    "status": "HTTP status: 200, 400, 401, 404, 405, 414, 421, 500, 503.",
    "version": "Release of the worker.",
    "policy_version": "Version of the policy file.",
    "app_id": "Consumer group.",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; `name` is the one that Prometheus stores (a histogram adds _bucket, _sum, _count)."""

    name: str
    kind: Kind
    meaning: str
    source: str
    """Where the value comes from, and when it is renewed."""
    labels: tuple[str, ...] = ()
    unit: Unit = ""
    buckets: tuple[float, ...] = ()
    """Upper ends of a histogram's buckets, in its unit."""

    @property
    def bare_name(self) -> str:
        """The name without what its kind adds to it."""
        return self.name.removesuffix({"counter": "_total", "info": "_info"}.get(self.kind, ""))


def _counter(name: str, meaning: str, source: str, *labels: str) -> Metric:
    return Metric(name, "counter", meaning, source, labels)


def _gauge(name: str, meaning: str, source: str, *labels: str, unit: Unit = "") -> Metric:
    return Metric(name, "gauge", meaning, source, labels, unit)


def _histogram(
    name: str, meaning: str, source: str, buckets: tuple[float, ...], *labels: str, unit: Unit = ""
) -> Metric:
    return Metric(name, "histogram", meaning, source, labels, unit, buckets)


_BATCH: Final = "each committed batch"
_POLLED: Final = "end offsets polled from the broker every 5 s; goes on at each scrape, also when nothing is read"
_TALLY: Final = "counts that are stored with the state; each business day"
_BOOK: Final = "the book that is stored with the state; each committed batch"

# what was done
EVENTS: Final = _counter(
    "loan_events_total",
    "Events by outcome. Arrivals = applied + duplicate + rejected + waiting - released.",
    _BATCH,
    "outcome",
)
ALERTS: Final = _counter("loan_alerts_total", "Alerts by kind and by bucket reached.", _BATCH, "kind", "bucket")
DEAD_LETTERS: Final = _counter("loan_dlq_total", "Messages sent to the dead letters, by reason code.", _BATCH, "reason")
MISROUTED: Final = _counter(
    "loan_misrouted_total",
    "Events on another partition than murmur2 of their key: a producer with another partitioner.",
    "checked where a loan begins and where an event's loan is unknown",
    "topic",
)
BREAKER_OPEN: Final = _gauge(
    "loan_dlq_breaker_open",
    "1: too many messages in a row were rejected, the task is stopped.",
    "when it happens",
    "agent",
    "partition",
)

# how fast
BATCH_SECONDS: Final = _histogram(
    "loan_batch_seconds", "Time of one batch by stage.", _BATCH, SHORT, "stage", unit="seconds"
)
TRANSACTION_SECONDS: Final = _histogram(
    "loan_transaction_seconds", "Time from the first record produced to the commit.", _BATCH, SHORT, unit="seconds"
)
BATCH_RECORDS: Final = _histogram("loan_batch_records", "Records in one transaction.", _BATCH, SIZES)
EVENT_AGE: Final = _histogram(
    "loan_event_age_seconds",
    "Age of the oldest event of a batch by its Kafka timestamp when its batch is processed.",
    _BATCH,
    AGES,
    unit="seconds",
)

# how far behind
LAG: Final = _gauge(
    "loan_consumer_lag_messages",
    "Offsets between what is committed and the last stable offset.",
    "end offsets polled from the broker every 5 s",
    "topic",
    "partition",
)
LAG_SECONDS: Final = _gauge(
    "loan_consumer_lag_seconds",
    "How long ago the oldest record that is not committed yet was first seen at the broker; 0: nothing is behind.",
    _POLLED,
    "topic",
    "partition",
    unit="seconds",
)
COMMIT_AGE: Final = _gauge(
    "loan_commit_age_seconds",
    "Time since the worker's last commit while something is behind; 0: nothing is.",
    _POLLED,
    unit="seconds",
)
BROKER_SILENCE: Final = _gauge(
    "loan_broker_silence_seconds",
    "Time since the broker last told end offsets.",
    _POLLED,
    unit="seconds",
)
BARRIER_WAIT: Final = _gauge(
    "loan_barrier_wait_seconds",
    "How long a business day has waited for the records before it; 0: none waits.",
    "every 5 s while it waits",
    "agent",
    "partition",
    unit="seconds",
)
BUSINESS_DATE: Final = _gauge(
    "loan_business_date_timestamp_seconds",
    "Business date of a task, as its midnight in UTC.",
    "each business day",
    "agent",
    "partition",
    unit="seconds",
)
CLOCK_AGE: Final = _gauge(
    "loan_clock_age_seconds",
    "Time since the oldest business date of the worker's tasks began, in the policy's zone; above a day and the"
    " posting lag: a day is missing.",
    "each scrape",
    unit="seconds",
)
CLOCK_REFUSED: Final = _gauge(
    "loan_clock_refused",
    "1: this machine's clock is so far ahead of the broker's that the broker refused the business day it would open.",
    "with clock = wall, when a day is to be opened; tried again each minute",
)
TIMERS_OVERDUE: Final = _gauge(
    "loan_timers_overdue",
    "Loans that the open business day has not looked at yet; 0: the day is judged.",
    _BATCH,
    "agent",
    "partition",
)
FEED_HELD: Final = _gauge(
    "loan_feed_held",
    "1: a business day is held, because its repayments fall far short of what was to be expected.",
    _BATCH,
    "agent",
    "partition",
)
TRANSACTION_LEFT_OPEN: Final = _gauge(
    "loan_upstream_transaction_open_seconds",
    "How long an upstream transaction has kept a partition from being read; 0: none does.",
    "every 5 s",
    "topic",
    "partition",
    unit="seconds",
)

# state and life
TASKS: Final = _gauge("loan_assigned_tasks", "Tasks that this worker runs; 0: it stands by.", "each rebalance")
READY: Final = _gauge("loan_ready", "1: assigned (or standing by) and restored; what /readyz says.", "each rebalance")
STATE_KEYS: Final = _gauge("loan_state_keys", "Keys in a task's table.", _BATCH, "agent", "partition")
STATE_BYTES: Final = _gauge(
    "loan_state_bytes",
    "Bytes of the keys and values in a task's table.",
    "when the task is opened, then each business day",
    "agent",
    "partition",
    unit="bytes",
)
RECOVERY_REMAINING: Final = _gauge(
    "loan_recovery_remaining_messages",
    "Changelog offsets still to read before the task can run.",
    "while it restores",
    "agent",
    "partition",
)
RECOVERY_SECONDS: Final = _histogram(
    "loan_recovery_seconds", "Time to restore one task.", "each restored task", AGES, unit="seconds"
)
REBALANCES: Final = _counter("loan_rebalances_total", "Times that tasks were assigned anew.", "each rebalance")
FENCED: Final = _counter(
    "loan_fenced_total", "Times that another worker had taken a task over.", "each failed transaction"
)
LOOP_STALL: Final = _gauge(
    "loan_loop_stall_seconds",
    "How long the event loop has not turned; 0: it turns.",
    "each scrape, on the metrics' own thread",
    unit="seconds",
)
CERTIFICATE_END: Final = _gauge(
    "loan_certificate_expiry_timestamp_seconds",
    "When a certificate ends: our own, the first of the authorities, the first of the brokers that were met.",
    "each scrape, from the files; of a broker each connection to it",
    "certificate",
    unit="seconds",
)
QUERIES: Final = _counter("loan_queries_total", "Queries of single loans by HTTP status.", "each query", "status")
QUERY_SECONDS: Final = _histogram(
    "loan_query_seconds", "Time to answer one query.", "each query", SHORT, unit="seconds"
)
BUILD: Final = Metric("loan_build_info", "info", "What is running.", "start", ("version", "policy_version", "app_id"))

# the loan book
BOOK_LOANS: Final = _gauge("loan_book_loans", "Loans that owe principal.", _BOOK, "product", "currency", "bucket")
BOOK_PRINCIPAL: Final = _gauge(
    "loan_book_principal",
    "Whole outstanding principal of the loans in a bucket, in minor units.",
    _BOOK,
    "product",
    "currency",
    "bucket",
    unit="minor units",
)
BOOK_MOVES: Final = _counter(
    "loan_book_moves_total",
    "Loans that left a bucket, by direction: roll and cure.",
    _BATCH,
    "product",
    "bucket",
    "direction",
)
BOOK_MOVED_PRINCIPAL: Final = _counter(
    "loan_book_moved_principal_total",
    "Principal of the loans that left a bucket, by direction, in minor units: roll and cure by balance.",
    _BATCH,
    "product",
    "currency",
    "bucket",
    "direction",
)
BUCKET_START: Final = _gauge(
    "loan_bucket_start",
    "First delinquent day of a bucket of the policy; PAR and NPL sum the buckets that begin past 30 and 90 days.",
    "start",
    "product",
    "bucket",
)

# early warning
BORROWER_RECORDS: Final = _counter(
    "loan_borrower_records_total",
    "What the borrower agent read: standing, mark, signal, duplicate, rejected.",
    _BATCH,
    "outcome",
)
EARLY_WARNINGS: Final = _counter(
    "loan_early_warnings_total",
    "Early warnings raised, escalated and cleared, by rule or score.",
    _BATCH,
    "kind",
    "code",
    "severity",
)
WARNING_DECISIONS: Final = _counter(
    "loan_early_warning_decisions_total",
    "Decisions of the score; `raised`: worth speaking of.",
    _BATCH,
    "decision",
    "family",
    "raised",
)
WARNING_OUTCOMES: Final = _gauge(
    "loan_early_warning_outcomes",
    "Warnings whose outcome counts, those that came true, those that did not, and bad loans that were warned of.",
    _TALLY,
    "code",
    "outcome",
)
WARNING_LEAD: Final = _gauge(
    "loan_early_warning_lead_seconds",
    "Time between warning and outcome, added up over the warnings that came true.",
    _TALLY,
    "code",
    unit="seconds",
)
WARNING_WENT_BAD: Final = _gauge(
    "loan_early_warning_went_bad", "Loans that reached the outcome's days past due.", _TALLY
)
WARNING_LOAN_TIME: Final = _gauge(
    "loan_early_warning_loan_seconds",
    "Time that loans ran, added up: 2.63 million seconds are a loan-month.",
    _TALLY,
    unit="seconds",
)
SIGNAL_NEWEST: Final = _gauge(
    "loan_signal_newest_timestamp_seconds",
    "Newest observation date of a kind of signal, as its midnight in UTC.",
    "each signal",
    "signal",
    unit="seconds",
)

# of the process, as every Python client names them
STANDARD: Final = (
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
)

ALL: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
BY_NAME: Final = {metric.name: metric for metric in ALL}
