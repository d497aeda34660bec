"""Payments as the journal keeps them.

P value_date recorded booked amount kind installment payment_id event_id allocations
p value_date booked-value_date amount payment_id event_id             a plain repayment, recorded on its value date
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stream.engine.facts import Allocation, Repaid
from stream.engine.money import Money

KIND_OF_LETTER: Final = {
    "r": "repayment",
    "d": "down_payment",
    "g": "goodwill_credit",
    "f": "refund",
    "v": "recovery",
    "c": "credit_balance_refund",
}
LETTER_OF_KIND: Final = {kind: letter for letter, kind in KIND_OF_LETTER.items()}


class Payment(NamedTuple):
    """A payment as the journal has it; the order of allocation is (value_date, order, payment_id)."""

    value_date: int
    order: int
    payment_id: str
    booked: int
    amount: Money
    kind: str
    installment: int | None
    allocations: tuple[Allocation, ...] | None


def order_of(kind: str) -> int:
    """On one value date credit is paid out after money came in."""
    return 1 if kind == "credit_balance_refund" else 0


def payment_line(fact: Repaid, booked: int, directed: bool) -> str:
    """Short where nothing is out of the ordinary: that is most of what a lender's table holds.

    `directed`: of a kind of its own, meant for an installment, or with a given allocation.
    """
    event_id, recorded, _, payment_id, on, amount, kind, installment, allocations = fact
    if recorded == on and not directed:
        return f"p {on} {booked - on} {amount} {payment_id} {event_id}\n"
    meant_for = "-" if installment is None else installment
    given = "-" if allocations is None else ",".join(":".join(map(str, part)) for part in allocations)
    letter = LETTER_OF_KIND[kind]
    return f"P {on} {recorded} {booked} {amount} {letter} {meant_for} {payment_id} {event_id} {given}\n"


def payment(fact: Repaid, booked: int) -> Payment:
    """A payment as the journal will have it."""
    return Payment(
        fact.value_date,
        order_of(fact.kind),
        fact.payment_id,
        booked,
        fact.amount,
        fact.kind,
        fact.installment,
        fact.allocations,
    )


def plain_payment(line: str) -> Payment:
    _, value_date, later, amount, payment_id, _ = line.split(" ")
    day = int(value_date)
    return Payment(day, 0, payment_id, day + int(later), int(amount), "repayment", None, None)


def directed_payment(line: str) -> Payment:
    _, value_date, _, booked, amount, letter, installment, payment_id, _, given = line.split(" ")
    kind = KIND_OF_LETTER[letter]
    return Payment(
        int(value_date),
        order_of(kind),
        payment_id,
        int(booked),
        int(amount),
        kind,
        None if installment == "-" else int(installment),
        None if given == "-" else tuple(_allocation(part) for part in given.split(",")),
    )


def _allocation(text: str) -> Allocation:
    installment, principal, interest, fee, penalty = text.split(":")
    return Allocation(int(installment), int(principal), int(interest), int(fee), int(penalty))
