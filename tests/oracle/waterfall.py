"""How one payment covers what is owed: what it is meant for, then the lender's order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from tests.oracle.history import Payment
from tests.oracle.policy import COMPONENTS, Product

if TYPE_CHECKING:
    from tests.oracle.money import Installment

    Claim = tuple[Installment, str, int]
    """An installment, its component, and the most that it may take of a payment."""


def allocate(rows: list[Installment], payment: Payment, days_past_due: int, product: Product) -> int:
    """Allocate one payment; what no installment takes is returned."""
    left = payment.amount
    for row, component, limit in chain(_meant(rows, payment, product), _usual(rows, payment, days_past_due, product)):
        if not left:
            break
        paid = min(row.unpaid[component], limit, left)
        row.unpaid[component] -= paid
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
    day, amount = payment.day, payment.amount
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
