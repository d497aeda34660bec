"""Whether a journal has seen an id before: of an event, a payment, a reversal, a charge ...

`Loan.seen` says "certainly not" first; these read the journal's lines where it says "perhaps".
"""

from __future__ import annotations

from typing import Final

_EVENT_PLACES: Final = (
    *(("P", 8), ("p", 5), ("R", 4), ("D", 1), ("C", 1), ("F", 1)),
    *(("V", 6), ("H", 8), ("W", 6), ("K", 6), ("X", 4), ("Y", 4), ("Z", 4), ("U", 3)),
)


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
    return _names(journal, event_id, *_EVENT_PLACES)


def holds_chargeback(journal: bytes, chargeback_id: str) -> bool:
    """Whether the journal has a chargeback of this id."""
    return _names(journal, chargeback_id, ("K", 5), ("F", 1))


def holds_charge(journal: bytes, charge_id: str) -> bool:
    """Whether the journal has a charge of this id."""
    return _names(journal, charge_id, ("H", 7), ("J", 1), ("F", 1))


def knows_charge(journal: bytes, charge_id: str) -> bool:
    """Whether the loan has this charge, in this life: one from before a cancellation is nobody's any more."""
    return _names(journal, charge_id, ("H", 7), ("J", 1))


def holds_waiver(journal: bytes, waiver_id: str) -> bool:
    """Whether the journal has a waiver of this id."""
    return _names(journal, waiver_id, ("W", 5), ("F", 1))


def holds_resume(journal: bytes, day: int) -> bool:
    """Whether the journal has a resume of this date."""
    return f"\nU {day} ".encode() in journal


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
