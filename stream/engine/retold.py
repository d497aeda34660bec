"""The facts of a loan, read back from its journal, in the order in which they took effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from stream.engine import entries
from stream.engine.dates import Day
from stream.engine.entries import Charge, Chargeback, Revision, Waiver
from stream.engine.facts import (
    ChargedBack,
    ChargePosted,
    ChargeWaived,
    DelinquencyPaused,
    DelinquencyResumed,
    Disbursed,
    DisbursementCancelled,
    Fact,
    Flagged,
    Repaid,
    RepaymentReversed,
    ScheduleRevised,
    StatusSet,
)
from stream.engine.loan import Loan
from stream.engine.money import FEE, PRINCIPAL, Row
from stream.engine.payments import directed_payment, plain_payment
from stream.engine.stamps import unstamped


class Told(NamedTuple):
    """A fact, and the business date on which it was taken in."""

    fact: Fact
    booked: int


def told(loan: Loan) -> list[Told]:
    """Every fact of the journal; of a loan whose older facts are folded, those from `loan.history_from` on.

    The disbursement comes first, also of a folded journal: its schedule is then what was unpaid. What no figure depends
    on is not kept and not told: the annual rate, guarantors, and the day that a cancellation names.
    """
    lines = loan.journal.decode("ascii").split("\n")[:-1]
    schedule = [[int(number) for number in line.split(" ")[1:]] for line in lines if line[0] == "S"]
    found = []
    for line in lines:
        if line[0] == "D":
            found.append(_disbursed(line, loan, schedule))
        elif line[0] in _READER_OF_MARK:
            found.append(_READER_OF_MARK[line[0]](line, loan.loan_id))
    return found


def _disbursed(line: str, loan: Loan, schedule: list[Row]) -> Told:
    line, recorded, booked = unstamped(line)
    usual = loan.disbursement_date
    fact = Disbursed(
        line.split(" ")[1],
        Day(recorded or usual),
        loan.loan_id,
        loan.borrower_id,
        loan.product,
        loan.segment,
        loan.currency,
        sum([row[PRINCIPAL] for row in schedule]),
        Day(usual),
        "0",
        schedule,
        None if loan.grace_days < 0 else loan.grace_days,
        (),
    )
    return Told(fact, booked or usual)


def _repaid(line: str, loan_id: str) -> Told:
    words = line.split(" ")
    if line[0] == "p":
        payment, recorded, event_id = plain_payment(line), int(words[1]), words[5]
    else:
        payment, recorded, event_id = directed_payment(line), int(words[2]), words[8]
    fact = Repaid(
        event_id,
        Day(recorded),
        loan_id,
        payment.payment_id,
        Day(payment.value_date),
        payment.amount,
        payment.kind,
        payment.installment,
        payment.allocations,
    )
    return Told(fact, payment.booked)


def _reversed(line: str, loan_id: str) -> Told:
    line, recorded, booked = unstamped(line)
    _, on, payment_id, reversal_id, event_id = line.split(" ")
    day = Day(int(on))
    return Told(
        RepaymentReversed(event_id, Day(recorded or day), loan_id, payment_id, reversal_id, day), booked or int(on)
    )


def _cancelled(line: str, loan_id: str) -> Told:
    line, recorded, booked = unstamped(line)
    return Told(DisbursementCancelled(line.split(" ")[1], Day(recorded), loan_id, Day(recorded)), booked)


def _servicing(line: str, loan_id: str) -> Told:
    """A line of V, H, W, K, X or Y."""
    entry = entries.read(line)
    line, recorded, _ = unstamped(line)
    words = line.split(" ")
    told_on = Day(recorded or entry.booked)
    if isinstance(entry, Revision):
        fact: Fact = ScheduleRevised(
            words[6], told_on, loan_id, entry.version, Day(entry.effective), words[4], entry.eased, entry.rows
        )
    elif isinstance(entry, Charge):
        kind = "fee" if entry.component == FEE else "penalty"
        fact = ChargePosted(
            words[8],
            Day(entry.posted),
            loan_id,
            entry.charge_id,
            kind,
            Day(entry.due),
            entry.amount,
            entry.installment,
        )
    elif isinstance(entry, Waiver):
        fact = ChargeWaived(
            words[6], told_on, loan_id, entry.charge_id, entry.waiver_id, Day(entry.waived), entry.amount
        )
    elif isinstance(entry, Chargeback):
        fact = ChargedBack(
            words[6], told_on, loan_id, entry.chargeback_id, entry.payment_id, Day(entry.value_date), entry.amount
        )
    elif line[0] == "X":
        fact = StatusSet(words[4], told_on, loan_id, words[3], Day(int(words[1])))
    else:
        fact = Flagged(words[4], told_on, loan_id, words[3], Day(int(words[1])))
    return Told(fact, entry.booked)


def _paused(line: str, loan_id: str) -> Told:
    line, recorded, _ = unstamped(line)
    _, start, end, booked, event_id = line.split(" ")
    fact = DelinquencyPaused(event_id, Day(recorded or int(booked)), loan_id, Day(int(start)), Day(int(end)))
    return Told(fact, int(booked))


def _resumed(line: str, loan_id: str) -> Told:
    _, day, booked, event_id = line.split(" ")
    return Told(DelinquencyResumed(event_id, Day(int(day)), loan_id, Day(int(day)), None), int(booked))


_READER_OF_MARK: Final[dict[str, Callable[[str, str], Told]]] = {
    "P": _repaid,
    "p": _repaid,
    "R": _reversed,
    "C": _cancelled,
    "Z": _paused,
    "U": _resumed,
    **dict.fromkeys("VHWKXY", _servicing),
}
