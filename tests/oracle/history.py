"""What was told of a loan after its disbursement: each fact with its own day, and the business date that took it in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar


@dataclass(frozen=True)
class Fact:
    """Something that happened to the loan."""

    event_id: str
    day: date
    """Its own day: value date, effective date, start of a pause."""
    booked: date
    """Business date on which it was taken in."""

    order: ClassVar[int] = 0
    """Among the facts of one day: revisions, pauses, charges, waivers, money in, money out, endings."""

    @property
    def counts_from(self) -> date:
        """The first business day on which it would have been known, had it been told in time."""
        return min(self.day, self.booked)

    @property
    def name(self) -> str:
        """Decides between facts of one day and order."""
        return self.event_id

    @property
    def place(self) -> tuple[date, int, str]:
        """Its place among all facts, whatever the order in which they came."""
        return (self.day, self.order, self.name)


@dataclass(frozen=True)
class Revision(Fact):
    """Rows of the schedule are replaced by number; those not named and due on or after its day are dropped."""

    version: int
    schedule: tuple[dict[str, Any], ...]
    eased: bool = False
    """The terms were eased because the borrower is in financial difficulty."""
    order: ClassVar[int] = -4


@dataclass(frozen=True)
class Pause(Fact):
    """Delinquent days stand still from its day to its end, both inclusive."""

    end: date
    order: ClassVar[int] = -3


@dataclass(frozen=True)
class Resume(Fact):
    """The pause that is running on its day ends with it."""

    ends: frozenset[str]
    """The pauses that it ends, by their events."""
    order: ClassVar[int] = -3


@dataclass(frozen=True)
class Charge(Fact):
    """A fee or a penalty on top of the schedule."""

    charge_id: str
    component: str
    due_date: date
    amount: int
    installment: int | None
    order: ClassVar[int] = -2

    @property
    def name(self) -> str:
        return self.charge_id


@dataclass(frozen=True)
class Waiver(Fact):
    """A charge is not owed any more, up to an amount; None: all of it."""

    waiver_id: str
    charge_id: str
    amount: int | None
    order: ClassVar[int] = -1

    @property
    def name(self) -> str:
        return self.waiver_id


@dataclass(frozen=True)
class Payment(Fact):
    """Money that came in for a loan, or credit that was paid out again."""

    payment_id: str
    amount: int
    kind: str = "repayment"
    installment: int | None = None
    allocations: tuple[dict[str, int], ...] | None = None

    @property
    def name(self) -> str:
        return self.payment_id

    @property
    def place(self) -> tuple[date, int, str]:
        return (self.day, 1 if self.kind == "credit_balance_refund" else 0, self.payment_id)


@dataclass(frozen=True)
class Chargeback(Fact):
    """Money that was really received was taken back."""

    chargeback_id: str
    payment_id: str
    amount: int
    order: ClassVar[int] = 2

    @property
    def name(self) -> str:
        return self.chargeback_id


@dataclass(frozen=True)
class Ending(Fact):
    """The loan was charged_off, written_off, closed or transferred."""

    status: str
    order: ClassVar[int] = 3


@dataclass(frozen=True)
class Indication(Fact):
    """What upstream found out of the borrower's ability to pay; it is not known before its day."""

    indication: str
    ended: bool = False
    order: ClassVar[int] = -3

    @property
    def name(self) -> str:
        return f"{int(self.ended)}{self.event_id}"  # of one day: set before ended


@dataclass(frozen=True)
class Impairment(Fact):
    """The loan is credit-impaired, with so many percent of it expected to be lost; None: it is not, or no more."""

    expected_loss: Fraction | None
    order: ClassVar[int] = -3


@dataclass(frozen=True)
class Flag(Fact):
    """misuse_found or technical_overdue: only classifications look at it."""

    flag: str
    order: ClassVar[int] = -3


def schedule_in_force(first: list[dict[str, Any]], facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """The rows of the first schedule as the revisions left them, oldest due date first."""
    rows = {row["number"]: row for row in first}
    for revision in sorted((f for f in facts if isinstance(f, Revision)), key=lambda f: f.version):
        named = {row["number"]: row for row in revision.schedule}
        kept = {n: row for n, row in rows.items() if date.fromisoformat(row["due_date"]) < revision.day}
        rows = kept | named
    return sorted(rows.values(), key=lambda row: (row["due_date"], row["number"]))


def version(facts: Iterable[Fact]) -> int:
    """The version of the schedule; that of the disbursement is 1."""
    return max((f.version for f in facts if isinstance(f, Revision)), default=1)


def pauses(facts: Iterable[Fact]) -> list[tuple[date, date]]:
    """First and last day of each pause, as resumed."""
    return sorted(pauses_by_event(facts).values())


def pauses_by_event(facts: Iterable[Fact]) -> dict[str, tuple[date, date]]:
    """The same, each by the event that granted it."""
    facts = list(facts)
    resumes = [f for f in facts if isinstance(f, Resume)]
    return {
        f.event_id: (f.day, min([f.end, *(r.day for r in resumes if f.event_id in r.ends)]))
        for f in facts
        if isinstance(f, Pause)
    }


def deducted(stretches: list[tuple[date, date]], day: date) -> int:
    """Days that pauses take off on a day: a running one stops the count after its first day."""
    return sum(max(0, (min(day, end) - start).days) for start, end in stretches)


def in_force(stretches: list[tuple[date, date]], day: date) -> bool:
    """Whether a day is paused."""
    return any(start <= day <= end for start, end in stretches)
