"""A borrower: the loans side by side, the signals from outside, and the warnings that stand."""

from __future__ import annotations

from typing import Any, Final

from stream.warning.awaited import Awaited
from stream.warning.features import Past
from stream.warning.loan_view import LoanView, view_of
from stream.warning.signals import Observation

CYCLES_KEPT: Final = 4
LOANS_KEPT: Final = 24
"""Ended loans whose figures are kept one by one; older ones are folded into the borrower's past."""

NUMBER: Final = 0
DUE: Final = 1
SCHEDULED: Final = 2
PAID_BY_DUE: Final = 3
PAID_BY_GRACE: Final = 4
UNKNOWN: Final = -1
"""Places of a cycle, and the mark of a figure that its day has not shown yet."""

Cycle = list[int]
"""An installment that came due: number, due date, amount of the schedule, paid by the end of its due day, and by the
end of its grace."""


class BorrowerLoan:
    """One loan in the borrower's memory."""

    __slots__ = ("awaited", "cycles", "revised", "view", "watched")

    def __init__(self, view: LoanView) -> None:
        """A loan that was not known before."""
        self.view = view
        self.awaited = Awaited()
        """The score's own memory of the loan."""
        self.cycles: list[Cycle] = []
        """The last installments that came due, the oldest first."""
        self.watched: list[int] = []
        """The upcoming installment as last seen: number, due date, amount of the schedule, unpaid."""
        self.revised: list[int] = []
        """The last revision of the schedule: its day, the amount due before, the amount due after."""

    def packed(self) -> list[Any]:
        """As plain lists."""
        return [list(self.view), self.awaited.packed(), self.cycles, self.watched, self.revised]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> BorrowerLoan:
        """The opposite of packed()."""
        self = cls(view_of(packed[0]))
        self.awaited = Awaited.unpacked(packed[1])
        self.cycles, self.watched, self.revised = packed[2:]
        return self


class Standing:
    """A warning that stands, from its raise to its clearing."""

    __slots__ = ("absent", "absent_in", "code", "cycle", "loan_id", "severity", "since", "warning_id")

    def __init__(self, code: str, loan_id: str, cycle: str, severity: str, day: int, warning_id: str) -> None:
        """Raised on `day`; `loan_id` is empty where it is about the borrower."""
        self.code = code
        self.loan_id = loan_id
        self.cycle = cycle
        self.severity = severity
        self.since = day
        """Day on which it reached its severity."""
        self.warning_id = warning_id
        self.absent = 0
        """Looks in a row at which its condition did not hold."""
        self.absent_in = ""
        """The last cycle in which a score's condition did not hold."""

    def packed(self) -> list[Any]:
        """As a plain list."""
        first = [self.absent, self.absent_in, self.code, self.cycle]
        return [*first, self.loan_id, self.severity, self.since, self.warning_id]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Standing:
        """The opposite of packed()."""
        absent, absent_in, code, cycle, loan_id, severity, since, warning_id = packed
        self = cls(code, loan_id, cycle, severity, since, warning_id)
        self.absent, self.absent_in = absent, absent_in
        return self


class Borrower:
    """Everything that is remembered of one borrower."""

    __slots__ = ("borrower_id", "ended", "loans", "past", "pledges", "signals", "standing")

    def __init__(self, borrower_id: str) -> None:
        self.borrower_id = borrower_id
        self.loans: dict[str, BorrowerLoan] = {}
        self.past = Past()
        """What the loans come to that ended and are kept no more."""
        self.signals: dict[str, list[Observation]] = {}
        self.standing: dict[tuple[str, str], Standing] = {}
        """Warnings that stand, by code and loan."""
        self.ended: dict[tuple[str, str], str] = {}
        """The cycle of the last warning of a code and loan that was cleared: not raised twice in one cycle."""
        self.pledges: list[list[Any]] = []
        """Warnings whose outcome is awaited."""

    def packed(self) -> list[Any]:
        """As plain lists."""
        return [
            self.borrower_id,
            [loan.packed() for loan in self.loans.values()],
            self.past.packed(),
            {kind: [list(one) for one in kept] for kind, kept in self.signals.items()},
            [one.packed() for one in self.standing.values()],
            [[*key, cycle] for key, cycle in self.ended.items()],
            self.pledges,
        ]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Borrower:
        """The opposite of packed()."""
        self = cls(packed[0])
        self.loans = {loan.view.loan_id: loan for loan in map(BorrowerLoan.unpacked, packed[1])}
        self.past = Past(*packed[2])
        self.signals = {kind: [Observation(*one) for one in kept] for kind, kept in packed[3].items()}
        self.standing = {(one.code, one.loan_id): one for one in map(Standing.unpacked, packed[4])}
        self.ended = {(code, loan_id): cycle for code, loan_id, cycle in packed[5]}
        self.pledges = packed[6]
        return self
