"""What one debt of a borrower makes of the others: the Measures of 2023 on risk classification (rules C1 to C6).

Each says which class a loan has to have at least. Retail loans may be classified one by one (C5), so the rules about a
debtor's debts together are for the other segments.
"""

from __future__ import annotations

from typing import Final

from stream.warning.case import Case, Found, Thresholds, ids
from stream.warning.classes import DOUBTFUL, LOSS, RANK, SPECIAL_MENTION, SUBSTANDARD, non_performing
from stream.warning.outside_rules import found_by_servicing, misused_loans, misuses

RETAIL: Final = "retail"


def debtor_non_performing(case: Case, least: Thresholds) -> Found | None:
    """C1: more than a tenth of the debtor's claims here are non-performing, so all of them are."""
    if case.view.segment == RETAIL:
        return None
    claims = [loan.view for loan in case.borrower.loans.values() if loan.view.outstanding_principal]
    bad = [view for view in claims if non_performing(view.loan_class)]
    owed_badly, owed = sum(view.outstanding_principal for view in bad), sum(v.outstanding_principal for v in claims)
    if owed_badly * 100 <= owed * least["share"]:
        return None
    share = f"{100 * owed_badly / owed:.2f}"
    evidence = tuple(view.last_event_id for view in sorted(bad, key=lambda view: view.loan_id))
    return _at_least(case, SUBSTANDARD, Found(share, least["share"], evidence))


def debt_overdue_elsewhere(case: Case, least: Thresholds) -> Found | None:
    """C2: more than a fifth of the debtor's debts at all banks are over 90 days past due."""
    reports = case.fresh("bureau_reported")
    if case.view.segment == RETAIL or not reports:
        return None
    over, debt = reports[-1].figures.get("debt_over_90_days") or 0, reports[-1].figures.get("debt") or 0
    if over * 100 <= debt * least["share"]:
        return None
    return _at_least(case, SUBSTANDARD, Found(f"{100 * over / debt:.2f}", least["share"], ids(reports[-1:])))


def bad_debt(case: Case, least: Thresholds) -> Found | None:
    """C3: the debtor has a debt that was given up, here or elsewhere."""
    del least
    if case.view.segment == RETAIL:
        return None
    reports = case.fresh("bureau_reported")
    if reports and reports[-1].figures.get("bad_debt"):
        return _at_least(case, SPECIAL_MENTION, Found("elsewhere", None, ids(reports[-1:])))
    given_up = [
        loan.view for loan in case.borrower.loans.values() if loan.view.status in ("written_off", "charged_off")
    ]
    if not given_up:
        return None
    return _at_least(case, SPECIAL_MENTION, Found("here", None, (given_up[0].last_event_id,)))


def impaired(case: Case, least: Thresholds) -> Found | None:
    """C4: expected losses reach half of the exposure (doubtful) or nine tenths, or the debtor is liquidated (loss)."""
    reports = case.fresh("impairment_reported")
    if not reports:
        return None
    figures = reports[-1].figures
    if figures.get("liquidation"):
        return _at_least(case, LOSS, Found("liquidation", None, ids(reports[-1:])))
    loss, exposure = figures["expected_loss"], figures["exposure"]
    if loss * 100 < exposure * least["loss"]:
        return None
    minimum = LOSS if loss * 100 >= exposure * 90 else DOUBTFUL
    return _at_least(case, minimum, Found(loss * 100 // exposure, least["loss"], ids(reports[-1:])))


def misused_funds(case: Case, least: Thresholds) -> Found | None:
    """C6: the money was misused, or borrowed to repay another loan; what servicing found is of its loan alone."""
    del least
    found = misuses(case, ("banned_use", "refinance_to_repay"))
    if found:
        return _at_least(case, SPECIAL_MENTION, Found(found[-1].figures["kind"], None, ids(found[-1:])))
    if misused_loans(case, [case.view]):
        return _at_least(case, SPECIAL_MENTION, found_by_servicing(case.view))
    return None


def _at_least(case: Case, minimum: str, found: Found) -> Found | None:
    """The finding, where the loan's own class is milder than what it must be."""
    if RANK.get(case.view.loan_class, 0) >= RANK[minimum]:
        return None
    return found._replace(minimum_class=minimum)
