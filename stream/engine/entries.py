"""Servicing facts as the journal keeps them, each with the day, the order and the id that place it among the others.

The first four places of every entry are the same: the day from which it counts in the order of money, its order
within that day, an id, and `booked`: the business date on which it was taken in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from stream.engine.facts import ChargedBack, ChargePosted, ChargeWaived, Flagged, ScheduleRevised, StatusSet
from stream.engine.money import FEE, PENALTY, Money, Row
from stream.engine.stamps import stamp, unstamped

REVISED: Final = -5
FLAGGED: Final = -4
UNFLAGGED: Final = -3
CHARGED: Final = -2
WAIVED: Final = -1
TAKEN_BACK: Final = 2
ENDED: Final = 3
"""What comes first on one day; payments are 0, credit paid out is 1 (payments.order_of)."""

_LETTER_OF_COMPONENT: Final = {FEE: "f", PENALTY: "q"}
_COMPONENT_OF_LETTER: Final = {"f": FEE, "q": PENALTY}
_COMPONENT_OF_KIND: Final = {"fee": FEE, "penalty": PENALTY}


class Revision(NamedTuple):
    """Rows that replace others from `effective` on."""

    effective: int
    order: int
    version: int
    booked: int
    eased: bool
    """The terms were eased because the borrower is in financial difficulty."""
    rows: list[Row]
    re_aged: bool = False
    """Arrears were brought current without being paid (FFIEC re-aging)."""


class Charge(NamedTuple):
    """A fee or penalty, owed from the day on which it was posted."""

    posted: int
    order: int
    charge_id: str
    booked: int
    due: int
    component: int
    amount: Money
    installment: int | None


class Waiver(NamedTuple):
    """What is not owed any more of a charge; `amount` None: all of it."""

    waived: int
    order: int
    waiver_id: str
    booked: int
    charge_id: str
    amount: Money | None


class Chargeback(NamedTuple):
    """Money that was received was taken back."""

    value_date: int
    order: int
    chargeback_id: str
    booked: int
    payment_id: str
    amount: Money


class Ending(NamedTuple):
    """The loan was closed, transferred or written off."""

    day: int
    order: int
    event_id: str
    booked: int
    status: str


class Flag(NamedTuple):
    """Something was found that a classification looks at, or is so no more."""

    effective: int
    order: int
    event_id: str
    booked: int
    flag: str


Servicing = Revision | Charge | Waiver | Chargeback | Ending | Flag

PLACES_OF_IDS: Final = {"V": (6,), "K": (4, 5, 6), "H": (7, 8), "W": (5, 6), "Z": (4,), "U": (3,), "X": (4,), "Y": (4,)}
"""Where the ids are in a line of each mark."""


def revision_line(fact: ScheduleRevised, booked: int) -> str:
    rows = ",".join([":".join(map(str, row[:6])) for row in fact.schedule])
    eased = 1 if fact.financial_difficulty or fact.reason == "restructuring" else 0
    head = f"V {fact.effective_date} {booked} {fact.schedule_version}"
    return f"{head} {fact.reason} {eased} {fact.event_id} {rows or '-'}{stamp(fact.recorded, booked, booked)}\n"


def charge_line(fact: ChargePosted, booked: int) -> str:
    letter = _LETTER_OF_COMPONENT[_COMPONENT_OF_KIND[fact.kind]]
    joins = "-" if fact.installment is None else fact.installment
    return (
        f"H {fact.recorded} {booked} {fact.due_date} {fact.amount} {letter} {joins} {fact.charge_id} {fact.event_id}\n"
    )


def waiver_line(fact: ChargeWaived, booked: int) -> str:
    amount = "-" if fact.amount is None else fact.amount
    told = stamp(fact.recorded, booked, booked)
    return f"W {fact.waiver_date} {booked} {amount} {fact.charge_id} {fact.waiver_id} {fact.event_id}{told}\n"


def chargeback_line(fact: ChargedBack, booked: int) -> str:
    told = stamp(fact.recorded, booked, booked)
    return f"K {fact.value_date} {booked} {fact.amount} {fact.payment_id} {fact.chargeback_id} {fact.event_id}{told}\n"


def ending_line(fact: StatusSet, booked: int) -> str:
    day = min(fact.effective_date, fact.recorded)
    return f"X {day} {booked} {fact.status} {fact.event_id}{stamp(fact.recorded, booked, booked)}\n"


def flag_line(fact: Flagged, booked: int) -> str:
    told = stamp(fact.recorded, booked, booked)
    return f"Y {fact.effective_date} {booked} {fact.flag} {fact.event_id}{told}\n"


def pause_line(start: int, end: int, recorded: int, booked: int, event_id: str) -> str:
    return f"Z {start} {end} {booked} {event_id}{stamp(recorded, booked, booked)}\n"


def resume_line(day: int, booked: int, event_id: str) -> str:
    return f"U {day} {booked} {event_id}\n"  # recorded on the day itself, or it would have been refused


def read(line: str) -> Servicing:
    """The entry of a line of one of the marks V, H, W, K, X and Y."""
    return _READER_OF_MARK[line[0]](unstamped(line)[0].split(" "))


def _revision(words: list[str]) -> Revision:
    _, effective, booked, version, reason, eased, _, rows = words
    re_aged = reason == "re_age"
    return Revision(int(effective), REVISED, int(version), int(booked), eased == "1", _rows(rows), re_aged)


def _charge(words: list[str]) -> Charge:
    _, posted, booked, due, amount, letter, joins, charge_id, _ = words
    installment = None if joins == "-" else int(joins)
    component = _COMPONENT_OF_LETTER[letter]
    return Charge(int(posted), CHARGED, charge_id, int(booked), int(due), component, int(amount), installment)


def _waiver(words: list[str]) -> Waiver:
    _, on, booked, asked, charge_id, waiver_id, _ = words
    return Waiver(int(on), WAIVED, waiver_id, int(booked), charge_id, None if asked == "-" else int(asked))


def _chargeback(words: list[str]) -> Chargeback:
    _, on, booked, amount, payment_id, chargeback_id, _ = words
    return Chargeback(int(on), TAKEN_BACK, chargeback_id, int(booked), payment_id, int(amount))


def _ending(words: list[str]) -> Ending:
    _, on, booked, status, event_id = words
    return Ending(int(on), ENDED, event_id, int(booked), status)


def _flag(words: list[str]) -> Flag:
    _, on, booked, flag, event_id = words
    order = UNFLAGGED if flag.startswith("indication_ended:") else FLAGGED
    return Flag(int(on), order, event_id, int(booked), flag)


_READER_OF_MARK: Final[dict[str, Callable[[list[str]], Servicing]]] = {
    "V": _revision,
    "H": _charge,
    "W": _waiver,
    "K": _chargeback,
    "X": _ending,
    "Y": _flag,
}


def _rows(text: str) -> list[Row]:
    rows = []
    for part in [] if text == "-" else text.split(","):
        row = [int(number) for number in part.split(":")]
        rows.append([*row, sum(row[2:])])
    return rows


def in_order(facts: list[Servicing]) -> list[Servicing]:
    """The same facts, with no waiver before the charge that it is of."""
    posted = {fact.charge_id: fact.posted for fact in facts if isinstance(fact, Charge)}
    return [
        fact._replace(waived=max(fact.waived, posted.get(fact.charge_id, 0))) if isinstance(fact, Waiver) else fact
        for fact in facts
    ]
