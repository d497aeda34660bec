"""The schedules of the six products (domain reference, section 3), to the cent."""

from __future__ import annotations

import pytest

from stream.engine.dates import day_of, iso
from stream.engine.money import DUE, INTEREST, NUMBER, PRINCIPAL, TOTAL
from stream.engine.schedules import (
    annuity,
    annuity_shortened,
    bullet,
    daily,
    daily_interest,
    due_dates,
    equal_principal,
    in_parts,
    interest_only,
    late_fee,
    minimum_payment,
    statement,
)

START = day_of("2024-01-15")
LOAN_A = annuity(12_000_00, "0.12", due_dates(START, 12))


def parts(rows: list[list[int]], place: int) -> list[int]:
    return [row[place] for row in rows]


def test_annuity() -> None:
    """Loan A: 1,066.19 each; k1 946.19 + 120.00, k2 955.65 + 110.54, k12 1,066.14; interest 794.23."""
    assert parts(LOAN_A, TOTAL) == [1_066_19] * 11 + [1_066_14]
    assert (LOAN_A[0][PRINCIPAL], LOAN_A[0][INTEREST]) == (946_19, 120_00)
    assert (LOAN_A[1][PRINCIPAL], LOAN_A[1][INTEREST]) == (955_65, 110_54)
    assert sum(parts(LOAN_A, INTEREST)) == 794_23
    assert sum(parts(LOAN_A, PRINCIPAL)) == 12_000_00


def test_annuity_without_interest() -> None:
    """At 0 % the installments are equal parts, and the last one takes what rounding left."""
    assert parts(annuity(100_00, "0", due_dates(START, 3)), TOTAL) == [33_33, 33_33, 33_34]


def test_equal_principal() -> None:
    """12,000 at 12 % over 12: 1,120.00, 1,110.00 ... 1,010.00; interest 780.00."""
    rows = equal_principal(12_000_00, "0.12", due_dates(START, 12))
    assert parts(rows, TOTAL) == [1_120_00 - 10_00 * n for n in range(12)]
    assert sum(parts(rows, INTEREST)) == 780_00


def test_interest_only() -> None:
    """100,000 at 7.2 %: 600.00 a month, at last 100,600.00; by days over 360: 31 days 620.00, 29 days 580.00."""
    dues = due_dates(START, 3)
    assert parts(interest_only(100_000_00, "0.072", dues), TOTAL) == [600_00, 600_00, 100_600_00]
    by_days = interest_only(100_000_00, "0.072", dues, start=START)  # 01-15 to 02-15: 31 days; to 03-15: 29
    assert parts(by_days, INTEREST)[:2] == [620_00, 580_00]


@pytest.mark.parametrize(("year_days", "interest"), [(360, 766_67), (365, 756_16)])
def test_bullet(year_days: int, interest: int) -> None:
    """50,000 at 6 % from 2024-03-01 to 06-01, 92 days: 766.67 over 360, 756.16 over 365."""
    rows = bullet(50_000_00, "0.06", day_of("2024-03-01"), day_of("2024-06-01"), year_days)
    assert [(row[PRINCIPAL], row[INTEREST]) for row in rows] == [(50_000_00, interest)]


def test_daily() -> None:
    """20,000 at 0.04 % a day: 10 days 80.00; repay 5,000; 20 days on 15,000 are 120.00."""
    drawn = day_of("2024-01-10")
    assert daily(20_000_00, "0.0004", drawn, drawn + 10)[0][INTEREST] == 80_00
    movements = [(drawn, 20_000_00), (drawn + 10, -5_000_00)]
    assert daily_interest(movements, "0.0004", drawn + 30) == 80_00 + 120_00


def test_card_minimum() -> None:
    """8,000 purchases, 120 interest, 50 fees, 300 past minimum, 500 instalments: 1,770.00; 770 paid: late fee 50.00."""
    minimum = minimum_payment(8_000_00, interest=120_00, fees=50_00, past_minimum=300_00, instalments=500_00)
    assert minimum == 1_770_00
    assert late_fee(minimum, 770_00) == 50_00
    assert late_fee(minimum, minimum) == 0
    assert statement(3, START, minimum)[TOTAL] == 1_770_00


def test_in_parts() -> None:
    """100.00 in three parts, the first one the down payment: 33.33, 33.33, 33.34."""
    rows = in_parts(100_00, due_dates(START, 3))
    assert parts(rows, NUMBER) == [0, 1, 2]
    assert parts(rows, TOTAL) == [33_33, 33_33, 33_34]


def test_w04_the_anchor_day_stays() -> None:
    """W04: from 2024-01-31: 02-29, 03-31, 04-30, 05-31."""
    dues = [iso(due) for due in due_dates(day_of("2024-01-31"), 4)]
    assert dues == ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]


def test_due_dates_over_a_year_end_and_by_half_years() -> None:
    """Half-yearly from 2024-06-21: 12-21, then 06-21 of the next year."""
    assert [iso(due) for due in due_dates(day_of("2024-06-21"), 2, months=6)] == ["2024-12-21", "2025-06-21"]


def test_w23_a_prepayment_lowers_the_installment() -> None:
    """W23: 5,000 with k1: balance 6,053.81 over the 11 that remain: 583.91 ten times, then 583.96."""
    balance = 12_000_00 - 946_19 - 5_000_00
    assert balance == 6_053_81
    rows = annuity(balance, "0.12", parts(LOAN_A, DUE)[1:], first=2)
    assert parts(rows, TOTAL) == [583_91] * 10 + [583_96]
    assert parts(rows, NUMBER) == list(range(2, 13))


def test_w23_a_prepayment_shortens_the_term() -> None:
    """W23: keeping 1,066.19: six more, the last 933.21."""
    rows = annuity_shortened(6_053_81, "0.12", parts(LOAN_A, DUE)[1:], 1_066_19, first=2)
    assert parts(rows, TOTAL) == [1_066_19] * 5 + [933_21]
    assert sum(parts(rows, PRINCIPAL)) == 6_053_81


def test_w24_a_new_rate_from_a_due_date_on() -> None:
    """W24: k1 to k3 paid, 9 % from 04-15: balance 9,132.95; eight times 1,053.21 (interest 68.50), then 1,053.16."""
    balance = 12_000_00 - sum(parts(LOAN_A, PRINCIPAL)[:3])
    assert balance == 9_132_95
    rows = annuity(balance, "0.09", parts(LOAN_A, DUE)[3:], first=4)
    assert parts(rows, TOTAL) == [1_053_21] * 8 + [1_053_16]
    assert rows[0][INTEREST] == 68_50


@pytest.mark.parametrize(("level", "dues"), [(60_00, 11), (1_066_19, 3)])
def test_a_term_that_never_ends_is_refused(level: int, dues: int) -> None:
    """An installment below the interest, or too few due dates: an error, not an endless schedule."""
    with pytest.raises(ValueError, match=r"installment|due dates"):
        annuity_shortened(6_053_81, "0.12", parts(LOAN_A, DUE)[1 : 1 + dues], level)
