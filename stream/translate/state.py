"""A loan <-> the bytes that the table keeps of it: a header, its figures, and what is left unread.

    next check (day), standing partition      read without anything else: when time alone can next change the loan
    format, whole size, size of the figures, size of the later installments
    figures                                    a list in MessagePack
    later installments, journal                as in stream/engine/unread.py

What an earlier version has written can be read, see earlier_state.py.
"""

from __future__ import annotations

from struct import Struct
from struct import error as struct_error
from typing import Any, Final

import msgspec

from stream.engine.extras import unpacked
from stream.engine.loan import Loan
from stream.translate.earlier_state import FIRST_FORMAT, load_first

FORMAT: Final = 2
_HEADER: Final = Struct(">IHBIII")
_FIGURES_AT: Final = _HEADER.size

_head: Final = _HEADER.pack
_read_head: Final = _HEADER.unpack_from
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode


def next_check_of(raw: bytes) -> int:
    """The day from which on time alone can change what is stored here, a loan or events that wait."""
    return int.from_bytes(raw[:4], "big")


class StateError(Exception):
    """What the table holds is not what this release writes: it is damaged, or another release wrote it."""


UNREADABLE: Final = (
    "the stored state of a loan can't be read: it is damaged, or a release with another format wrote it. Run the "
    "release that wrote it, or judge all inputs anew under another app id; see 'A worker refuses to run' in "
    "deploy/runbook.md"
)


def load(raw: bytes) -> Loan:
    """A fresh loan, the caller's own. Raises StateError."""
    return load_whole(raw)[0]


def load_whole(raw: bytes) -> tuple[Loan, int, int]:
    """The same with its next check, and the partition of `loans.standing` that its borrower belongs to."""
    try:
        return _load(raw)
    except (msgspec.DecodeError, struct_error, ValueError, TypeError, LookupError, AttributeError) as error:
        raise StateError(f"{UNREADABLE} ({type(error).__name__}: {error})") from error


def _load(raw: bytes) -> tuple[Loan, int, int]:
    next_check, partition, kind, size, figures_size, later_size = _read_head(raw)
    if kind == FIRST_FORMAT:
        return load_first(raw), next_check, partition
    later_at: int = _FIGURES_AT + figures_size
    journal_at: int = later_at + later_size
    if kind != FORMAT or size != len(raw) or journal_at > size:
        raise ValueError(f"format {kind}, {len(raw)} bytes")
    loan = Loan(raw, later_at, journal_at)
    figures: list[Any] = _decode(raw[_FIGURES_AT:later_at])
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
        loan.classes,
        extras,
    ) = figures
    loan.extras = None if extras is None else unpacked(extras)
    return loan, next_check, partition


def store(loan: Loan, next_check: int, standing_partition: int) -> bytes:
    """What the table keeps; `load` gives the same loan back."""
    figures = _encode(
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
            loan.classes,
            None if loan.extras is None else loan.extras.packed(),
        )
    )
    later_size, later, journal, new_lines = loan.kept()
    size = _FIGURES_AT + len(figures) + len(later) + len(journal) + len(new_lines)
    head = _head(next_check, standing_partition, FORMAT, size, len(figures), later_size)
    return b"".join((head, figures, later, journal, new_lines))
