"""What few loans have: pauses, chargebacks, charges, a revised schedule, an end other than the last payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stream.engine.loan import Loan


class Extras:
    """The rare figures of a loan, in one place that is empty for most loans. Days are ordinals, 0 where there is none.

    schedule_version: the newest version of the schedule; the disbursement's is 1.
    pauses: [start, end] of each pause, both days paused, oldest first; a resumed pause ends on the day of the resume.
    paused: a pause was in force on the day on which the loan was last judged.
    held: delinquent, but a pause that is in force keeps it from being said.
    added: by installment number, what charges and chargebacks added to it, less what was waived.
    chargebacks: [installment number, value date, amount that no credit absorbed], in order.
    extra_number: number of the installment that chargebacks after maturity joined; -1: none.
    status_day: since when the loan is charged off, written off, closed or transferred.
    frozen_due: the oldest due date past due when the loan was written off, 0: none was; -1: it is not written off.
    recovered: what came in after the write-off.
    restructured: [effective date, first new due date] of each revision that eased the terms of a borrower in
        financial difficulty, oldest first.
    misuse_from, technical_from: since when funds are known to be misused; an overdue to be a technical one.
    memory: what classifications remember of the loan's past, see memory.py.
    """

    __slots__ = (
        "added",
        "chargebacks",
        "extra_number",
        "frozen_due",
        "held",
        "memory",
        "misuse_from",
        "paused",
        "pauses",
        "recovered",
        "restructured",
        "schedule_version",
        "status_day",
        "technical_from",
    )

    schedule_version: int
    pauses: list[list[int]]
    paused: bool
    held: bool
    status_day: int
    # a fold over the journal
    added: dict[int, int]
    chargebacks: list[list[int]]
    extra_number: int
    frozen_due: int
    recovered: int
    restructured: list[list[int]]
    misuse_from: int
    technical_from: int
    memory: str

    def __init__(self) -> None:
        self.schedule_version = 1
        self.pauses = []
        self.paused = self.held = False
        self.status_day = 0
        self.start_over()

    def start_over(self) -> None:
        """Forget what is a fold over the journal."""
        self.added = {}
        self.chargebacks = []
        self.extra_number = -1
        self.frozen_due = -1
        self.recovered = 0
        self.restructured = []
        self.misuse_from = self.technical_from = 0
        self.memory = ""

    def folded(self) -> list[Any]:
        """What is a fold over the journal, as plain lists and numbers."""
        return [
            self.added,
            self.chargebacks,
            self.extra_number,
            self.frozen_due,
            self.recovered,
            self.restructured,
            self.misuse_from,
            self.technical_from,
            self.memory,
        ]

    def set_folded(self, places: list[Any]) -> None:
        """The opposite of `folded`."""
        (
            self.added,
            self.chargebacks,
            self.extra_number,
            self.frozen_due,
            self.recovered,
            self.restructured,
            self.misuse_from,
            self.technical_from,
            self.memory,
        ) = places

    def packed(self) -> list[Any]:
        """Everything, as plain lists and numbers; `unpacked` gives the same back."""
        return [self.schedule_version, self.pauses, self.paused, self.held, self.status_day, *self.folded()]


def unpacked(places: list[Any]) -> Extras:
    """The extras of `packed`."""
    extras = Extras()
    extras.schedule_version, extras.pauses, extras.paused, extras.held, extras.status_day = places[:5]
    extras.set_folded(places[5:])
    return extras


def ensure(loan: Loan) -> Extras:
    """The loan's extras, begun if there are none yet."""
    extras = loan.extras
    if extras is None:
        extras = loan.extras = Extras()
    return extras
