"""The producer and consumer kits do what their pages say, on a real Kafka with a real worker."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from deploy.kits.producer.producer import SETTINGS, record, topic_of
from schemas.catalogue import TOPICS
from stream.local import jars
from stream.local.ports import free_port
from stream.translate.partition import partition_of
from tests.agent_table import disbursed, paid
from tests.ops.lender import overdue, worker
from tests.ops.prometheus import wait

KITS = Path("deploy/kits")
PARTITIONS = 4
Lender = dict[str, str]


def java() -> list[str]:
    """The start of a command that runs a Java source file with Kafka's client at hand."""
    program = jars.java()
    if program is None or "jdk.compiler" not in subprocess.check_output([program, "--list-modules"], text=True):
        if os.environ.get("CI") == "true":
            pytest.fail("a Java development kit is needed (openjdk-17-jdk-headless)")
        pytest.skip("no Java development kit")
    return [program, "-cp", f"{jars.resolve(jars.default_cache())}/*"]


@pytest.fixture(scope="module")
def lender(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    """The environment of a worker at work on topics of its own."""
    with worker(tmp_path_factory.mktemp("kits"), kafka_bootstrap, "kits", free_port()) as environment:
        wait(lambda: applied(environment) >= 0, "metrics of the worker")
        yield environment


def sent_by(command: list[str], events: list[dict[str, Any]], lender: Lender) -> None:
    """Run a producer kit on events; it must end with 0."""
    lines = "".join(json.dumps(event) + "\n" for event in events)
    arguments = [*command, lender["OVERDUE_BROKERS"], lender["OVERDUE_TOPIC_PREFIX"]]
    done = subprocess.run(arguments, input=lines, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def metric(lender: Lender, name: str, labels: str = "") -> float:
    """The sum of a metric's series that have these labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{lender['OVERDUE_METRICS_PORT']}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", text, re.MULTILINE)
    return sum(float(value) for series, value in found if labels in series)


def applied(lender: Lender) -> float:
    """How many events have taken effect."""
    return metric(lender, "loan_events_total", 'outcome="applied"')


PYTHON_PRODUCER = [sys.executable, str(KITS / "producer" / "producer.py")]
PYTHON_CONSUMER = [sys.executable, str(KITS / "consumer" / "consumer.py")]
LOANS = [f"L-KIT-{number:02}" for number in range(12)]
PAID, PAID_LATE, UNPAID = LOANS[:4], LOANS[4:8], LOANS[8:]


def test_what_the_producers_send_is_judged_and_the_consumers_agree(lender: Lender, tmp_path: Path) -> None:
    """Loans published by both producers become alerts; both consumers end with what is true, corrections included.

    Due on 15 February and unpaid: overdue, M1, on the 16th. Paid on the 10th: no alert. Paid on the 14th, which became
    known on the 16th: the alert is taken back.
    """
    before = applied(lender)
    producers = [PYTHON_PRODUCER, [*java(), str(KITS / "producer" / "LoanEvents.java")]]
    for producer, loans in zip(producers, (LOANS[::2], LOANS[1::2]), strict=True):
        events = [disbursed(loan) for loan in loans]
        events += [paid("2024-02-10", loan=loan, payment=f"P-{loan}") for loan in loans if loan in PAID]
        sent_by(producer, events, lender)
    wait(lambda: applied(lender) == before + 16, "twelve disbursements and four payments")
    overdue("tick", "2024-02-16", environment=lender)
    wait(lambda: metric(lender, "loan_alerts_total", 'kind="loan.overdue_started"') == 8, "eight loans overdue")
    late = [paid("2024-02-16", loan=loan, payment=f"P-{loan}", valued="2024-02-14") for loan in PAID_LATE]
    sent_by(PYTHON_PRODUCER, late + late, lender)  # sent twice: the second time changes nothing
    wait(lambda: metric(lender, "loan_events_total", 'outcome="duplicate"') == 4, "four duplicates")

    database = tmp_path / "overdue.sqlite"
    brokers, prefix = lender["OVERDUE_BROKERS"], lender["OVERDUE_TOPIC_PREFIX"]
    commands = [
        [*PYTHON_CONSUMER, brokers, "kit", str(database), prefix, "6"],
        [*java(), str(KITS / "consumer" / "OverdueLoans.java"), brokers, prefix, "4"],
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    views = [last_states(process.communicate(timeout=90)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0]
    truth = dict.fromkeys(UNPAID, ("2024-02-16", "M1", 1)) | dict.fromkeys(PAID_LATE, ("2024-02-16", None, 0))
    assert views == [truth, truth]
    kept = sqlite3.connect(database)
    assert {loan: tuple(rest) for loan, *rest in kept.execute("SELECT * FROM loans")} == truth
    taken_back = kept.execute("SELECT loan_id, json_extract(body, '$.bucket') FROM alerts WHERE NOT stands")
    assert sorted(taken_back) == [(loan, "M1") for loan in PAID_LATE]

    again = [*PYTHON_CONSUMER, brokers, "kit-again", str(database), prefix, "6"]  # reads every alert once more
    assert subprocess.run(again, capture_output=True, text=True, timeout=60, check=True).stdout == ""


def last_states(text: str) -> dict[str, tuple[Any, ...]]:
    """The last line about each loan."""
    states = [json.loads(line) for line in text.splitlines()]
    return {one["loan_id"]: (one["as_of"], one["bucket"], one["delinquent_days"]) for one in states}


def test_a_librdkafka_producer_with_default_settings_is_caught(lender: Lender) -> None:
    """Its events on wrong partitions are refused, counted, named by `doctor`, and take effect once redriven.

    The same records with the kit's settings would lie right: what differs is `partitioner`.
    """
    before = applied(lender)
    landed: dict[str, int] = {}
    producer = Producer({"bootstrap.servers": lender["OVERDUE_BROKERS"]})
    for loan in (f"L-DEFAULT-{number}" for number in range(12)):
        topic, made = record(disbursed(loan, due="2030-02-15"))
        producer.produce(
            lender["OVERDUE_TOPIC_PREFIX"] + topic,
            **made,
            on_delivery=lambda _, message: landed.update({message.key().decode(): message.partition()}),
        )
    assert producer.flush(30) == 0
    wrong = [loan for loan, partition in landed.items() if partition != partition_of(loan.encode(), PARTITIONS)]
    assert len(wrong) >= 3

    wait(lambda: applied(lender) == before + len(landed) - len(wrong), "those that lie right")
    wait(lambda: metric(lender, "loan_dlq_total", 'reason="misrouted"') == len(wrong), "a dead letter for each other")
    topic = lender["OVERDUE_TOPIC_PREFIX"] + "loans.disbursements"
    assert metric(lender, "loan_misrouted_total", f'topic="{topic}"') == len(wrong)
    command = [sys.executable, "-m", "stream.cli"]
    said = subprocess.run([*command, "doctor"], env=lender, capture_output=True, text=True, timeout=60, check=False)
    (line,) = [line for line in said.stdout.splitlines() if "murmur2_random" in line]
    assert "urn:test" in line

    overdue("dlq", "redrive", "--reason", "misrouted", environment=lender)
    wait(lambda: applied(lender) == before + len(landed), "those that were sent again")


def test_the_kits_know_the_topic_of_every_input_type() -> None:
    """Both kits send each input event of the catalogue, ticks aside, to its topic."""
    source = (KITS / "producer" / "LoanEvents.java").read_text()
    for topic in TOPICS:
        for kind in topic.types:
            if topic.is_input and kind != "business_day.opened":
                assert topic_of(kind) == topic.name
    for name in ("DISBURSEMENTS", "REPAYMENTS"):
        listed = next(csv.reader([re.search(rf"{name} =\s+Set.of\((.*)\);", source)[1]], skipinitialspace=True))
        assert topic_of(listed[0]) in [topic_of(kind) for kind in listed]
        assert len({topic_of(kind) for kind in listed}) == 1


def test_the_partition_vectors_hold_for_the_kits_settings(kafka_bootstrap: str, make_topics: Any) -> None:
    """A key of `schemas/partitioning.json` lands where it says, by librdkafka with the kit's settings."""
    (topic,) = make_topics("vectors.", 12, ["keys"]).values()
    vectors = json.loads(Path("schemas/partitioning.json").read_text())["vectors"]
    landed: dict[str, int] = {}
    producer = Producer({"bootstrap.servers": kafka_bootstrap, **SETTINGS})
    for vector in vectors:
        producer.produce(
            topic,
            b"{}",
            vector["key"].encode(),
            on_delivery=lambda _, message: landed.update({message.key().decode(): message.partition()}),
        )
    assert producer.flush(30) == 0
    assert landed == {vector["key"]: vector["partition_of_12"] for vector in vectors}
