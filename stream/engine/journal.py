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
    L, M                                                                  the same of classes, see class_statements.py
    V effective booked version reason eased event_id rows                 a revised schedule, see entries.py
    H posted booked due amount component installment charge_id event_id   a charge
    W waived booked amount charge_id waiver_id event_id                   a waiver of one
    K value_date booked amount payment_id chargeback_id event_id          a chargeback
    X day booked status event_id                                          charged off, written off, closed, transferred
    Y effective booked flag event_id                                      misuse found, technical overdue
    Z start end booked event_id                                           a pause
    U day booked event_id                                                 a resume
    E json                                                                extras before `from` of the line B, folded
    J charge_id installment component amount waived                       a charge before it

`-` stands for none. `recorded` is the date of the event, `booked` the business date on which it was taken in; where a
line lacks one that is not as usual, it ends with both, see stamps.py.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from zlib import crc32

from stream.engine import entries
from stream.engine.entries import Servicing
from stream.engine.facts import Disbursed, DisbursementCancelled, RepaymentReversed
from stream.engine.money import Row
from stream.engine.payments import Payment, directed_payment, plain_payment
from stream.engine.stamps import stamp

_PLACES_OF_IDS: Final = {
    "P": (7, 8),
    "p": (4, 5),
    "R": (2, 3, 4),
    "D": (1,),
    "C": (1,),
    "F": (1,),
    "J": (1,),
    **entries.PLACES_OF_IDS,
}


MoneyFact = Payment | Servicing


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
    servicing: list[Servicing]
    """What else takes part in the order of money."""
    extras: str
    """The folded extras that the journal begins with, as JSON; "" where there are none."""
    charges: list[str]
    """The lines of folded charges."""
    classes_said: list[str]
    """The lines of classification alerts and of their corrections."""

    def facts(self) -> list[MoneyFact]:
        """Everything in the order of money: by day, order within the day, and id."""
        if not self.servicing:
            return list(self.payments)
        return sorted([*self.payments, *self.servicing])


def counts_from(fact: MoneyFact) -> int:
    """The first business day on which the fact was known, had it been told in time."""
    return fact[0] if fact[0] < fact[3] else fact[3]


def digest(identifier: str) -> bytes:
    """Four bytes that stand for an id in `Loan.seen`."""
    return crc32(identifier.encode()).to_bytes(4, "little")


def disbursement_line(fact: Disbursed, booked: int) -> str:
    return f"D {fact.event_id}{stamp(fact.recorded, booked, fact.disbursement_date)}\n"


def cancellation_line(fact: DisbursementCancelled, booked: int) -> str:
    return f"C {fact.event_id}{stamp(fact.recorded, booked, 0)}\n"


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


def reversal_line(fact: RepaymentReversed, booked: int) -> str:
    told = stamp(fact.recorded, booked, fact.reversal_date)
    return f"R {fact.reversal_date} {fact.payment_id} {fact.reversal_id} {fact.event_id}{told}\n"


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
    servicing: list[Servicing] = []
    extras = ""
    charges: list[str] = []
    classes_said: list[str] = []
    for line in journal.decode("ascii").split("\n")[:-1]:
        mark = line[0]
        if mark == "p":
            payments.append(plain_payment(line))
        elif mark == "P":
            payments.append(directed_payment(line))
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
        elif mark == "E":
            extras = line[2:]
        elif mark == "J":
            charges.append(line)
        elif mark in "LM":
            classes_said.append(line)
        elif mark not in "DCFZU":
            servicing.append(entries.read(line))
    payments.sort()
    return Entries(
        opening,
        schedule,
        [payment for payment in payments if payment.payment_id not in reversed_ids],
        sorted((said for said in statements if said.alert_id not in superseded), key=lambda said: said.as_of),
        entries.in_order(servicing) if servicing else servicing,
        extras,
        charges,
        classes_said,
    )
