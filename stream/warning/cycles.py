"""What was paid of each installment by its due date, and by the end of its grace: followed from standing to standing.

An installment that its due day leaves unpaid is noted at the end of that day; one that was paid before is noted when
the next one takes its place. A standing that shows an installment unpaid that had more paid, by a reversal, takes it
back; one that shows it settled by a payment that was booked late, but valued in time, makes it good.
"""

from __future__ import annotations

from stream.warning.borrower import (
    CYCLES_KEPT,
    DUE,
    NUMBER,
    PAID_BY_DUE,
    PAID_BY_GRACE,
    SCHEDULED,
    UNKNOWN,
    BorrowerLoan,
)
from stream.warning.loan_view import LoanView


def follow(loan: BorrowerLoan, view: LoanView) -> None:
    """Take a new standing over."""
    before = loan.view
    if view.schedule_version > before.schedule_version and before.installment >= 0 and view.installment >= 0:
        loan.revised = [view.as_of, before.scheduled, view.scheduled]
    unpaid = dict(view.past_due)
    if loan.watched:
        number, due, scheduled, _ = loan.watched
        if view.installment >= 0 and view.installment < number:
            loan.cycles = [cycle for cycle in loan.cycles if cycle[NUMBER] < view.installment]
        elif view.installment != number and number not in unpaid and view.status in ("active", "settled", "overpaid"):
            _note(loan, [number, due, scheduled, scheduled, scheduled])
    for cycle in loan.cycles:
        if cycle[NUMBER] in unpaid:
            paid = max(0, cycle[SCHEDULED] - unpaid[cycle[NUMBER]])
            cycle[PAID_BY_DUE] = min(cycle[PAID_BY_DUE], paid)
            cycle[PAID_BY_GRACE] = min(cycle[PAID_BY_GRACE], paid)
    _make_good(loan, before, view)
    loan.watched = [view.installment, view.due, view.scheduled, view.unpaid] if view.installment >= 0 else []
    loan.view = view


def _make_good(loan: BorrowerLoan, before: LoanView, view: LoanView) -> None:
    """Installments that were past due and are settled now count as paid by the day that settled them.

    Where the next installment was settled with them nothing is changed: which of the days late are whose is not known.
    """
    unpaid = {number for number, _ in view.past_due}
    settled = [number for number, _ in before.past_due if number not in unpaid]
    next_too = before.installment not in unpaid and view.installment != before.installment
    if not settled or next_too or view.days_late == before.days_late:
        return
    days_late = dict(zip(settled, view.days_late[-len(settled) :], strict=False))
    for cycle in loan.cycles:
        days = days_late.get(cycle[NUMBER])
        if days is None:
            continue
        if days <= 0:
            cycle[PAID_BY_DUE] = cycle[SCHEDULED]
        if days <= view.grace_days and cycle[PAID_BY_GRACE] != UNKNOWN:
            cycle[PAID_BY_GRACE] = cycle[SCHEDULED]


def end_day(loan: BorrowerLoan, day: int) -> None:
    """Note what the end of `day` shows of installments that were due, or whose grace ended."""
    view = loan.view
    if loan.watched and loan.watched[1] <= day:
        number, due, scheduled, unpaid = loan.watched
        _note(loan, [number, due, scheduled, scheduled - unpaid, UNKNOWN])
        loan.watched = []
    for cycle in loan.cycles:
        if cycle[PAID_BY_GRACE] == UNKNOWN and cycle[DUE] + view.grace_days <= day:
            cycle[PAID_BY_GRACE] = cycle[SCHEDULED] - _unpaid(view, cycle)


def grace_ends(loan: BorrowerLoan) -> list[int]:
    """Days at whose end something is still to be noted."""
    days = [cycle[DUE] + loan.view.grace_days for cycle in loan.cycles if cycle[PAID_BY_GRACE] == UNKNOWN]
    return [*days, loan.watched[1]] if loan.watched else days


def _unpaid(view: LoanView, cycle: list[int]) -> int:
    """What is unpaid of an installment that was noted."""
    number, paid = cycle[NUMBER], cycle[PAID_BY_DUE]
    found = dict(view.past_due).get(number)
    if found is not None:
        return found
    later = not view.past_due or view.oldest_number > number
    if later and view.installment != number:
        return 0  # paid, or within the tolerance
    return cycle[SCHEDULED] - paid


def _note(loan: BorrowerLoan, cycle: list[int]) -> None:
    kept = [old for old in loan.cycles if old[NUMBER] != cycle[NUMBER]]
    loan.cycles = [*kept, cycle][-CYCLES_KEPT:]
