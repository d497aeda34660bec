"""What is left unpaid of a schedule after payments: the waterfall, from the first payment on each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from tests.oracle.policy import COMPONENTS, Product


@dataclass(frozen=True)
class Payment:
    """Money that came in for a loan, or credit that was paid out again."""

    event_id: str
    payment_id: str
    value_date: date
    amount: int
    kind: str = "repayment"
    installment: int | None = None
    allocations: tuple[dict[str, int], ...] | None = None
    booked: date = date.max
    """Business date on which it began to count."""

    @property
    def place(self) -> tuple[date, bool, str]:
        """Its place in the order in which payments are allocated."""
        return (self.value_date, self.kind == "credit_balance_refund", self.payment_id)


@dataclass(slots=True)
class Installment:
    """A row of the schedule and what is still unpaid of it."""

    number: int
    due_date: date
    tolerated: int
    unpaid: dict[str, int]
    total: int
    """Unpaid in all components."""

    def overdue_at(self, day: date) -> bool:
        """Whether it was due before that day and is unpaid beyond the tolerance."""
        return self.due_date < day and self.total > self.tolerated


@dataclass
class Balance:
    """The installments, oldest first, and the credit, after some payments."""

    installments: list[Installment]
    credit: int = 0
    worst_at_payments: int = 0
    """The most days past due at the opening of any payment's value date, before the payment counts."""
    last_payment: Payment | None = None
    """The last one in order that brought money in."""

    def days_past_due(self, day: date) -> int:
        """Days since the oldest due date before that day that is unpaid beyond the tolerance; 0 if there is none."""
        for row in self.installments:
            if row.overdue_at(day):
                return (day - row.due_date).days
        return 0


def balance(schedule: list[dict[str, Any]], payments: Iterable[Payment], product: Product) -> Balance:
    """Allocate the payments, in their order, to the schedule."""
    now = Balance([_installment(row, product) for row in schedule])
    now.installments.sort(key=lambda row: (row.due_date, row.number))
    for payment in sorted(payments, key=lambda p: p.place):
        days = now.days_past_due(payment.value_date)
        now.worst_at_payments = max(now.worst_at_payments, days)
        if payment.kind == "credit_balance_refund":
            now.credit -= min(now.credit, payment.amount)
        else:
            now.credit += _allocate(now.installments, payment, days, product)
            now.last_payment = payment
    return now


def _installment(row: dict[str, Any], product: Product) -> Installment:
    unpaid = {component: row[component] for component in COMPONENTS}
    total = sum(unpaid.values())
    return Installment(row["number"], date.fromisoformat(row["due_date"]), product.tolerated(total), unpaid, total)


Claim = tuple[Installment, str, int]
"""An installment, its component, and the most that it may take of a payment."""


def _allocate(rows: list[Installment], payment: Payment, days_past_due: int, product: Product) -> int:
    """Allocate one payment; what no installment takes is returned."""
    left = payment.amount
    for row, component, limit in chain(_meant(rows, payment, product), _usual(rows, payment, days_past_due, product)):
        if not left:
            break
        paid = min(row.unpaid[component], limit, left)
        row.unpaid[component] -= paid
        row.total -= paid
        left -= paid
    return left


def _meant(rows: list[Installment], payment: Payment, product: Product) -> Iterator[Claim]:
    """What the payment itself says it is for: the core's allocations, or one installment."""
    named = {row.number: row for row in rows}
    for given in payment.allocations or ():
        for component in COMPONENTS:
            if given["installment"] in named:
                yield named[given["installment"]], component, given[component]
    if payment.installment in named:
        for component in product.order:
            yield named[payment.installment], component, payment.amount


def _usual(rows: list[Installment], payment: Payment, days_past_due: int, product: Product) -> Iterator[Claim]:
    """Past due by the product's axis, then what is due today, then in advance, installment by installment."""
    day, amount = payment.value_date, payment.amount
    past_due = [row for row in rows if row.due_date < day]
    if product.principal_first_after_days is not None and days_past_due > product.principal_first_after_days:
        yield from ((row, "principal", amount) for row in past_due)
    if product.axis == "vertical":
        yield from ((row, component, amount) for component in product.order for row in past_due)
    due = [row for row in rows if row.due_date <= day]
    in_advance = rows[len(due) :]
    if payment.kind in product.to_last_installment:
        in_advance.reverse()
    for row in chain(due, in_advance):
        if row.total:
            yield from ((row, component, amount) for component in product.order)
