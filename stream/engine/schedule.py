"""The schedule of a loan: installments that are touched are open rows, the later ones stay one string of lines.

A payment touches the oldest installment or two; a mortgage has 360. So a step reads and writes only those.
"""

from __future__ import annotations

from stream.engine.loan import Loan
from stream.engine.money import COMPONENTS, DUE, FEE, INTEREST, NUMBER, PENALTY, PRINCIPAL, TOTAL, Row
from stream.engine.policy import EARLIEST_UNPAID, Rules
from stream.engine.uncovered import ages_from


def begin(loan: Loan, schedule: list[Row]) -> None:
    """Set the loan's installments, oldest due date first; every component is unpaid. One of nothing is left out."""
    owed = [0, 0, 0, 0, 0, 0]
    lines = []
    for row in schedule:
        if not (row[PRINCIPAL] or row[INTEREST] or row[FEE] or row[PENALTY]):
            continue
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


def close_later(loan: Loan) -> None:
    """Put all installments but the oldest back into the string of the later ones: the opposite of `open_all`."""
    lines = [" ".join(map(str, row)) + "\n" for row in loan.rows[1:]]
    loan.later = "".join(lines) + loan.later
    del loan.rows[1:]


def reopen(loan: Loan, scheduled: Row) -> Row:
    """The open row of an installment; where it is settled, one on which nothing is owed, in its place."""
    open_all(loan)
    rows = loan.rows
    place = 0
    for row in rows:
        if row[NUMBER] == scheduled[NUMBER]:
            return row
        if (row[DUE], row[NUMBER]) < (scheduled[DUE], scheduled[NUMBER]):
            place += 1
    fresh = [scheduled[NUMBER], scheduled[DUE], 0, 0, 0, 0, scheduled[TOTAL]]
    rows.insert(place, fresh)
    return fresh


def add_row(schedule: list[Row], due: int) -> Row:
    """One more installment, of nothing yet, with a number above all others."""
    row = [max([row[NUMBER] for row in schedule], default=0) + 1, due, 0, 0, 0, 0, 0]
    place = sum([other[DUE] <= due for other in schedule])
    schedule.insert(place, row)
    return row


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
    if rules.next_due == EARLIEST_UNPAID:
        return loan.rows[0] if loan.rows else None
    return upcoming_row(loan, day)


def upcoming_row(loan: Loan, day: int) -> Row | None:
    """The next unpaid installment that is not due before `day`."""
    rows = loan.rows
    index = 0
    while index < len(rows) or open_next(loan):
        if rows[index][DUE] >= day:
            return rows[index]
        index += 1
    return None


def past_due_rows(loan: Loan, day: int, rules: Rules) -> list[Row]:
    """All installments that were due before `day` and are not met."""
    open_until(loan, day)
    extras = loan.extras
    if extras is not None and extras.extra_number >= 0:
        return [row for row in loan.rows if row[DUE] < day and ages_from(loan, row) < day and not rules.met(row)]
    if rules.exact:
        return [row for row in loan.rows if row[DUE] < day]
    return [row for row in loan.rows if row[DUE] < day and not rules.met(row)]
