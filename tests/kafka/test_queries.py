"""Loan queries of real workers: each answers for its own partitions and names the owner of the others."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from stream.translate.partition import partition_of
from tests.agent_table import disbursed
from tests.kafka.test_worker import PARTITIONS, environment, overdue, worker
from tests.stories import repaid

__all__ = ["environment"]  # a fixture
SECONDS = 60
TOKEN = "a-token-of-the-test"  # noqa: S105
LAST_DAY = "2024-02-10"
LOANS = [f"L{number}" for number in range(8)]


def ask(address: str, path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    connection.request("GET", f"/v1/loans/{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    status, body = answer.status, json.load(answer)
    connection.close()
    return status, body


def address_in(log: Path) -> str:
    """Where a worker's log says that it answers."""
    deadline = time.monotonic() + SECONDS
    while not (found := re.search(r"loan queries on (http://[^/]+)/v1", log.read_text())):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return found[1]


def all_settled(addresses: list[str]) -> list[list[tuple[int, dict[str, Any]]]]:
    """What each worker says of each loan, once each loan is with exactly one of them, judged on the last day."""
    deadline = time.monotonic() + SECONDS
    while True:
        said = [[ask(address, loan) for address in addresses] for loan in LOANS]
        statuses = [sorted(status for status, _ in of_loan) for of_loan in said]
        days = {body["as_of"] for of_loan in said for status, body in of_loan if status == 200}
        both = len({of_loan[0][0] for of_loan in said}) == 2
        if both and days == {LAST_DAY} and all(found == [200, 421] for found in statuses):
            return said
        assert time.monotonic() < deadline, (statuses, days)
        time.sleep(0.3)


def test_each_worker_answers_for_its_own_loans(environment: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    """Of two workers one answers for a loan, and the other says where; the past is told, and the story, too."""
    lender = environment("queries") | {"OVERDUE_QUERY_PORT": "0", "OVERDUE_QUERY_TOKEN": TOKEN}
    overdue("topics", "apply", environment=lender)
    file = tmp_path / "book.ndjson"
    events = [disbursed(loan, due="2024-02-01", day="2024-01-01") for loan in LOANS]
    events.append(repaid("P1", 100_00, "2024-02-01", loan_id="L0", when="2024-02-05T04:00:00Z"))
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    with ExitStack() as stack:
        logs = [tmp_path / f"worker-{number}.log" for number in (0, 1)]
        for log in logs:
            stack.enter_context(worker(lender | {"OVERDUE_DATA_DIRECTORY": str(log) + ".faust"}, log))
        overdue("publish", str(file), "--open-days", "--until", LAST_DAY, environment=lender)
        addresses = [address_in(log) for log in logs]
        said = all_settled(addresses)
        for loan, answers in zip(LOANS, said, strict=True):
            owner = next(number for number, (status, _) in enumerate(answers) if status == 200)
            assert answers[1 - owner][1]["owner"] == addresses[owner]
            assert answers[owner][1]["partition"] == partition_of(loan.encode(), PARTITIONS)
            assert sum(answers[owner][1]["offsets"].values()) > 0
        first = next(number for number, (status, _) in enumerate(said[0]) if status == 200)
        told = ask(addresses[first], "L0/standing?as_of=2024-02-04&known_by=2024-02-06")[1]["standing"]
        untold = ask(addresses[first], "L0/standing?as_of=2024-02-04&known_by=2024-02-04")[1]["standing"]
        assert (told["days_past_due"], untold["days_past_due"]) == (0, 3)  # due 02-01, paid 02-01, told 02-05
        explained = overdue("explain", "L0", "--worker", addresses[1 - first], environment=lender)
        assert "repayment P1 of 100.00, value date 2024-02-01" in explained.stdout
        from_file = overdue("explain", "L0", "--events", str(file), "--as-of", LAST_DAY, environment=lender)
        assert explained.stdout == from_file.stdout
