"""Real trouble on a real worker: the metric moves, the shipped rule fires in a real Prometheus, the cause is named.

Waiting times of the rules are a twentieth of the shipped ones, `for` is left out: what is shown is the chain, from the
trouble to the alert. That each rule fires at its shipped times is in test_rules.py.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from stream.cli.app import run
from stream.local.ports import free_port
from stream.rights import rights
from stream.translate.partition import partition_of
from tests.conftest import need_a_local_broker
from tests.ops.collector import collector
from tests.ops.lender import a_loan
from tests.ops.prometheus import Prometheus, prometheus, wait
from tests.ops.security import PASSWORD, SecureBroker, secure_broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]  # three starts of a broker and of a worker
SECONDS = 30.0
USER = "overdue-worker"
STALLED, BROKEN = 0, 1
"""Partitions of the two."""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

BLOCKABLE = """
import signal, time
from stream.cli.app import run

signal.signal(signal.SIGALRM, lambda *_: time.sleep(5))  # on the loop's thread: it does not turn meanwhile
raise SystemExit(run(["worker"]))
"""


def sooner(rule: dict[str, Any]) -> None:
    """A twentieth of a threshold in seconds, and no `for`."""
    if "alert" in rule:
        rule.pop("for", None)
        rule["expr"] = re.sub(r"> (\d+)$", lambda found: f"> {int(found[1]) / 20}", rule["expr"])


def command(environment: dict[str, str], *arguments: str) -> int:
    """Run a command in this process, which saves the start of one; its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return run(list(arguments))


class Lender:
    """A lender whose Kafka wants TLS and a login, its worker, and the Prometheus that watches it."""

    def __init__(self, broker: SecureBroker, folder: Path, collected_at: str) -> None:
        self.broker = broker
        self.port = free_port()
        self.environment = broker.environment(
            folder,
            USER,
            OVERDUE_PARTITIONS="2",
            OVERDUE_METRICS_PORT=str(self.port),
            OVERDUE_BREAKER_LIMIT="5",
            OVERDUE_DATA_DIRECTORY=str(folder / "faust"),
            OVERDUE_TRACING="1",
            OTEL_EXPORTER_OTLP_ENDPOINT=collected_at,
            OTEL_BSP_SCHEDULE_DELAY="500",
        )
        self.open = {**self.environment, "OVERDUE_BROKERS": broker.broker.bootstrap}
        self.open["OVERDUE_SECURITY_PROTOCOL"] = "PLAINTEXT"
        self.folder = folder
        self.log_file = folder / "worker.log"
        self.running: subprocess.Popen[bytes] | None = None

    def start(self, **changed: str) -> subprocess.Popen[bytes]:
        """Start the worker, which SIGALRM blocks for 5 s."""
        environment = self.environment | changed
        with self.log_file.open("ab") as log:
            self.running = subprocess.Popen([sys.executable, "-c", BLOCKABLE], env=environment, stderr=log)
        return self.running

    def log(self) -> str:
        """What the workers have said, on one line."""
        return " ".join(self.log_file.read_text().split())

    def doctor(self, capfd: pytest.CaptureFixture[str]) -> str:
        """What doctor finds, on one line."""
        capfd.readouterr()
        command(self.environment, "doctor", "--no-producers")
        return " ".join(capfd.readouterr().out.split())

    def publish(self, segment: str, partition: int, count: int, name: str) -> None:
        """So many loans on one partition; a segment that the contract does not have is refused."""
        ids = [f"{name}{n}" for n in range(100) if partition_of(f"{name}{n}".encode(), 2) == partition][:count]
        file = self.folder / "events.ndjson"
        file.write_text("".join(json.dumps(a_loan(segment, loan, f"d-{loan}")) + "\n" for loan in ids))
        assert command(self.open, "publish", str(file), "--no-check") == 0

    def hang(self) -> Producer:
        """A producer in the middle of a transaction on one partition."""
        producer = Producer(
            {
                "bootstrap.servers": self.broker.broker.bootstrap,
                "transactional.id": "core-banking",
                "transaction.timeout.ms": 300_000,
            }
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        producer.produce("loans.repayments", b"{}", b"L1", STALLED)
        producer.flush(30)
        return producer


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Lender, Prometheus, list[Any]]]:
    """All of it, and the spans that come; the broker's certificate ends in ten days."""
    need_a_local_broker()
    with secure_broker(folder, days=10) as broker, collector() as (address, spans):
        broker.user(USER)
        broker.grant(USER, rights("worker", "", "overdue"))
        lender = Lender(broker, folder, address)
        assert command(lender.open, "topics", "apply") == 0
        hanging = lender.hang()
        lender.start()
        try:
            with prometheus(folder, [f"127.0.0.1:{lender.port}"], sooner) as server:
                wait(lambda: bool(server.series("loan_ready == 1")), "the worker is ready")
                yield lender, server, spans
        finally:
            del hanging
            if lender.running is not None:
                lender.running.kill()
                lender.running.wait(30)


class Watch:
    """What must be seen, each within its time."""

    def __init__(self, lender: Lender, server: Prometheus) -> None:
        self._lender, self._server = lender, server

    def fires(self, alert: str) -> None:
        """The rule fires."""
        wait(lambda: alert in self._server.firing(), f"{alert} fires", SECONDS)

    def ends(self, alert: str) -> None:
        """And ends, when the trouble is over."""
        wait(lambda: alert not in self._server.firing(), f"{alert} ends", SECONDS * 2)

    def named(self, words: str) -> None:
        """The log names the cause."""
        wait(lambda: words in self._lender.log(), f"the log names {words}", SECONDS)

    def ready(self) -> None:
        """A worker is at work."""
        wait(lambda: bool(self._server.series("loan_ready == 1")), "the worker is ready")


def test_trouble_becomes_an_alert(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A certificate about to end, a blocked loop, stalled partitions, a right taken away, a dead broker, an expired
    certificate: each moves its metric, fires its rule, and is named by the log or doctor; well again, it ends.
    """
    with watched(tmp_path) as (lender, server, spans):
        watch = Watch(lender, server)
        watch.fires("LoanCertificateExpires")
        assert "LoanCertificateExpired" not in server.firing()
        assert not server.firing() & {"LoanLoopBlocked", "LoanBrokerSilent", "LoanBreakerOpen", "LoanLag"}
        assert lender.running is not None
        lender.running.send_signal(signal.SIGALRM)
        watch.fires("LoanLoopBlocked")
        watch.ends("LoanLoopBlocked")
        partitions_stall(lender, watch)
        a_right_is_taken_away(lender, watch, capfd)
        wait(lambda: TRACE in traced_dead_letters(lender), "the dead letter has its event's trace")
        wait(lambda: bool(linked(spans)), "a span is linked to the trace")
        the_broker_goes(lender, watch, capfd)
        assert lender.running.poll() is None, lender.log()
        assert PASSWORD not in lender.log() + str(spans)


def partitions_stall(lender: Lender, watch: Watch) -> None:
    """One by a broken feed, one by somebody's transaction that was begun at the start."""
    broken_feed(lender)
    watch.fires("LoanBreakerOpen")
    watch.named("5 messages in a row were rejected")
    lender.publish("retail", BROKEN, 3, "behind")
    watch.fires("LoanLag")  # the broken partition; the other goes on
    watch.fires("LoanUpstreamTransactionOpen")
    watch.named("loans.repayments partition 0: an upstream transaction has been open for")


def a_right_is_taken_away(lender: Lender, watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    """The worker ends at its next standing; the next one does not begin, and both say why."""
    lender.broker.revoke(USER, "loans.standing")
    lender.publish("retail", STALLED, 1, "good")
    assert lender.running is not None
    assert lender.running.wait(SECONDS) != 0
    watch.named("a right in Kafka was taken away")
    assert lender.start().wait(SECONDS) == 1
    missing = "no right to Read and Write and Describe on the topic loans.standing"
    watch.named(missing)
    watch.fires("LoanWorkerAbsent")
    assert missing in lender.doctor(capfd)
    lender.broker.grant(USER, rights("worker", "", "overdue"))
    lender.start(OVERDUE_BREAKER_LIMIT="100")
    watch.ends("LoanWorkerAbsent")
    watch.ready()


def the_broker_goes(lender: Lender, watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    """It dies; it comes back with an expired certificate; it comes back with a good one."""
    lender.broker.broker.kill()
    watch.fires("LoanBrokerSilent")
    assert "nothing listens there" in lender.doctor(capfd)
    lender.broker.renew(days=-1)
    lender.broker.broker.start()
    watch.named("refused: certificate has expired")
    assert "the broker's certificate has expired" in lender.doctor(capfd)
    watch.fires("LoanBrokerSilent")  # it is there, and no use
    lender.broker.broker.kill()
    lender.broker.renew(days=90)
    lender.broker.broker.start()
    watch.ends("LoanBrokerSilent")
    watch.ends("LoanCertificateExpires")


def broken_feed(lender: Lender) -> None:
    """More messages than the breaker allows that are no loans, each with a trace."""
    producer = Producer({"bootstrap.servers": lender.broker.broker.bootstrap})
    for _ in range(6):
        trace = [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())]
        producer.produce("loans.disbursements", b"{}", b"L1", BROKEN, headers=trace)
    producer.flush(30)


def traced_dead_letters(lender: Lender) -> str:
    """The traces of the dead letters."""
    reader = Consumer(
        {"bootstrap.servers": lender.broker.broker.bootstrap, "group.id": "look", "auto.offset.reset": "earliest"}
    )
    reader.subscribe(["dead-letters"])
    try:
        found = reader.poll(10.0)
        return "" if found is None else str(dict(found.headers() or ()).get("traceparent"))
    finally:
        reader.close()


def linked(spans: list[Any]) -> list[Any]:
    """Spans with a link to the trace."""
    return [span for span in spans if any(link.trace_id.hex() == TRACE for link in span.links)]
