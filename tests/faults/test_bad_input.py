"""Bad messages end in the dead letters and hurt nobody; a feed of nothing else is stopped."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from confluent_kafka import Producer

from stream.local.broker import Broker
from stream.local.ports import free_port
from tests.bad_messages import bad_messages
from tests.faults.crew import Crew
from tests.faults.load import wait_until
from tests.faults.log import read
from tests.faults.portfolio import POLICY, REPAYMENTS
from tests.faults.progress import Progress
from tests.faults.run import APP_ID, Plan, environment, make_topics, run
from tests.faults.verdict import DEAD_LETTERS

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]

PARTITIONS = 4
BREAKER_LIMIT = 20
BREAKER_SECONDS = 5.0


def test_every_kind_of_bad_message_is_refused_and_its_neighbours_are_exact(private_broker: Broker) -> None:
    """At one bad message in a hundred, each gets its reason code, and loans and alerts are as without it."""
    kinds = bad_messages("L1")
    assert len({kind.code for kind in kinds}) >= 24
    plan = Plan(
        seed=7,
        kills=0,
        rolling=0,
        zombies=0,
        broker_kills=0,
        partitions=PARTITIONS,
        loans=7_000,
        rate=2_000.0,
        bad_share=0.01,
        metrics_port=0,
        least_bad=len(kinds),
    )
    report = run(plan, private_broker, print)
    assert report.bad >= len(kinds)
    assert report.verdict.events >= 50 * report.bad
    assert report.exact, report.words()
    assert not report.unasked


def test_a_feed_of_bad_messages_opens_the_breaker(private_broker: Broker, tmp_path: Path) -> None:
    """With nothing but bad messages a task stops within five seconds, says so, and commits nothing more."""
    make_topics(private_broker.bootstrap, PARTITIONS)
    plan = Plan(seed=1, workers=1, partitions=PARTITIONS)
    settings = environment(plan, private_broker.bootstrap, tmp_path) | {"OVERDUE_BREAKER_LIMIT": str(BREAKER_LIMIT)}
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    port = free_port()
    crew = Crew.of(1, settings, tmp_path, port)
    progress = Progress(private_broker.bootstrap, APP_ID)
    crew.start()
    try:
        publish(private_broker.bootstrap, 1)
        ends = {(REPAYMENTS, partition): 1 for partition in range(PARTITIONS)}
        assert wait_until(lambda: progress.missing(ends) == 0, 60), words(crew)
        publish(private_broker.bootstrap, 10 * BREAKER_LIMIT)
        started = time.monotonic()
        assert wait_until(lambda: open_breakers(port) == PARTITIONS, 30), words(crew)
        assert time.monotonic() - started < BREAKER_SECONDS
        refused = len(read(private_broker.bootstrap, [DEAD_LETTERS], PARTITIONS)[DEAD_LETTERS])
        assert refused < PARTITIONS * BREAKER_LIMIT
        missing = progress.missing(dict.fromkeys(ends, 10 * BREAKER_LIMIT + 1))
        publish(private_broker.bootstrap, BREAKER_LIMIT)
        time.sleep(2)  # long enough for a task that were not stopped to commit several times
        assert progress.missing(dict.fromkeys(ends, 10 * BREAKER_LIMIT + 1)) == missing
        assert len(read(private_broker.bootstrap, [DEAD_LETTERS], PARTITIONS)[DEAD_LETTERS]) == refused
        assert "stopped" in words(crew)
        assert crew.workers[0].alive()
    finally:
        crew.end()
        progress.close()


def publish(bootstrap: str, count: int) -> None:
    """So many bad messages on each partition, of all kinds in turn."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    kinds = [kind for kind in bad_messages("L1") if kind.topic == REPAYMENTS]
    for number in range(count):
        kind = kinds[number % len(kinds)]
        for partition in range(PARTITIONS):
            producer.produce(REPAYMENTS, kind.value, kind.key, partition=partition, headers=list(kind.headers))
    assert producer.flush(30) == 0


def open_breakers(port: int) -> int:
    """How many partitions the worker's metrics say are stopped."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(line.startswith("loan_dlq_breaker_open{") and line.endswith(" 1.0") for line in lines)


def words(crew: Crew) -> str:
    """What the worker has said."""
    return crew.workers[0].log.read_text("utf-8")
