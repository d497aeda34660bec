"""A loan <-> the bytes that the table keeps of it: a header to find it by, then its figures and its journal.

The header is read without decoding the rest: when time alone can next change the loan, and the partition of
`loans.standing` that its borrower belongs to.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

import msgspec

from stream.engine.extras import unpacked
from stream.engine.loan import Loan

HEADER: Final = Struct(">IH")
"""Next check (day), standing partition."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def next_check_of(raw: bytes) -> int:
    """The day from which on time alone can change what is stored here."""
    return int.from_bytes(raw[:4], "big")


def standing_partition_of(raw: bytes) -> int:
    """The partition of `loans.standing` that the loan's borrower belongs to."""
    return int.from_bytes(raw[4:6], "big")


def load(raw: bytes) -> Loan:
    """A fresh loan, the caller's own."""
    figures: list[Any] = _decode(memoryview(raw)[6:])
    loan = Loan()
    (
        loan.loan_id,
        loan.borrower_id,
        loan.product,
        loan.segment,
        loan.currency,
        loan.disbursement_date,
        loan.grace_days,
        loan.closed_as,
        loan.rows,
        loan.later,
        loan.owed,
        loan.credit,
        loan.last_value_date,
        loan.last_payment_id,
        loan.last_amount,
        loan.lateness,
        loan.shortfalls,
        loan.worst,
        loan.as_of,
        loan.days_past_due,
        loan.delinquent_days,
        loan.oldest_due,
        loan.bucket,
        loan.bucket_history,
        loan.episode,
        loan.episode_start,
        loan.episode_worst,
        loan.replay_before,
        loan.last_event_id,
        loan.seen,
        loan.history_from,
        loan.journal,
        loan.classes,
        extras,
    ) = figures
    loan.extras = None if extras is None else unpacked(extras)
    return loan


def store(loan: Loan, next_check: int, standing_partition: int) -> bytes:
    """What the table keeps; `load` gives the same loan back."""
    return HEADER.pack(next_check, standing_partition) + _encode(
        (
            loan.loan_id,
            loan.borrower_id,
            loan.product,
            loan.segment,
            loan.currency,
            loan.disbursement_date,
            loan.grace_days,
            loan.closed_as,
            loan.rows,
            loan.later,
            loan.owed,
            loan.credit,
            loan.last_value_date,
            loan.last_payment_id,
            loan.last_amount,
            loan.lateness,
            loan.shortfalls,
            loan.worst,
            loan.as_of,
            loan.days_past_due,
            loan.delinquent_days,
            loan.oldest_due,
            loan.bucket,
            loan.bucket_history,
            loan.episode,
            loan.episode_start,
            loan.episode_worst,
            loan.replay_before,
            loan.last_event_id,
            loan.seen,
            loan.history_from,
            loan.journal,
            loan.classes,
            None if loan.extras is None else loan.extras.packed(),
        )
    )
