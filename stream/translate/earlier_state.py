"""The former format of a loan's state: the same header of six bytes, then one list that holds journal and all.

Read only: a loan is written in the present format when something next happens to it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from stream.engine.extras import unpacked
from stream.engine.loan import Loan

FIRST_FORMAT: Final = 0xDC
"""In the place of the format; there the list began, of more than 15 entries."""

_decode: Final = msgspec.msgpack.Decoder().decode


def load_first(raw: bytes) -> Loan:
    """A loan as format 1 had it."""
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
