"""What all schedules share: due dates, rates, rounding.

Amounts are minor units, days ordinals, rates decimal strings per year ("0.12"). Interest is rounded half up, once per
installment, and the last installment takes up what rounding left (domain reference, section 3).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from stream.engine.calendars import months_after
from stream.engine.money import Money, Row


def due_dates(start: int, count: int, months: int = 1) -> list[int]:
    """The same day of every month (or every so many) after `start`: the 31st becomes a shorter month's last day and
    comes back after it."""
    return [months_after(start, months * number) for number in range(1, count + 1)]


def monthly_rate(annual_rate: str) -> Fraction:
    """A twelfth of the annual rate, exact."""
    return Fraction(Decimal(annual_rate)) / 12


def interest_of_days(balance: Money, annual_rate: str, days: int, year_days: int = 360) -> Money:
    """Interest for so many days: balance x rate x days / 360 (Chinese practice), or / 365."""
    return half_up(balance * Fraction(Decimal(annual_rate)) * days / year_days)


def half_up(amount: Fraction | Decimal) -> Money:
    """The nearest whole minor unit; a half goes up."""
    return int((Fraction(amount) + Fraction(1, 2)) // 1)


def installment(number: int, due: int, principal: Money, interest: Money = 0) -> Row:
    """One row of a schedule."""
    return [number, due, principal, interest, 0, 0, principal + interest]
