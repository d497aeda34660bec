"""Products that pay principal back at the end, or whenever the borrower likes."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from stream.engine.money import Money, Row
from stream.engine.schedules.terms import half_up, installment, interest_of_days, monthly_rate


def interest_only(principal: Money, annual_rate: str, dues: list[int], start: int | None = None) -> list[Row]:
    """Interest per period (先息后本), the principal with the last one.

    A twelfth of the year's interest each; with `start`, the day on which the loan was paid out: by the days of each
    period, over 360.
    """
    rows, before = [], start
    for number, due in enumerate(dues, start=1):
        if before is None:
            interest = half_up(principal * monthly_rate(annual_rate))
        else:
            interest = interest_of_days(principal, annual_rate, due - before)
            before = due
        rows.append(installment(number, due, principal if number == len(dues) else 0, interest))
    return rows


def bullet(principal: Money, annual_rate: str, start: int, due: int, year_days: int = 360) -> list[Row]:
    """Everything at the end (到期还本付息): interest = P · rate · days / 360, or 365."""
    return [installment(1, due, principal, interest_of_days(principal, annual_rate, due - start, year_days))]


def daily_interest(movements: list[tuple[int, Money]], daily_rate: str, until: int) -> Money:
    """Interest of a loan that is drawn and repaid at will (随借随还), up to the day `until`, which does not count.

    `movements`: (day, amount), drawn positive and repaid negative, in order of days. The day of a drawing counts, the
    day of a repayment does not. Rounded once.
    """
    rate, total, balance, since = Fraction(Decimal(daily_rate)), Fraction(0), 0, 0
    for day, amount in [*movements, (until, 0)]:
        total += balance * rate * (day - since)
        balance, since = balance + amount, day
    return half_up(total)


def daily(principal: Money, daily_rate: str, drawn: int, due: int) -> list[Row]:
    """A drawing that is repaid on one day, with interest for each day but the last."""
    return [installment(1, due, principal, daily_interest([(drawn, principal)], daily_rate, due))]
