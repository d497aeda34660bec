"""When a loan has to be looked at again if nothing happens to it."""

from __future__ import annotations

from typing import Final

from stream.engine.dates import iso
from stream.warning.awaited import Awaited
from stream.warning.features import CLIP_DAYS
from stream.warning.loan_view import LoanView

DUE_MINUS: Final = (10, 7, 5, 3, 2, 1)
"""Days before the due date on which an unpaid installment is decided about."""


def next_look(view: LoanView, awaited: Awaited, day: int, kinds: frozenset[str]) -> int:
    """The first business day after `day` at whose opening the loan must be looked at if nothing happens; 0: none."""
    if not awaited.installments and not view.open:
        return 0
    days = [max(day + 1, entry.due + CLIP_DAYS + 1) if entry.late else entry.due + 1 for entry in awaited.installments]
    if view.open and view.installment >= 0 and "due_minus" in kinds:
        days += [view.due - before for before in DUE_MINUS]
    if view.open and "month_end" in kinds:
        days.append(_first_of_next_month(day))
    return min([found for found in days if found > day], default=0)


def _first_of_next_month(day: int) -> int:
    first = day + 1
    while not iso(first).endswith("-01"):
        first += 1
    return first
