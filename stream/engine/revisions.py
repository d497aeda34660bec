"""Versions of a schedule: each replaces rows by number, and drops the ones it does not name from its effective date on.

Source: design, finer point 3. All money is then allocated anew by value date, so a version is no more than rows.
"""

from __future__ import annotations

from stream.engine.entries import Revision
from stream.engine.money import DUE, FEE, INTEREST, NUMBER, PENALTY, PRINCIPAL, TOTAL, Money, Row


def in_force(schedule: list[Row], revisions: list[Revision], order: tuple[int, ...]) -> tuple[list[Row], Money]:
    """The rows by these revisions, oldest due date first, and money that was paid on rows that ask for less now.

    The lowest version is laid on first. order: in which the components of a row are paid. Only what was paid before the
    journal begins is found on the rows here; the payments of the journal are allocated afterwards.
    """
    rows, left = schedule, 0
    for revision in sorted(revisions, key=lambda revision: revision.version):
        former = {row[NUMBER]: row for row in rows}
        named = {row[NUMBER] for row in revision.rows}
        merged = []
        for row in rows:
            if row[NUMBER] not in named:
                if row[DUE] < revision.effective:
                    merged.append(row)
                else:
                    left += _paid(row)
        for row in revision.rows:
            before = former.get(row[NUMBER])
            rest, more = (row, 0) if before is None else _less_paid(row, _paid(before), order)
            merged.append(rest)
            left += more
        rows = sorted(merged, key=lambda row: (row[DUE], row[NUMBER]))
    if left < 0:  # a charge of a row that is gone, from before the journal begins
        last = list(rows[-1]) if rows else [1, schedule[-1][DUE], 0, 0, 0, 0, 0]
        last[FEE] -= left
        return [*rows[:-1], last], 0
    return rows, left


def _paid(row: Row) -> Money:
    """What was paid on a row before the journal begins; below 0: it was charged, and is unpaid."""
    return row[TOTAL] - row[PRINCIPAL] - row[INTEREST] - row[FEE] - row[PENALTY]


def _less_paid(row: Row, paid: Money, order: tuple[int, ...]) -> tuple[Row, Money]:
    """A new row less what was paid on the former one, and what is left of that."""
    if paid == 0:
        return row, 0
    rest = list(row)
    if paid < 0:
        rest[FEE] -= paid
        return rest, 0
    for component in order:
        part = min(rest[component], paid)
        rest[component] -= part
        paid -= part
    return rest, paid
