"""The loan book: what is kept change by change is what adding all loans up gives, after a restart too."""

from __future__ import annotations

from collections import Counter
from datetime import date

from stream.agents.book import BOOK_KEY, CURRENT, Book, principal_in_book
from stream.local.portfolio import sample
from stream.offline import OfflineRun
from stream.policy_file import load_policy, parse_policy
from stream.translate.lines import parse_line
from stream.translate.state import load
from tests import stories

POLICY = load_policy()


def lines(events: list[dict[str, object]]) -> list[object]:
    import json

    return [parse_line(json.dumps(event).encode(), number) for number, event in enumerate(events)]


def a_loan(loan_id: str, principal: int, product: str = "cash") -> dict[str, object]:
    """Paid out on 2026-01-01, half due on 02-01, half on 03-01."""
    return stories.event(
        "loan.disbursed",
        f"d-{loan_id}",
        stories.at(date(2026, 1, 1)),
        {
            "loan_id": loan_id,
            "borrower_id": "B1",
            "product": product,
            "segment": "retail",
            "currency": "CNY",
            "principal": principal,
            "disbursement_date": "2026-01-01",
            "annual_rate": "0",
            "schedule": [
                stories.an_installment(1, date(2026, 2, 1), principal // 2),
                stories.an_installment(2, date(2026, 3, 1), principal // 2),
            ],
        },
    )


def paid(loan_id: str, day: date, amount: int) -> dict[str, object]:
    return stories.event(
        "loan.repaid",
        f"r-{loan_id}-{day}",
        stories.at(day),
        {"loan_id": loan_id, "payment_id": f"P-{loan_id}-{day}", "value_date": day.isoformat(), "amount": amount},
    )


def book_of(run: OfflineRun) -> Book:
    return run._batch.context.book


def test_whole_principal_moves_with_the_loan_and_cures_are_counted() -> None:
    """Two loans of 200 and 600: one goes M1, M2 and is settled; the other stays current until its last payment."""
    run = OfflineRun(POLICY, open_days=True)
    for line in lines([a_loan("L1", 200), a_loan("L2", 600), paid("L2", date(2026, 2, 1), 300)]):
        run.event(line)
    run.open_until(date(2026, 2, 2).toordinal())
    book = book_of(run)
    assert book.cells == {("default", "CNY", CURRENT): [1, 300], ("default", "CNY", "M1"): [1, 200]}
    run.event(lines([paid("L2", date(2026, 3, 1), 300)])[0])
    run.open_until(date(2026, 3, 4).toordinal())  # L1: 31 days past due
    assert book.cells == {
        ("default", "CNY", CURRENT): [0, 0],
        ("default", "CNY", "M1"): [0, 0],
        ("default", "CNY", "M2"): [1, 200],
    }
    run.event(lines([paid("L1", date(2026, 3, 4), 200)])[0])
    assert {cell: sums for cell, sums in book.cells.items() if any(sums)} == {}
    assert book.moves == {
        ("default", CURRENT, "worse"): 1,
        ("default", "M1", "worse"): 1,
        ("default", "M2", "cured"): 1,
    }


def test_a_product_of_the_policy_has_its_name_and_others_share_one() -> None:
    """Events can't make up labels: a product that the policy does not name counts as default."""
    run = OfflineRun(parse_policy("[products.car]\n"), open_days=True)
    for line in lines([a_loan("L1", 200, "car"), a_loan("L2", 400, "x"), a_loan("L3", 600, "y")]):
        run.event(line)
    assert book_of(run).cells == {("car", "CNY", CURRENT): [1, 200], ("default", "CNY", CURRENT): [2, 1000]}


def test_the_book_is_the_sum_of_its_loans() -> None:
    """The sample lender's five weeks: kept change by change, stored, and added up loan by loan are the same."""
    book = sample()
    run = OfflineRun(POLICY, open_days=True)
    for line in lines(book.events):
        run.event(line)
    run.open_until(max(book.days).toordinal())
    wanted: Counter[tuple[str, str, str]] = Counter()
    loans: Counter[tuple[str, str, str]] = Counter()
    for key, raw in run.table.items():
        if not key.startswith(b"\x00"):
            loan = load(raw)
            if principal := principal_in_book(loan):
                loans["default", loan.currency, loan.bucket or CURRENT] += 1
                wanted["default", loan.currency, loan.bucket or CURRENT] += principal
    assert len(wanted) > 2
    stored = Book.open(run.table, POLICY)
    del run.table[BOOK_KEY]
    for kept in (book_of(run), stored, Book.open(run.table, POLICY)):
        assert {cell: tuple(sums) for cell, sums in kept.cells.items() if any(sums)} == {
            cell: (count, wanted[cell]) for cell, count in loans.items()
        }
