"""A real repayment book as contract events, and the comparison of what the engine says with the book's truth.

    python -m tests.real_book convert TIMELINE.ndjson.gz > events.ndjson
    python -m tests.real_book check TIMELINE.ndjson.gz TRUTH_FOLDER
    python -m tests.real_book kafka TIMELINE.ndjson.gz

A timeline has a line per disbursement and repayment: {"type", "loan_id", "borrower_id", "date", "amount" ...}, amounts
with two decimals. `check` runs `overdue standing` at every month end of truth_monthly.csv.gz and the days of
truth_crossings.csv.gz, and compares days past due on each row (an end of day, money oldest installment first). `kafka`
publishes the book to a Kafka of its own, runs a worker, opens every day of the book, and compares the alerts that a
read-committed reader sees, ids and bodies, with those of `overdue replay`.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stream.engine.dates import day_of
from stream.local.broker import Broker
from stream.offline import standings
from stream.policy_file import parse_policy
from stream.translate.lines import parse_line

NOON = "T04:00:00Z"
"""Noon in Shanghai: the books have no time of day."""


def minor_units(amount: Any) -> int:
    """An amount with two decimals in minor units, exactly."""
    return int(Decimal(str(amount)) * 100)


def events(timeline: Path) -> Iterator[dict[str, Any]]:
    """The contract's events of a timeline, in its order."""
    payments: dict[str, int] = defaultdict(int)
    with gzip.open(timeline, "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["type"] == "disbursement":
                yield _event("loan.disbursed", f"D-{entry['loan_id']}", entry, _disbursed(entry))
            elif entry["amount"] > 0:
                payments[entry["loan_id"]] += 1
                number = f"{entry['loan_id']}-{payments[entry['loan_id']]:04}"
                data = {
                    "loan_id": entry["loan_id"],
                    "payment_id": f"P-{number}",
                    "value_date": entry["date"],
                    "amount": minor_units(entry["amount"]),
                }
                yield _event("loan.repaid", f"R-{number}", entry, data)


def _disbursed(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "loan_id": entry["loan_id"],
        "borrower_id": entry["borrower_id"],
        "product": "book",
        "segment": "retail",
        "currency": "INR" if entry["loan_id"].startswith("BNL") else "NGN",
        "principal": minor_units(entry["principal"]),
        "disbursement_date": entry["date"],
        "annual_rate": "0",
        "schedule": [
            {"number": row["installment"], "due_date": row["due_date"], "principal": minor_units(row["amount"])}
            | {"interest": 0, "fee": 0, "penalty": 0}
            for row in entry["schedule"]
        ],
    }


def _event(kind: str, identifier: str, entry: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identifier,
        "source": "urn:real-book",
        "type": kind,
        "subject": entry["loan_id"],
        "time": entry["date"] + NOON,
        "data": data,
    }


def wanted(folder: Path) -> dict[str, dict[str, int]]:
    """Days past due by day and loan: every row of the truth files."""
    days: dict[str, dict[str, int]] = defaultdict(dict)
    with gzip.open(folder / "truth_monthly.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            days[row["month_end"]][row["loan_id"]] = int(row["dpd_fifo"])
    with gzip.open(folder / "truth_crossings.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            days[row["date"]][row["loan_id"]] = int(row["dpd"])
    return days


def check(timeline: Path, folder: Path) -> int:
    """Compare every row; the number that differ."""
    days = wanted(folder)
    records = [parse_line(json.dumps(event).encode(), number) for number, event in enumerate(events(timeline))]
    asked = sorted(days)
    policy = parse_policy('time_zone = "Asia/Shanghai"\n[products.default]\nreplay_horizon_days = 3000')
    rows = wrong = 0
    for line in standings(records, policy, [day_of(day) for day in asked], open_days=True):
        standing = json.loads(line)
        truth = days[standing["as_of"]].pop(standing["loan_id"], None)
        if truth is None:
            continue
        rows += 1
        if truth != standing["days_past_due"]:
            wrong += 1
            if wrong <= 10:
                print(f"{standing['loan_id']} {standing['as_of']}: {standing['days_past_due']}, truth {truth}")
    missing = sum(map(len, days.values()))
    print(f"{timeline.name}: {rows} rows compared, {wrong} differ, {missing} not found")
    return wrong + missing


def through_kafka(timeline: Path) -> int:
    """Compare the alerts of a worker with those of a replay; 0: equal."""
    with TemporaryDirectory(prefix="overdue-book-") as folder, Broker.temporary() as broker:
        book = Path(folder) / "book.ndjson"
        told = [json.dumps(event) + "\n" for event in events(timeline)]
        book.write_text("".join(told), encoding="utf-8")
        environment = os.environ | {
            "OVERDUE_BROKERS": broker.bootstrap,
            "OVERDUE_PARTITIONS": "4",
            "OVERDUE_METRICS_PORT": "0",
            "OVERDUE_DATA_DIRECTORY": folder,
        }

        def overdue(*arguments: str) -> list[dict[str, Any]]:
            command = [sys.executable, "-m", "stream.cli", *arguments]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

        replayed = [line["value"] for line in overdue("replay", str(book)) if line["topic"] == "loans.overdue"]
        overdue("topics", "apply")
        worker = subprocess.Popen([sys.executable, "-m", "stream.cli", "worker"], env=environment)
        try:
            overdue("publish", str(book), "--open-days")
            seen = overdue("watch", "--from-beginning", "--json", "--count", str(len(replayed)))
        finally:
            worker.terminate()
            worker.wait(60)
    wanted = {alert["id"]: alert["data"] for alert in replayed}
    found = {alert["id"]: alert["data"] for alert in seen}
    print(f"{timeline.name}: {len(told)} events; {len(replayed)} alerts of the replay, {len(seen)} of the worker")
    print("the same ids and bodies" if wanted == found and len(seen) == len(found) else "they differ")
    return 0 if wanted == found and len(seen) == len(found) else 1


def main(arguments: list[str]) -> int:
    """Run a command of this module."""
    command, timeline = arguments[0], Path(arguments[1])
    if command == "convert":
        for event in events(timeline):
            print(json.dumps(event, separators=(",", ":")))
        return 0
    if command == "kafka":
        return through_kafka(timeline)
    return 1 if check(timeline, Path(arguments[2])) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
