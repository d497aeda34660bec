"""`overdue schema export|check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.export import drift
from stream.cli.app import run
from tests.agent_table import disbursed, paid


def test_an_exported_contract_is_the_contract(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`schema export` writes what the models say, and `check --against` finds no difference to it."""
    assert run(["schema", "export", str(tmp_path / "contract")]) == 0
    assert drift(tmp_path / "contract") == []
    assert run(["schema", "check", "--against", str(tmp_path / "contract")]) == 0
    assert "nobody is broken" in capfd.readouterr().err


def test_a_broken_contract_is_status_3_with_a_line_each(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A field that consumers of an earlier contract rely on is named on stdout."""
    assert run(["schema", "export", str(tmp_path)]) == 0
    path = tmp_path / "published" / "loan.cured.v1.schema.json"
    schema = json.loads(path.read_text())
    schema["properties"]["mood"] = {"type": "string", "description": "How the loan feels."}
    schema["required"].append("mood")
    path.write_text(json.dumps(schema))
    capfd.readouterr()
    assert run(["schema", "check", "--against", str(tmp_path)]) == 3
    (line,) = capfd.readouterr().out.splitlines()
    assert "loan.cured.v1.schema.json: new events break consumers of today ($.mood" in line


def test_events_are_judged_before_they_are_sent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`schema check FILE` names each event that the worker would refuse, by line and reason code, and status 3."""
    file = tmp_path / "events.ndjson"
    bad = paid("2024-01-20", amount=0)
    file.write_text("".join(json.dumps(event) + "\n" for event in (disbursed(), bad, paid("2024-01-20"))))
    assert run(["schema", "check", str(file)]) == 3
    assert capfd.readouterr().out.splitlines() == [
        f"{file}:2: amount_too_small: data.amount: An amount is negative, or 0 where at least 1 is needed."
    ]
    file.write_text(json.dumps(disbursed()) + "\n")
    assert run(["schema", "check", str(file)]) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "name a file of events"),
        (["--against", "no-such-place"], 1, "neither a folder nor a commit"),
        (["no-such-file.ndjson"], 3, "can't be read"),
    ],
)
def test_a_mistake_says_what_to_do(
    arguments: list[str], status: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing to check, a place that is no contract and a file that is not there end in a sentence each."""
    assert run(["schema", "check", *arguments]) == status
    assert words in capfd.readouterr().err
