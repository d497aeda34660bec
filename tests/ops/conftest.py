"""One lender at work for all tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from stream.local.ports import free_port
from tests.ops.lender import a_loan, overdue, worker
from tests.ops.prometheus import wait


@pytest.fixture(scope="session")
def lender(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A worker at work: one loan, one message refused; the environment of a shell beside it."""
    folder = tmp_path_factory.mktemp("runbook")
    port = free_port()
    with worker(folder, kafka_bootstrap, "runbook", port) as environment:
        file = folder / "events.ndjson"
        file.write_text("".join(json.dumps(event) + "\n" for event in (a_loan("retail"), a_loan("wholesale"))))
        overdue("publish", str(file), "--no-check", "--open-days", environment=environment)
        tool = folder / "bin" / "overdue"
        tool.parent.mkdir()
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stream.cli "$@"\n')
        tool.chmod(0o755)
        shell = {
            **environment,
            "PATH": f"{tool.parent}:{os.environ['PATH']}",
            "METRICS": f"http://127.0.0.1:{port}",
            "COLUMNS": "200",
            "WORKER_LOG": str(folder / "worker.log"),
        }
        shell.pop("OVERDUE_METRICS_PORT")
        look = "curl -fsS $METRICS/metrics | grep -q ^loan_dlq_total"
        wait(lambda: subprocess.run(["bash", "-c", look], env=shell, check=False).returncode == 0, "a dead letter")
        yield shell
