"""Real trouble on a real worker: the metric moves, and the shipped rule fires in a real Prometheus.

Waiting times of the rules are a tenth of the shipped ones, `for` is left out: what is shown is the chain, from the
trouble to the alert. That each rule fires at its shipped times is in test_rules.py.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stream.local.broker import Broker
from stream.local.ports import free_port
from tests.ops.lender import a_loan, overdue
from tests.ops.prometheus import Prometheus, prometheus, wait

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
WATCHED = {"LoanLoopBlocked", "LoanBrokerSilent", "LoanBreakerOpen", "LoanLag"}
SECONDS = 30.0

BLOCKABLE = """
import signal, time
from stream.cli.app import run

signal.signal(signal.SIGALRM, lambda *_: time.sleep(8))  # on the loop's thread: it does not turn meanwhile
raise SystemExit(run(["worker"]))
"""


def sooner(rule: dict[str, Any]) -> None:
    """A tenth of the threshold in seconds, and no `for`."""
    if rule.get("alert") in WATCHED:
        rule.pop("for", None)
        rule["expr"] = re.sub(r"> (\d+)$", lambda found: f"> {int(found[1]) / 10}", rule["expr"])


@contextmanager
def watched_worker(
    broker: Broker, folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str], Prometheus]]:
    """A worker that SIGALRM blocks for 8 s, its environment, and the Prometheus that watches it."""
    port = free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("OVERDUE_")},
        "OVERDUE_BROKERS": broker.bootstrap,
        "OVERDUE_PARTITIONS": "1",
        "OVERDUE_METRICS_PORT": str(port),
        "OVERDUE_BREAKER_LIMIT": "5",
        "OVERDUE_DATA_DIRECTORY": str(folder / "faust"),
    }
    overdue("topics", "apply", environment=environment)
    with (folder / "worker.log").open("wb") as log:
        running = subprocess.Popen([sys.executable, "-c", BLOCKABLE], env=environment, stderr=log)
    try:
        with prometheus(folder, [f"127.0.0.1:{port}"], sooner) as server:
            wait(lambda: bool(server.series("loan_ready == 1")), "the worker is ready")
            yield running, environment, server
    finally:
        running.kill()
        running.wait(30)


def test_trouble_becomes_an_alert(private_broker: Broker, tmp_path: Path) -> None:
    """A blocked loop, a broken feed and a dead broker: each fires within 30 s; well again, the first and last end."""
    with watched_worker(private_broker, tmp_path) as (running, environment, server):
        assert not server.firing() & WATCHED

        running.send_signal(signal.SIGALRM)
        wait(lambda: "LoanLoopBlocked" in server.firing(), "a blocked loop fires", SECONDS)
        wait(lambda: "LoanLoopBlocked" not in server.firing(), "and ends", SECONDS)

        file = tmp_path / "bad.ndjson"
        file.write_text("".join(json.dumps(a_loan("shadow", f"L{n}", f"d-{n}")) + "\n" for n in range(6)))
        overdue("publish", str(file), "--no-check", environment=environment)
        wait(lambda: "LoanBreakerOpen" in server.firing(), "a broken feed fires", SECONDS)
        assert "messages in a row were rejected" in (tmp_path / "worker.log").read_text()

        private_broker.kill()
        wait(lambda: "LoanBrokerSilent" in server.firing(), "a dead broker fires", SECONDS)
        said = subprocess.run(
            [sys.executable, "-m", "stream.cli", "doctor"], env=environment, capture_output=True, text=True, check=False
        )
        assert "nothing listens there" in said.stdout
        private_broker.start()
        wait(lambda: "LoanBrokerSilent" not in server.firing(), "and ends", 60.0)
        assert running.poll() is None, (tmp_path / "worker.log").read_text()
