"""The alerts that every engine must give, from the definition: what was due, and what was paid.

Payments go to the oldest installment first, so the oldest unpaid installment is the first one whose running total
exceeds the sum of the payments. No code is shared with any engine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from tests.bench.portfolio import AS_OF, Loan, Portfolio, event_id_of


class Said(NamedTuple):
    """What is compared of an alert."""

    loan_id: str
    cause: str
    """Id of the event that it came from."""
    days_past_due: int
    previous_bucket: str | None
    bucket: str | None
    overdue_total: int


class _Standing:
    __slots__ = ("bucket", "due", "loan_id", "paid", "past_due_total", "totals")

    def __init__(self, loan: Loan) -> None:
        self.loan_id = loan.loan_id
        self.due = [row[1].toordinal() for row in loan.rows]
        self.totals = list(accumulate(row[2] + row[3] for row in loan.rows))
        past_due = sum(due < AS_OF.toordinal() for due in self.due)
        self.past_due_total = self.totals[past_due - 1] if past_due else 0
        self.paid = 0
        self.bucket: str | None = None

    def pay(self, amount: int, cause: str) -> Said | None:
        self.paid += amount
        return self.judge(AS_OF, self.past_due_total, cause)

    def open_next_day(self) -> Said | None:
        tomorrow = AS_OF + timedelta(days=1)
        past_due = sum(due < tomorrow.toordinal() for due in self.due)
        return self.judge(tomorrow, self.totals[past_due - 1] if past_due else 0, f"business-day:{tomorrow}")

    def judge(self, as_of: date, past_due_total: int, cause: str) -> Said | None:
        days = 0
        if self.paid < past_due_total:
            days = as_of.toordinal() - self.due[bisect_right(self.totals, self.paid)]
        bucket, previous = _bucket(days), self.bucket
        if bucket == previous:
            return None
        self.bucket = bucket
        return Said(self.loan_id, cause, days, previous, bucket, max(0, past_due_total - self.paid))


def _bucket(days: int) -> str | None:
    """The code of the shipped policy: a month has 30 days, and after six there is only M6+."""
    if days == 0:
        return None
    months = (days + 29) // 30
    return f"M{months}" if months <= 6 else "M6+"


class Expected(NamedTuple):
    """Alerts by what causes them, each with its number of times."""

    at_disbursement: Counter[Said]
    at_repayment: Counter[Said]
    at_next_day: Counter[Said]
    """What the passing of one more day causes; only an engine that knows business days says it."""

    def caused_by_events(self) -> Counter[Said]:
        return self.at_disbursement + self.at_repayment


def expected_alerts(portfolio: Portfolio) -> Expected:
    """What a run over the whole portfolio must say."""
    standings = [_Standing(loan) for loan in portfolio.all_loans()]
    first = [standing.pay(0, f"D{number:07d}") for number, standing in enumerate(standings)]
    later: Counter[Said] = Counter()
    seen: set[int] = set()
    for payment in portfolio.all_payments():
        if payment.number in seen:
            continue
        seen.add(payment.number)
        said = standings[payment.loan].pay(payment.amount, event_id_of(payment))
        if said:
            later[said] += 1
    next_day = [standing.open_next_day() for standing in standings]
    return Expected(_counted(first), later, _counted(next_day))


def _counted(said: Iterable[Said | None]) -> Counter[Said]:
    return Counter(one for one in said if one is not None)
