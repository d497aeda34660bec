"""Indicators that a loan's own repayments show (domain reference, section 5)."""

from __future__ import annotations

from itertools import pairwise

from stream.warning.borrower import DUE, PAID_BY_DUE, PAID_BY_GRACE, SCHEDULED, UNKNOWN, Cycle
from stream.warning.case import Case, Found, Thresholds


def late_in_grace(case: Case, least: Thresholds) -> Found | None:
    """Several of the last installments were settled after the due date, but inside the days of grace."""
    view = case.view
    last = view.days_late[-least["of_last"] :]
    times = sum(0 < days <= view.grace_days for days in last)
    return Found(times, least["times"], _last(case)) if times >= least["times"] else None


def pay_drift(case: Case, least: Thresholds) -> Found | None:
    """Settlements come later from cycle to cycle: slope of a line through the last four, in tenths of a day."""
    last = case.view.days_late[-4:]
    if len(last) < 4:
        return None
    slope = -3 * last[0] - last[1] + last[2] + 3 * last[3]  # least squares over 0, 1, 2, 3: this over 10
    if slope < least["slope"] or last[3] < least["last"]:
        return None
    return Found(f"{slope / 10:.1f}", f"{least['slope'] / 10:.1f}", _last(case))


def partial_pay(case: Case, least: Thresholds) -> Found | None:
    """The last installments had only a part paid by the end of their grace."""
    times = 0
    for cycle in reversed(_cycles(case)):
        if cycle[PAID_BY_GRACE] == UNKNOWN:
            continue
        if not 0 < cycle[PAID_BY_GRACE] < cycle[SCHEDULED]:
            break
        times += 1
    return Found(times, least["in_row"], _last(case)) if times >= least["in_row"] else None


def ratio_decline(case: Case, least: Thresholds) -> Found | None:
    """The share paid by the due date falls cycle by cycle, by enough percent in all."""
    last = _cycles(case)[-least["cycles"] - 1 :]
    if len(last) <= least["cycles"] or not all(cycle[SCHEDULED] for cycle in last):
        return None
    for before, after in pairwise(last):
        if after[PAID_BY_DUE] * before[SCHEDULED] >= before[PAID_BY_DUE] * after[SCHEDULED]:
            return None
    first, end = last[0], last[-1]
    fall = first[PAID_BY_DUE] * end[SCHEDULED] - end[PAID_BY_DUE] * first[SCHEDULED]
    whole = first[SCHEDULED] * end[SCHEDULED]
    if fall * 100 < least["total"] * whole:
        return None
    return Found(fall * 100 // whole, least["total"], _last(case))


def early_default(case: Case, least: Thresholds) -> Found | None:
    """One of the first installments is past due, and all before it were paid on time."""
    view = case.view
    on_time = len(view.days_late) == least["number"] - 1 and all(days <= 0 for days in view.days_late)
    if view.oldest_number != least["number"] or not on_time or view.days_past_due < least["days"]:
        return None
    return Found(view.days_past_due, least["days"], (view.last_event_id,))


def early_arrears(case: Case, least: Thresholds) -> Found | None:
    """The loan is a few days past due; from the upper end on its bucket says more."""
    days = case.view.days_past_due
    return Found(days, least["from"], (case.view.last_event_id,)) if least["from"] <= days <= least["to"] else None


def rate_shock(case: Case, least: Thresholds) -> Found | None:
    """A new schedule raised the installment a lot, or above a share of income."""
    loan = case.loan
    if loan is None or not loan.revised:
        return None
    day, before, after = loan.revised
    if day < case.day - case.max_age_days:
        return None
    if before and after * 100 >= before * (100 + least["rise"]):
        return Found(after * 100 // before - 100, least["rise"], (case.view.last_event_id,))
    income = case.fresh("income_reported")
    if income and after * 100 > income[-1].figures["amount"] * least["income"]:
        return Found(after, least["income"], (case.view.last_event_id, income[-1].event_id))
    return None


def cross_loan(case: Case, least: Thresholds) -> Found | None:
    """Another loan of the borrower is past due."""
    others = [
        loan.view for loan in case.borrower.loans.values() if loan.view.loan_id != case.view.loan_id and loan.view.open
    ]
    worst = max(others, key=lambda view: (view.days_past_due, view.loan_id), default=None)
    if worst is None or worst.days_past_due < least["days"]:
        return None
    return Found(worst.days_past_due, least["days"], (worst.last_event_id,))


def _cycles(case: Case) -> list[Cycle]:
    """The installments that came due recently enough, the oldest first."""
    assert case.loan is not None  # noqa: S101  (a rule about a loan)
    newest = case.loan.cycles[-1][DUE] if case.loan.cycles else 0
    return case.loan.cycles if newest >= case.day - case.max_age_days else []


def _last(case: Case) -> tuple[str, ...]:
    return (case.view.last_event_id,)
