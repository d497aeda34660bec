"""Indicators from bureau, courts, guarantors, employer and service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stream.warning.case import Case, Found, Thresholds, ids
from stream.warning.loan_view import LoanView
from stream.warning.signals import Observation

GUARANTOR_GRADE: Final = {"current": 0, "overdue": 1, "defaulted": 2}
LEGAL_GRADE: Final = {"defendant": 1, "enforcement": 2, "dishonest": 3, "bankruptcy": 3}


def stacking(case: Case, least: Thresholds) -> Found | None:
    """Loans are sought or open at many lenders at once; a threshold of 0 does not count."""
    reports = case.fresh("bureau_reported")
    if not reports:
        return None
    figures = reports[-1].figures
    for name, field in (("queries", "queries_3m"), ("lenders", "open_lenders"), ("applications", "applications_7d")):
        observed = figures.get(field) or 0
        if least[name] and observed >= least[name]:
            return Found(observed, least[name], ids([reports[-1]]))
    return None


def bureau_overdue(case: Case, least: Thresholds) -> Found | None:
    """The bureau shows overdue debts elsewhere: by status now, by months in a row, or in all."""
    reports = case.fresh("bureau_reported")
    if not reports:
        return None
    figures = reports[-1].figures
    for name, field in (("status", "worst_status"), ("in_row", "overdue_months_in_row"), ("in_all", "overdue_months")):
        observed = figures.get(field) or 0
        if least[name] and observed >= least[name]:
            return Found(observed, least[name], ids([reports[-1]]))
    return None


def score_drop(case: Case, least: Thresholds) -> Found | None:
    """The bureau's score fell by so many bands within the window."""
    reports = [one for one in case.series("score_changed") if one.observed >= case.day - least["window"]]
    if len(reports) < 2:
        return None
    best = max(reports, key=lambda one: (one.figures["band"], one.observed))
    fall = best.figures["band"] - reports[-1].figures["band"]
    return Found(fall, least["bands"], ids([best, reports[-1]])) if fall >= least["bands"] else None


def legal(case: Case, least: Thresholds) -> Found | None:
    """A court case is open: as defendant for a share of the debt, under enforcement, or dishonest or bankrupt."""
    closed = {one.about: one.observed for one in case.borrower.signals.get("legal_case_closed", ())}
    debt = sum(loan.view.outstanding_total for loan in case.borrower.loans.values() if loan.view.open)
    for one in reversed(case.fresh("legal_case_found")):
        if closed.get(one.about, 0) >= one.observed:
            continue
        kind, amount = one.figures["kind"], one.figures.get("amount") or 0
        if LEGAL_GRADE[kind] >= least["grade"] and amount * 100 >= debt * least["share"]:
            return Found(kind, least["share"] or None, ids([one]))
    return None


def guarantor(case: Case, least: Thresholds) -> Found | None:
    """A guarantor or legal representative is overdue, or in default."""
    for about in case.subjects("guarantor_reported"):
        last = case.fresh("guarantor_reported", about)[-1:]
        if last and GUARANTOR_GRADE[last[0].figures["status"]] >= least["grade"]:
            return Found(last[0].figures["status"], None, ids(last))
    return None


def job_loss(case: Case, least: Thresholds) -> Found | None:
    """The borrower is out of work."""
    del least
    last = case.fresh("employment_changed")[-1:]
    return Found("unemployed", None, ids(last)) if last and last[0].figures["status"] == "unemployed" else None


def misuse(case: Case, least: Thresholds) -> Found | None:
    """The money reached a use that is banned, as a signal says or servicing found of one of the loans."""
    del least
    found = misuses(case, ("banned_use",))
    if found:
        return Found("banned_use", None, ids(found[-1:]))
    views = [loan.view for loan in case.borrower.loans.values()]
    return next((found_by_servicing(view) for view in misused_loans(case, views)), None)


def misused_loans(case: Case, views: Iterable[LoanView]) -> list[LoanView]:
    """Those of the loans that servicing found misused, which was not cleared since, nor is too old."""
    first = max(case.day - case.max_age_days, _cleared(case) + 1)
    return sorted([view for view in views if view.open and first <= view.misuse_found <= case.day])


def found_by_servicing(view: LoanView) -> Found:
    """What servicing found."""
    return Found("loan.misuse_found", None, (view.last_event_id,))


def _cleared(case: Case) -> int:
    return max((one.observed for one in case.borrower.signals.get("misuse_cleared", ())), default=0)


def misuses(case: Case, kinds: tuple[str, ...]) -> list[Observation]:
    """Findings of these kinds that were not cleared since."""
    cleared = _cleared(case)
    return [one for one in case.fresh("misuse_found") if one.observed > cleared and one.figures["kind"] in kinds]


def relief_ask(case: Case, least: Thresholds) -> Found | None:
    """Relief was asked for."""
    del least
    asked = case.fresh("relief_requested")
    return Found("requested", None, ids(asked[-1:])) if asked else None


def forborne(case: Case, least: Thresholds) -> Found | None:
    """Relief was granted."""
    del least
    granted = case.fresh("relief_granted")
    return Found(granted[-1].figures["kind"], None, ids(granted[-1:])) if granted else None
