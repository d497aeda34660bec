"""`overdue topics`, `tick`, `watch` and `kafka` against a real broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from stream.cli.app import run
from stream.local import jars
from stream.local.broker import Broker
from stream.local.ports import free_port
from tests.conftest import MakeTopics, need_a_local_broker

ALERT = {
    "loan_id": "A1",
    "currency": "CNY",
    "as_of": "2024-02-16",
    "days_past_due": 1,
    "previous_bucket": None,
    "bucket": "M1",
    "overdue": {"total": 106619},
    "oldest_due_date": "2024-02-15",
    "reasons": [{"code": "days_past_due_reached", "observed": 1, "threshold": 1}],
    "causes": [],
}


@pytest.fixture(autouse=True)
def _own_changelog(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Each test's layout has a changelog of its own on the shared broker."""
    monkeypatch.setenv("OVERDUE_APP_ID", f"cli-{request.node.name}")


def test_plan_then_apply_then_nothing(kafka_bootstrap: str, capfd: pytest.CaptureFixture[str]) -> None:
    """plan changes nothing, apply makes what plan showed, and then there is nothing left to do."""
    where = ["--brokers", kafka_bootstrap, "--prefix", "cli-plan.", "--partitions", "3"]
    assert run(["topics", "plan", *where, "--json"]) == 4
    planned = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert "cli-plan.loans.overdue" in {difference["topic"] for difference in planned}
    assert run(["topics", "plan", *where, "--json"]) == 4
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == planned
    assert run(["topics", "apply", *where]) == 0
    assert len(capfd.readouterr().out.splitlines()) == len(planned)
    assert run(["topics", "plan", *where]) == 0
    assert capfd.readouterr().out == ""
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    assert len(admin.list_topics("cli-plan.loans.overdue", timeout=30).topics["cli-plan.loans.overdue"].partitions) == 3


def test_apply_repairs_configuration_and_keeps_other_entries(
    kafka_bootstrap: str, make_topics: MakeTopics, capfd: pytest.CaptureFixture[str]
) -> None:
    """A wrong entry is set right; an entry of the topic's own that the layout does not name stays."""
    prefix = "cli-config."
    make_topics(prefix, 4, ["loans.overdue"], config={"retention.ms": "5000", "segment.bytes": "2000000"})
    assert run(["topics", "apply", "--brokers", kafka_bootstrap, "--prefix", prefix, "--partitions", "4"]) == 0
    assert "cli-config.loans.overdue: retention.ms is 5000" in capfd.readouterr().out
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    resource = ConfigResource(ResourceType.TOPIC, "cli-config.loans.overdue")
    (described,) = admin.describe_configs([resource]).values()
    entries = described.result(30)
    assert entries["retention.ms"].value == str(30 * 86_400_000)
    assert entries["segment.bytes"].value == "2000000"


def test_partition_counts_are_not_changed(
    kafka_bootstrap: str, make_topics: MakeTopics, capfd: pytest.CaptureFixture[str]
) -> None:
    """A topic with another number of partitions is told, not changed: loans would move to other tasks."""
    make_topics("cli-count.", 2, ["loans.overdue"])
    assert run(["topics", "apply", "--brokers", kafka_bootstrap, "--prefix", "cli-count.", "--partitions", "4"]) == 4
    assert "cli-count.loans.overdue: partitions is 2, the layout says 4" in capfd.readouterr().err
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    assert (
        len(admin.list_topics("cli-count.loans.overdue", timeout=30).topics["cli-count.loans.overdue"].partitions) == 2
    )


def test_tick_opens_days_on_every_partition(
    kafka_bootstrap: str, make_topics: MakeTopics, capfd: pytest.CaptureFixture[str]
) -> None:
    """`tick FROM TO` opens each day once on each partition."""
    make_topics("cli-tick.", 4)
    assert run(["tick", "2024-02-28", "2024-03-01", "--brokers", kafka_bootstrap, "--prefix", "cli-tick."]) == 0
    assert capfd.readouterr().err.splitlines() == [
        f"{day} opened on 4 partitions" for day in ("2024-02-28", "2024-02-29", "2024-03-01")
    ]


def test_watch_shows_committed_alerts_only(
    kafka_bootstrap: str, make_topics: MakeTopics, capfd: pytest.CaptureFixture[str]
) -> None:
    """Alerts of an aborted transaction are not shown; a committed one is a line of words, or of JSON."""
    topic = make_topics("cli-watch.", 4)["loans.overdue"]
    headers = [("ce_type", b"loan.overdue_started"), ("ce_id", b"right")]
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "transactional.id": "cli-watch"})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, json.dumps(ALERT).encode(), b"A1", headers=[*headers[:1], ("ce_id", b"wrong")])
    producer.flush(30)
    producer.abort_transaction(30)
    producer.begin_transaction()
    producer.produce(topic, json.dumps(ALERT).encode(), b"A1", headers=headers)
    producer.commit_transaction(30)
    where = ["--brokers", kafka_bootstrap, "--prefix", "cli-watch.", "--from-beginning", "--count", "1"]
    assert run(["watch", *where]) == 0
    assert "A1     overdue" in capfd.readouterr().out
    assert run(["watch", *where, "--json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert (shown["id"], shown["type"], shown["data"]) == ("right", "loan.overdue_started", ALERT)


@pytest.mark.kafka
def test_kafka_start_status_stop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """start prints the address, status finds it, stop ends it; a second stop and status say that it is not there."""
    need_a_local_broker()
    folder = ["--folder", str(tmp_path)]
    port = free_port()
    try:
        assert run(["kafka", "start", *folder, "--port", str(port)]) == 0
        assert capfd.readouterr().out == f"127.0.0.1:{port}\n"
        assert run(["kafka", "status", *folder, "--json"]) == 0
        status = json.loads(capfd.readouterr().out)
        assert (status["running"], status["answers"], status["bootstrap"]) == (True, True, f"127.0.0.1:{port}")
        assert run(["kafka", "stop", *folder]) == 0
        assert run(["kafka", "status", *folder]) == 1
        assert run(["kafka", "stop", *folder]) == 0
        assert "No broker" in capfd.readouterr().err
    finally:
        Broker(tmp_path).stop()


def test_without_java_start_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without Java and Maven one sentence names both and how to use another broker; status 1."""
    monkeypatch.setattr(jars, "java", lambda: None)
    monkeypatch.setattr(jars, "maven", lambda: None)
    assert run(["kafka", "start", "--folder", str(tmp_path / "kafka"), "--cache", str(tmp_path / "cache")]) == 1
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "Java 17 or later and Maven are not on this machine" in said
    assert "--brokers" in said
    assert "OVERDUE_BROKERS" in said
