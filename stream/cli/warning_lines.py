"""Early warnings in words: one line of at most 80 columns each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stream.cli.alerts import Kind, amount
from stream.cli.terminal import clean

WIDTH: Final = 80

Told = Mapping[str, Any]
"""The data of an early warning, as the contract has it."""

RAISED: Final = "early_warning.raised"
CLEARED: Final = "early_warning.cleared"
KINDS: Final = {
    RAISED: Kind("warning", "bright_yellow"),
    "early_warning.escalated": Kind("graver", "bright_red"),
    CLEARED: Kind("all clear", "green"),
}

_CLEARED: Final = {
    "condition_gone": "it is over",
    "observations_too_old": "nothing new is heard",
    "installment_paid": "the installment is paid",
    "loan_ended": "the loan has ended",
}


def line(event_type: str, warning: Told) -> str:
    """Date, loan or borrower, what happened, severity, and why."""
    about = warning["loan_id"] or warning["borrower_id"]
    text = (
        f"{warning['as_of']} {about:<6} {KINDS[event_type].words:<9} {warning['severity']:<8} "
        f"{reason(event_type, warning)}"
    )
    return clean(text if len(text) <= WIDTH else text[: WIDTH - 1] + "…")


def reason(event_type: str, warning: Told) -> str:
    """Why, in a few words; of a score that which tells most."""
    if event_type == CLEARED:
        return f"{named(warning['code'])}: {_CLEARED[warning['cleared_because']]}"
    why = warning["reasons"][0]
    tell = _WHY.get(warning["code"], _plain)
    return tell(warning, why["observed"], why["threshold"])


def named(code: str) -> str:
    """A code as words: DUE_LOW_BAL is low balance."""
    return _NAMES.get(code) or code.lower().replace("_", " ")


def _plain(warning: Told, observed: object, threshold: object) -> str:
    return f"{named(warning['code'])} {observed}" + (f", from {threshold}" if threshold is not None else "")


def _low_balance(warning: Told, observed: Any, threshold: Any) -> str:
    currency = warning["currency"]
    has, needs = amount(max(0, observed), currency), amount(threshold, currency)
    return f"due in {warning['days_to_due']} d: has {has[4:]} of {needs[4:]}"


def _score(warning: Told, observed: object, threshold: object) -> str:
    del threshold
    told = str(observed).replace(" of the last", " of").replace(" weighted", "")
    chance = f"{warning['probability']:.0%} " if warning["probability"] is not None else ""
    return f"{named(warning['code'])} {chance}({told})"


_NAMES: Final = {
    "DUE_LOW_BAL": "low balance",
    "EARLY_ARREARS": "arrears",
    "FPD": "first installment unpaid",
    "SPD": "second installment unpaid",
    "TPD": "third installment unpaid",
    "PARTIAL_PAY": "paid in part",
    "CROSS_LOAN": "another loan",
    "STACKING": "loans elsewhere",
    "JOB_LOSS": "job lost",
    "SCORE_LATE": "late?",
    "SCORE_CASH_MISS": "missed?",
    "WATCH_LIST": "watch list",
}

_WHY: Final[Mapping[str, Callable[[Told, Any, Any], str]]] = {
    "DUE_LOW_BAL": _low_balance,
    "EARLY_ARREARS": lambda warning, observed, _: f"arrears of {observed} d",
    "FPD": lambda warning, observed, _: f"first installment unpaid for {observed} d",
    "CROSS_LOAN": lambda warning, observed, _: f"another loan is {observed} d past due",
    "STACKING": lambda warning, observed, least: f"loans elsewhere: {observed} sought, from {least}",
    "JOB_LOSS": lambda warning, observed, _: f"job lost: {observed}",
    "PARTIAL_PAY": lambda warning, observed, _: f"paid in part, {observed} in a row",
    "WATCH_LIST": lambda warning, observed, least: f"watch list: {warning['level']}, {observed} points",
    "SCORE_LATE": _score,
    "SCORE_CASH_MISS": _score,
}
"""Reasons in words of their own; of other codes the figures."""
