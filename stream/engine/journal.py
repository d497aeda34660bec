"""The journal of a loan: every fact and every statement, one ASCII line each, only ever appended to.

    D event_id                                                            the disbursement
    C event_id                                                            its cancellation
    F id                                                                  an id of the life before a cancellation
    S number due principal interest fee penalty total                     an installment as scheduled
    B from credit shortfalls worst value_date payment_id amount lateness   what came before `from`, folded
    P value_date recorded booked amount kind installment payment_id event_id allocations
    p value_date booked-value_date amount payment_id event_id             a plain repayment, recorded on its value date
    R reversal_date payment_id reversal_id event_id
    A as_of episode bucket delinquent id supersedes                       what an alert said of its day

`-` stands for none. `recorded` is the date of the event, `booked` the business date on which it was taken in.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from zlib import crc32

from stream.engine.facts import Allocation, Repaid, RepaymentReversed
from stream.engine.money import Money, Row

KIND_OF_LETTER: Final = {
    "r": "repayment",
    "d": "down_payment",
    "g": "goodwill_credit",
    "f": "refund",
    "v": "recovery",
    "c": "credit_balance_refund",
}
_PLACES_OF_IDS: Final = {"P": (7, 8), "p": (4, 5), "R": (2, 3, 4), "D": (1,), "C": (1,), "F": (1,)}
LETTER_OF_KIND: Final = {kind: letter for letter, kind in KIND_OF_LETTER.items()}


class Payment(NamedTuple):
    """A payment as the journal has it; the order of allocation is (value_date, order, payment_id)."""

    value_date: int
    order: int
    payment_id: str
    booked: int
    amount: Money
    kind: str
    installment: int | None
    allocations: tuple[Allocation, ...] | None

    def counts_from(self) -> int:
        """The first business day on which the payment was known, had it been told in time."""
        return self.value_date if self.value_date < self.booked else self.booked


class Statement(NamedTuple):
    """What an alert said of its day."""

    as_of: int
    episode: int
    bucket: str
    delinquent: bool
    alert_id: str


class Entries(NamedTuple):
    """A journal, read."""

    opening: str | None
    schedule: list[Row]
    payments: list[Payment]
    """Those that stand, in order of allocation."""
    statements: list[Statement]
    """Those that stand, oldest first."""


def digest(identifier: str) -> bytes:
    """Four bytes that stand for an id in `Loan.seen`."""
    return crc32(identifier.encode()).to_bytes(4, "little")


def order_of(kind: str) -> int:
    """On one value date credit is paid out after money came in."""
    return 1 if kind == "credit_balance_refund" else 0


def disbursement_line(event_id: str) -> str:
    return f"D {event_id}\n"


def cancellation_line(event_id: str) -> str:
    return f"C {event_id}\n"


def former_ids(journal: bytes) -> bytes:
    """Every id of the journal, as lines of ids alone: what a loan keeps that is disbursed again."""
    lines = journal.decode("ascii").split("\n")[:-1]
    return "".join([f"F {identifier}\n" for line in lines for identifier in identifiers(line)]).encode()


def identifiers(line: str) -> list[str]:
    """The ids of events, payments and reversals that a line has."""
    places = _PLACES_OF_IDS.get(line[0])
    if places is None:
        return []
    words = line.split(" ")
    return [words[place] for place in places]


def schedule_line(row: Row) -> str:
    return "S " + " ".join(map(str, row)) + "\n"


def payment_line(fact: Repaid, booked: int, directed: bool) -> str:
    """Short where nothing is out of the ordinary: that is most of what a lender's table holds.

    `directed`: of a kind of its own, meant for an installment, or with a given allocation.
    """
    event_id, recorded, _, payment_id, on, amount, kind, installment, allocations = fact
    if recorded == on and not directed:
        return f"p {on} {booked - on} {amount} {payment_id} {event_id}\n"
    meant_for = "-" if installment is None else installment
    given = "-" if allocations is None else ",".join(":".join(map(str, part)) for part in allocations)
    letter = LETTER_OF_KIND[kind]
    return f"P {on} {recorded} {booked} {amount} {letter} {meant_for} {payment_id} {event_id} {given}\n"


def payment(fact: Repaid, booked: int) -> Payment:
    """A payment as the journal will have it."""
    return Payment(
        fact.value_date,
        order_of(fact.kind),
        fact.payment_id,
        booked,
        fact.amount,
        fact.kind,
        fact.installment,
        fact.allocations,
    )


def reversal_line(fact: RepaymentReversed) -> str:
    return f"R {fact.reversal_date} {fact.payment_id} {fact.reversal_id} {fact.event_id}\n"


def statement_line(said: Statement, supersedes: str | None) -> str:
    delinquent = 1 if said.delinquent else 0
    return f"A {said.as_of} {said.episode} {said.bucket or '-'} {delinquent} {said.alert_id} {supersedes or '-'}\n"


def read(journal: bytes) -> Entries:
    """The facts that stand: without reversed payments and superseded statements."""
    opening = None
    schedule: list[Row] = []
    payments: list[Payment] = []
    statements: list[Statement] = []
    reversed_ids: set[str] = set()
    superseded: set[str] = set()
    for line in journal.decode("ascii").split("\n")[:-1]:
        mark = line[0]
        if mark == "p":
            payments.append(_plain_payment(line))
        elif mark == "P":
            payments.append(_payment(line))
        elif mark == "S":
            schedule.append([int(number) for number in line.split(" ")[1:]])
        elif mark == "R":
            reversed_ids.add(line.split(" ")[2])
        elif mark == "A":
            _, as_of, episode, bucket, delinquent, alert_id, replaced = line.split(" ")
            stated = "" if bucket == "-" else bucket
            statements.append(Statement(int(as_of), int(episode), stated, delinquent == "1", alert_id))
            superseded.add(replaced)
        elif mark == "B":
            opening = line
    payments.sort()
    return Entries(
        opening,
        schedule,
        [payment for payment in payments if payment.payment_id not in reversed_ids],
        sorted((said for said in statements if said.alert_id not in superseded), key=lambda said: said.as_of),
    )


def _plain_payment(line: str) -> Payment:
    _, value_date, later, amount, payment_id, _ = line.split(" ")
    day = int(value_date)
    return Payment(day, 0, payment_id, day + int(later), int(amount), "repayment", None, None)


def _payment(line: str) -> Payment:
    _, value_date, _, booked, amount, letter, installment, payment_id, _, given = line.split(" ")
    kind = KIND_OF_LETTER[letter]
    return Payment(
        int(value_date),
        order_of(kind),
        payment_id,
        int(booked),
        int(amount),
        kind,
        None if installment == "-" else int(installment),
        None if given == "-" else tuple(_allocation(part) for part in given.split(",")),
    )


def _allocation(text: str) -> Allocation:
    installment, principal, interest, fee, penalty = text.split(":")
    return Allocation(int(installment), int(principal), int(interest), int(fee), int(penalty))


def holds_payment(journal: bytes, payment_id: str) -> bool:
    """Whether the journal has a payment of this id, reversed or not."""
    return _names(journal, payment_id, ("P", 7), ("p", 4), ("F", 1))


def holds_reversal_of(journal: bytes, payment_id: str) -> bool:
    """Whether the journal has a reversal of this payment."""
    return _names(journal, payment_id, ("R", 2))


def holds_reversal(journal: bytes, reversal_id: str) -> bool:
    """Whether the journal has a reversal of this id."""
    return _names(journal, reversal_id, ("R", 3), ("F", 1))


def holds_event(journal: bytes, event_id: str) -> bool:
    """Whether the journal has a fact that came with this event."""
    return _names(journal, event_id, ("P", 8), ("p", 5), ("R", 4), ("D", 1), ("C", 1), ("F", 1))


def _names(journal: bytes, identifier: str, *places: tuple[str, int]) -> bool:
    """Whether a line of one of these marks has the identifier in its place."""
    if f" {identifier}".encode() not in journal:
        return False
    place_of = dict(places)
    for line in journal.decode("ascii").split("\n")[:-1]:
        place = place_of.get(line[0])
        if place is not None and line.split(" ")[place] == identifier:
            return True
    return False
