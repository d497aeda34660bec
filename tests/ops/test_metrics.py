"""The metrics: as the catalogue has them, few enough, true of what they are about, and answered from a thread."""

from __future__ import annotations

import http.client
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from schemas.catalogue import TOPICS
from schemas.rejections import RejectionCode
from stream.agents.batch import TaskState
from stream.agents.book import Book
from stream.agents.duedates import DueIndex
from stream.faust_batch import BatchTimes
from stream.observe.borrowers import BorrowerMetrics
from stream.observe.catalogue import ALL, BY_NAME, LABELS, STANDARD
from stream.observe.metrics import Metrics
from stream.observe.moments import Moments
from stream.observe.reference import PAGE, reference
from stream.observe.server import LIVE_STALL_SECONDS, serve
from stream.observe.watch import AgentMetrics, RuntimeMetrics
from stream.policy_file import load_policy, parse_policy
from stream.warning.outcomes import Tally
from tests.ops.tools import need

MOST_SERIES = 2_000
PARTITIONS = 12
BOOKS = {"cash", "mortgage", "credit_card", "car", "micro", "default"}


def everything(metrics: Metrics) -> None:
    """Set every metric, with every value that each label can have for a lender of six products and two currencies."""
    policy = parse_policy("".join(f"[products.{name}]\n" for name in sorted(BOOKS)))
    metrics.describe(policy, "overdue")
    runtime, agent = RuntimeMetrics(metrics), AgentMetrics(metrics, "loans")
    tasks = [("loans", partition) for partition in range(PARTITIONS)]
    runtime.assigned(tasks)
    kinds = [kind for topic in TOPICS if topic.name == "loans.overdue" for kind in topic.types]
    buckets = [bucket.code for bucket in policy.default.buckets]
    agent.batch(
        Counter(dict.fromkeys(("applied", "duplicate", "rejected", "waiting", "released", "forgotten"), 1)),
        {(kind, bucket): 1 for kind in kinds for bucket in [*buckets, "none"]},
        {str(code): 1 for code in RejectionCode},
    )
    inputs = [topic.name for topic in TOPICS if topic.is_input]
    for topic in inputs:
        agent.misrouted(topic)
    for agent_name, partition in tasks:
        book = Book(frozenset(policy.products))
        book.cells = {
            (product, currency, bucket): [1, 100]
            for product in BOOKS
            for currency in ("CNY", "USD")
            for bucket in [*buckets, "current"]
        }
        book.moves = {
            (product, bucket, direction): 1
            for product in BOOKS
            for bucket in [*buckets, "current"]
            for direction in ("worse", "better", "cured")
        }
        book.moved_principal = {(product, "CNY", bucket, direction): 100 for product, bucket, direction in book.moves}
        agent.opened(partition, TaskState(738_000, False, DueIndex(), book), {b"L1": b"state"})
        agent.day(partition, 738_000)
        agent.age(0.5)
        runtime.batch_done(agent_name, partition, 10, BatchTimes(0.1, 0.1, 0.1, 0.1))
        runtime.recovery_progress(agent_name, partition, 1, 2)
        runtime.recovery_done(agent_name, partition, 2, 0.1)
        runtime.barrier_wait(agent_name, partition, 1.0)
        runtime.task_stopped(agent_name, partition, "broken feed")
        for topic in inputs:
            runtime.positions(topic, partition, 5, 7, 5)
            runtime.transaction_left_open(topic, partition, 5, 7, 40.0)
    metrics.moments.certificates = lambda: {"own": 1.8e9, "authority": 1.9e9, "broker": 1.85e9}
    for status in (200, 400, 401, 404, 405, 414, 421, 500, 503):
        metrics.query_answered(status, 0.001)
    borrowers(metrics)
    runtime.transaction_failed("loans", 0, RuntimeError("gone"), fenced=True)


def borrowers(metrics: Metrics) -> None:
    """The early warnings' part, with 20 rules."""
    told = BorrowerMetrics(metrics)
    codes = [f"RULE_{number}" for number in range(20)]
    kinds = ("warning.raised", "warning.escalated", "warning.cleared")
    told.batch(
        {"standing": 1, "signal": 1},
        {(kind, code, "high"): 1 for kind in kinds for code in codes},
        {
            (kind, family, raised): 1
            for kind in ("event", "month_end")
            for family in ("late", "cash")
            for raised in (True, False)
        },
        {"id_empty": 1},
    )
    tally = Tally()
    tally.codes = {code: [1] * 10 for code in codes}
    for partition in range(PARTITIONS):
        told.day(partition, 738_000, tally)
    for topic in TOPICS:
        for kind in topic.types if topic.name == "borrowers.signals" else ():
            told.signal(kind, 738_000)


def samples(metrics: Metrics) -> list[Any]:
    """Every series that a scrape gets."""
    text = generate_latest(metrics.registry).decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """One series."""
    return metrics.registry.get_sample_value(name, labels)


def exported(metrics: Metrics) -> dict[str, frozenset[str]]:
    """Names as the catalogue has them, with their labels."""
    found = {}
    for sample in samples(metrics):
        name = sample.name
        for ending in ("_bucket", "_sum", "_count"):
            if name.removesuffix(ending) in BY_NAME:
                name = name.removesuffix(ending)
        if not name.endswith("_created"):
            found[name] = found.get(name, frozenset()) | set(sample.labels) - {"le"}
    return found


def test_a_right_that_was_taken_away_is_told_when_the_worker_ends(caplog: pytest.LogCaptureFixture) -> None:
    """Read or write, the last words send the reader to doctor; any other end does not."""
    runtime = RuntimeMetrics(Metrics())
    runtime.crashed(TopicAuthorizationFailedError("loans.repayments"))
    runtime.crashed(RuntimeError("refused: TopicAuthorizationFailedError()"))
    assert caplog.text.count("overdue doctor names it") == 2
    runtime.crashed(RuntimeError("another"))
    assert caplog.text.count("overdue doctor names it") == 2


def test_the_catalogue_is_what_is_exported() -> None:
    """Each metric of the catalogue is exported with its labels, and nothing else is; each label is explained."""
    metrics = Metrics()
    everything(metrics)
    wanted = {metric.name: frozenset(metric.labels) for metric in ALL} | dict.fromkeys(STANDARD, frozenset())
    assert exported(metrics) == wanted
    assert {label for metric in ALL for label in metric.labels} == LABELS.keys()


def test_a_worker_with_everything_has_few_series() -> None:
    """12 partitions, six products, two currencies, every reason code: at most 2,000 series, no label names a loan."""
    metrics = Metrics()
    everything(metrics)
    assert len(samples(metrics)) <= MOST_SERIES
    assert not {"loan_id", "borrower_id", "loan", "borrower"} & LABELS.keys()


def test_names_follow_the_rules_of_prometheus() -> None:
    """One prefix; counters end with _total; what is in seconds or bytes says so in its name."""
    for metric in ALL:
        assert metric.name.startswith("loan_")
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        if metric.unit in ("seconds", "bytes"):
            assert metric.name.endswith(f"_{metric.unit}"), metric.name
        assert metric.meaning.endswith(".")
        assert metric.source


def test_promtool_finds_nothing_to_say() -> None:
    """`promtool check metrics` accepts the whole page."""
    promtool = need("promtool")
    metrics = Metrics()
    everything(metrics)
    told = subprocess.run(
        [promtool, "check", "metrics"], input=generate_latest(metrics.registry), capture_output=True, check=False
    )
    assert (told.returncode, told.stdout + told.stderr) == (0, b"")


def test_the_reference_page_is_current() -> None:
    """deploy/metrics.md is what `python -m stream.observe` would write."""
    assert Path(PAGE).read_text("utf-8") == reference()


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.wall = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return self.wall


def test_lag_in_seconds_goes_on_when_nothing_is_read() -> None:
    """Lag counts from the poll that first saw the record, ends with its commit, and grows while polls stop."""
    time = Time()
    moments = Moments(None, time.monotonic, time.now)
    moments.position("t", 0, done=10, end=10)
    assert moments.lag_seconds() == {("t", 0): 0.0}
    time.seconds += 5
    moments.position("t", 0, done=10, end=12)  # two records came
    time.seconds += 5
    moments.position("t", 0, done=10, end=15)  # three more
    time.seconds += 60  # nothing more is heard
    assert moments.lag_seconds() == {("t", 0): 65.0}
    moments.position("t", 0, done=12, end=15)  # the two are committed, the three are not
    assert moments.lag_seconds() == {("t", 0): 60.0}
    moments.position("t", 0, done=15, end=15)
    assert moments.lag_seconds() == {("t", 0): 0.0}


def test_a_blocked_loop_shows() -> None:
    """A loop that has not turned for 40 s: 40 s; one that takes half a second for a batch: nothing."""
    time = Time()
    moments = Moments(None, time.monotonic, time.now)
    assert moments.stall_seconds() == 0.0
    moments.beat()
    time.seconds += 0.5
    assert moments.stall_seconds() == 0.0
    time.seconds += 39.5
    assert moments.stall_seconds() == 40.0


def test_the_age_of_the_business_date_is_told_in_the_policys_zone() -> None:
    """At noon in Shanghai the business date of today is 12 h old, of the day before yesterday 60 h."""
    time = Time()  # 2026-03-16 12:00 in Shanghai
    moments = Moments(None, time.monotonic, time.now)
    moments.time_zone = "Asia/Shanghai"
    moments.day("loans", 0, datetime(2026, 3, 16, tzinfo=UTC).toordinal())
    assert moments.clock_age() == 12 * 3600
    moments.day("loans", 1, datetime(2026, 3, 14, tzinfo=UTC).toordinal())
    assert moments.clock_age() == 60 * 3600


def test_a_revoked_task_leaves_no_gauge() -> None:
    """After a rebalance the gauges of tasks that went elsewhere are gone; counters stay."""
    metrics = Metrics()
    everything(metrics)
    RuntimeMetrics(metrics).revoked([("loans", partition) for partition in range(PARTITIONS)])
    left = exported(metrics)
    assert "loan_state_keys" not in left
    assert "loan_consumer_lag_seconds" not in left
    assert "loan_book_loans" not in left
    assert value(metrics, "loan_book_moves_total", product="cash", bucket="M1", direction="cured") == PARTITIONS
    assert value(metrics, "loan_assigned_tasks") == 0


def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """Ask the server."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_probes_say_what_they_mean() -> None:
    """startupz: once restored; readyz: while assigned and restored; livez: while the loop turns, broker or not."""
    metrics = Metrics()
    time = Time()
    metrics.moments._monotonic = time.monotonic
    port = serve(metrics, "127.0.0.1", 0)
    runtime = RuntimeMetrics(metrics)
    metrics.moments.beat()
    assert [get(port, path)[0] for path in ("/livez", "/readyz", "/startupz")] == [200, 503, 503]
    runtime.assigned([("loans", 0)])
    assert [get(port, path)[0] for path in ("/livez", "/readyz", "/startupz")] == [200, 200, 200]
    runtime.revoked([("loans", 0)])
    assert [get(port, path)[0] for path in ("/livez", "/readyz", "/startupz")] == [200, 503, 200]
    runtime.assigned([])  # more workers than partitions: this one stands by
    assert get(port, "/readyz")[0] == 200
    time.seconds += LIVE_STALL_SECONDS + 1
    status, said = get(port, "/livez")
    assert (status, said) == (503, "the event loop has not turned for 31 s\n")
    assert get(port, "/readyz")[0] == 503


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/table"), ("POST", "/metrics"), ("PUT", "/livez")])
def test_nothing_else_is_served(method: str, path: str) -> None:
    """Only the four paths answer, and only to GET."""
    port = serve(Metrics(), "127.0.0.1", 0)
    assert get(port, path, method)[0] in (404, 501)


def test_the_shipped_policy_tells_where_its_buckets_begin() -> None:
    """PAR 30 and NPL need buckets that begin at 31 and 91: the shipped policy's do."""
    metrics = Metrics()
    metrics.describe(load_policy(), "overdue")
    assert value(metrics, "loan_bucket_start", product="default", bucket="M2") == 31
    assert value(metrics, "loan_bucket_start", product="default", bucket="M4") == 91


def test_tools_are_found() -> None:
    """The test tools are named in one place, so that CI fails where one is missing."""
    assert shutil.which("promtool") or need("promtool")
