"""What a borrower's settled installments come to: decayed counts, log odds against the portfolio, habit, trend."""

from __future__ import annotations

from itertools import permutations
from math import log2
from typing import Any

import pytest

from stream.warning.behaviour import Rates, behaviour, lift, trend
from stream.warning.features import Past, borrower_past, fold, loan_past
from stream.warning.loan_view import LoanView

USUAL = Rates(late=0.2, serious=0.1, mean=-2.0, deviation=4.0, miss=0.2)


def view(loan_id: str = "L1", **figures: Any) -> LoanView:
    """A loan that runs, with nothing past due."""
    fresh = dict.fromkeys(LoanView._fields, 0) | {
        "loan_id": loan_id,
        "borrower_id": "B1",
        "status": "active",
        "installment": 1,
        "due": 100,
        "days_late": (),
        "payment_id": "",
        "past_due": (),
        "last_event_id": "e",
    }
    return LoanView(**(fresh | figures))


def test_counts_decay_by_installment() -> None:
    """Three days late, then on time: weights 0.85 and 1, of which 0.85 late and none seriously."""
    past = loan_past([3, 0])
    assert (past.weight, past.late, past.serious) == pytest.approx((1.85, 0.85, 0.0))
    assert (past.last, past.since_late, past.count) == (0, 1, 2)


def test_seriously_late_is_more_than_five_days() -> None:
    """Five days late is late; six days late is seriously late."""
    assert loan_past([5]).serious == 0
    assert loan_past([6]).serious == 1


def test_nothing_settled_is_like_the_portfolio() -> None:
    """A borrower of whom nothing is known has no lift, no habit and no trend."""
    seen = behaviour(Past(), (), 0, 0, -1.0, USUAL)
    assert (seen.late_lift, seen.serious_lift, seen.early_habit, seen.trend, seen.miss_lift) == pytest.approx((0,) * 5)


def test_late_lift_is_shrunk_from_portfolio_to_borrower_to_loan() -> None:
    """One installment, late: borrower (1 + 2 x 0.2) / 3, loan (1 + 2 x that) / 3, as odds over those of 0.2."""
    borrower = (1 + 2 * 0.2) / 3
    loan = (1 + 2 * borrower) / 3
    seen = behaviour(loan_past([2]), (2,), 0, 0, -1.0, USUAL)
    assert seen.late_lift == pytest.approx(log2(loan / (1 - loan)) - log2(0.2 / 0.8))


def test_an_open_overdue_counts_as_one_more_late_installment_but_is_not_stored() -> None:
    """Overdue now lifts the odds as a late installment would, and leaves the borrower's past as it was."""
    past = loan_past([0, 0])
    before = past.packed()
    overdue = behaviour(past, (0, 0), 3, 0, -1.0, USUAL)
    assert overdue.late_lift == behaviour(loan_past([0, 0, 3]), (0, 0, 3), 0, 0, -1.0, USUAL).late_lift
    assert past.packed() == before


def test_another_loan_overdue_counts_for_the_borrower() -> None:
    """The same borrower's other loan past due lifts the odds of this one, less than this one's own arrears would."""
    past = loan_past([0, 0])
    none, other, own = (behaviour(past, (0, 0), *days, -1.0, USUAL).late_lift for days in ((0, 0), (0, 9), (9, 0)))
    assert none < other < own


@pytest.mark.parametrize("order", list(permutations(["A", "B", "C"])))
def test_loans_side_by_side_add_up_in_any_order(order: tuple[str, ...]) -> None:
    """What three running loans come to does not depend on the order in which they are looked at."""
    days = {"A": (1, 0), "B": (7,), "C": (-3, -3, 2)}
    found = borrower_past(Past(), [], [view(name, days_late=days[name]) for name in order])
    assert found.weight == pytest.approx(sum(loan_past(one).weight for one in days.values()))
    assert (found.last, found.count) == (7, 6)


def test_folding_an_ended_loan_changes_nothing() -> None:
    """A loan that is folded away counts as it did while it was kept: a borrower stays a few numbers at no loss."""
    kept = [view("A", days_late=(2, 0), status="settled"), view("B", days_late=(9,), status="settled")]
    running = [view("C", days_late=(0,))]
    past = Past()
    fold(past, kept[0].days_late)
    assert borrower_past(past, kept[1:], running).packed() == borrower_past(Past(), kept, running).packed()
    assert Past.unpacked(past.packed()).packed() == past.packed()


def test_lift_is_in_doublings_of_the_odds_and_bounded() -> None:
    """Odds of 1 over odds of 1/4 are two doublings; nothing is lifted by more than five."""
    assert lift(0.5, 0.2) == pytest.approx(2.0)
    assert lift(0.999, 0.01) == 5.0


def test_early_habit_is_measured_in_the_portfolios_own_spread() -> None:
    """Always two days late where -2 with a deviation of 4 is usual: one deviation, shrunk by n / (n + 2)."""
    assert behaviour(loan_past([2, 2]), (2, 2), 0, 0, -1.0, USUAL).early_habit == pytest.approx(1.0 * 2 / 4)


def test_trend_rises_only_when_late_days_grow() -> None:
    """Later from cycle to cycle rises; always on time, or always early, is no trend (days before the due date: 0)."""
    assert trend([0, 5, 10, 20]) > 0.1
    assert trend([20, 10, 5, 0]) < trend([0, 5, 10, 20])
    assert trend([-5, -3, -1]) == 0


def test_drift_towards_the_due_date_is_seen_by_the_habit() -> None:
    """W25, days late -5, -3, -1, +1: settled later each time, so the habit comes close to late before it is."""
    drifting, steady = loan_past([-5, -3, -1, 1]), loan_past([-5, -5, -5, -5])
    assert drifting.habit > steady.habit + 2
