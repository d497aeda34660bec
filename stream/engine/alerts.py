"""An alert about a loan as it is judged now."""

from __future__ import annotations

from stream.engine.dates import Day, iso
from stream.engine.delinquency import overdue
from stream.engine.findings import Alert, Reason, alert_id
from stream.engine.loan import Loan
from stream.engine.money import PRINCIPAL
from stream.engine.policy import Rules


def alert_of(
    loan: Loan,
    rules: Rules,
    kind: str,
    about: str,
    previous_bucket: str,
    reasons: tuple[Reason, ...],
    cause: str | None,
) -> Alert:
    """The alert; `about` stands in its id, `cause` is the id of the event, None where the day is the cause."""
    today = Day(loan.as_of)
    return Alert(
        alert_id(loan.loan_id, kind, loan.episode, about or None, today, cause, None),
        kind,
        loan.loan_id,
        loan.borrower_id,
        loan.product,
        loan.currency,
        today,
        loan.days_past_due,
        loan.delinquent_days,
        previous_bucket or None,
        loan.bucket or None,
        overdue(loan, today, rules),
        loan.owed[PRINCIPAL],
        Day(loan.oldest_due) if loan.oldest_due else None,
        loan.episode,
        reasons,
        rules.policy_version,
        (cause or f"business-day:{iso(today)}",),
        None,
        loan.classes or rules.normal_classes,
    )
