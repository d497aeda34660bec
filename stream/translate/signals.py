"""`borrowers.signals`: checked data of an event to the signal that the early warning is told."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from pydantic import BaseModel

from stream.warning.signals import Signal

_PREFIX: Final = "borrower."
_ABOUT: Final = ("card_id", "debit_id", "case_id", "guarantor_id")
"""What a signal is about beside the borrower, by the name of its field."""
_NAMES: Final = {"last_invoice_date": "last_invoice"}


def is_signal(event_type: str) -> bool:
    """Whether events of this type are about a borrower."""
    return event_type.startswith(_PREFIX)


def signal(event_id: str, recorded: int, event_type: str, data: BaseModel) -> Signal:
    """The signal of an event; dates among its figures become ordinals."""
    figures: dict[str, Any] = {}
    about = ""
    for name, value in data:
        if name in ("borrower_id", "observation_date"):
            continue
        if name in _ABOUT:
            about = value
        else:
            figures[_NAMES.get(name, name)] = value.toordinal() if isinstance(value, date) else value
    fields: Any = data
    return Signal(
        event_id,
        recorded,
        fields.borrower_id,
        event_type.removeprefix(_PREFIX),
        fields.observation_date.toordinal(),
        about,
        figures,
    )
