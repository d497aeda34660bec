"""The figures of a loan at one moment, from what is unpaid and the day it is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.oracle import history
from tests.oracle.history import Fact
from tests.oracle.money import Balance, Installment, balance
from tests.oracle.policy import COMPONENTS, Product


@dataclass(frozen=True)
class Figures:
    """What is true of a loan on a day, by the facts that count."""

    days_past_due: int = 0
    delinquent_days: int = 0
    delinquent_date: date | None = None
    bucket: str | None = None
    past_due: tuple[dict[str, Any], ...] = ()
    excess: int = 0
    """Charged back with installments that are not past due yet, and not paid back."""
    outstanding_principal: int = 0
    outstanding_total: int = 0
    credit: int = 0
    oldest_due_date: date | None = None
    next_due_date: date | None = None
    next_due_amount: int = 0
    upcoming: Installment | None = None
    """The next unpaid one that is not before the day, whatever is past due."""
    by_bucket: tuple[dict[str, Any], ...] = ()
    paused: bool = False

    @property
    def overdue(self) -> dict[str, int]:
        """Unpaid by component and in total, of the installments past due."""
        return {name: sum(row["unpaid"][name] for row in self.past_due) for name in (*COMPONENTS, "total")}

    @property
    def statement(self) -> tuple[bool, str | None]:
        """What an alert says of a loan: whether it is delinquent, and its bucket."""
        return (self.delinquent_days > 0, self.bucket)


NOTHING_OWED = Figures()
"""The zeros of a loan that is cancelled."""


@dataclass(frozen=True)
class View:
    """A loan by some of the facts about it."""

    schedule: list[dict[str, Any]]
    disbursed: date
    product: Product
    facts: tuple[Fact, ...]

    def balance(self) -> Balance:
        """What is unpaid."""
        return balance(self.schedule, self.facts, self.product, self.disbursed)


def figures(view: View, day: date, now: Balance | None = None) -> Figures:
    """Judge a view of a loan as of a day; before its disbursement a loan is not past due."""
    now = now or view.balance()
    product, stretches = view.product, history.pauses(view.facts)
    counted = now.written_off[0] if now.written_off else day
    counted = min(counted, day)  # a write-off may be told on the evening before its business date opens
    days, oldest = now.judged(counted)
    if view.disbursed > counted:
        oldest = None
    deducted = history.deducted(stretches, counted)
    delinquent = max(0, days - product.grace_days - deducted)
    past_due = now.past_due(counted) if view.disbursed <= counted else []
    unpaid = [row for row in now.installments if row.total]
    next_due = next((row for row in unpaid if product.next_due == "earliest_unpaid" or row.due_date >= day), None)
    return Figures(
        days_past_due=days,
        delinquent_days=delinquent,
        delinquent_date=oldest + timedelta(product.grace_days) if oldest else None,
        bucket=product.bucket(delinquent),
        past_due=tuple(_shown(row, counted) for row in past_due),
        excess=sum(row.excess for row in now.installments if row.due_date >= counted),
        outstanding_principal=now.outstanding_principal,
        outstanding_total=sum(row.total for row in unpaid),
        credit=now.credit,
        oldest_due_date=oldest,
        next_due_date=next_due.due_date if next_due else None,
        next_due_amount=next_due.total if next_due else 0,
        upcoming=next((row for row in unpaid if row.due_date >= day), None),
        by_bucket=_by_bucket(past_due, counted, deducted, product) if delinquent and product.installment_level else (),
        paused=history.in_force(stretches, day),
    )


def _shown(row: Installment, day: date) -> dict[str, Any]:
    return {
        "number": row.number,
        "due_date": row.due_date.isoformat(),
        "days_past_due": (day - row.due_date).days,
        "unpaid": {**row.unpaid, "total": row.total},
    }


def _by_bucket(rows: list[Installment], day: date, deducted: int, product: Product) -> tuple[dict[str, Any], ...]:
    """Unpaid by the bucket of each installment's own days: without grace, less paused days."""
    amounts: dict[str, int] = {}
    for row in rows:
        bucket = product.bucket(max(0, (day - row.due_date).days - deducted))
        if bucket:
            amounts[bucket] = amounts.get(bucket, 0) + row.total
    return tuple(
        {"bucket": b.code, "min_days": b.min_days, "max_days": b.max_days, "amount": amounts[b.code]}
        for b in sorted(product.buckets, key=lambda b: b.min_days)
        if b.code in amounts
    )
