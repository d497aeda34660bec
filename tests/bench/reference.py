"""The alerts that every engine must give, from the definition: what was due, and what was paid.

Payments go to the oldest installment first, so the oldest unpaid installment is the first one whose running total
exceeds the sum of the payments. No code is shared with any engine.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
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
        days = 0
        if self.paid < self.past_due_total:
            days = AS_OF.toordinal() - self.due[bisect_right(self.totals, self.paid)]
        bucket, previous = _bucket(days), self.bucket
        if bucket == previous:
            return None
        self.bucket = bucket
        return Said(self.loan_id, cause, days, previous, bucket, max(0, self.past_due_total - self.paid))


def _bucket(days: int) -> str | None:
    if days == 0:
        return None
    return "M1" if days <= 30 else "M2" if days <= 60 else "M3" if days <= 90 else "M4+"


class Expected(NamedTuple):
    """Alerts of the disbursements and of the repayments, each with its number of times."""

    at_disbursement: Counter[Said]
    at_repayment: Counter[Said]

    def all(self) -> Counter[Said]:
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
    return Expected(Counter(said for said in first if said), later)
