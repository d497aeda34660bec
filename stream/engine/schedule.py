"""The schedule of a loan: installments that are touched are open rows, the later ones stay one string of lines.

A payment touches the oldest installment or two; a mortgage has 360. So a step reads and writes only those.
"""

from __future__ import annotations

from stream.engine.loan import Loan
from stream.engine.money import COMPONENTS, DUE, Row
from stream.engine.policy import EARLIEST_UNPAID, Rules


def begin(loan: Loan, schedule: list[Row]) -> None:
    """Set the loan's installments, oldest due date first; every component is unpaid."""
    owed = [0, 0, 0, 0, 0, 0]
    lines = []
    for row in schedule:
        for component in COMPONENTS:
            owed[component] += row[component]
        lines.append(" ".join(map(str, row)) + "\n")
    loan.rows, loan.later, loan.owed = [], "".join(lines), owed
    open_next(loan)


def open_next(loan: Loan) -> bool:
    """Open one more installment; False if there is none."""
    if not loan.later:
        return False
    line, _, loan.later = loan.later.partition("\n")
    loan.rows.append([int(number) for number in line.split(" ")])
    return True


def open_until(loan: Loan, day: int) -> None:
    """Open every installment due before `day`."""
    while loan.rows and loan.rows[-1][DUE] < day and open_next(loan):
        pass


def open_all(loan: Loan) -> None:
    while open_next(loan):
        pass


def past_due_row(loan: Loan, day: int, rules: Rules) -> Row | None:
    """The oldest installment that was due before `day` and is not met (domain reference, base rule)."""
    rows = loan.rows
    index = 0
    while index < len(rows) or open_next(loan):
        row = rows[index]
        if row[DUE] >= day:
            return None
        if not rules.met(row):
            return row
        index += 1
    return None


def next_due_row(loan: Loan, day: int, rules: Rules) -> Row | None:
    """The installment that is due next by the policy: the earliest unpaid, or the next unpaid not before `day`."""
    rows = loan.rows
    if rules.next_due == EARLIEST_UNPAID:
        return rows[0] if rows else None
    index = 0
    while index < len(rows) or open_next(loan):
        if rows[index][DUE] >= day:
            return rows[index]
        index += 1
    return None


def past_due_rows(loan: Loan, day: int, rules: Rules) -> list[Row]:
    """All installments that were due before `day` and are not met."""
    open_until(loan, day)
    if rules.exact:
        return [row for row in loan.rows if row[DUE] < day]
    return [row for row in loan.rows if row[DUE] < day and not rules.met(row)]
