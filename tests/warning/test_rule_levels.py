"""Every other threshold of the indicators: each level and each alternative condition, at its edge and short of it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.warning.person import DAY, Loan, Person, Signalled, late, loan, sign
from tests.warning.test_rules import PART, bureau, debit, months

Story = tuple[Signalled | Loan, ...]


class Edge(NamedTuple):
    """A condition beside the one in test_rules.py: the story that meets it, and the one that just does not."""

    name: str
    code: str
    severity: str
    meets: Story
    short: Story
    milder: str | None = None
    """What the story that falls short raises; None: nothing."""


def spending(*reports: dict[str, int | bool]) -> Story:
    """A month each, the last one today."""
    first = 1 - len(reports)
    return tuple(sign("spending_reported", 30 * (first + place), **figures) for place, figures in enumerate(reports))


def case(kind: str) -> Story:
    return (loan(), sign("legal_case_found", 0, "K1", kind=kind, amount=1))


def guarantor(status: str) -> Story:
    return (sign("guarantor_reported", 0, "G1", status=status),)


def balance(due: int, amount: int) -> Story:
    return (loan(due=DAY + due), sign("balance_reported", 0, balance=amount))


def impaired(loss: int, *, liquidation: bool = False) -> Story:
    return (loan(), sign("impairment_reported", 0, exposure=100, expected_loss=loss, liquidation=liquidation))


TAX_YEAR = (100, 100, 100, *[90] * 9, 100, 100, 100)
PAID = {"installment": 6, "due": DAY + 30, "scheduled": 100, "unpaid": 100}
TWICE = (loan(-30, **PART | {"installment": 4, "due": DAY - 30}), loan(-29, past_due=((4, 40),)), loan(**PART), loan(1))
EDGES = (
    Edge("7 days", "FPD", "high", (late(1, 7, days_late=()),), (late(1, 6, days_late=()),), "medium"),
    Edge("30 days", "FPD", "critical", (late(1, 30, days_late=()),), (late(1, 29, days_late=()),), "high"),
    Edge("upper end", "EARLY_ARREARS", "high", (late(5, 30),), (late(5, 31),)),
    Edge("1 day", "CROSS_LOAN", "medium", (loan(), late(5, 1, loan_id="L2")), (loan(), loan(loan_id="L2"))),
    Edge(
        "31 days",
        "CROSS_LOAN",
        "high",
        (loan(), late(5, 31, loan_id="L2")),
        (loan(), late(5, 30, loan_id="L2")),
        "medium",
    ),
    Edge(
        "non-performing",
        "CROSS_LOAN",
        "critical",
        (loan(), late(5, 91, loan_id="L2")),
        (loan(), late(5, 90, loan_id="L2")),
        "high",
    ),
    Edge("three days before", "DUE_LOW_BAL", "low", balance(4, 99_999), balance(5, 99_999)),
    Edge("the day before", "DUE_LOW_BAL", "medium", balance(2, 99_999), balance(3, 99_999), "low"),
    Edge(
        "two installments",
        "AUTOPAY_FAIL",
        "medium",
        (loan(), debit(-30, 1, 4), debit(0, 2, 5)),
        (loan(), debit(-63, 1, 4), debit(0, 2, 5)),
    ),
    Edge(
        "against the debt",
        "BAL_COLLAPSE",
        "high",
        (loan(), *months("deposits_reported", 499, 499, 499)),
        (loan(), *months("deposits_reported", 500, 500, 500)),
    ),
    Edge(
        "more",
        "SPEND_SHIFT",
        "medium",
        months("spending_reported", *[100] * 6, 180, 180, 180),
        months("spending_reported", *[100] * 6, 180, 180, 179),
    ),
    Edge(
        "cash and gambling",
        "SPEND_SHIFT",
        "medium",
        spending(*[{"amount": 100, "cash_advance": 10, "gambling": 10}] * 3),
        spending(*[{"amount": 100, "cash_advance": 10, "gambling": 9}] * 3),
    ),
    Edge(
        "nothing before payday",
        "SPEND_SHIFT",
        "medium",
        spending(*[{"amount": 100, "empty_before_payday": True}] * 2),
        spending({"amount": 100, "empty_before_payday": False}, {"amount": 100, "empty_before_payday": True}),
    ),
    Edge(
        "of income",
        "RATE_SHOCK",
        "medium",
        (loan(-1, scheduled=100), sign("income_reported", -1, amount=219), loan(0, scheduled=110, schedule_version=2)),
        (loan(-1, scheduled=100), sign("income_reported", -1, amount=220), loan(0, scheduled=110, schedule_version=2)),
    ),
    Edge(
        "by a half",
        "TURNOVER_DROP",
        "high",
        months("turnover_reported", 100, 100, 100, *[90] * 9, 50, 50, 50),
        months("turnover_reported", 100, 100, 100, *[90] * 9, 50, 50, 51),
        "medium",
    ),
    Edge(
        "no invoice",
        "TAX_INVOICE",
        "high",
        tuple(one._replace(figures={**one.figures, "last_invoice": DAY - 60}) for one in months("tax_reported", 100)),
        tuple(one._replace(figures={**one.figures, "last_invoice": DAY - 58}) for one in months("tax_reported", 100)),
    ),
    Edge("queries", "STACKING", "high", (bureau(queries_3m=11),), (bureau(queries_3m=10),), "medium"),
    Edge("lenders", "STACKING", "medium", (bureau(open_lenders=3),), (bureau(open_lenders=2),)),
    Edge("applications", "STACKING", "medium", (bureau(applications_7d=5),), (bureau(applications_7d=4),)),
    Edge("status", "BUREAU_OVERDUE", "high", (bureau(worst_status=3),), (bureau(worst_status=2),), "medium"),
    Edge("three in a row", "BUREAU_OVERDUE", "high", (bureau(overdue_months_in_row=3),), (bureau(overdue_months=5),)),
    Edge("six in all", "BUREAU_OVERDUE", "high", (bureau(overdue_months=6),), (bureau(overdue_months_in_row=2),)),
    Edge("under enforcement", "LEGAL", "high", case("enforcement"), case("defendant")),
    Edge("dishonest", "LEGAL", "critical", case("dishonest"), case("enforcement"), "high"),
    Edge("bankrupt", "LEGAL", "critical", case("bankruptcy"), case("defendant")),
    Edge("defaulted", "GUARANTOR", "high", guarantor("defaulted"), guarantor("overdue"), "medium"),
    Edge("nine tenths", "IMPAIRED", "critical", impaired(90), impaired(89), "high"),
    Edge("liquidated", "IMPAIRED", "critical", impaired(0, liquidation=True), impaired(0)),
    Edge(
        "written off here",
        "BAD_DEBT",
        "high",
        (loan(segment="business"), loan(loan_id="L2", segment="business", status="written_off")),
        (loan(segment="business"), loan(loan_id="L2", segment="business", status="settled")),
    ),
    Edge("twice in a row", "PARTIAL_PAY", "high", TWICE, TWICE[2:], "medium"),
)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.code} {edge.name}")
def test_a_level_begins_at_its_threshold(edge: Edge) -> None:
    """At the threshold the rule stands with its severity; just short of it with a milder one, or not at all."""
    person, other = Person(), Person()
    person.live(*edge.meets, until=1)
    other.live(*edge.short, until=1)
    assert person.standing().get(edge.code) == edge.severity
    assert other.standing().get(edge.code) == edge.milder
