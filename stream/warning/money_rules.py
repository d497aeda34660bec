"""Indicators that accounts and cards show: balance, debits, cards, deposits, spending, income, turnover, tax."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from stream.warning.case import Case, Found, Thresholds, ids
from stream.warning.months import month_of
from stream.warning.signals import Observation


def due_low_balance(case: Case, least: Thresholds) -> Found | None:
    """Shortly before the due date the balance does not cover what is due."""
    view = case.view
    days_to_due = view.due - case.day
    balances = case.fresh("balance_reported")
    if not balances or not view.due or not 0 <= days_to_due <= least["days_to_due"]:
        return None
    balance, needed = balances[-1].figures["balance"], view.unpaid * least["cover"] // 100
    return Found(balance, needed, (balances[-1].event_id,)) if balance < needed else None


def autopay_fail(case: Case, least: Thresholds) -> Found | None:
    """Several debits failed for the installment that is owed next, or debits of several installments did."""
    view = case.view
    failed = [one for one in case.fresh("debit_failed") if one.figures["loan_id"] == view.loan_id]
    owed = view.oldest_number if view.oldest_number >= 0 else view.installment
    times = [one for one in failed if one.figures["installment"] == owed]
    if len(times) >= least["times"]:
        return Found(len(times), least["times"], ids(times))
    cycles = {one.figures["installment"] for one in failed}
    return Found(len(cycles), least["cycles"], ids(failed)) if len(cycles) >= least["cycles"] else None


def autopay_off(case: Case, least: Thresholds) -> Found | None:
    """The mandate for direct debits was removed, and there is no new one."""
    del least
    last = case.series("mandate_changed")
    if not last or last[-1].figures["active"]:
        return None
    return Found("removed", None, (last[-1].event_id,))


def utilisation_jump(case: Case, least: Thresholds) -> Found | None:
    """A card is used up, and by much more than in the three reports before."""
    for card in case.subjects("card_usage_reported"):
        reports = [one for one in case.series("card_usage_reported", card) if one.figures["limit"]]
        if len(reports) < 4:
            continue
        used = [Fraction(100 * one.figures["balance"], one.figures["limit"]) for one in reports[-4:]]
        jump = used[3] - sum(used[:3]) / 3
        if used[3] >= least["used"] and jump >= least["jump"]:
            return Found(int(used[3]), least["used"], ids(reports[-4:]))
    return None


def minimum_only(case: Case, least: Thresholds) -> Found | None:
    """Statement after statement hardly more than the minimum is paid."""
    count = least["statements"]
    for card in case.subjects("card_usage_reported"):
        reports = [one for one in case.series("card_usage_reported", card) if one.figures.get("minimum_due")]
        last = reports[-count:]
        if len(last) == count and all(_is_minimum(one, least["below"]) for one in last):
            return Found(count, count, ids(last))
    return None


def _is_minimum(one: Observation, below: int) -> bool:
    minimum, paid = one.figures["minimum_due"], one.figures.get("paid") or 0
    return bool(minimum <= paid and paid * 100 < minimum * below)


def balance_collapse(case: Case, least: Thresholds) -> Found | None:
    """Deposits have all but gone within six months, or are next to nothing beside the debt."""
    reports = [one for one in case.series("deposits_reported") if one.observed >= case.day - 184]
    if not reports:
        return None
    now, highest = reports[-1].figures["amount"], max(one.figures["amount"] for one in reports)
    if highest and now * 100 < highest * least["left"]:
        return Found(now * 100 // highest, least["left"], ids([reports[-1]]))
    debt = sum(loan.view.outstanding_total for loan in case.borrower.loans.values() if loan.view.open)
    total = sum(one.figures["amount"] for one in reports)
    if len(reports) >= 3 and total * 10_000 < debt * least["debt"] * len(reports):
        return Found(total // len(reports), debt * least["debt"] // 10_000, ids(reports))
    return None


def spending_shift(case: Case, least: Thresholds) -> Found | None:
    """Spending of three months is far from that of the six before, goes into cash and gambling, or empties the account
    before payday.
    """
    reports = case.series("spending_reported")
    last = reports[-3:]
    if len(reports) >= 9:
        share = _share_of_before(reports, 6)
        if share is not None and (share <= least["fall"] or share >= least["rise"]):
            return Found(int(share), least["fall"] if share <= least["fall"] else least["rise"], ids(last))
    spent = sum(one.figures["amount"] for one in last)
    risky = sum((one.figures.get("cash_advance") or 0) + (one.figures.get("gambling") or 0) for one in last)
    if len(last) == 3 and spent and risky * 100 >= spent * least["share"]:
        return Found(risky * 100 // spent, least["share"], ids(last))
    empty = reports[-least["empty"] :]
    if len(empty) == least["empty"] and all(one.figures.get("empty_before_payday") for one in empty):
        return Found(least["empty"], least["empty"], ids(empty))
    return None


def income_drop(case: Case, least: Thresholds) -> Found | None:
    """The pay of the last three months is below a share of that of the six before."""
    reports = case.series("income_reported")
    share = _share_of_before(reports, 6) if len(reports) >= 9 else None
    return Found(int(share), least["left"], ids(reports[-3:])) if share is not None and share <= least["left"] else None


def turnover_drop(case: Case, least: Thresholds) -> Found | None:
    """Receipts of the last three months are below a share of the same months of the year before."""
    share, evidence = _share_of_last_year(case.series("turnover_reported"))
    return Found(int(share), least["left"], evidence) if share is not None and share <= least["left"] else None


def tax_invoice(case: Case, least: Thresholds) -> Found | None:
    """Taxed or invoiced sales fall against the year before, or no invoice is written for a long time."""
    reports = case.series("tax_reported")
    share, evidence = _share_of_last_year(reports)
    if share is not None and least["left"] and share <= least["left"]:
        return Found(int(share), least["left"], evidence)
    if reports and least["silent"] and reports[-1].figures.get("last_invoice"):
        silent = case.day - reports[-1].figures["last_invoice"]
        if silent >= least["silent"]:
            return Found(silent, least["silent"], ids([reports[-1]]))
    return None


def _share_of_before(reports: Sequence[Observation], months: int) -> Fraction | None:
    """Mean of the last three reports in percent of the mean of those before; None: nothing before."""
    last = sum(one.figures["amount"] for one in reports[-3:])
    before = sum(one.figures["amount"] for one in reports[-3 - months : -3])
    return Fraction(100 * last * months, 3 * before) if before else None


def _share_of_last_year(reports: Sequence[Observation]) -> tuple[Fraction | None, tuple[str, ...]]:
    """The last three months in percent of the same months of the year before; None: a month is missing."""
    amounts = {month_of(one.observed): one.figures["amount"] for one in reports}
    if not amounts:
        return None, ()
    newest = max(amounts)
    months = [newest - 2, newest - 1, newest]
    if any(month not in amounts or month - 12 not in amounts for month in months):
        return None, ()
    before = sum(amounts[month - 12] for month in months)
    evidence = ids([one for one in reports if month_of(one.observed) in months])
    return (Fraction(100 * sum(amounts[month] for month in months), before), evidence) if before else (None, ())
