"""Fees and penalties that are posted on a loan, and waived (design, finer point 15)."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from stream.engine.entries import Charge, Waiver
from stream.engine.extras import ensure
from stream.engine.loan import Loan
from stream.engine.money import DUE, NUMBER, Money, Row
from stream.engine.schedule import add_row, open_all, reopen

Charges = dict[str, list[int]]
"""By charge id: number of the installment that it joined, component, amount, and what was waived of it."""

NUMBER_OF: Final = 0
COMPONENT_OF: Final = 1
AMOUNT_OF: Final = 2
WAIVED_OF: Final = 3


def post(loan: Loan, charge: Charge, schedule: list[Row], charges: Charges) -> None:
    """Owe a charge: on the installment it names, else on the first due on or after its date, else on an extra one.

    Credit pays for it first. `schedule`: all installments, to which an extra one is added where it is needed.
    """
    absorbed = min(loan.credit, charge.amount)
    loan.credit -= absorbed
    scheduled = next((row for row in schedule if row[NUMBER] == charge.installment), None)
    if scheduled is None:
        scheduled = next((row for row in schedule if row[DUE] >= charge.due), None)
    if scheduled is None:
        scheduled = add_row(schedule, charge.due)
    number = scheduled[NUMBER]
    charges[charge.charge_id] = [number, charge.component, charge.amount, 0]
    amount = charge.amount - absorbed
    if amount:
        row = reopen(loan, scheduled)
        row[charge.component] += amount
        loan.owed[charge.component] += amount
        added = ensure(loan).added
        added[number] = added.get(number, 0) + amount


def waive(loan: Loan, waiver: Waiver, charges: Charges) -> bool:
    """Owe no more what is still owed of a charge, at most what is asked; whether anything was waived."""
    charge = charges.get(waiver.charge_id)
    if charge is None:
        return False
    open_all(loan)
    row = next((row for row in loan.rows if row[NUMBER] == charge[NUMBER_OF]), None)
    if row is None:
        return False
    component = charge[COMPONENT_OF]
    part = min(row[component], charge[AMOUNT_OF] - charge[WAIVED_OF])
    if waiver.amount is not None:
        part = min(part, waiver.amount)
    charge[WAIVED_OF] += part
    row[component] -= part
    loan.owed[component] -= part
    added = ensure(loan).added
    added[row[NUMBER]] = added.get(row[NUMBER], 0) - part
    return part > 0


def above_cap(charged: Money, principal: Money, days: int, annual_cap: Fraction = Fraction(24, 100)) -> Money:
    """By how much all that a borrower was charged exceeds the yearly cap on the principal over so many days; else 0.

    Courts of China cut what is above 24 % a year on request. The cap is principal * cap * days / 365, rounded down.
    """
    allowed = principal * annual_cap * days / 365
    return max(0, charged - int(allowed))
