"""The record of `loans.standing` for a loan."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.oracle import history
from tests.oracle.alert import iso
from tests.oracle.figures import Figures
from tests.oracle.loan import Loan


def standing(loan: Loan, day: date, now: Figures | None = None) -> dict[str, Any]:
    """What is true of a loan on a business date, dates as ISO texts."""
    assert loan.disbursement
    now = now or loan.now(day)
    balance = loan.balance()
    last, upcoming = balance.last_payment, now.upcoming
    return {
        **{key: loan.disbursement[key] for key in ("loan_id", "borrower_id", "product", "segment", "currency")},
        "status": loan.status(day, now),
        "as_of": day.isoformat(),
        "days_past_due": now.days_past_due,
        "delinquent_days": now.delinquent_days,
        "delinquent_date": iso(now.delinquent_date),
        "bucket": loan.bucket,
        "classifications": dict(loan.classes),
        "overdue": now.overdue,
        "delinquent_amount": now.overdue["total"] + now.excess,
        "outstanding_principal": now.outstanding_principal,
        "outstanding_total": now.outstanding_total,
        "credit_balance": now.credit,
        "oldest_due_date": iso(now.oldest_due_date),
        "next_due_date": iso(now.next_due_date),
        "next_due_amount": now.next_due_amount,
        "past_due_installments": list(now.past_due),
        "installment_buckets": list(now.by_bucket),
        "pauses": []
        if loan.cancelled
        else [
            {"start_date": iso(start), "end_date": iso(end), "active": start <= day <= end}
            for start, end in loan.pauses
        ],
        "last_payment": last and {"payment_id": last.payment_id, "value_date": iso(last.day), "amount": last.amount},
        "bucket_history": [dict(row) for row in loan.bucket_history],
        "episode": {
            "id": f"{loan.loan_id}:{loan.episodes}",
            "started_date": iso(loan.episode_started),
            "worst_days_past_due": loan.episode_worst,
        }
        if loan.delinquent
        else None,
        "max_days_past_due_ever": 0 if loan.cancelled else max(now.days_past_due, loan.worst()),
        "schedule_version": 1 if loan.cancelled else history.version(loan.facts),
        "policy_version": loan.policy.version,
        "behaviour": {
            "grace_days": loan.product.grace_days,
            "upcoming_number": upcoming and upcoming.number,
            "upcoming_due_date": upcoming and iso(upcoming.due_date),
            "upcoming_unpaid": upcoming.total if upcoming else 0,
            "upcoming_scheduled": upcoming.scheduled if upcoming else 0,
        },
    }
