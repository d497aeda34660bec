"""Signals from outside, as the rules read them: one observation about a borrower on one day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Signal(NamedTuple):
    """One checked event of `borrowers.signals`."""

    event_id: str
    recorded: int
    """Local date of the event's time, as an ordinal."""
    borrower_id: str
    kind: str
    """The event's type without `borrower.`"""
    observed: int
    """Observation date, as an ordinal."""
    about: str
    """What it is about beside the borrower (a card, a debit, a case, a guarantor); "": nothing."""
    figures: Mapping[str, Any]


class Observation(NamedTuple):
    """A signal as a borrower's memory keeps it."""

    observed: int
    about: str
    event_id: str
    figures: Mapping[str, Any]
    replaced: tuple[str, ...] = ()
    """Events that it replaced, the last few: when one of them comes again, it changes nothing."""


REPLACED_KEPT: Final = 4

KEPT: Final[Mapping[str, int]] = {
    "balance_reported": 8,
    "debit_failed": 12,
    "mandate_changed": 2,
    "card_usage_reported": 24,
    "bureau_reported": 6,
    "score_changed": 12,
    "spending_reported": 12,
    "income_reported": 12,
    "employment_changed": 2,
    "turnover_reported": 16,
    "tax_reported": 16,
    "legal_case_found": 12,
    "legal_case_closed": 12,
    "deposits_reported": 12,
    "misuse_found": 4,
    "misuse_cleared": 4,
    "relief_requested": 4,
    "relief_granted": 4,
    "guarantor_reported": 12,
    "impairment_reported": 2,
}
"""Observations kept of each kind, the newest: enough for the longest window that a rule looks back over."""


def remember(kept: list[Observation], new: Observation, limit: int) -> bool:
    """Add an observation in the order of days; one of the same day about the same replaces it.

    False: it was seen before, or it is older than everything kept of a full memory.
    """
    if any(old.event_id == new.event_id or new.event_id in old.replaced for old in kept):
        return False
    if len(kept) >= limit and new.observed < kept[0].observed:
        return False
    for old in kept:
        if (old.observed, old.about) == (new.observed, new.about):
            kept.remove(old)
            new = new._replace(replaced=(*old.replaced, old.event_id)[-REPLACED_KEPT:])
            break
    kept.append(new)
    kept.sort(key=lambda one: (one.observed, one.event_id))
    del kept[: max(0, len(kept) - limit)]
    return True
