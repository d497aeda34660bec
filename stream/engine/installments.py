"""Delinquency of single installments, grouped by bucket (domain reference, 9.7)."""

from __future__ import annotations

from typing import NamedTuple

from stream.engine.loan import Loan, counted_day
from stream.engine.money import DUE, FEE, INTEREST, PENALTY, PRINCIPAL, Money
from stream.engine.pauses import deducted
from stream.engine.policy import NO_BUCKET, Rules
from stream.engine.schedule import past_due_rows


class BucketAmount(NamedTuple):
    """What is unpaid of the installments whose own days lie in a bucket; `max_days` None: no upper end."""

    bucket: str
    min_days: int
    max_days: int | None
    amount: Money


def by_bucket(loan: Loan, rules: Rules) -> list[BucketAmount]:
    """Amounts past due by bucket, lowest first; empty while the loan itself has no delinquent days.

    An installment's days know no grace, and the pauses are deducted as they are from the loan's.
    """
    if not loan.delinquent_days:
        return []
    day = counted_day(loan, loan.as_of)
    paused = deducted(loan, day)
    amounts: dict[str, Money] = {}
    for row in past_due_rows(loan, day, rules):
        code = rules.bucket(day - row[DUE] - paused, NO_BUCKET)
        if code != NO_BUCKET:
            unpaid = row[PRINCIPAL] + row[INTEREST] + row[FEE] + row[PENALTY]
            amounts[code] = amounts.get(code, 0) + unpaid
    return [
        BucketAmount(bucket.code, bucket.min_days, bucket.max_days, amounts[bucket.code])
        for bucket in sorted(rules.buckets, key=lambda bucket: bucket.min_days)
        if bucket.code in amounts
    ]
