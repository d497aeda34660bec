"""The figures of a loan at one moment, from what is unpaid and the day it is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.oracle.money import Balance, Installment
from tests.oracle.policy import COMPONENTS, Product


@dataclass(frozen=True)
class Figures:
    """What is true of a loan on a day, by the payments that count."""

    days_past_due: int = 0
    delinquent_days: int = 0
    delinquent_date: date | None = None
    bucket: str | None = None
    past_due: tuple[dict[str, Any], ...] = ()
    outstanding_principal: int = 0
    outstanding_total: int = 0
    credit: int = 0
    oldest_due_date: date | None = None
    next_due_date: date | None = None
    next_due_amount: int = 0

    @property
    def overdue(self) -> dict[str, int]:
        """Unpaid by component and in total, of the installments past due."""
        return {name: sum(row["unpaid"][name] for row in self.past_due) for name in (*COMPONENTS, "total")}


NOTHING_OWED = Figures()
"""The zeros of a loan that is cancelled."""


def figures(balance: Balance, day: date, product: Product, disbursed: date) -> Figures:
    """Judge a balance as of a day; before its disbursement a loan is not past due."""
    past_due = [row for row in balance.installments if row.overdue_at(day) and disbursed <= day]
    oldest = past_due[0].due_date if past_due else None
    days = (day - oldest).days if oldest else 0
    delinquent = max(0, days - product.grace_days)
    unpaid = [row for row in balance.installments if row.total]
    next_due = next((row for row in unpaid if product.next_due == "earliest_unpaid" or row.due_date >= day), None)
    return Figures(
        days_past_due=days,
        delinquent_days=delinquent,
        delinquent_date=oldest + timedelta(product.grace_days) if oldest else None,
        bucket=product.bucket(delinquent),
        past_due=tuple(_past_due(row, day) for row in past_due),
        outstanding_principal=sum(row.unpaid["principal"] for row in unpaid),
        outstanding_total=sum(row.total for row in unpaid),
        credit=balance.credit,
        oldest_due_date=oldest,
        next_due_date=next_due.due_date if next_due else None,
        next_due_amount=next_due.total if next_due else 0,
    )


def _past_due(row: Installment, day: date) -> dict[str, Any]:
    return {
        "number": row.number,
        "due_date": row.due_date.isoformat(),
        "days_past_due": (day - row.due_date).days,
        "unpaid": {**row.unpaid, "total": row.total},
    }
