"""Products that pay principal back bit by bit."""

from __future__ import annotations

from fractions import Fraction

from stream.engine.money import Money, Row
from stream.engine.schedules.terms import half_up, installment, monthly_rate


def level_installment(principal: Money, annual_rate: str, count: int) -> Money:
    """The annuity's installment: A = P·i(1+i)^n / ((1+i)^n − 1), i a twelfth of the annual rate."""
    rate = monthly_rate(annual_rate)
    if not rate:
        return half_up(Fraction(principal, count))
    growth = (1 + rate) ** count
    return half_up(principal * rate * growth / (growth - 1))


def annuity(principal: Money, annual_rate: str, dues: list[int], first: int = 1) -> list[Row]:
    """Equal installments (等额本息) on these due dates, numbered from `first`.

    It also gives what is left after a prepayment with the same term, or after a change of rate: the balance over the
    due dates that remain.
    """
    level, rate = level_installment(principal, annual_rate, len(dues)), monthly_rate(annual_rate)
    balance, rows = principal, []
    last = first + len(dues) - 1
    for number, due in enumerate(dues, start=first):
        interest = half_up(balance * rate)
        repaid = balance if number == last else level - interest
        rows.append(installment(number, due, repaid, interest))
        balance -= repaid
    return rows


def annuity_shortened(balance: Money, annual_rate: str, dues: list[int], level: Money, first: int = 1) -> list[Row]:
    """After a prepayment that keeps the installment and shortens the term: rows until the balance is paid.

    Raises ValueError where the installment does not even cover the interest, or the due dates do not suffice.
    """
    rate, rows = monthly_rate(annual_rate), []
    for number, due in enumerate(dues, start=first):
        interest = half_up(balance * rate)
        repaid = min(balance, level - interest)
        if repaid <= 0:
            raise ValueError("the installment does not cover the interest; choose a higher one")
        rows.append(installment(number, due, repaid, interest))
        balance -= repaid
        if not balance:
            return rows
    raise ValueError("the due dates do not suffice to pay the balance; add some")


def equal_principal(principal: Money, annual_rate: str, dues: list[int], first: int = 1) -> list[Row]:
    """Equal principal (等额本金) and interest on what is still owed: installments that fall."""
    rate, share = monthly_rate(annual_rate), half_up(Fraction(principal, len(dues)))
    balance, rows = principal, []
    last = first + len(dues) - 1
    for number, due in enumerate(dues, start=first):
        repaid = balance if number == last else share
        rows.append(installment(number, due, repaid, half_up(balance * rate)))
        balance -= repaid
    return rows


def in_parts(price: Money, dues: list[int], first: int = 0) -> list[Row]:
    """A purchase in equal parts without interest; by default the first part is the down payment, number 0."""
    share = half_up(Fraction(price, len(dues)))
    last = len(dues) - 1
    return [
        installment(first + index, due, price - share * last if index == last else share)
        for index, due in enumerate(dues)
    ]
