"""What a business day, or a signal, does to one borrower.

A day is judged when the next one opens: of each loan only its last standing of the day counts, so it makes no
difference in which order the loans of a borrower were heard of, or how often. A signal is judged at once, against what
the last opening found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from stream.warning import cycles
from stream.warning.borrower import Borrower, BorrowerLoan
from stream.warning.calibration import Portfolio
from stream.warning.decisions import Decision, Scorer
from stream.warning.loan_view import LoanView
from stream.warning.look import gone_of_rules, gone_of_score, sights_of_rules, sights_of_score
from stream.warning.memory import forget_ended_loans
from stream.warning.months import ends_month
from stream.warning.outcomes import Tally, note_change, pledge, settle
from stream.warning.policy import Rule, WarningPolicy
from stream.warning.registry import NEEDS_SIGNAL
from stream.warning.signals import KEPT, Observation, Signal, remember
from stream.warning.warnings import EarlyWarning
from stream.warning.watch import Watch, reopen

DUE_MINUS: Final = "due_minus"
DISBURSEMENT: Final = "disbursement"
EVENT: Final = "event"
MONTH_END: Final = "month_end"


class Task(NamedTuple):
    """What a task judges borrowers by, and learns from them."""

    policy: WarningPolicy
    scorer: Scorer
    portfolio: Portfolio
    tally: Tally


class Said(NamedTuple):
    """What there is to say about a borrower."""

    warnings: list[EarlyWarning]
    decisions: Sequence[Decision]


def open_day(
    task: Task,
    borrower: Borrower,
    day: int,
    before: Iterable[LoanView],
    ticked: Iterable[LoanView],
) -> Said:
    """Close the day before, open `day`, and judge.

    Args:
        task: The task's rules and memory.
        borrower: Changed in place.
        day: The business day that opens.
        before: The last standing of each loan that changed on the day before.
        ticked: The standings that the opening of `day` itself made.
    """
    decisions = [*close_day(task, borrower, day - 1, before), *_begin_day(task, borrower, day, ticked)]
    said = _judge(task, borrower, day, task.policy.rules, decisions)
    forget_ended_loans(borrower, day)
    return Said(said, decisions)


def take_signal(task: Task, borrower: Borrower, day: int, signal: Signal) -> Sequence[EarlyWarning] | None:
    """Judge a signal at once, by the rules that read such signals; None for one that was seen before."""
    if not note_signal(borrower, signal):
        return None
    rules = [rule for rule in task.policy.rules if signal.kind in READS.get(rule.code, ())]
    return _judge(task, borrower, day, rules, ())


READS: Final = {
    **NEEDS_SIGNAL,
    "RATE_SHOCK": ("income_reported",),
    "BAD_DEBT": ("bureau_reported",),
    "LEGAL": ("legal_case_found", "legal_case_closed"),
    "MISUSE": ("misuse_found", "misuse_cleared"),
    "MISUSED_FUNDS": ("misuse_found", "misuse_cleared"),
}
"""The signals that can change what a rule finds."""


def note_signal(borrower: Borrower, signal: Signal) -> bool:
    """Remember a signal; False for one that was seen before, or that is too old to matter."""
    kept = borrower.signals.setdefault(signal.kind, [])
    new = Observation(signal.observed, signal.about, signal.event_id, signal.figures)
    noted = remember(kept, new, KEPT[signal.kind])
    if not kept:
        del borrower.signals[signal.kind]
    return noted


def close_day(task: Task, borrower: Borrower, day: int, before: Iterable[LoanView]) -> list[Decision]:
    """Take over how the loans stood at the end of `day`; loans that are new come after the others."""
    new: list[BorrowerLoan] = []
    changed: list[BorrowerLoan] = []
    for view in sorted(before, key=lambda view: (view.loan_id not in borrower.loans, view.loan_id)):
        loan, is_new = _take_over(task, borrower, view)
        if is_new:
            new.append(loan)
        elif view.by_event:
            changed.append(loan)
    for loan in borrower.loans.values():
        cycles.end_day(loan, day)
        if loan.awaited.installments:
            task.scorer.close(task.portfolio, loan.awaited, loan.view, day)
    decisions = [one for loan in new for one in _decide(task, borrower, loan, DISBURSEMENT, day)]
    decisions += [one for loan in changed for one in _decide(task, borrower, loan, EVENT, day)]
    if MONTH_END in task.scorer.kinds and ends_month(day):
        for loan in borrower.loans.values():
            decisions += _decide(task, borrower, loan, MONTH_END, day)
    return decisions


def _begin_day(task: Task, borrower: Borrower, day: int, ticked: Iterable[LoanView]) -> list[Decision]:
    """Take over what the tick made of the loans; decide about those that are due in so many days."""
    for view in sorted(ticked, key=lambda view: view.loan_id):
        _take_over(task, borrower, view)
    decisions: list[Decision] = []
    for loan in borrower.loans.values():
        if 0 < loan.view.due < day:  # its due day is over, yet it is not past due: what is unpaid is tolerated
            loan.view = loan.view._replace(installment=-1, due=0, unpaid=0, scheduled=0)
        if loan.view.due - day in DUE_DAYS and loan.view.open:
            decisions += _decide(task, borrower, loan, DUE_MINUS, day)
    return decisions


DUE_DAYS: Final = frozenset({10, 7, 5, 3, 2, 1})


def _take_over(task: Task, borrower: Borrower, view: LoanView) -> tuple[BorrowerLoan, bool]:
    loan = borrower.loans.get(view.loan_id)
    note_change(task.tally, borrower, None if loan is None else loan.view, view, task.policy.outcome)
    is_new = loan is None
    if loan is None:
        loan = borrower.loans[view.loan_id] = BorrowerLoan(view)
    elif (owed := _owed(view)) < _owed(loan.view):
        reopen(borrower, view.loan_id, owed)
    cycles.follow(loan, view)
    task.scorer.observe(loan.awaited, view)
    return loan, is_new


def _owed(view: LoanView) -> int:
    """Number of the installment that is owed next; past all numbers where none is."""
    number = view.oldest_number if view.past_due else view.installment
    return number if number >= 0 else LAST


LAST: Final = 10_000


def _decide(task: Task, borrower: Borrower, loan: BorrowerLoan, kind: str, date: int) -> Sequence[Decision]:
    if not loan.view.open:
        return ()
    views = tuple(one.view for one in borrower.loans.values())
    return task.scorer.decide(task.portfolio, borrower.past, views, loan.view, loan.awaited, kind, date)


def _judge(
    task: Task, borrower: Borrower, day: int, rules: Sequence[Rule], decisions: Sequence[Decision]
) -> list[EarlyWarning]:
    policy = task.policy
    settle(task.tally, borrower, day, policy.outcome)
    sights = list(sights_of_rules(borrower, day, rules))
    seen = {(sight.code, sight.loan_id) for sight in sights}
    gone = list(gone_of_rules(borrower, day, rules, seen))
    gone += gone_of_score(borrower, decisions, policy)
    sights += sights_of_score(decisions)
    watch = Watch(borrower, day, policy)
    watch.take(sights, gone)
    pledge(task.tally, borrower, watch.said, policy.outcome)
    return watch.said
