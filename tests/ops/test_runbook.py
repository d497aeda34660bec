"""The runbook: a part per alert, and every command in it runs, on a worker with a real Kafka."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

RUNBOOK = Path("deploy/runbook.md")
PART = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = RUNBOOK.read_text("utf-8")
PARTS = dict(PART.findall("## Before all\n" + TEXT))
BLOCKS = [(name, block) for name, part in PARTS.items() for block in BLOCK.findall(part)]


def test_every_part_has_a_command() -> None:
    """No alert leaves the reader without something to type."""
    from tests.ops.test_rules import ALERTS

    assert set(PARTS) == {"Before all", *ALERTS, "A worker refuses to run"}
    assert {name for name, _ in BLOCKS} == set(PARTS)


@pytest.mark.slow
def run(line: str, lender: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-euo", "pipefail", "-c", line]
    return subprocess.run(command, env=lender, capture_output=True, text=True, timeout=60, check=False)


def test_every_command_runs(lender: dict[str, str]) -> None:
    """Each line of each block ends with status 0; what is only looked at may appear a moment after the start."""
    failed = []
    lines = dict.fromkeys(line for _, block in BLOCKS for line in block.splitlines())  # each once, in order
    for line in lines:
        done = run(line, lender)
        deadline = time.monotonic() + 20
        while done.returncode and line.startswith("curl") and time.monotonic() < deadline:
            time.sleep(0.5)
            done = run(line, lender)
        if done.returncode:
            failed.append(f"{line}\n{done.stdout}{done.stderr}")
    assert not failed, "\n\n".join(failed)
