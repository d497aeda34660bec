"""Alerts in words: one line of at most 80 columns each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from stream.cli.terminal import clean

NO_BUCKET: Final = "–"

Alert = Mapping[str, Any]
"""The data of an alert, as the contract has it."""

CURRENCIES_OF_WHOLE_UNITS: Final = {"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "PYG", "UGX", "RWF"}
CURRENCIES_OF_THOUSANDTHS: Final = {"BHD", "KWD", "OMR", "JOD", "TND", "IQD", "LYD"}


class Kind(NamedTuple):
    """What a kind of alert is called, and how it is coloured."""

    words: str
    style: str


OVERDUE: Final = Kind("overdue", "yellow")
WORSE: Final = Kind("worse", "red")
BETTER: Final = Kind("better", "cyan")
CURED: Final = Kind("cured", "green")
CORRECTED: Final = Kind("corrected", "magenta")

KINDS: Final = {
    "loan.overdue_started": OVERDUE,
    "loan.cured": CURED,
    "loan.alert_corrected": CORRECTED,
    "loan.due_soon": Kind("due soon", "cyan"),
    "loan.overdue_noticed": Kind("notice", "yellow"),
    "loan.classification_changed": Kind("class", "yellow"),
    "loan.classification_corrected": Kind("amended", "magenta"),
    "loan.pause_changed": Kind("pause", "cyan"),
    "loan.recovery_received": Kind("recovery", "green"),
    "feed.held": Kind("held", "bold red"),
    "feed.released": Kind("released", "green"),
}


def kind_of(event_type: str, alert: Alert) -> Kind:
    """The kind in words; a changed bucket got worse or better by its reason."""
    if event_type == "loan.bucket_changed":
        return BETTER if _reasons(alert).get("bucket_left") else WORSE
    return KINDS.get(event_type) or Kind(clean(event_type.removeprefix("loan.")), "")


def line(event_type: str, alert: Alert) -> str:
    """Date, loan, what happened, bucket before and after, days past due, amount overdue, reason."""
    if event_type.startswith("feed."):
        return clean(_feed_line(event_type, alert))
    buckets = f"{alert['previous_bucket'] or NO_BUCKET}→{alert['bucket'] or NO_BUCKET}"
    text = (
        f"{alert['as_of']} {alert['loan_id']:<6} {kind_of(event_type, alert).words:<9} {buckets:<6} "
        f"{alert['days_past_due']:>3} d {amount(alert['overdue']['total'], alert['currency']):>14}  "
        f"{reason(event_type, alert)}"
    )
    return clean(text)


def _feed_line(event_type: str, alert: Alert) -> str:
    """Date, partition, what happened, and the installments of the day before, met and due."""
    return (
        f"{alert['as_of']} {'p' + str(alert['partition']):<6} {kind_of(event_type, alert).words:<9} "
        f"{alert['installments_met']} of {alert['installments_due']} met, usual {alert['installments_met_usually']}"
    )


def amount(minor: int, currency: str) -> str:
    """An amount of minor units with its currency, as a person reads it: CNY 1,066.19."""
    digits = 0 if currency in CURRENCIES_OF_WHOLE_UNITS else 3 if currency in CURRENCIES_OF_THOUSANDTHS else 2
    whole, part = divmod(minor, 10**digits)
    return f"{currency} {whole:,}" + (f".{part:0{digits}}" if digits else "")


def reason(event_type: str, alert: Alert) -> str:
    """Why, in a few words."""
    reasons = _reasons(alert)
    cause = _cause(reasons, alert["currency"])
    if event_type == "loan.alert_corrected":
        return "was not overdue" if alert["bucket"] is None else f"was in {alert['bucket']}"
    if event_type == "loan.overdue_started":
        due = str(alert["oldest_due_date"] or "")[5:]
        return cause if "payment_reversed" in reasons else f"due {due} unpaid"
    if event_type in SPECIAL:
        return SPECIAL[event_type](alert)
    reached = reasons.get("bucket_reached")
    if reached is not None and "payment_reversed" not in reasons:
        return f"{reached['threshold']} days reached"
    return cause


def _cause(reasons: Mapping[str, Mapping[str, Any]], currency: str) -> str:
    if "payment_received" in reasons:
        return f"paid {amount(int(reasons['payment_received']['observed']), currency)[4:]}"
    words = {
        "payment_reversed": "payment reversed",
        "disbursement_cancelled": "loan cancelled",
        "loan_disbursed": "loan taken on",
        "day_passed": "the day passed",
        "charged_back": "charged back",
        "schedule_revised": "new schedule",
        "charge_posted": "charge posted",
        "charge_waived": "charge waived",
        "delinquency_paused": "paused",
        "delinquency_resumed": "resumed",
        "charged_off": "charged off",
        "written_off": "written off",
        "closed": "closed",
        "transferred": "transferred",
        "misuse_found": "misuse found",
        "technical_overdue": "technical overdue",
        "indication_set": "indication set",
        "indication_ended": "indication ended",
        "impaired": "credit-impaired",
        "not_impaired": "not impaired",
    }
    return next((words[code] for code in reasons if code in words), ", ".join(reasons))


SPECIAL: Final[Mapping[str, Callable[[Alert], str]]] = {
    "loan.due_soon": lambda alert: f"no. {alert['installment']} in {_observed(alert)} days",
    "loan.overdue_noticed": lambda alert: f"no. {alert['installment']} since {_observed(alert)} d",
    "loan.classification_changed": lambda alert: str(alert["classification"]),
    "loan.classification_corrected": lambda alert: str(alert["classification"]),
    "loan.pause_changed": lambda alert: f"{'until' if alert['pause']['active'] else 'to'} {alert['pause']['end_date']}",
    "loan.recovery_received": lambda alert: f"got {amount(alert['recovered'], alert['currency'])[4:]}",
}
"""Reasons of the kinds that have a field of their own."""


def _observed(alert: Alert) -> object:
    return alert["reasons"][0]["observed"] if alert["reasons"] else "?"


def _reasons(alert: Alert) -> dict[str, Mapping[str, Any]]:
    return {found["code"]: found for found in alert["reasons"]}
