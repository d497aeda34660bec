"""Interest by days: accrued without rounding, rounded once when it is posted.

Sources: Chinese practice after 银发〔2003〕251号: penalty interest (罚息) of 130 to 150 % of the contract rate on
overdue money, 150 to 200 % on misused money, compound interest (复利) on unpaid interest at the penalty rate, annual
rate / 360 a day. Rates are exact fractions: Fraction("0.12") is 12 % a year. Nothing here is posted by the engine:
penalties reach a loan as charges of the core system; these functions say what they should come to.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final, NamedTuple

from stream.engine.money import DUE, FEE, INTEREST, NUMBER, PENALTY, PRINCIPAL, Money, Row

OVERDUE_PRINCIPAL: Final = "overdue_principal"
OVERDUE_INSTALLMENT: Final = "overdue_installment"
ACCELERATED: Final = "accelerated"

NO_COMPOUND: Final = "none"
CONTRACT_RATE: Final = "contract"
PENALTY_RATE: Final = "penalty"


class Terms(NamedTuple):
    """How a lender charges for money that is late.

    annual_rate: the contract's rate. multiplier: the penalty rate over it. base: what penalty interest is charged on.
    compound: at which rate unpaid interest bears interest. basis: days of a year. grace_days: what is paid within them
    bears no penalty; what is not, bears it from the day after the due date.
    """

    annual_rate: Fraction
    multiplier: Fraction = Fraction(3, 2)
    base: str = OVERDUE_PRINCIPAL
    compound: str = PENALTY_RATE
    basis: int = 360
    grace_days: int = 0


class Late(NamedTuple):
    """What one installment bears for being late, in minor units."""

    number: int
    days: int
    penalty: Money
    compound: Money


def accrued(amount: Money, annual_rate: Fraction, days: int, basis: int = 360) -> Fraction:
    """Simple interest on an amount, unrounded, in minor units."""
    return Fraction(amount) * annual_rate * days / basis


def accrued_over(stretches: Iterable[tuple[Money, Fraction, int]], basis: int = 360) -> Fraction:
    """Interest over stretches of (amount, annual rate, days), unrounded: balances and rates may change in between."""
    return sum((accrued(amount, rate, days, basis) for amount, rate, days in stretches), Fraction(0))


def posted(interest: Fraction) -> Money:
    """Interest as it is posted: rounded once to the minor unit, a half away from zero."""
    doubled = 2 * abs(interest.numerator) + interest.denominator
    rounded = doubled // (2 * interest.denominator)
    return rounded if interest >= 0 else -rounded


def late_charges(rows: Iterable[Row], day: int, terms: Terms) -> list[Late]:
    """Penalty and compound interest of each row past due on `day`: none in grace, after it from the due date."""
    penalty_rate = terms.annual_rate * terms.multiplier
    compound_rate = {NO_COMPOUND: Fraction(0), CONTRACT_RATE: terms.annual_rate, PENALTY_RATE: penalty_rate}
    found = []
    rows = list(rows)
    late = [row for row in rows if day - row[DUE] > terms.grace_days]
    accelerated = sum([row[PRINCIPAL] for row in rows]) if terms.base == ACCELERATED else 0
    for place, row in enumerate(late):
        days = day - row[DUE]
        base = row[PRINCIPAL]
        interest = row[INTEREST]
        if terms.base == OVERDUE_INSTALLMENT:
            base, interest = row[PRINCIPAL] + row[INTEREST] + row[FEE] + row[PENALTY], 0
        elif terms.base == ACCELERATED:
            base = accelerated if place == 0 else 0
        penalty = posted(accrued(base, penalty_rate, days, terms.basis))
        compound = posted(accrued(interest, compound_rate[terms.compound], days, terms.basis))
        found.append(Late(row[NUMBER], days, penalty, compound))
    return found


def higher_multiplier(overdue: Fraction | None, misuse: Fraction | None) -> Fraction:
    """The multiplier where money is overdue, misused, or both: never both penalties, the higher one; 1 for neither."""
    return max(multiplier for multiplier in (overdue, misuse, Fraction(1)) if multiplier is not None)
