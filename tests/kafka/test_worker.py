"""The worker on a real broker: it gives what a replay gives, opens days by wall clock, and refuses a wrong layout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from stream.local.portfolio import sample
from tests import stories
from tests.agent_table import disbursed, paid, serviced

PARTITIONS = 4
SECONDS = 60


def overdue(*arguments: str, environment: dict[str, str], check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=check,
    )


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is stopped in order at the end, and must then say so with exit status 0."""
    with log.open("wb") as file:
        running = subprocess.Popen([sys.executable, "-m", "stream.cli", "worker"], env=environment, stderr=file)
    try:
        yield running
        running.terminate()
        assert running.wait(SECONDS) == 0, log.read_text()
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def environment(kafka_bootstrap: str, tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """The environment of a lender of one's own, by name."""

    def of(name: str) -> dict[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("OVERDUE_")},
            "OVERDUE_BROKERS": kafka_bootstrap,
            "OVERDUE_TOPIC_PREFIX": f"{name}.",
            "OVERDUE_APP_ID": name,
            "OVERDUE_PARTITIONS": str(PARTITIONS),
            "OVERDUE_METRICS_PORT": "0",
            "OVERDUE_DATA_DIRECTORY": str(tmp_path / "faust"),
        }

    return of


def alerts(environment: dict[str, str], count: int) -> dict[str, Any]:
    """The first alerts that a read-committed reader sees, by id."""
    seen = overdue("watch", "--from-beginning", "--json", "--count", str(count), environment=environment)
    return {alert["id"]: alert["data"] for alert in map(json.loads, seen.stdout.splitlines())}


def test_the_worker_gives_what_a_replay_gives(environment: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    """The sample portfolio through Kafka and through a file: the same alerts, ids and bodies."""
    lender = environment("same")
    book = sample(loans=60)
    file = tmp_path / "book.ndjson"
    good = [event for event in book.events if event["id"].count("bad") == 0]
    file.write_text("".join(json.dumps(event) + "\n" for event in good))
    last = max(book.days).isoformat()
    replayed = overdue("replay", str(file), "--until", last, environment=lender, check=False)
    lines = [json.loads(line) for line in replayed.stdout.splitlines()]
    wanted = {line["value"]["id"]: line["value"]["data"] for line in lines if line["topic"] == "loans.overdue"}
    assert len(wanted) > 20
    overdue("topics", "apply", environment=lender)
    with worker(lender, tmp_path / "worker.log"):
        overdue("publish", str(file), "--open-days", "--until", last, "--no-check", environment=lender)
        assert alerts(lender, len(wanted)) == wanted


WATCHING = """
[products.default]
schemes = []
[feed]
min_expected = 4
min_days = 2
"""


def serviced_book() -> list[dict[str, Any]]:
    """Twenty loans: two days well paid, a third that is held until its payments come, and every servicing."""
    events = [disbursed(f"L{day}{number}", due=f"2024-02-0{day}") for day in (1, 2, 3, 4) for number in range(5)]
    for day in (1, 2):
        events.append(tick(day))
        events += [paid(f"2024-02-0{day}", loan=f"L{day}{number}") for number in range(4)]
    events += [tick(3), tick(4)]
    events += [paid("2024-02-04", loan=f"L3{number}", valued="2024-02-03") for number in range(5)]
    back = {"chargeback_id": "B1", "payment_id": "P1", "value_date": "2024-02-04", "amount": 100_00}
    row = stories.an_installment(1, "2024-06-01", 100_00)
    eased = {"schedule_version": 2, "effective_date": "2024-02-01", "reason": "restructuring", "schedule": [row]}
    events += [
        serviced("charged_back", "2024-02-04", "L30", **back),
        serviced("schedule_revised", "2024-02-04", "L14", **eased),
        serviced("charge_posted", "2024-02-04", "L24", charge_id="C", kind="fee", due_date="2024-02-02", amount=5),
        serviced("charge_waived", "2024-02-04", "L24", charge_id="C"),
        serviced("delinquency_paused", "2024-02-04", "L40", start_date="2024-02-04", end_date="2024-02-20"),
        serviced("written_off", "2024-02-04", "L41", effective_date="2024-02-04"),
        serviced("delinquency_resumed", "2024-02-04", "L42", resume_date="2024-02-04"),
    ]
    return [*events, tick(5, complete=True)]


def tick(day: int, *, complete: bool = False) -> dict[str, Any]:
    """The business day of a day of February."""
    date = f"2024-02-0{day}"
    data = {"business_date": date, "repayments_complete": complete}
    return stories.event("business_day.opened", f"business-day:{date}", stories.at(date, time(0, 30)), data)


def test_servicing_and_a_held_day_are_those_of_a_replay(
    environment: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    """Every kind of servicing, a held day and its release, through one partition of Kafka: what a replay says."""
    lender = environment("serviced") | {"OVERDUE_PARTITIONS": "1", "OVERDUE_POLICY_FILE": str(tmp_path / "policy.toml")}
    (tmp_path / "policy.toml").write_text(WATCHING)
    file = tmp_path / "book.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in serviced_book()))
    lines = [json.loads(line) for line in overdue("replay", str(file), environment=lender).stdout.splitlines()]
    wanted = {line["value"]["id"]: line["value"]["data"] for line in lines if line["topic"] == "loans.overdue"}
    kinds = {line["value"]["type"] for line in lines}
    assert {"feed.held", "feed.released", "loan.pause_changed", "loan.cured", "message.rejected"} <= kinds
    overdue("topics", "apply", environment=lender)
    with worker(lender, tmp_path / "worker.log"):
        overdue("publish", str(file), environment=lender)
        assert alerts(lender, len(wanted)) == wanted


def test_the_worker_opens_days_by_wall_clock(environment: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    """A loan due the day before yesterday is overdue today, without anybody opening the day."""
    lender = {**environment("clock"), "OVERDUE_CLOCK": "wall", "OVERDUE_POSTING_LAG_MINUTES": "0"}
    today = datetime.now(stories.ZONE).date()  # noqa: TID251  (the worker asks the wall clock, too)
    due = today - timedelta(days=2)
    event = stories.event(
        "loan.disbursed",
        "d-1",
        stories.at(due - timedelta(days=5)),
        {
            "loan_id": "L1",
            "borrower_id": "B1",
            "product": "cash",
            "segment": "retail",
            "currency": "CNY",
            "principal": 100,
            "disbursement_date": (due - timedelta(days=5)).isoformat(),
            "annual_rate": "0",
            "schedule": [stories.an_installment(1, due, 100)],
        },
    )
    file = tmp_path / "loan.ndjson"
    file.write_text(json.dumps(event) + "\n")
    overdue("topics", "apply", environment=lender)
    overdue("publish", str(file), environment=lender)
    with worker(lender, tmp_path / "worker.log"):
        (alert,) = alerts(lender, 1).values()
    assert (alert["loan_id"], alert["as_of"], alert["days_past_due"]) == (
        "L1",
        (due + timedelta(days=1)).isoformat(),
        1,
    )


def test_a_wrong_layout_refuses_to_start_and_says_how_to_repair_it(
    environment: Callable[[str], dict[str, str]],
) -> None:
    """Without topics the worker ends with status 4 and names the command; with different counts as well."""
    lender = environment("layout")
    refused = overdue("worker", environment=lender, check=False)
    assert refused.returncode == 4
    assert "overdue topics apply" in refused.stderr
