"""The schedules of the sample's products, with dates as an upstream system writes them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from stream.engine import schedules
from stream.engine.money import DUE, FEE, INTEREST, NUMBER, PENALTY, PRINCIPAL, Row


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
    return [date.fromordinal(day) for day in schedules.due_dates(start.toordinal(), count)]


def annuity(principal: int, annual_rate: str, due_dates: list[date]) -> list[Installment]:
    """Equal installments (等额本息)."""
    return _dated(schedules.annuity(principal, annual_rate, _days(due_dates)))


def equal_principal(principal: int, annual_rate: str, due_dates: list[date]) -> list[Installment]:
    """Equal principal (等额本金) and interest on what is still owed."""
    return _dated(schedules.equal_principal(principal, annual_rate, _days(due_dates)))


def interest_only(principal: int, annual_rate: str, due_dates: list[date]) -> list[Installment]:
    """Interest each month (先息后本), the principal with the last one."""
    return _dated(schedules.interest_only(principal, annual_rate, _days(due_dates)))


def bullet(principal: int, annual_rate: str, start: date, due_date: date, year_days: int = 360) -> list[Installment]:
    """Everything at the end (到期还本付息)."""
    return _dated(schedules.bullet(principal, annual_rate, start.toordinal(), due_date.toordinal(), year_days))


def pay_later(price: int, due_dates: list[date]) -> list[Installment]:
    """A purchase in equal parts without interest; the first part is the down payment, number 0."""
    return _dated(schedules.in_parts(price, _days(due_dates)))


def _days(dates: list[date]) -> list[int]:
    return [day.toordinal() for day in dates]


def _dated(rows: list[Row]) -> list[Installment]:
    return [
        Installment(row[NUMBER], date.fromordinal(row[DUE]), row[PRINCIPAL], row[INTEREST], row[FEE], row[PENALTY])
        for row in rows
    ]
