"""`overdue portfolio`: the book month by month from a file of events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream.cli.app import run

Rows = list[tuple[int, str, int]]


class Lender:
    """Writes a file of events, in yuan."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def lends(self, loan: str, on: str, rows: Rows, **changes: object) -> None:
        """A loan; rows: (number, due date, principal)."""
        schedule = [{"number": n, "due_date": due, "principal": amount * 100, "interest": 0} for n, due, amount in rows]
        data = {
            "borrower_id": f"B-{loan}",
            "product": "cash",
            "segment": "retail",
            "currency": "CNY",
            "principal": sum(row[2] for row in rows) * 100,
            "disbursement_date": on,
            "annual_rate": "0",
            "schedule": [row | {"fee": 0, "penalty": 0} for row in schedule],
        }
        self._tell("loan.disbursed", loan, on, data | changes)

    def is_paid(self, loan: str, on: str, amount: int, told: str | None = None) -> None:
        data = {"payment_id": f"P{len(self.events)}", "value_date": on, "amount": amount * 100, "kind": "repayment"}
        self._tell("loan.repaid", loan, told or on, data)

    def _tell(self, kind: str, loan: str, on: str, data: dict[str, Any]) -> None:
        head = {"specversion": "1.0", "id": f"E{len(self.events):05}", "source": "urn:test", "type": kind}
        self.events.append(head | {"time": f"{on}T02:00:00Z", "data": {"loan_id": loan, **data}})

    def file(self, folder: Path) -> str:
        path = folder / "events.ndjson"
        path.write_text("".join(json.dumps(event) + "\n" for event in self.events))
        return str(path)


@pytest.fixture
def quarter() -> Lender:
    """W28's book: 10,000,000 current in January, 250,000 late in February, in March 90,000 cured, 100,000 to M2."""
    lender = Lender()
    lender.lends("current", "2024-01-10", [(1, "2025-01-10", 9_750_000)])
    lender.lends("cures", "2024-01-10", [(1, "2024-02-20", 20_000), (2, "2024-12-20", 70_000)])
    lender.lends("rolls", "2024-01-10", [(1, "2024-02-20", 20_000), (2, "2024-12-20", 80_000)])
    lender.lends(
        "stays", "2024-01-10", [(1, "2024-02-20", 20_000), (2, "2024-03-20", 20_000), (3, "2024-12-20", 20_000)]
    )
    lender.is_paid("cures", "2024-03-05", 20_000)
    lender.is_paid("stays", "2024-03-05", 20_000)
    return lender


def asked(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> list[dict[str, Any]]:
    assert run(["portfolio", *arguments, "--json"]) == 0
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def test_w28_roll_and_cure_by_balance(
    quarter: Lender, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """W28: roll M0 to M1 2.50 % in February; in March cure of M1 36 % and roll M1 to M2 40 %."""
    found = asked(capfdbinary, quarter.file(tmp_path), "--as-of", "2024-03-31", "--months", "2")
    february, march = [line for line in found if line["kind"] == "month"]
    assert (february["as_of"], march["as_of"]) == ("2024-02-29", "2024-03-31")
    assert february["rolls"]["current->M1"] == [250_000_00, 10_000_000_00]
    assert march["cures"]["M1"] == [90_000_00, 250_000_00]
    assert march["rolls"]["M1->M2"] == [100_000_00, 250_000_00]
    assert february["principal"] == 10_000_000_00
    assert march["buckets"] == {"current": 9_820_000_00, "M1": 40_000_00, "M2": 100_000_00}


def test_the_table_says_the_same_in_percent(
    quarter: Lender, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A person reads 2.50%, 36.00% and 40.00% (W28), and the principal in yuan."""
    assert run(["portfolio", quarter.file(tmp_path), "--as-of", "2024-03-31", "--months", "2"]) == 0
    shown = capfdbinary.readouterr().out.decode()
    for text in ("2.50%", "36.00%", "40.00%", "current>M1", "10,000,000.00", "2024-03-31"):
        assert text in shown


def test_w29_vintage_and_first_payment_default(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """W29: 1,000 loans of 2024-01, 5,000,000: 30+ balance 60,000 at MOB 3 is 1.20 %; FPD7 18 of 1,000."""
    lender = Lender()
    for number in range(1000):
        loan = f"L{number}"
        lender.lends(loan, "2024-01-15", [(1, "2024-03-20", 1_000), (2, "2025-01-20", 4_000)])
    for number in range(1000):
        if number >= 12:  # twelve never pay: 60,000 at 41 days on 04-30; six pay on day 7, one on day 6
            lender.is_paid(
                f"L{number}", {18: "2024-03-26"}.get(number, "2024-03-20" if number > 18 else "2024-03-27"), 1_000
            )
    found = asked(capfdbinary, lender.file(tmp_path), "--as-of", "2024-04-30", "--months", "1")
    (cohort,) = [line for line in found if line["kind"] == "cohort"]
    assert (cohort["cohort"], cohort["disbursed"]) == ("2024-01", 5_000_000_00)
    assert cohort["late_by_months_on_book"]["3"] == [60_000_00, 5_000_000_00]
    assert cohort["first_payment_default"]["7"] == [18, 1_000]
    assert cohort["first_payment_default"]["30"] == [12, 1_000]


def test_known_by_tells_the_past_as_it_was_known(
    quarter: Lender, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A payment of 02-20 told on 04-02: by what was known on 03-31 the loan had rolled to M2, by 04-02 it had not."""
    quarter.is_paid("rolls", "2024-02-20", 20_000, told="2024-04-02")
    path = quarter.file(tmp_path)
    for known_by, late in (("2024-03-31", 100_000_00), ("2024-04-02", 0)):
        found = asked(capfdbinary, path, "--as-of", "2024-03-31", "--months", "1", "--known-by", known_by)
        assert found[0]["rolls"]["M1->M2"][0] == late


def test_a_book_is_divided_by_product_and_never_adds_up_currencies(
    quarter: Lender, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`--by product`: a group for each product; yuan and euro are two books in any case."""
    quarter.lends("card", "2024-01-10", [(1, "2024-06-10", 500)], product="card")
    quarter.lends("euro", "2024-01-10", [(1, "2024-06-10", 700)], currency="EUR")
    path = quarter.file(tmp_path)
    found = asked(capfdbinary, path, "--as-of", "2024-01-31", "--months", "1", "--by", "product")
    months = {(line["currency"], line["product"]): line["principal"] for line in found if line["kind"] == "month"}
    assert months == {("CNY", "cash"): 10_000_000_00, ("CNY", "card"): 500_00, ("EUR", "cash"): 700_00}
