"""Repayment schedules of the common products, in minor units; the formulas are those of the domain reference, part 3.

Interest is rounded half up once per installment, and the last installment takes up what rounding left.
"""

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple


class Installment(NamedTuple):
    """One row of a schedule: number, due date, and amounts in minor units."""

    number: int
    due_date: date
    principal: int
    interest: int = 0
    fee: int = 0
    penalty: int = 0

    @property
    def total(self) -> int:
        """All that is due with this row."""
        return self.principal + self.interest + self.fee + self.penalty


def monthly_dates(start: date, count: int) -> list[date]:
    """The same day of the following months; the 31st becomes the last day of a shorter month and comes back after."""
    dates = []
    for later in range(1, count + 1):
        year, month = divmod(start.year * 12 + start.month - 1 + later, 12)
        dates.append(date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1])))
    return dates


def annuity(principal: int, annual_rate: str, due_dates: list[date]) -> list[Installment]:
    """Equal installments (等额本息): A = P·i(1+i)^n / ((1+i)^n − 1), with i = annual rate / 12."""
    rate, count = Fraction(Decimal(annual_rate)) / 12, len(due_dates)
    growth = (1 + rate) ** count
    installment = half_up(principal * rate * growth / (growth - 1)) if rate else half_up(Fraction(principal, count))
    balance, rows = principal, []
    for number, due in enumerate(due_dates, start=1):
        interest = half_up(balance * rate)
        repaid = balance if number == count else installment - interest
        rows.append(Installment(number, due, repaid, interest))
        balance -= repaid
    return rows


def equal_principal(principal: int, annual_rate: str, due_dates: list[date]) -> list[Installment]:
    """Equal principal (等额本金) and interest on what is still owed: installments that fall."""
    rate, count = Fraction(Decimal(annual_rate)) / 12, len(due_dates)
    share = half_up(Fraction(principal, count))
    balance, rows = principal, []
    for number, due in enumerate(due_dates, start=1):
        repaid = balance if number == count else share
        rows.append(Installment(number, due, repaid, half_up(balance * rate)))
        balance -= repaid
    return rows


def interest_only(principal: int, annual_rate: str, due_dates: list[date]) -> list[Installment]:
    """Interest each month (先息后本), the principal with the last one."""
    interest = half_up(principal * Fraction(Decimal(annual_rate)) / 12)
    last = len(due_dates)
    return [
        Installment(number, due, principal if number == last else 0, interest)
        for number, due in enumerate(due_dates, start=1)
    ]


def bullet(principal: int, annual_rate: str, start: date, due_date: date, year_days: int = 360) -> list[Installment]:
    """Everything at the end (到期还本付息): interest = P · rate · days / 360, or 365."""
    days = (due_date - start).days
    interest = half_up(principal * Fraction(Decimal(annual_rate)) * days / year_days)
    return [Installment(1, due_date, principal, interest)]


def pay_later(price: int, due_dates: list[date]) -> list[Installment]:
    """A purchase in equal parts without interest; the first part is the down payment, number 0."""
    share, count = half_up(Fraction(price, len(due_dates))), len(due_dates)
    return [
        Installment(number, due, price - share * (count - 1) if number == count - 1 else share)
        for number, due in enumerate(due_dates)
    ]


def half_up(amount: Fraction | Decimal) -> int:
    """The nearest whole minor unit; a half goes up."""
    return int((Fraction(amount) + Fraction(1, 2)) // 1)
