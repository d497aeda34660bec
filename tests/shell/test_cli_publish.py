"""`overdue publish`: checked before anything is sent, and sent as the contract says."""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from stream.cli.app import run
from stream.cli.publication import as_it_stands, binary
from stream.translate.inbound import Inbound
from stream.translate.lines import Line, parse_line
from tests.conftest import MakeTopics
from tests.contracts.test_examples import VALID, is_input, name_of

NOBODY = "127.0.0.1:1"
PARTITIONS = 4


def disbursed(loan_id: str = "A1", time: str = "2024-01-15T02:00:00Z") -> dict[str, Any]:
    rows = [{"number": 1, "due_date": "2024-02-15", "principal": 94619, "interest": 12000, "fee": 0, "penalty": 0}]
    return {
        "specversion": "1.0",
        "id": f"{loan_id}-disbursed",
        "source": "urn:test",
        "type": "loan.disbursed",
        "time": time,
        "causationid": "c1",
        "data": {
            "loan_id": loan_id,
            "borrower_id": "B1",
            "product": "consumer",
            "segment": "retail",
            "currency": "CNY",
            "principal": 94619,
            "disbursement_date": "2024-01-15",
            "annual_rate": "0.12",
            "schedule": rows,
        },
    }


def repaid(
    loan_id: str = "A1", payment: str = "P1", time: str = "2024-01-17T02:00:00Z", **changes: Any
) -> dict[str, Any]:
    data = {"loan_id": loan_id, "payment_id": payment, "value_date": "2024-01-17", "amount": 100}
    return {
        "specversion": "1.0",
        "id": f"{loan_id}-{payment}",
        "source": "urn:test",
        "type": "loan.repaid",
        "time": time,
        "data": data | changes,
    }


def ndjson(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_bytes(ndjson(disbursed(), repaid(amount="1.00")) + b'{"type": \n' + ndjson(repaid(payment="P2")))
    return path


# --- the record ---


def test_binary_mode_record() -> None:
    """Attributes become headers, extensions too; the key is the loan, the timestamp the event's time."""
    record = binary(disbursed())
    assert (record.topic, record.key) == ("loans.disbursements", b"A1")
    assert json.loads(record.value) == disbursed()["data"]
    assert record.event_time_ms == datetime(2024, 1, 15, 2, tzinfo=UTC).timestamp() * 1000
    assert dict(record.headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": b"A1-disbursed",
        "ce_source": b"urn:test",
        "ce_type": b"loan.disbursed",
        "ce_time": b"2024-01-15T02:00:00Z",
        "ce_causationid": b"c1",
    }


@pytest.mark.parametrize("path", [path for path in VALID if is_input(path)], ids=name_of)
def test_every_event_is_published_as_the_worker_reads_it(path: Path) -> None:
    """An example of each input type goes to its topic under its key, and says there what it said in the file."""
    event = json.loads(path.read_text("utf-8"))
    record, line = binary(event), parse_line(json.dumps(event).encode(), 0)
    assert (record.topic, record.key) == (line.topic, line.key)
    sent = Line(record.topic, 0, 0, 0, record.key, record.value, record.headers)
    assert Inbound("Asia/Shanghai").decode(sent) == Inbound("Asia/Shanghai").decode(line)


def test_unchecked_line_is_not_touched() -> None:
    """With --no-check the bytes of a line go out as they stand, in structured mode."""
    text = b'{"type":"loan.repaid",  "data":{"loan_id":"A1","amount":1e400}}'
    record = as_it_stands(parse_line(text, 1), None)
    assert record is not None
    assert (record.topic, record.key, record.value) == ("loans.repayments", b"A1", text)
    assert record.headers == [("content-type", b"application/cloudevents+json")]
    assert as_it_stands(parse_line(b"no json", 1), None) is None


# --- the check ---


def test_bad_lines_are_named_and_nothing_is_sent(bad_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each bad line is named by file, line and field with a remedy, before Kafka is even asked; status 3."""
    assert run(["publish", str(bad_file), "--brokers", NOBODY]) == 3
    said = capfd.readouterr().err
    assert f"{bad_file}:2: data.amount" in said
    assert f"{bad_file}:3: " in said
    assert "--keep-going" in said
    assert NOBODY not in said


def test_good_lines_reach_for_kafka(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A good file passes the check; without Kafka the command then fails with status 1."""
    path = tmp_path / "good.ndjson.gz"
    path.write_bytes(gzip.compress(ndjson(disbursed())))
    assert run(["publish", str(path), "--brokers", NOBODY]) == 1
    assert NOBODY in capfd.readouterr().err


def test_unreadable_file_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is an input error that names it."""
    assert run(["publish", str(tmp_path / "none"), "--brokers", NOBODY]) == 3
    assert str(tmp_path / "none") in capfd.readouterr().err


# --- on Kafka ---


def ends_of(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """First and end offset; the leader of a new partition may take a moment to know that it leads."""
    deadline = time.monotonic() + 30
    while True:
        try:
            low, high = consumer.get_watermark_offsets(partition, timeout=30)
        except KafkaException:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return low, high


def read(bootstrap: str, topics: list[str]) -> list[Message]:
    """Every record of the topics."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "enable.partition.eof": False})
    assigned, expected = [], 0
    for topic in topics:
        for partition in range(PARTITIONS):
            low, high = ends_of(consumer, TopicPartition(topic, partition))
            assigned.append(TopicPartition(topic, partition, low))
            expected += high - low
    consumer.assign(assigned)
    found: list[Message] = []
    while len(found) < expected:
        batch = consumer.consume(expected - len(found), 30)
        assert batch, "records that the broker counts do not come"
        found += batch
    consumer.close()
    return found


def test_a_loan_s_records_lie_where_murmur2_puts_them(
    kafka_bootstrap: str, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Loans spread over partitions exactly as a Java or a librdkafka `murmur2_random` producer spreads them."""
    prefix = "publish-murmur."
    make_topics(prefix, PARTITIONS)
    loans = [f"L{number}" for number in range(40)]
    path = tmp_path / "loans.ndjson"
    path.write_bytes(ndjson(*[disbursed(loan) for loan in loans]))
    assert run(["publish", str(path), "--brokers", kafka_bootstrap, "--prefix", prefix]) == 0
    published = {
        message.key(): message.partition() for message in read(kafka_bootstrap, [prefix + "loans.disbursements"])
    }
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "partitioner": "murmur2_random"})
    for loan in loans:
        producer.produce(prefix + "loans.repayments", b"{}", loan.encode())
    producer.flush(30)
    theirs = {message.key(): message.partition() for message in read(kafka_bootstrap, [prefix + "loans.repayments"])}
    assert published == theirs
    assert len(set(published.values())) == PARTITIONS


def test_open_days_between_the_events(kafka_bootstrap: str, make_topics: MakeTopics, tmp_path: Path) -> None:
    """--open-days opens each day on each partition, after what came before it: its end offsets say so."""
    prefix = "publish-days."
    topics = make_topics(prefix, PARTITIONS)
    path = tmp_path / "events.ndjson"
    path.write_bytes(ndjson(disbursed(), repaid(time="2024-01-17T02:00:00Z")))
    arguments = [
        "publish",
        str(path),
        "--brokers",
        kafka_bootstrap,
        "--prefix",
        prefix,
        "--open-days",
        "--until",
        "2024-01-18",
    ]
    assert run(arguments) == 0
    ticks = read(kafka_bootstrap, [topics["business-days"]])
    days = [date(2024, 1, day).isoformat() for day in (15, 16, 17, 18)]
    per_partition: dict[int, list[Any]] = {partition: [] for partition in range(PARTITIONS)}
    for tick in ticks:
        per_partition[tick.partition() or 0].append(json.loads(tick.value() or b""))
    assert all([opened["business_date"] for opened in found] == days for found in per_partition.values())
    (loan,) = read(kafka_bootstrap, [topics["loans.disbursements"]])
    ends = [opened["input_end_offsets"] for opened in per_partition[loan.partition() or 0]]
    assert [end[topics["loans.disbursements"]] for end in ends] == [0, 1, 1, 1]
    assert [end[topics["loans.repayments"]] for end in ends] == [0, 0, 0, 1]
    assert {tick.key() for tick in ticks} == {day.encode() for day in days}
    assert dict(ticks[0].headers() or [])["ce_type"] == b"business_day.opened"


def test_keep_going_and_no_check(
    kafka_bootstrap: str, make_topics: MakeTopics, bad_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """--keep-going leaves bad lines out (status 3); --no-check sends them all."""
    prefix = "publish-bad."
    topics = make_topics(prefix, PARTITIONS)
    where = ["--brokers", kafka_bootstrap, "--prefix", prefix]
    inputs = [topics["loans.disbursements"], topics["loans.repayments"]]
    assert run(["publish", str(bad_file), *where, "--keep-going"]) == 3
    assert "2 events published" in capfd.readouterr().err
    assert len(read(kafka_bootstrap, inputs)) == 2
    assert run(["publish", str(bad_file), *where, "--no-check"]) == 3  # one line names no type
    assert run(["publish", str(bad_file), *where, "--no-check", "--topic", "loans.repayments"]) == 0
    assert b'{"type":' in {(message.value() or b"").strip() for message in read(kafka_bootstrap, inputs)}


def test_stdin(kafka_bootstrap: str, make_topics: MakeTopics, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads events from stdin."""
    prefix = "publish-stdin."
    topics = make_topics(prefix, PARTITIONS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ndjson(disbursed(), repaid()))))
    assert run(["publish", "-", "--brokers", kafka_bootstrap, "--prefix", prefix]) == 0
    assert len(read(kafka_bootstrap, [topics["loans.disbursements"], topics["loans.repayments"]])) == 2


def test_missing_topics_name_the_command_that_makes_them(
    kafka_bootstrap: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without topics nothing is published: status 4, and the command that repairs it."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(ndjson(disbursed()))
    assert run(["publish", str(path), "--brokers", kafka_bootstrap, "--prefix", "publish-none."]) == 4
    said = capfd.readouterr().err
    assert "publish-none.loans.disbursements" in said
    assert "overdue topics apply" in said
