"""What a borrower task keeps: borrowers, what waits for its day, and what was learnt of the portfolio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from stream.agents.duedates import DueIndex
from stream.translate.partition import partition_of
from stream.warning.borrower import Borrower
from stream.warning.calibration import Portfolio
from stream.warning.loan_view import LoanView
from stream.warning.outcomes import Tally
from stream.warning.signals import Signal

DAYS_KEY: Final = b"\x00days"
"""The business date, the day that is being opened, and the day that each loan task has judged last."""
PORTFOLIO_KEY: Final = b"\x00portfolio"
TALLY_KEY: Final = b"\x00tally"
STANDING: Final = b"\x01"
"""Before day, phase and loan id: a standing that counts when its day is closed."""
SIGNAL: Final = b"\x02"
"""Before day, offset and event id: a signal of a day that is not open yet."""

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder().decode

Phase = tuple[int, int]
"""A day, and 0 for what its opening did to loans, 1 for what happened on it afterwards."""


class Waiting(NamedTuple):
    """Keys of standings and signals that wait, by when they count."""

    standings: dict[Phase, dict[bytes, None]]
    signals: dict[int, dict[bytes, None]]


class Ready:
    """What waits for one borrower when a day opens."""

    __slots__ = ("before", "key", "opens", "signals", "ticked", "waiting_keys")

    def __init__(self, key: bytes) -> None:
        """`key`: the borrower's in the table."""
        self.key = key
        self.before: dict[str, LoanView] = {}
        """The last standing of each loan before the day."""
        self.ticked: dict[str, LoanView] = {}
        """The standings that the opening of the day made."""
        self.signals: list[Signal] = []
        """Those that were recorded on the day, each judged once it is open."""
        self.opens = False
        """The day opens for the borrower: a loan changed, or time can change something."""
        self.waiting_keys: list[bytes] = []
        """Of all these in the table."""


class BorrowerTask:
    """The context of a borrower task's batches; all of it follows from the table.

    Attributes:
        business_date: the last day that was opened; 0: none yet.
        opening: the day that is being opened, a part of the borrowers at a time; 0: none.
        left: what is left of it, by borrower; None: not gathered yet.
        marks: the last day that each loan task has judged; 0: none yet.
        due: borrowers by the day on which to look at them again.
        rejected_in_row: signals rejected in a row.
    """

    __slots__ = (
        "business_date",
        "due",
        "left",
        "marks",
        "opening",
        "portfolio",
        "rejected_in_row",
        "tally",
        "waiting",
    )

    def __init__(self, table: Mapping[bytes, bytes], partitions: int) -> None:
        raw = table.get(DAYS_KEY)
        self.business_date: int = 0
        self.opening: int = 0
        self.left: list[Ready] | None = None
        self.marks: list[int] = [0] * partitions
        if raw is not None:
            self.business_date, self.opening, self.marks = decode(raw)
        portfolio, tally = table.get(PORTFOLIO_KEY), table.get(TALLY_KEY)
        self.portfolio = Portfolio() if portfolio is None else Portfolio.unpacked(decode(portfolio))
        self.tally = Tally() if tally is None else Tally.unpacked(decode(tally))
        self.due = DueIndex()
        self.waiting = Waiting({}, {})
        self.rejected_in_row = 0
        for key, value in table.items():
            if key[:1] == STANDING:
                self.waiting.standings.setdefault(phase_of(key), {})[key] = None
            elif key[:1] == SIGNAL:
                self.waiting.signals.setdefault(day_in(key), {})[key] = None
            elif key[0]:
                self.due.add(max(next_look_of(value), self.business_date + 1), key)

    def phase(self, as_of: int, loan_id: bytes) -> int:
        """Whether a standing of `as_of` was made by the opening of that day (0), or came after it (1)."""
        if as_of <= self.business_date:
            return 1
        return int(self.marks[partition_of(loan_id, len(self.marks))] >= as_of)

    def days(self) -> bytes:
        """What is stored of the days."""
        return encode([self.business_date, self.opening, self.marks])


def standing_key(day: int, phase: int, loan_id: bytes) -> bytes:
    """The key of a standing that waits."""
    return STANDING + day.to_bytes(4, "big") + bytes((phase,)) + loan_id


def signal_key(day: int, offset: int, event_id: str) -> bytes:
    """The key of a signal that waits; `offset`: where it lies on its partition."""
    return SIGNAL + day.to_bytes(4, "big") + offset.to_bytes(8, "big") + event_id.encode()


def place_of(key: bytes) -> bytes:
    """What orders the keys of signals that wait as the signals came."""
    return key[5:]


def day_in(key: bytes) -> int:
    """The day in the key of something that waits."""
    return int.from_bytes(key[1:5], "big")


def phase_of(key: bytes) -> Phase:
    """When a standing that waits counts."""
    return day_in(key), key[5]


def next_look_of(raw: bytes) -> int:
    """The day on which to look at a stored borrower again."""
    return int.from_bytes(raw[:4], "big")


def store_borrower(borrower: Borrower, next_look: int) -> bytes:
    """What the table keeps; `load_borrower` gives the same borrower back."""
    return next_look.to_bytes(4, "big") + encode(borrower.packed())


def load_borrower(raw: bytes) -> Borrower:
    """A fresh borrower, the caller's own."""
    return Borrower.unpacked(decode(memoryview(raw)[4:]))


def store_signal(signal: Signal) -> bytes:
    """A signal as bytes."""
    return encode(list(signal))


def load_signal(raw: bytes) -> Signal:
    """The signal of some bytes."""
    fields: list[Any] = decode(raw)
    return Signal(*fields)
