"""Which function is behind each rule's code, and whether it is about a loan or about the borrower."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from stream.warning import debtor_rules, money_rules, outside_rules, repayment_rules
from stream.warning.case import Case, Found, Thresholds

Condition = Callable[[Case, Thresholds], Found | None]


class Indicator(NamedTuple):
    """The condition of a rule."""

    holds: Condition
    about_loan: bool


def _loan(holds: Condition) -> Indicator:
    return Indicator(holds, True)


def _borrower(holds: Condition) -> Indicator:
    return Indicator(holds, False)


INDICATORS: Final[Mapping[str, Indicator]] = {
    "LATE_IN_GRACE": _loan(repayment_rules.late_in_grace),
    "PAY_DRIFT": _loan(repayment_rules.pay_drift),
    "PARTIAL_PAY": _loan(repayment_rules.partial_pay),
    "RATIO_DECLINE": _loan(repayment_rules.ratio_decline),
    "FPD": _loan(repayment_rules.early_default),
    "SPD": _loan(repayment_rules.early_default),
    "TPD": _loan(repayment_rules.early_default),
    "EARLY_ARREARS": _loan(repayment_rules.early_arrears),
    "RATE_SHOCK": _loan(repayment_rules.rate_shock),
    "CROSS_LOAN": _loan(repayment_rules.cross_loan),
    "DUE_LOW_BAL": _loan(money_rules.due_low_balance),
    "AUTOPAY_FAIL": _loan(money_rules.autopay_fail),
    "AUTOPAY_OFF": _borrower(money_rules.autopay_off),
    "UTIL_JUMP": _borrower(money_rules.utilisation_jump),
    "MIN_ONLY": _borrower(money_rules.minimum_only),
    "BAL_COLLAPSE": _borrower(money_rules.balance_collapse),
    "SPEND_SHIFT": _borrower(money_rules.spending_shift),
    "INCOME_DROP": _borrower(money_rules.income_drop),
    "JOB_LOSS": _borrower(outside_rules.job_loss),
    "TURNOVER_DROP": _borrower(money_rules.turnover_drop),
    "TAX_INVOICE": _borrower(money_rules.tax_invoice),
    "STACKING": _borrower(outside_rules.stacking),
    "BUREAU_OVERDUE": _borrower(outside_rules.bureau_overdue),
    "SCORE_DROP": _borrower(outside_rules.score_drop),
    "LEGAL": _borrower(outside_rules.legal),
    "GUARANTOR": _borrower(outside_rules.guarantor),
    "MISUSE": _borrower(outside_rules.misuse),
    "RELIEF_ASK": _borrower(outside_rules.relief_ask),
    "FORBORNE": _borrower(outside_rules.forborne),
    "DEBTOR_NON_PERFORMING": _loan(debtor_rules.debtor_non_performing),
    "DEBT_OVERDUE_ELSEWHERE": _loan(debtor_rules.debt_overdue_elsewhere),
    "BAD_DEBT": _loan(debtor_rules.bad_debt),
    "IMPAIRED": _loan(debtor_rules.impaired),
    "MISUSED_FUNDS": _loan(debtor_rules.misused_funds),
}

NEEDS_SIGNAL: Final[Mapping[str, tuple[str, ...]]] = {
    "DUE_LOW_BAL": ("balance_reported",),
    "AUTOPAY_FAIL": ("debit_failed",),
    "AUTOPAY_OFF": ("mandate_changed",),
    "UTIL_JUMP": ("card_usage_reported",),
    "MIN_ONLY": ("card_usage_reported",),
    "BAL_COLLAPSE": ("deposits_reported",),
    "SPEND_SHIFT": ("spending_reported",),
    "INCOME_DROP": ("income_reported",),
    "JOB_LOSS": ("employment_changed",),
    "TURNOVER_DROP": ("turnover_reported",),
    "TAX_INVOICE": ("tax_reported",),
    "STACKING": ("bureau_reported",),
    "BUREAU_OVERDUE": ("bureau_reported",),
    "SCORE_DROP": ("score_changed",),
    "LEGAL": ("legal_case_found",),
    "GUARANTOR": ("guarantor_reported",),
    "RELIEF_ASK": ("relief_requested",),
    "FORBORNE": ("relief_granted",),
    "DEBT_OVERDUE_ELSEWHERE": ("bureau_reported",),
    "IMPAIRED": ("impairment_reported",),
}
"""Rules that can't hold without an observation of this kind: skipped where there is none."""
