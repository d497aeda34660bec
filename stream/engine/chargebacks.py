"""Chargebacks: money that was received and taken back is owed again (domain reference, 9.12; design, finer point 14).

Credit absorbs it first. The rest joins the first installment due strictly later, settled or not; after maturity one
extra installment. While the chargebacks of an installment exceed what is paid there, it ages from the value date of the
first one that is not covered; once they are covered, from its due date.
"""

from __future__ import annotations

from stream.engine.entries import Chargeback
from stream.engine.extras import ensure
from stream.engine.loan import Loan
from stream.engine.money import DUE, NUMBER, PRINCIPAL, Money, Row
from stream.engine.policy import Rules
from stream.engine.schedule import add_row, open_all, reopen
from stream.engine.uncovered import ages_from, chargebacks_on, first_uncovered_on, paid_on


def take_back(loan: Loan, chargeback: Chargeback, schedule: list[Row]) -> None:
    """Owe the amount again. `schedule`: all installments, to which an extra one is added where it is needed."""
    extras = ensure(loan)
    absorbed = min(loan.credit, chargeback.amount)
    loan.credit -= absorbed
    amount = chargeback.amount - absorbed
    if not amount:
        return
    on = chargeback.value_date
    scheduled = next((row for row in schedule if row[DUE] > on), None)
    if scheduled is None:
        scheduled = next((row for row in schedule if row[NUMBER] == extras.extra_number), None)
    if scheduled is None:
        scheduled = add_row(schedule, on)
        extras.extra_number = scheduled[NUMBER]
    row = reopen(loan, scheduled)
    row[PRINCIPAL] += amount
    loan.owed[PRINCIPAL] += amount
    number = row[NUMBER]
    extras.added[number] = extras.added.get(number, 0) + amount
    extras.chargebacks.append([number, on, amount])


def ageing_from(loan: Loan, day: int, rules: Rules) -> int:
    """The day before `day` from which the unpaid installments that chargebacks joined age; 0: they do not."""
    found = 0
    for row in joined_rows(loan):
        first = ages_from(loan, row)
        if first < day and (not found or first < found) and not rules.met(row):
            found = first
    return found


def excess(loan: Loan, day: int) -> Money:
    """By how much chargebacks exceed what is paid on installments not yet past due on `day`."""
    return sum([excess_on(loan, row) for row in joined_rows(loan) if row[DUE] >= day])


def excess_on(loan: Loan, row: Row) -> Money:
    """By how much the chargebacks of an installment exceed what is paid on it."""
    return max(0, sum([amount for _, amount in chargebacks_on(loan, row)]) - paid_on(loan, row))


def first_uncovered(loan: Loan) -> int:
    """Value date of the earliest chargeback that is not covered, whatever the day; 0: none."""
    return min([day for row in joined_rows(loan) if (day := first_uncovered_on(loan, row))], default=0)


def joined_rows(loan: Loan) -> list[Row]:
    """The unpaid installments that chargebacks joined."""
    extras = loan.extras
    if extras is None or not extras.chargebacks:
        return []
    numbers = {number for number, _, _ in extras.chargebacks}
    open_all(loan)
    return [row for row in loan.rows if row[NUMBER] in numbers]
