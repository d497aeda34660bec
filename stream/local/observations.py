"""What other systems observe of some of the sample's borrowers: balances, a lost job, loans sought elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from stream.local import habits
from stream.local.habits import ZONE, Habit, Loan
from stream.local.schedules import Installment

EVERY: Final = 4
"""Each so manieth borrower has the account that installments are debited from with the lender."""
DAYS_BEFORE: Final = (3, 2, 1)
"""Balances are told so many days before an installment is due."""
SHORT: Final = 30
ENOUGH: Final = 150
"""Balance in percent of the installment."""

SHORT_OF_MONEY: Final[tuple[Habit, ...]] = (habits.late, habits.in_parts, habits.nothing)


class Observation(NamedTuple):
    """What is told of a borrower in the morning, as of the evening before."""

    kind: str
    """The CloudEvents type."""
    told: datetime
    data: dict[str, Any]


def observed(number: int, habit: Habit, loan: Loan, first: date, last: date) -> Iterator[Observation]:
    """What is told of a loan's borrower on the days from `first` to `last`, both inclusive."""
    if number % EVERY == 0:
        for row in loan.rows:
            for days in DAYS_BEFORE:
                if first < (day := row.due_date - timedelta(days=days)) <= last:
                    yield _balance(loan, row, day, _cover(number, habit, days))
    if habit is habits.nothing and number % 2:
        day = first + timedelta(days=5 + number % 7)
        if number % 3:
            yield _observation("borrower.employment_changed", loan, day, status="unemployed")
        else:
            sought = {"queries_3m": 9, "open_lenders": 4, "applications_7d": 6}
            yield _observation("borrower.bureau_reported", loan, day, **sought)


def _cover(number: int, habit: Habit, days_before: int) -> int:
    """Percent of an installment that the account covers: some have little until their pay comes, the day before."""
    waits_for_pay = habit is habits.on_time and number % (2 * EVERY) == 0
    if habit in SHORT_OF_MONEY or (waits_for_pay and days_before > 1):
        return SHORT
    return ENOUGH


def _balance(loan: Loan, row: Installment, day: date, percent: int) -> Observation:
    return _observation("borrower.balance_reported", loan, day, balance=row.total * percent // 100)


def _observation(kind: str, loan: Loan, day: date, **figures: Any) -> Observation:
    of = {"borrower_id": loan.borrower_id, "observation_date": (day - timedelta(days=1)).isoformat()}
    return Observation(kind, datetime.combine(day, time(9), ZONE), of | figures)
