"""Whether warnings came true: counted per rule, so that precision, recall, burden and lead time can be told."""

from __future__ import annotations

from typing import Any

from stream.warning.borrower import Borrower
from stream.warning.loan_view import LoanView
from stream.warning.policy import Outcome
from stream.warning.warnings import RAISED, EarlyWarning

WARNED, CAME_TRUE, DID_NOT, LEAD_DAYS, CAUGHT = range(5)
"""Places of a code's counts: warnings raised whose outcome counts; came true; did not; days between the raise and the
outcome, of those that came true; loans that went bad while a warning of the code was out."""

CODE, LOAN, RAISED_ON = range(3)
"""Places of a pledge: a warning whose outcome is awaited."""


class Tally:
    """The counts of one task.

    Attributes:
        codes: counts by code.
        went_bad: loans that reached the outcome's days past due.
        open_loans: loans that run now.
        loan_days: days that loans ran, added up as business days open.
    """

    __slots__ = ("codes", "loan_days", "open_loans", "went_bad")

    def __init__(self) -> None:
        self.codes: dict[str, list[int]] = {}
        self.went_bad = 0
        self.open_loans = 0
        self.loan_days = 0

    def packed(self) -> list[Any]:
        """As plain lists."""
        return [self.codes, self.went_bad, self.open_loans, self.loan_days]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Tally:
        """The opposite of packed()."""
        self = cls()
        self.codes, self.went_bad, self.open_loans, self.loan_days = packed
        return self

    def count(self, code: str, place: int, number: int = 1) -> None:
        """Add to a code's count."""
        self.codes.setdefault(code, [0] * 5)[place] += number

    def open_day(self) -> None:
        """One more day for every loan that runs."""
        self.loan_days += self.open_loans


def note_change(tally: Tally, borrower: Borrower, before: LoanView | None, after: LoanView, outcome: Outcome) -> None:
    """Count a loan that begins, ends, or reaches the outcome."""
    tally.open_loans += after.open - (before is not None and before.open)
    was = before.days_past_due if before is not None else 0
    if was < outcome.days_past_due <= after.days_past_due and after.open:
        tally.went_bad += 1
        for code in sorted({pledge[CODE] for pledge in borrower.pledges if pledge[LOAN] in ("", after.loan_id)}):
            tally.count(code, CAUGHT)


def settle(tally: Tally, borrower: Borrower, day: int, outcome: Outcome) -> None:
    """Decide the warnings whose outcome is known."""
    kept = []
    for pledge in borrower.pledges:
        code, loan_id, raised_on = pledge
        if worst_days(borrower, loan_id) >= outcome.days_past_due:
            tally.count(code, CAME_TRUE)
            tally.count(code, LEAD_DAYS, day - raised_on)
        elif day > raised_on + outcome.within_days or not _runs(borrower, loan_id):
            tally.count(code, DID_NOT)
        else:
            kept.append(pledge)
    borrower.pledges = kept


def pledge(tally: Tally, borrower: Borrower, said: list[EarlyWarning], outcome: Outcome) -> None:
    """Await the outcome of warnings just raised, where it is not there already."""
    for warning in said:
        loan_id = warning.loan.loan_id if warning.loan is not None else ""
        if warning.kind == RAISED and worst_days(borrower, loan_id) < outcome.days_past_due:
            tally.count(warning.code, WARNED)
            borrower.pledges.append([warning.code, loan_id, warning.as_of])


def worst_days(borrower: Borrower, loan_id: str) -> int:
    """Days past due of a loan; "": the most of all the borrower's."""
    return max((view.days_past_due for view in _views(borrower, loan_id)), default=0)


def _runs(borrower: Borrower, loan_id: str) -> bool:
    return any(view.open for view in _views(borrower, loan_id))


def _views(borrower: Borrower, loan_id: str) -> list[LoanView]:
    loans = borrower.loans
    if loan_id:
        return [loans[loan_id].view] if loan_id in loans else []
    return [loan.view for loan in loans.values()]
