"""The command line as a whole: help, exit statuses, one clean line for each error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream.cli.app import COMMANDS, run
from stream.cli.errors import EXIT_STATUSES
from stream.local.portfolio import sample

NOBODY = "127.0.0.1:1"
"""An address that nothing listens on."""


def overdue(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "80", **environment},
    )


def test_help_names_every_command_and_exit_status() -> None:
    """`overdue --help` fits 80 columns and documents each command and exit status."""
    shown = overdue("--help")
    assert shown.returncode == 0
    words = " ".join(shown.stdout.split())
    assert [name for name in COMMANDS if f" {name} " not in words] == []
    assert [text for code, text in EXIT_STATUSES.items() if f"{code} {text}" not in words] == []
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_without_colour_codes(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Every command explains itself, in plain text where nobody watches."""
    assert run([command, "--help"]) == 0
    shown = capfd.readouterr().out
    assert "Usage: overdue " + command in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replya"], "replay"),
        (["kafka", "start", "--port", "many"], "--port"),
        (["tick", "2024-2-30"], "2024-2-30"),
        (["tick", "2024-03-02", "2024-03-01"], "before"),
        (["publish", "x.ndjson", "--until", "2024-03-01"], "--open-days"),
        (["publish", "x.ndjson", "--topic", "elsewhere"], "loans.repayments"),
        (["watch", "--brokers", "user:secret@host:1"], "OVERDUE_SASL_USERNAME"),
    ],
)
def test_usage_errors(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A wrong option or argument ends with status 2 and names what was wrong."""
    assert run(arguments) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert "secret" not in captured.err


@pytest.mark.parametrize("arguments", [["topics", "plan"], ["topics", "apply"], ["tick", "2024-03-01"], ["watch"]])
def test_no_kafka_is_one_sentence_with_a_remedy(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Where no Kafka answers, a command says so in one line, says how to get one, and ends with status 1."""
    assert run([*arguments, "--brokers", NOBODY]) == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert NOBODY in captured.err
    assert "overdue kafka start" in captured.err
    assert "--brokers" in captured.err


def test_unknown_setting_is_named(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """A misspelt environment variable is an error, not ignored."""
    monkeypatch.setenv("OVERDUE_BROKER", NOBODY)
    assert run(["watch"]) == 2
    assert "OVERDUE_BROKERS" in capfd.readouterr().err


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    """`overdue replay … | head -1` ends at once and without a traceback."""
    events = tmp_path / "events.ndjson"
    events.write_text("".join(json.dumps(event) + "\n" for event in sample().events))
    with subprocess.Popen(
        [sys.executable, "-m", "stream.cli", "replay", str(events)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
