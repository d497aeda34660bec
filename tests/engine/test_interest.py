"""Penalty and compound interest to the cent (domain reference, section 3 and W02, W09, W11, W14, W15)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream.engine.charges import above_cap
from stream.engine.dates import day_of
from stream.engine.interest import (
    ACCELERATED,
    CONTRACT_RATE,
    NO_COMPOUND,
    OVERDUE_INSTALLMENT,
    Late,
    Terms,
    accrued,
    accrued_over,
    higher_multiplier,
    late_charges,
    posted,
)
from tests.engine.story import installment, loan_a

LOAN_A = Terms(Fraction("0.12"))


def test_interest_is_rounded_once_not_every_day() -> None:
    """946.19 at 18 % over 46 days is 21.76; rounding each day would give 21.62."""
    rate = Fraction("0.18")
    assert posted(accrued(946_19, rate, 46)) == 21_76
    assert 46 * posted(accrued(946_19, rate, 1)) == 21_62


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [(Fraction(1, 2), 1), (Fraction(49, 100), 0), (Fraction(-1, 2), -1), (Fraction(5, 2), 3), (Fraction(7), 7)],
)
def test_a_half_is_rounded_away_from_zero(exact: Fraction, rounded: int) -> None:
    """HALF_UP, the rounding of banks."""
    assert posted(exact) == rounded


@pytest.mark.parametrize(("day", "penalty"), [("2024-03-11", []), ("2024-03-12", [20_00])])
def test_w02_within_grace_there_is_no_penalty_then_it_counts_from_the_due_date(day: str, penalty: list[int]) -> None:
    """W02: 10,000 due 03-08 at 18 %, grace 3: nothing on the 11th, on the 12th 20.00 for four days."""
    rows = [installment(1, "2024-03-08", 10_000_00)]
    terms = LOAN_A._replace(grace_days=3)
    assert [late.penalty for late in late_charges(rows, day_of(day), terms)] == penalty


def test_w09_what_clears_the_oldest_installment() -> None:
    """W09: on 2024-03-20 k1 bears 16.09 and 2.04 for 34 days: 1,084.32 to clear it."""
    first = late_charges(loan_a(), day_of("2024-03-20"), LOAN_A)[0]
    assert first == Late(1, 34, 16_09, 2_04)
    assert 1_066_19 + first.penalty + first.compound == 1_084_32


def test_w11_what_is_owed_with_two_installments_late() -> None:
    """W11: 2024-04-01: k1 21.76 and 2.76 for 46 days, k2 8.12 and 0.94 for 17 days: 2,165.96 in all."""
    first, second = late_charges(loan_a(), day_of("2024-04-01"), LOAN_A)
    assert first == Late(1, 46, 21_76, 2_76)
    assert second == Late(2, 17, 8_12, 94)
    assert 2 * 1_066_19 + 21_76 + 2_76 + 8_12 + 94 == 2_165_96


def test_w14_what_the_oldest_still_bears() -> None:
    """W14: 2024-05-20, 95 days: k1 bears 44.94 and 5.70."""
    first = late_charges(loan_a(), day_of("2024-05-20"), LOAN_A)[0]
    assert (first.days, first.penalty, first.compound) == (95, 44_94, 5_70)


@pytest.mark.parametrize(
    ("multiplier", "basis", "penalty"),
    [("1.5", 360, 90_00), ("1.5", 365, 88_77), ("1.3", 360, 78_00), ("2", 360, 120_00)],
)
def test_w15_penalty_rates(multiplier: str, basis: int, penalty: int) -> None:
    """W15: 10,000 at 7.2 %, 30 days: +50 % 90.00, by 365 days 88.77, +30 % 78.00, misuse +100 % 120.00."""
    terms = Terms(Fraction("0.072"), Fraction(multiplier), basis=basis)
    [late] = late_charges([installment(1, "2024-03-15", 10_000_00)], day_of("2024-04-14"), terms)
    assert (late.days, late.penalty) == (30, penalty)


def test_w15_unpaid_interest_bears_compound_interest() -> None:
    """W15: 600.00 of interest at 10.8 % over 30 days: 5.40; at the contract's rate 3.60; or none."""
    rows, day = [installment(1, "2024-03-15", 0, 600_00)], day_of("2024-04-14")
    terms = Terms(Fraction("0.072"))
    assert late_charges(rows, day, terms)[0].compound == 5_40
    assert late_charges(rows, day, terms._replace(compound=CONTRACT_RATE))[0].compound == 3_60
    assert late_charges(rows, day, terms._replace(compound=NO_COMPOUND))[0].compound == 0


def test_what_penalty_interest_is_charged_on() -> None:
    """On overdue principal, on the whole overdue installment (which then bears no compound), or on all principal."""
    rows = [installment(1, "2024-03-15", 1_000_00, 200_00), installment(2, "2024-05-15", 9_000_00, 100_00)]
    day, terms = day_of("2024-04-14"), Terms(Fraction("0.12"))
    assert late_charges(rows, day, terms) == [Late(1, 30, 15_00, 3_00)]
    assert late_charges(rows, day, terms._replace(base=OVERDUE_INSTALLMENT)) == [Late(1, 30, 18_00, 0)]
    assert late_charges(rows, day, terms._replace(base=ACCELERATED)) == [Late(1, 30, 150_00, 3_00)]


def test_never_both_penalties() -> None:
    """Overdue at 1.5 and misused at 2: 2; only overdue: 1.5; neither: the contract's rate."""
    overdue, misuse = Fraction(3, 2), Fraction(2)
    assert higher_multiplier(overdue, misuse) == 2
    assert higher_multiplier(overdue, None) == overdue
    assert higher_multiplier(None, None) == 1


def test_balances_that_change_in_between() -> None:
    """20,000 at 0.04 % a day: 10 days 80.00; 5,000 repaid; 20 days on 15,000 120.00: 200.00, rounded once."""
    daily = Fraction("0.0004") * 360
    assert posted(accrued_over([(20_000_00, daily, 10), (15_000_00, daily, 20)])) == 200_00


@pytest.mark.parametrize(("charged", "above"), [(2_400_00, 0), (2_400_01, 1), (3_000_00, 600_00)])
def test_the_cap_of_24_percent_a_year(charged: int, above: int) -> None:
    """On 10,000 over 365 days 2,400.00 is allowed; what is above it is said."""
    assert above_cap(charged, 10_000_00, 365) == above
