"""What was foretold of a loan's installments and is not known yet; it is counted once the due day has ended.

An outcome counts when the due day ends, for the good too: if those who pay early were counted when they pay, the
counts would flatter. Everything is decided by the loan's standing at that time, so a reversal leaves no trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stream.warning.bands import CLOCKS, KINDS, Group
from stream.warning.calibration import Portfolio
from stream.warning.features import CLIP_DAYS, SERIOUS_DAYS
from stream.warning.loan_view import LoanView
from stream.warning.scorecard import CASH_MISS, LATE

LARGEST: Final = 24
"""Decisions on one installment whose outcome is counted; later ones are made, but not counted."""
MISS_STEP: Final = 0.2


class Installment:
    """An installment that is watched until its due day ended, and then until it is settled or 30 days late."""

    __slots__ = ("decisions", "due", "late", "number")

    def __init__(self, number: int, due: int, late: bool = False, decisions: Sequence[Sequence[int]] = ()) -> None:
        """`late`: its due day ended and it was unpaid. `decisions`: code, points, first day whose money counts."""
        self.number = number
        self.due = due
        self.late = late
        self.decisions = [list(made) for made in decisions]


class Awaited:
    """What is awaited of one loan."""

    __slots__ = ("installments", "last_due", "missed", "points")

    def __init__(self) -> None:
        """Nothing is awaited yet."""
        self.installments: list[Installment] = []
        self.last_due = 0
        """The last due day that ended."""
        self.missed = -1.0
        """Decayed share of due days up to which no money had come; -1: none ended yet."""
        self.points: list[int] = []
        """Points of the last decision, by family; empty: none yet."""

    def packed(self) -> list[Any]:
        """Everything, as lists of numbers."""
        entries = [[entry.number, entry.due, entry.late, entry.decisions] for entry in self.installments]
        return [self.last_due, self.missed, self.points, entries]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Awaited:
        """The opposite of packed()."""
        self = cls()
        self.last_due, self.missed, self.points = packed[0], packed[1], list(packed[2])
        self.installments = [Installment(number, due, bool(late), made) for number, due, late, made in packed[3]]
        return self


def observe(awaited: Awaited, view: LoanView) -> None:
    """Take notice of a loan's standing: which installment comes next."""
    if not view.open:
        if view.status not in ("settled", "overpaid"):
            awaited.installments = []
        return
    if view.installment < 0:
        return
    for entry in awaited.installments:
        if entry.number == view.installment:
            entry.due = view.due
            return
    awaited.installments.append(Installment(view.installment, view.due))


def remember(awaited: Awaited, group: Group, points: int, installment: int, money_from: int) -> None:
    """Remember a decision about an installment, so that it is counted once its outcome is known."""
    family, kind, clock, overdue = group
    code = ((KINDS.index(kind) * len(CLOCKS) + CLOCKS.index(clock)) * 2 + overdue) * 2 + (family == CASH_MISS)
    for entry in awaited.installments:
        if entry.number == installment and len(entry.decisions) < 2 * LARGEST:
            entry.decisions.append([code, points, money_from])


def _group(code: int) -> Group:
    code, miss = divmod(code, 2)
    code, overdue = divmod(code, 2)
    kind, clock = divmod(code, len(CLOCKS))
    return (CASH_MISS if miss else LATE), KINDS[kind], CLOCKS[clock], bool(overdue)


def close(portfolio: Portfolio, awaited: Awaited, view: LoanView, day: int) -> None:
    """Count what is known now that `day` has ended, by the standing at its end."""
    kept = []
    for entry in awaited.installments:
        if entry.due > day:
            kept.append(entry)
            continue
        unpaid = _unpaid(entry, view)
        if not entry.late:
            _due_day_ended(portfolio, awaited, entry, view, unpaid)
            entry.late, entry.decisions = True, []
            if unpaid:
                kept.append(entry)
            else:
                portfolio.installment_settled(min(0, _settled_days(entry, view)), serious=False)
        elif unpaid and day - entry.due < CLIP_DAYS:
            kept.append(entry)
        else:
            days = CLIP_DAYS if unpaid else max(1, view.paid_on - entry.due)
            portfolio.installment_settled(days, serious=days > SERIOUS_DAYS)
    awaited.installments = kept


def _due_day_ended(portfolio: Portfolio, awaited: Awaited, entry: Installment, view: LoanView, unpaid: bool) -> None:
    missed = view.paid_on <= awaited.last_due
    portfolio.installment_due(late=unpaid, missed=missed)
    for code, points, money_from in entry.decisions:
        group = _group(code)
        portfolio.came_true(group, points, unpaid if group[0] == LATE else view.paid_on < money_from)
    before = max(awaited.missed, 0.0)
    awaited.missed = before + MISS_STEP * (missed - before)
    awaited.last_due = entry.due


def _unpaid(entry: Installment, view: LoanView) -> bool:
    """Whether an installment is unpaid; money goes to the oldest one first."""
    if not view.open:
        return False
    return view.installment == entry.number or 0 < view.oldest_due <= entry.due


def _settled_days(entry: Installment, view: LoanView) -> int:
    """Days late of an installment that was paid by its due day: it is as far from the list's end as from the next."""
    ahead = view.installment - entry.number
    if 0 < ahead <= len(view.days_late):
        return view.days_late[-ahead]
    return view.paid_on - entry.due
