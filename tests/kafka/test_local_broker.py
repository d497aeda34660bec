"""The local broker: real Kafka, quick, and never left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stream.local import jars, process
from stream.local.broker import Broker, BrokerError
from tests.conftest import MakeTopics

SECONDS = 30


def eventually(what: str, true: object) -> None:
    """Poll until `true()` is true; fail after half a minute."""
    deadline = time.monotonic() + SECONDS
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"not within {SECONDS} s: {what}"
        time.sleep(0.05)


def publish(bootstrap: str, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(SECONDS) == 0


def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    deadline = time.monotonic() + SECONDS
    values: list[bytes] = []
    while len(values) < count and time.monotonic() < deadline:
        values += [value for message in consumer.consume(100, 0.5) if (value := message.value())]
    consumer.close()
    return values


def test_shared_broker_keeps_records(kafka_bootstrap: str, make_topics: MakeTopics) -> None:
    """What is published to the suite's broker can be read from it."""
    topic = make_topics("local-broker.", 1, ["kept"])["kept"]
    publish(kafka_bootstrap, topic, [b"one", b"two"])
    assert read(kafka_bootstrap, topic, 2) == [b"one", b"two"]


def test_topics_are_not_made_by_accident(kafka_bootstrap: str) -> None:
    """A producer that names an unknown topic gets an error, not a topic with a layout of chance."""
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "message.timeout.ms": 3000})
    refused: list[bool] = []
    producer.produce("local-broker.unknown", b"x", on_delivery=lambda error, _: refused.append(error is not None))
    producer.flush(SECONDS)
    assert refused == [True]
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    assert "local-broker.unknown" not in admin.list_topics(timeout=SECONDS).topics


def test_only_this_machine_can_connect(private_broker: Broker) -> None:
    """The broker listens on loopback addresses only."""
    pid = private_broker.status().pid
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    sockets = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and f"socket:[{line.split()[9]}]" in sockets
    ]
    loopback = ("0100007F", "0000000000000000FFFF00000100007F")
    assert len(listening) == 2  # clients, controller
    assert [address for address in listening if not address.startswith(loopback)] == []


def test_kill_and_restart_keeps_data_and_port(private_broker: Broker) -> None:
    """After kill -9 the broker starts again on the same port, and no acknowledged record is gone."""
    address = private_broker.bootstrap
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(SECONDS)
    values = [str(number).encode() for number in range(1000)]
    publish(address, "kept", values)
    assert private_broker.kill()
    assert not private_broker.status().running
    assert private_broker.start() == address
    assert read(address, "kept", len(values)) == values


def test_paused_broker_runs_but_does_not_answer(private_broker: Broker) -> None:
    """A broker under SIGSTOP is told from one that works, and can still be stopped in order."""
    assert private_broker.pause()
    status = private_broker.status()
    assert (status.running, status.answers) == (True, False)
    assert private_broker.resume()
    eventually("it answers again", lambda: private_broker.status().answers)
    assert private_broker.pause()
    assert private_broker.stop()
    assert not private_broker.status().running


STARTER = """
import sys
from pathlib import Path
from stream.local.broker import Broker
Broker(Path(sys.argv[1])).start(detached=True)
"""

OWNER = """
import sys, time
from stream.local.broker import Broker
broker = Broker.temporary()
broker.start()
print(broker.status().pid, broker.folder, flush=True)
time.sleep(600)
"""


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def test_broker_ends_with_an_owner_that_is_killed(owner: subprocess.Popen[str]) -> None:
    """kill -9 of the process that started a temporary broker ends the broker and removes its folder."""
    assert owner.stdout is not None
    pid, folder = owner.stdout.readline().split()
    identity = process.identify(int(pid))
    assert identity is not None
    owner.send_signal(signal.SIGKILL)
    assert process.wait_gone(identity, SECONDS)
    eventually("its folder is removed", lambda: not Path(folder).exists())


def test_detached_broker_outlives_its_starter_until_stop(tmp_path: Path) -> None:
    """A detached broker goes on when its starter has ended; any process can stop it by its folder, once."""
    subprocess.run([sys.executable, "-c", STARTER, str(tmp_path)], check=True, timeout=120)
    other = Broker(tmp_path)
    assert other.status().answers
    assert other.start() == other.bootstrap  # a second start finds it running
    assert other.stop()
    assert not other.status().running
    assert not other.stop()


def test_stop_never_signals_a_foreign_process(tmp_path: Path) -> None:
    """A process that got the number of a dead broker is left alone."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as foreign:
        state = {"pid": foreign.pid, "started": "another time", "port": 9}
        (tmp_path / "broker.json").write_text(json.dumps(state))
        broker = Broker(tmp_path)
        assert not broker.status().running
        assert not broker.stop()
        assert not broker.kill()
        assert foreign.poll() is None
        foreign.communicate(b"\n")
    assert foreign.returncode == 0


def test_taken_port_is_named(kafka_bootstrap: str, tmp_path: Path) -> None:
    """Starting on a port that is taken fails with the port and what to do, and leaves nothing running."""
    port = int(kafka_bootstrap.rpartition(":")[2])
    broker = Broker(tmp_path, port=port)
    with pytest.raises(BrokerError, match=rf"Port {port} .* is taken .*--port"):
        broker.start()
    assert not broker.status().running


def test_jars_are_those_of_the_pom(kafka_bootstrap: str) -> None:
    """The pom's jar count is right, so that progress ends at n of n."""
    found = list(jars.jar_folder(jars.default_cache()).glob("*.jar"))
    assert len(found) == int(jars.pom_property("jar.count"))
    assert any(jar.name == f"kafka_2.13-{jars.pom_property('kafka.version')}.jar" for jar in found)
