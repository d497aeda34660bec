"""What is said of a loan besides its buckets: notices by days, pauses that begin and end, recoveries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.oracle.alert import (
    CLASSIFICATION_CHANGED,
    DUE_SOON,
    OVERDUE_NOTICED,
    PAUSE_CHANGED,
    RECOVERY_RECEIVED,
    Alert,
)
from tests.oracle.figures import Figures
from tests.oracle.history import Payment

if TYPE_CHECKING:
    from tests.oracle.loan import Loan


def as_held(loan: Loan, now: Figures) -> Figures:
    """The figures with the bucket that the loan is said to be in."""
    return replace(now, bucket=loan.bucket)


def notices(loan: Loan, day: date, now: Figures) -> list[Alert]:
    """Due in exactly N days, or due exactly M days ago and not met; said when the day opens."""
    if loan.closed_as not in {None, "charged_off"} or loan.disbursed > day:
        return []
    product = loan.product
    said = []
    for row in loan.balance().installments:
        soon = any(row.due_date - timedelta(n) == day for n in product.due_soon_days)
        late = any(row.due_date + timedelta(m) == day for m in product.overdue_notice_days)
        if (soon or late) and not row.met:
            kind = DUE_SOON if soon else OVERDUE_NOTICED
            more = {"installment": row.number}
            held = as_held(loan, now)
            said.append(loan.say(kind, day, held, None, held.bucket, loan.episodes, what=str(row.number), more=more))
    return said


def classification_changes(
    loan: Loan, day: date, now: Figures, cause: str | None, before: dict[str, str]
) -> list[Alert]:
    """Of each scheme by which the loan is in another class than before."""
    held = as_held(loan, now)
    return [
        loan.say(
            CLASSIFICATION_CHANGED,
            day,
            held,
            cause,
            held.bucket,
            loan.episodes,
            what=f"{scheme}:{code}",
            more={"scheme": scheme, "classification": code, "previous_classification": before[scheme]},
        )
        for scheme, code in loan.classes.items()
        if code != before[scheme]
    ]


def pause_changed(loan: Loan, day: date, now: Figures, cause: str | None) -> Alert:
    """A pause began or ceased to be in force."""
    held = as_held(loan, now)
    what = "paused" if now.paused else "resumed"
    concerned = [(start, end) for start, end in loan.pauses if start <= day]
    start, end = [(s, e) for s, e in concerned if now.paused <= (e >= day)][-1]
    pause = {"start_date": start.isoformat(), "end_date": end.isoformat(), "active": now.paused}
    return loan.say(PAUSE_CHANGED, day, held, cause, held.bucket, loan.episodes, what=what, more={"pause": pause})


def recovery_received(loan: Loan, day: date, now: Figures, payment: Payment) -> list[Alert]:
    """Money came for a loan that was written off before."""
    written_off = loan.balance().written_off
    if loan.closed_as != "written_off" or not written_off or payment.day <= written_off[0]:
        return []
    if payment.kind == "credit_balance_refund":
        return []
    held = as_held(loan, now)
    more = {"recovered": payment.amount}
    return [loan.say(RECOVERY_RECEIVED, day, held, payment.event_id, held.bucket, loan.episodes, more=more)]
