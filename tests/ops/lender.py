"""A lender of a test's own: topics, a worker, events."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from tests import stories


@contextmanager
def worker(folder: Path, brokers: str, name: str, port: int) -> Iterator[dict[str, str]]:
    """A worker of a lender of its own, with topics of four partitions; its environment."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("OVERDUE_")},
        "OVERDUE_BROKERS": brokers,
        "OVERDUE_TOPIC_PREFIX": f"{name}.",
        "OVERDUE_APP_ID": name,
        "OVERDUE_PARTITIONS": "4",
        "OVERDUE_METRICS_PORT": str(port),
        "OVERDUE_DATA_DIRECTORY": str(folder / "faust"),
    }
    overdue("topics", "apply", environment=environment)
    with (folder / "worker.log").open("wb") as log:
        running = subprocess.Popen([sys.executable, "-m", "stream.cli", "worker"], env=environment, stderr=log)
    try:
        yield environment
    finally:
        running.terminate()
        running.wait(30)


def overdue(*arguments: str, environment: dict[str, str]) -> None:
    """Run a command to its end."""
    subprocess.run([sys.executable, "-m", "stream.cli", *arguments], env=environment, check=True, timeout=120)


def today() -> date:
    """As `date` in a shell says."""
    return datetime.now(stories.ZONE).date()  # noqa: TID251


def a_loan(segment: str, loan_id: str = "", event_id: str = "") -> dict[str, object]:
    """Paid out ten days ago; a segment that the contract does not have is refused."""
    day = today() - timedelta(days=10)
    return stories.event(
        "loan.disbursed",
        event_id or f"d-{segment}",
        stories.at(day),
        {
            "loan_id": loan_id or f"L-{segment}",
            "borrower_id": "B1",
            "product": "cash",
            "segment": segment,
            "currency": "CNY",
            "principal": 100,
            "disbursement_date": day.isoformat(),
            "annual_rate": "0",
            "schedule": [stories.an_installment(1, day + timedelta(days=30), 100)],
        },
    )
