"""`overdue dlq` on a real broker: what was refused can be found, read, and sent again, which takes effect once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests import stories
from tests.ops.lender import a_loan, overdue, today
from tests.ops.prometheus import wait

LOAN = "L-TWICE"


def dlq(environment: dict[str, str], *arguments: str, status: int = 0) -> str:
    """What a dlq command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "stream.cli", "dlq", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr * bool(status)


def metrics(environment: dict[str, str]) -> str:
    """The worker's page."""
    address = environment["METRICS"].removeprefix("http://")
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def count(environment: dict[str, str], outcome: str) -> float:
    """Events with this outcome so far."""
    found = re.search(rf'^loan_events_total{{outcome="{outcome}"}} (\S+)$', metrics(environment), re.MULTILINE)
    return float(found[1]) if found else 0.0


def publish(environment: dict[str, str], folder: Path, *events: dict[str, Any]) -> None:
    """Publish events without a check."""
    file = folder / "events.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    overdue("publish", str(file), "--no-check", environment=environment)


def test_a_refused_message_sent_again_takes_effect_once(lender: dict[str, str], tmp_path: Path) -> None:
    """A second disbursement is refused; the first is cancelled; redrive has it accepted; once more: a duplicate."""
    publish(lender, tmp_path, a_loan("retail", LOAN, "d-first"), a_loan("retail", LOAN, "d-second"))
    find = ("list", "--reason", "loan_already_disbursed", "--json")
    wait(lambda: bool(dlq(lender, *find)), "the second disbursement is refused")
    (letter,) = map(json.loads, dlq(lender, *find).splitlines())
    assert (letter["event_id"], letter["topic"]) == ("d-second", "runbook.loans.disbursements")
    shown = json.loads(dlq(lender, "show", letter["id"][:12]))
    assert json.loads(shown["value"])["data"]["loan_id"] == LOAN
    assert shown["key"] == LOAN
    cancelled = {"loan_id": LOAN, "cancellation_date": today().isoformat()}
    applied = count(lender, "applied")
    publish(lender, tmp_path, stories.event("loan.disbursement_cancelled", "c-1", stories.at(today()), cancelled))
    wait(lambda: count(lender, "applied") > applied, "the first is cancelled")
    assert letter["id"] in dlq(lender, "redrive", letter["id"], "--dry-run")
    assert count(lender, "applied") == applied + 1
    dlq(lender, "redrive", letter["id"])
    wait(lambda: count(lender, "applied") == applied + 2, "the second is accepted")
    duplicates = count(lender, "duplicate")
    dlq(lender, "redrive", letter["id"])
    wait(lambda: count(lender, "duplicate") == duplicates + 1, "once more is a duplicate")
    assert count(lender, "applied") == applied + 2


def test_a_message_that_is_refused_again_is_still_one_message(lender: dict[str, str], tmp_path: Path) -> None:
    """Sent again and refused again it has two dead letters, the second with the id of the first; redrive sends one."""
    publish(lender, tmp_path, a_loan("shadow", "L-BAD", "d-bad"))

    def letters() -> list[dict[str, Any]]:
        found = map(json.loads, dlq(lender, "list", "--reason", "value_not_allowed", "--json").splitlines())
        return [letter for letter in found if letter["event_id"] == "d-bad"]

    wait(lambda: len(letters()) == 1, "it is refused")
    dlq(lender, "redrive", letters()[0]["id"])
    wait(lambda: len(letters()) == 2, "it is refused again")
    first, again = letters()
    assert dlq(lender, "redrive", first["id"], again["id"], "--dry-run").count("value_not_allowed") == 1
    headers = {h["name"]: h["value"] for h in json.loads(dlq(lender, "show", again["id"]))["headers"]}
    assert headers["overdue-redriven"] == first["id"]


def test_redrive_wants_to_know_what(lender: dict[str, str]) -> None:
    """Without an id, reason or topic nothing is sent; an id that is not there is named."""
    assert "all of them is never meant" in dlq(lender, "redrive", status=2)
    assert "No dead letter's id begins with 'ffff-no'" in dlq(lender, "redrive", "ffff-no", status=1)
    assert "No dead letter is like that" in dlq(lender, "redrive", "--reason", "id_empty", status=1)


def test_a_personal_datum_is_in_no_log_metric_or_reason(lender: dict[str, str], tmp_path: Path) -> None:
    """A telephone number where none belongs: reason, log and metrics do not repeat it; only `show` does."""
    canary = "13912345678"
    publish(lender, tmp_path, {**a_loan(canary, "L-CANARY", "d-canary"), "telephone": canary})

    def letters() -> list[dict[str, Any]]:
        found = map(json.loads, dlq(lender, "list", "--json").splitlines())
        return [letter for letter in found if letter["event_id"] == "d-canary"]

    wait(lambda: len(letters()) == 1, "it is refused")
    assert canary not in dlq(lender, "list") + dlq(lender, "list", "--json")
    assert canary not in metrics(lender)
    assert canary not in Path(lender["WORKER_LOG"]).read_text()
    assert canary in dlq(lender, "show", letters()[0]["id"])
