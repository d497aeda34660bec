"""What a borrower is remembered by, how long, and when to look again though nothing happens."""

from __future__ import annotations

from typing import Final

from stream.warning import cycles, features
from stream.warning.borrower import LOANS_KEPT, Borrower
from stream.warning.decisions import Scorer
from stream.warning.policy import Outcome

KEPT_DAYS: Final = 800
"""A loan that ended is kept so long after its last standing, as the engine's replay horizon."""


def forget_ended_loans(borrower: Borrower, day: int) -> None:
    """Fold ended loans that are too old or too many into the borrower's past, in the order in which they ended."""
    ended = [loan for loan in borrower.loans.values() if not loan.view.open and not loan.awaited.installments]
    if not ended:
        return
    ended.sort(key=lambda loan: (loan.view.paid_on, loan.view.loan_id))
    too_many = len(ended) - LOANS_KEPT
    for place, loan in enumerate(ended):
        view = loan.view
        if place < too_many or view.as_of + KEPT_DAYS < day:
            features.fold(borrower.past, view.days_late)
            del borrower.loans[view.loan_id]
            borrower.ended = {key: cycle for key, cycle in borrower.ended.items() if key[1] != view.loan_id}


def next_look(scorer: Scorer, outcome: Outcome, borrower: Borrower, day: int) -> int:
    """The first business day after `day` on which time alone can change something."""
    days = [day + 1] if borrower.standing else []
    for loan in borrower.loans.values():
        view = loan.view
        days += [scorer.next_look(view, loan.awaited, day), *[end + 1 for end in cycles.grace_ends(loan)]]
        if not view.open:
            days.append(view.as_of + KEPT_DAYS + 1)
        elif "balance_reported" in borrower.signals:
            days += [view.due - 3, view.due - 1]
    days += [raised_on + outcome.within_days + 1 for _, _, raised_on in borrower.pledges]
    for report in borrower.signals.get("tax_reported", ())[-1:]:
        days.append((report.figures.get("last_invoice") or 0) + 60)
    return min([found for found in days if found > day], default=day + KEPT_DAYS)


def is_empty(borrower: Borrower, day: int) -> bool:
    """Whether nothing is left to remember: no loan, no past, and only old signals."""
    newest = max((kept[-1].observed for kept in borrower.signals.values()), default=0)
    return not borrower.loans and not borrower.past.count and newest + KEPT_DAYS <= day
