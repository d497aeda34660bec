"""Which chargebacks of an installment are covered by what was paid on it."""

from __future__ import annotations

from stream.engine.loan import Loan
from stream.engine.money import COMPONENTS, DUE, NUMBER, TOTAL, Money, Row


def paid_on(loan: Loan, row: Row) -> Money:
    """What was paid on an installment: what it came to with everything that joined it, less what is unpaid."""
    added = 0 if loan.extras is None else loan.extras.added.get(row[NUMBER], 0)
    return row[TOTAL] + added - sum([row[component] for component in COMPONENTS])


def chargebacks_on(loan: Loan, row: Row) -> list[tuple[int, Money]]:
    """Value date and amount of the chargebacks that joined an installment, in order."""
    if loan.extras is None:
        return []
    return [(on, amount) for number, on, amount in loan.extras.chargebacks if number == row[NUMBER]]


def first_uncovered_on(loan: Loan, row: Row) -> int:
    """Value date of the first chargeback with which they exceed what is paid on the installment; 0: all are covered."""
    chargebacks = chargebacks_on(loan, row)
    left = paid_on(loan, row) if chargebacks else 0
    for on, amount in chargebacks:
        left -= amount
        if left < 0:
            return on
    return 0


def ages_from(loan: Loan, row: Row) -> int:
    """The day that an unpaid installment ages from: its first chargeback that is not covered, else its due date."""
    return first_uncovered_on(loan, row) or row[DUE]
