"""Early warnings to records of `loans.early-warnings`."""

from __future__ import annotations

from typing import Any

import orjson

from stream.engine.dates import iso
from stream.translate.outbound import Outbound, Outgoing
from stream.warning.loan_view import LoanView
from stream.warning.warnings import CLEARED, EarlyWarning


def encode_warning(outbound: Outbound, warning: EarlyWarning) -> Outgoing:
    """The record of a warning; its subject is the loan where it is about one, its time the day's beginning."""
    loan = warning.loan
    subject = loan.loan_id if loan is not None else warning.borrower_id
    headers = outbound.headers_of_day(warning.kind, warning.id, subject, warning.as_of)
    return Outgoing(warning.borrower_id.encode(), orjson.dumps(_data(warning)), headers)


def _data(warning: EarlyWarning) -> dict[str, Any]:
    data: dict[str, Any] = {
        "warning_id": warning.warning_id,
        "borrower_id": warning.borrower_id,
        "code": warning.code,
        "severity": warning.severity,
        "previous_severity": warning.previous_severity,
        "as_of": iso(warning.as_of),
        "cycle": warning.cycle,
        "installment": warning.installment,
        "days_to_due": warning.days_to_due,
        "points": warning.points,
        "level": warning.level,
        "probability": warning.probability,
        "outcomes": None if warning.outcomes is None else dict(zip(("good", "bad"), warning.outcomes, strict=True)),
        "minimum_class": warning.minimum_class,
        **_of_loan(warning.loan),
        "reasons": [reason._asdict() for reason in warning.reasons],
        "policy_version": warning.policy_version,
        "causes": warning.causes,
    }
    if warning.kind == CLEARED:
        data["cleared_because"] = warning.cleared_because
    return data


def _of_loan(loan: LoanView | None) -> dict[str, Any]:
    """How the loan stands; nulls where the warning is about the borrower."""
    if loan is None:
        names = ("loan_id", "product", "currency", "days_past_due", "delinquent_days", "bucket", "overdue")
        nothing = dict.fromkeys((*names, "outstanding_principal", "oldest_due_date", "episode_id"))
        return {**nothing, "classifications": {}}
    principal, interest, fee, penalty = loan.overdue
    return {
        "loan_id": loan.loan_id,
        "product": loan.product,
        "currency": loan.currency,
        "days_past_due": loan.days_past_due,
        "delinquent_days": loan.delinquent_days,
        "bucket": loan.bucket or None,
        "classifications": loan.classifications,
        "overdue": {
            "principal": principal,
            "interest": interest,
            "fee": fee,
            "penalty": penalty,
            "total": sum(loan.overdue),
        },
        "outstanding_principal": loan.outstanding_principal,
        "oldest_due_date": iso(loan.oldest_due) if loan.oldest_due else None,
        "episode_id": loan.episode_id or None,
    }
