"""Notices: an installment falls due in N days, or fell due M days ago and is unpaid (domain reference, 9.13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stream.engine.loan import Loan
from stream.engine.money import DUE, Row
from stream.engine.policy import NEVER, Rules
from stream.engine.schedule import open_next


class Notice(NamedTuple):
    """A notice of today about one installment."""

    due_soon: bool
    """True: it falls due in `days`; False: it fell due so many days ago."""
    days: int
    row: Row


def notices_of(loan: Loan, day: int, rules: Rules) -> list[Notice]:
    """The notices of exactly `day`, for installments unpaid beyond the tolerance; oldest due date first."""
    ahead, behind = rules.due_soon_days, rules.overdue_notice_days
    farthest = day + max(ahead, default=0)
    found = []
    for row in _rows(loan):
        if row[DUE] > farthest:
            break
        days = row[DUE] - day
        if (days in ahead or -days in behind) and not rules.met(row):
            found.append(Notice(days in ahead, abs(days), row))
    return found


def next_notice(loan: Loan, rules: Rules) -> int:
    """The first day after `loan.as_of` with a notice, by what is unpaid now; NEVER where there is none."""
    ahead, behind, today = rules.due_soon_days, rules.overdue_notice_days, loan.as_of
    farthest = max(ahead, default=0)
    found = NEVER
    for row in _rows(loan):
        if row[DUE] - farthest >= found:
            break
        if rules.met(row):
            continue
        days = [row[DUE] - before for before in ahead] + [row[DUE] + after for after in behind]
        found = min([found, *[day for day in days if day > today]])
    return found


def _rows(loan: Loan) -> Iterator[Row]:
    """The unpaid installments, oldest first; each is opened only when it is asked for."""
    index = 0
    while index < len(loan.rows) or open_next(loan):
        yield loan.rows[index]
        index += 1
