"""One loan: its figures, and the journal of facts that they are a fold over."""

from __future__ import annotations

from typing import Final

from stream.engine.extras import Extras
from stream.engine.money import Money, Row
from stream.engine.unread import Unread

ACTIVE: Final = ""
CANCELLED: Final = "cancelled"
CHARGED_OFF: Final = "charged_off"
WRITTEN_OFF: Final = "written_off"
TRANSFERRED: Final = "transferred"
SETTLED: Final = "settled"


class Loan(Unread):
    """The figures of one loan, and its journal that only a replay reads, see unread.py.

    The codec hands out a fresh object for each event; the engine changes it in place, so that a step is pure when
    seen from outside. Days are ordinals, 0 where there is none.
    """

    __slots__ = (
        "as_of",
        "borrower_id",
        "bucket",
        "bucket_history",
        "classes",
        "closed_as",
        "credit",
        "currency",
        "days_past_due",
        "delinquent_days",
        "disbursement_date",
        "episode",
        "episode_start",
        "episode_worst",
        "extras",
        "grace_days",
        "history_from",
        "last_amount",
        "last_event_id",
        "last_payment_id",
        "last_value_date",
        "lateness",
        "loan_id",
        "oldest_due",
        "owed",
        "product",
        "replay_before",
        "rows",
        "seen",
        "segment",
        "shortfalls",
        "worst",
    )

    loan_id: str
    borrower_id: str
    product: str
    segment: str
    currency: str
    disbursement_date: int
    grace_days: int  # -1: the product's
    closed_as: str  # "" while the loan lives, else the status that ended it; a charged-off loan goes on ageing
    # money: a fold over the journal
    rows: list[Row]  # the oldest unpaid installments, opened for reading; the others are `later`; empty if all settled
    owed: Row  # sums of all unpaid by component; the other places stay 0
    credit: Money
    last_value_date: int  # of the last payment in order, with the two below
    last_payment_id: str
    last_amount: Money
    lateness: str  # settling date - due date of the last six settled installments, see behaviour.py
    shortfalls: int  # payments on or after a due date that did not settle it
    worst: int  # the most days past due at the opening of a payment's value date
    # judgement: what the figures mean on the business day `as_of`
    as_of: int
    days_past_due: int
    delinquent_days: int
    oldest_due: int  # due date of the oldest installment past due
    bucket: str  # code, "" for none
    bucket_history: str  # bucket, from, to; see behaviour.py
    classes: str  # codes of the policy's schemes, "" where each is at its best; see classification.py
    episode: int
    episode_start: int
    episode_worst: int
    replay_before: int  # a payment of an earlier value date needs a replay: an alert or a payout of credit came later
    # facts
    last_event_id: str
    seen: bytes  # four bytes of every id in the journal: absent is certain, present is looked up
    history_from: int  # facts before this day are folded into the opening lines of the journal
    extras: Extras | None  # what servicing events left behind; None for most loans


def counted_day(loan: Loan, day: int) -> int:
    """The day up to which days are counted: a written-off loan stands still from its write-off on."""
    extras = loan.extras
    if extras is None or extras.frozen_due < 0 or extras.status_day > day:
        return day
    return extras.status_day


def status(loan: Loan) -> str:
    """Where the loan stands in its life, in the contract's words."""
    if loan.closed_as:
        return loan.closed_as
    if loan.as_of < loan.disbursement_date:
        return "pending"
    if loan.rows:
        return "active"
    return "overpaid" if loan.credit > 0 else SETTLED
