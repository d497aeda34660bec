"""Records of `loans.standing` to what the early warning sees: a loan's view, or a mark of a day that was judged.

The worker wrote them itself, so they are read without a judge. Most of a standing is skipped unread.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec

from stream.translate.records import Record

MARK_KEY: Final = b"business-day:"
"""Before the number of the input partition: the key of a mark."""


class _Amounts(msgspec.Struct, gc=False):
    principal: int
    interest: int
    fee: int
    penalty: int
    total: int


class _PastDue(msgspec.Struct, gc=False):
    number: int
    unpaid: _Amounts


class _Payment(msgspec.Struct, gc=False):
    payment_id: str
    value_date: date


class _Episode(msgspec.Struct, gc=False):
    id: str


class _Behaviour(msgspec.Struct, gc=False):
    days_late: list[int]
    grace_days: int
    upcoming_number: int | None
    upcoming_due_date: date | None
    upcoming_unpaid: int
    upcoming_scheduled: int
    misuse_found_date: date | None = None


class Standing(msgspec.Struct, gc=False):
    """The fields of `loan.standing` that are read."""

    loan_id: str
    borrower_id: str
    product: str
    segment: str
    currency: str
    status: str
    as_of: date
    days_past_due: int
    delinquent_days: int
    bucket: str | None
    classifications: dict[str, str]
    overdue: _Amounts
    outstanding_principal: int
    outstanding_total: int
    oldest_due_date: date | None
    past_due_installments: list[_PastDue]
    last_payment: _Payment | None
    episode: _Episode | None
    max_days_past_due_ever: int
    schedule_version: int
    last_event_id: str
    behaviour: _Behaviour


class Mark(msgspec.Struct, gc=False):
    """The fields of `business_day.judged`."""

    business_date: date
    partition: int
    partitions: int


read_standing: Final = msgspec.json.Decoder(Standing).decode
_read_mark: Final = msgspec.json.Decoder(Mark).decode
_MAX_PAST_DUE: Final = 4
"""Installments past due whose unpaid amounts are kept: those that the last cycles can be."""


def mark(record: Record) -> Mark:
    """The mark of a record."""
    return _read_mark(record.value or b"")


def packed_view(found: Standing) -> list[Any]:
    """A standing as the packed list of a `LoanView`, in the order of its fields."""
    overdue, behaviour, payment = found.overdue, found.behaviour, found.last_payment
    upcoming = behaviour.upcoming_due_date
    number = behaviour.upcoming_number
    return [
        found.loan_id,
        found.borrower_id,
        found.product,
        found.segment,
        found.currency,
        found.status,
        found.as_of.toordinal(),
        found.days_past_due,
        found.delinquent_days,
        found.bucket or "",
        found.classifications,
        (overdue.principal, overdue.interest, overdue.fee, overdue.penalty),
        found.outstanding_principal,
        found.outstanding_total,
        0 if found.oldest_due_date is None else found.oldest_due_date.toordinal(),
        [(row.number, row.unpaid.total) for row in found.past_due_installments[:_MAX_PAST_DUE]],
        -1 if number is None else number,
        0 if upcoming is None else upcoming.toordinal(),
        behaviour.upcoming_unpaid,
        behaviour.upcoming_scheduled,
        behaviour.days_late,
        0 if payment is None else payment.value_date.toordinal(),
        "" if payment is None else payment.payment_id,
        behaviour.grace_days,
        found.max_days_past_due_ever,
        found.schedule_version,
        "" if found.episode is None else found.episode.id,
        found.last_event_id,
        0 if behaviour.misuse_found_date is None else behaviour.misuse_found_date.toordinal(),
    ]
