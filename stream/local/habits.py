"""How borrowers pay: each habit tells the payments of one loan within the weeks of the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stream.local.schedules import Installment

ZONE = ZoneInfo("Asia/Shanghai")


class Loan(NamedTuple):
    """A loan as the stream is told of it."""

    loan_id: str
    borrower_id: str
    product: str
    segment: str
    principal: int
    annual_rate: str
    disbursed: date
    rows: list[Installment]
    """What is still to be paid when the stream is told."""
    told: datetime


class Payment(NamedTuple):
    """Money that came in on `value_date`, and was told to the stream at `told`."""

    payment_id: str
    value_date: date
    amount: int
    told: datetime


class Reversal(NamedTuple):
    """A payment taken back."""

    payment_id: str
    told: datetime


Story = Iterator[Payment | Reversal]


class Teller:
    """Makes the payments of one loan: numbers them, and gives each a moment of its day."""

    def __init__(self, loan: Loan, random: Random) -> None:
        self.loan = loan
        self.random = random
        self._count = 0

    def paid(self, amount: int, on: date, told_after_days: int = 0) -> Payment:
        """A payment with this value date, told so many days after it (or before it, if negative)."""
        self._count += 1
        told = moment(on + timedelta(days=told_after_days), self.random)
        return Payment(f"{self.loan.loan_id}-pay-{self._count}", on, amount, told)

    def days(self, least: int, most: int) -> timedelta:
        """A number of days from `least` to `most`, both inclusive."""
        return timedelta(days=self.random.randint(least, most))


def moment(day: date, random: Random) -> datetime:
    """A moment between 10:00 and 20:00 of the lender's day: after the first morning's hand-over."""
    return datetime.combine(day, time(10), ZONE) + timedelta(seconds=random.randrange(36_000))


def on_time(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """Pays on the due day or up to two days before."""
    for row in due:
        yield teller.paid(row.total, max(first, row.due_date - teller.days(0, 2)))


def dated_ahead(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """Orders the payment the evening before, to count on the due day."""
    for row in due:
        ahead = -1 if row.due_date > first else 0
        yield teller.paid(row.total, row.due_date, told_after_days=ahead)


def late(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """Pays all, one to nine days late."""
    for row in due:
        yield teller.paid(row.total, row.due_date + teller.days(1, 9))


def in_parts(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """Pays half on the due day and the rest days later."""
    for row in due:
        half = row.total // 2
        yield teller.paid(half, row.due_date)
        yield teller.paid(row.total - half, row.due_date + teller.days(4, 12))


def posted_late(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """Pays on the due day, but the bank posts it one to three days later: the alert was wrong."""
    for row in due:
        yield teller.paid(row.total, row.due_date, told_after_days=teller.random.randint(1, 3))


def debit_returned(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """The debit of the due day is returned two to four days later; the borrower pays again after some days."""
    for row in due:
        returned = teller.paid(row.total, row.due_date)
        yield returned
        back = row.due_date + teller.days(2, 4)
        yield Reversal(returned.payment_id, moment(back, teller.random))
        yield teller.paid(row.total, back + teller.days(3, 6))


def nothing(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """Does not pay any more."""
    yield from ()


def catches_up(teller: Teller, due: list[Installment], old: list[Installment], first: date) -> Story:
    """Pays the installments in arrears one by one, the oldest first, every few days."""
    day = first
    for row in [*old, *due]:
        day = max(day + teller.days(3, 7), row.due_date)
        yield teller.paid(row.total, day)


Habit = Callable[[Teller, list[Installment], list[Installment], date], Story]

OF_RUNNING_LOANS: dict[Habit, int] = {
    on_time: 58,
    dated_ahead: 3,
    late: 10,
    in_parts: 5,
    posted_late: 4,
    debit_returned: 4,
    nothing: 10,
    catches_up: 6,
}
"""Habit to its share of the loans, percent."""

OF_NEW_LOANS: dict[Habit, int] = {on_time: 74, late: 10, in_parts: 4, posted_late: 4, debit_returned: 2, nothing: 6}

MONTHS_UNPAID: dict[Habit, tuple[int, ...]] = {nothing: (0, 0, 1, 2, 3), catches_up: (1, 1, 2)}
"""Installments in arrears at the hand-over, in turn; habits that are not named have none."""


def in_proportion(count: int, shares: dict[Habit, int], random: Random) -> list[Habit]:
    """So many habits in these shares, shuffled; what rounding leaves goes to the first habit."""
    habits: list[Habit] = []
    for habit, share in shares.items():
        habits += [habit] * (count * share // sum(shares.values()))
    habits += [next(iter(shares))] * (count - len(habits))
    random.shuffle(habits)
    return habits


def story(habit: Habit, loan: Loan, random: Random, first: date, last: date) -> list[Payment | Reversal]:
    """The payments and reversals of a loan that are told within the days from `first` to `last`, both inclusive."""
    due = [row for row in loan.rows if first <= row.due_date]
    old = [row for row in loan.rows if row.due_date < first]
    end = datetime.combine(last, time(23, 59), ZONE)
    told: list[Payment | Reversal] = []
    for part in habit(Teller(loan, random), [row for row in due if row.due_date <= last], old, first):
        if part.told > end:
            break
        told.append(part)
    return told
