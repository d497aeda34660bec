"""Every indicator of the domain reference: what raises it, what just does not, and what clears it."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from stream.warning.policy import DEFAULT_RULES
from stream.warning.registry import INDICATORS
from tests.warning.person import DAY, Loan, Person, Signalled, late, loan, sign


class Scene(NamedTuple):
    """A rule's story; days are counted from the day of the story."""

    code: str
    severity: str
    raises: tuple[Signalled | Loan, ...]
    below: tuple[Signalled | Loan, ...]
    clears: tuple[Signalled | Loan, ...]
    """Told after `raises`."""
    cleared_by: int = 30
    """The day by whose opening it is cleared."""


def months(kind: str, *amounts: int, about: str = "", last: int = 0) -> tuple[Signalled, ...]:
    """A report a month, the newest on day `last`."""
    first = last - 30 * (len(amounts) - 1)
    return tuple(sign(kind, first + 30 * place, about, amount=amount) for place, amount in enumerate(amounts))


def card(day: int, balance: int, **figures: int) -> Signalled:
    return sign("card_usage_reported", day, "C1", limit=1000, balance=balance, **figures)


def debit(day: int, number: int, installment: int) -> Signalled:
    return sign("debit_failed", day, f"D{number}", loan_id="L1", installment=installment)


def bureau(day: int = 0, **figures: int | bool) -> Signalled:
    return sign("bureau_reported", day, **figures)


DUE_IN_3 = loan(0, due=DAY + 3)
PART = {"installment": 5, "due": DAY, "scheduled": 100, "unpaid": 40, "grace_days": 0}
NEXT_PART = {"installment": 6, "due": DAY + 30, "scheduled": 100, "unpaid": 40, "grace_days": 0, "past_due": ((5, 40),)}
SCENES = (
    Scene(
        "LATE_IN_GRACE",
        "medium",
        (loan(days_late=(0, 2, 3)),),
        (loan(days_late=(0, 4, 3)),),
        (loan(1, days_late=(3, 0, 0)),),
    ),
    # W25: days late -5, -3, -1, +1 make a slope of 2.0
    Scene(
        "PAY_DRIFT",
        "medium",
        (loan(days_late=(-5, -3, -1, 1)),),
        (loan(days_late=(-4, -3, -1, 1)),),
        (loan(1, days_late=(-3, -1, 1, -3)),),
    ),
    Scene("PARTIAL_PAY", "medium", (loan(**PART), loan(1)), (loan(**PART | {"unpaid": 0, "due": DAY + 1}),), (), 70),
    Scene(
        "RATIO_DECLINE",
        "medium",
        (
            loan(-60, installment=3, due=DAY - 60, scheduled=100, unpaid=0),
            loan(-59, installment=4, due=DAY - 30, scheduled=100, unpaid=5),
            loan(-29, installment=5, due=DAY - 1, scheduled=100, unpaid=10),
        ),
        (
            loan(-60, installment=3, due=DAY - 60, scheduled=100, unpaid=0),
            loan(-59, installment=4, due=DAY - 30, scheduled=100, unpaid=5),
            loan(-29, installment=5, due=DAY - 1, scheduled=100, unpaid=9),
        ),
        (loan(1, installment=6, due=DAY + 30, scheduled=100, unpaid=0), loan(31, installment=7, due=DAY + 60)),
        35,
    ),
    Scene(
        "FPD",
        "high",
        (late(1, 7, days_late=()),),
        (late(2, 7, days_late=(0,)),),
        (loan(1, past_due=(), days_past_due=0),),
    ),
    Scene(
        "SPD",
        "medium",
        (late(2, 1, days_late=(0,)),),
        (late(2, 1, days_late=(4,)),),
        (loan(1, past_due=(), days_past_due=0),),
    ),
    Scene(
        "TPD",
        "critical",
        (late(3, 30, days_late=(0, -1)),),
        (late(4, 30, days_late=(0, 0, 0)),),
        (loan(1, past_due=(), days_past_due=0),),
    ),
    Scene("EARLY_ARREARS", "high", (late(5, 5),), (late(5, 4),), (loan(1, past_due=(), days_past_due=0),)),
    Scene(
        "RATE_SHOCK",
        "medium",
        (loan(-1, scheduled=100), loan(0, scheduled=120, schedule_version=2)),
        (loan(-1, scheduled=100), loan(0, scheduled=119, schedule_version=2)),
        (),
        91,
    ),
    Scene(
        "CROSS_LOAN",
        "high",
        (loan(), late(5, 31, loan_id="L2")),
        (loan(), loan(loan_id="L2")),
        (loan(1, loan_id="L2", past_due=(), days_past_due=0),),
    ),
    Scene(
        "DUE_LOW_BAL",
        "low",
        (DUE_IN_3, sign("balance_reported", 0, balance=99_999)),
        (DUE_IN_3, sign("balance_reported", 0, balance=100_000)),
        (sign("balance_reported", 1, balance=110_000),),
        1,
    ),
    Scene("AUTOPAY_FAIL", "medium", (loan(), debit(0, 1, 5), debit(0, 2, 5)), (loan(), debit(0, 1, 5)), (), 63),
    Scene(
        "AUTOPAY_OFF",
        "medium",
        (sign("mandate_changed", 0, active=False),),
        (sign("mandate_changed", 0, active=True),),
        (sign("mandate_changed", 1, active=True),),
        1,
    ),
    # W26: used 0.92 after 0.40, 0.45, 0.50
    Scene(
        "UTIL_JUMP",
        "medium",
        (card(-90, 400), card(-60, 450), card(-30, 500), card(0, 920)),
        (card(-90, 400), card(-60, 450), card(-30, 500), card(0, 799)),
        (card(30, 700),),
        30,
    ),
    Scene(
        "MIN_ONLY",
        "medium",
        tuple(card(day, 500, minimum_due=100, paid=109) for day in (-60, -30, 0)),
        tuple(card(day, 500, minimum_due=100, paid=110) for day in (-60, -30, 0)),
        (card(30, 400, minimum_due=100, paid=200),),
        30,
    ),
    Scene(
        "BAL_COLLAPSE",
        "high",
        months("deposits_reported", 100_000, 4_999),
        months("deposits_reported", 100_000, 5_000),
        months("deposits_reported", 90_000, last=30),
    ),
    Scene(
        "SPEND_SHIFT",
        "medium",
        months("spending_reported", *[100] * 6, 60, 60, 60),
        months("spending_reported", *[100] * 6, 60, 60, 63),
        months("spending_reported", 120, last=30),
    ),
    Scene(
        "INCOME_DROP",
        "medium",
        months("income_reported", *[100] * 6, 70, 70, 70),
        months("income_reported", *[100] * 6, 70, 70, 73),
        months("income_reported", 110, last=30),
    ),
    Scene(
        "JOB_LOSS",
        "high",
        (sign("employment_changed", 0, status="unemployed"),),
        (sign("employment_changed", 0, status="retired"),),
        (sign("employment_changed", 1, status="employed"),),
        1,
    ),
    Scene(
        "TURNOVER_DROP",
        "high",
        months("turnover_reported", 100, 100, 100, *[90] * 9, 50, 50, 50),
        months("turnover_reported", 100, 100, 100, *[90] * 9, 80, 70, 63),
        months("turnover_reported", 300, last=30),
    ),
    Scene(
        "TAX_INVOICE",
        "medium",
        months("tax_reported", 100, 100, 100, *[90] * 9, 70, 70, 70),
        months("tax_reported", 100, 100, 100, *[90] * 9, 71, 71, 71),
        months("tax_reported", 300, last=30),
    ),
    Scene(
        "STACKING",
        "medium",
        (bureau(queries_3m=7),),
        (bureau(queries_3m=6, open_lenders=2),),
        (bureau(1, queries_3m=5),),
        1,
    ),
    Scene(
        "BUREAU_OVERDUE",
        "medium",
        (bureau(worst_status=1),),
        (bureau(worst_status=0),),
        (bureau(1, worst_status=0),),
        1,
    ),
    Scene(
        "SCORE_DROP",
        "medium",
        (sign("score_changed", -90, band=6), sign("score_changed", 0, band=4)),
        (sign("score_changed", -90, band=6), sign("score_changed", 0, band=5)),
        (sign("score_changed", 1, band=6),),
        1,
    ),
    Scene(
        "LEGAL",
        "medium",
        (loan(), sign("legal_case_found", 0, "K1", kind="defendant", amount=100_000)),
        (loan(), sign("legal_case_found", 0, "K1", kind="defendant", amount=99_999)),
        (sign("legal_case_closed", 1, "K1"),),
        1,
    ),
    Scene(
        "GUARANTOR",
        "medium",
        (sign("guarantor_reported", 0, "G1", status="overdue"),),
        (sign("guarantor_reported", 0, "G1", status="current"),),
        (sign("guarantor_reported", 1, "G1", status="current"),),
        1,
    ),
    Scene(
        "MISUSE",
        "high",
        (sign("misuse_found", 0, kind="banned_use"),),
        (sign("misuse_found", 0, kind="refinance_to_repay"),),
        (sign("misuse_cleared", 1),),
        1,
    ),
    # found by servicing; too old; and cleared by a signal
    Scene(
        "MISUSE",
        "high",
        (loan(misuse_found=DAY),),
        (loan(misuse_found=DAY - 366),),
        (sign("misuse_cleared", 1),),
        1,
    ),
    Scene("RELIEF_ASK", "low", (sign("relief_requested", 0),), (sign("relief_requested", 0)._replace(ago=91),), (), 91),
    Scene(
        "FORBORNE",
        "medium",
        (sign("relief_granted", 0, kind="extension"),),
        (sign("relief_granted", 0, kind="extension")._replace(ago=91),),
        (),
        91,
    ),
    # W17: an SME with 60,000 of 560,000 non-performing, and with exactly a tenth
    Scene(
        "DEBTOR_NON_PERFORMING",
        "critical",
        (
            loan(segment="business", outstanding_principal=500_000),
            late(5, 95, loan_id="L2", segment="business", outstanding_principal=60_000),
        ),
        (
            loan(segment="business", outstanding_principal=450_000),
            late(5, 95, loan_id="L2", segment="business", outstanding_principal=50_000),
        ),
        (loan(1, loan_id="L2", past_due=(), days_past_due=0),),
    ),
    # W18: 200,001 and 200,000 of 1,000,000 more than 90 days past due at all banks
    Scene(
        "DEBT_OVERDUE_ELSEWHERE",
        "critical",
        (loan(segment="business"), bureau(debt=1_000_000, debt_over_90_days=200_001)),
        (loan(segment="business"), bureau(debt=1_000_000, debt_over_90_days=200_000)),
        (bureau(1, debt=1_000_000, debt_over_90_days=0),),
        1,
    ),
    Scene(
        "BAD_DEBT",
        "high",
        (loan(segment="business"), bureau(bad_debt=True)),
        (loan(segment="retail"), bureau(bad_debt=True)),
        (bureau(1, bad_debt=False),),
        1,
    ),
    Scene(
        "IMPAIRED",
        "high",
        (loan(), sign("impairment_reported", 0, exposure=100, expected_loss=50)),
        (loan(), sign("impairment_reported", 0, exposure=100, expected_loss=49)),
        (sign("impairment_reported", 1, exposure=100, expected_loss=10),),
        1,
    ),
    Scene(
        "MISUSED_FUNDS",
        "high",
        (loan(), sign("misuse_found", 0, kind="refinance_to_repay")),
        (
            loan(days_past_due=0, classifications={"cn_five_class_2023": "special_mention"}),
            sign("misuse_found", 0, kind="banned_use"),
        ),
        (sign("misuse_cleared", 1),),
        1,
    ),
)


def test_every_rule_has_a_scene_and_a_condition() -> None:
    """No rule is without an example here, nor without a function."""
    assert {scene.code for scene in SCENES} == {rule.code for rule in DEFAULT_RULES} == set(INDICATORS)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.code)
def test_a_rule_raises_at_its_threshold_and_not_below(scene: Scene) -> None:
    """At the threshold the rule raises one warning of its severity; just below it says nothing."""
    person = Person()
    said = [one for one in person.live(*scene.raises, until=1) if one.code == scene.code]
    assert [(one.kind, one.severity) for one in said][-1:] in (
        [("early_warning.raised", scene.severity)],
        [("early_warning.escalated", scene.severity)],
    )
    assert said[0].kind == "early_warning.raised"
    assert all(one.reasons and one.causes for one in said)
    calm = Person()
    assert scene.code not in [one.code for one in calm.live(*scene.below, until=1)]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.code)
def test_a_rule_clears_when_its_condition_is_gone_and_says_so_once(scene: Scene) -> None:
    """What ends the condition, or makes the observation too old, clears the warning, once."""
    person = Person()
    person.live(*scene.raises, until=0)
    person.live(until=1) if not scene.clears else None
    assert scene.code in person.standing()
    said = person.live(*scene.clears, until=scene.cleared_by)
    assert [one.kind for one in said if one.code == scene.code][-1] == "early_warning.cleared"
    assert sum(one.kind == "early_warning.cleared" for one in said if one.code == scene.code) == 1
    assert scene.code not in person.standing()
