"""Figures that many standings carry and few facts change: kept as text, so that most facts only pass them on.

The days late of the last six settled installments: "3,0,-2", the oldest first.
The bucket history: a line "code from to" per stretch, the oldest first; to is 0 for the present one.
"""

from __future__ import annotations

from typing import Final

KEPT: Final = 6
"""Settled installments whose lateness is remembered."""


def note_settled(lateness: str, days: int) -> str:
    """Add an installment that was settled so many days after its due date; negative: before."""
    if not lateness:
        return str(days)
    return ",".join([*lateness.split(",")[1 - KEPT :], str(days)])


def note_bucket(history: str, bucket: str, day: int) -> str:
    """Lift the present bucket, if there is one, and add the new one ("": none), both on `day`; the past stays."""
    if history.endswith(" 0\n"):
        history = f"{history[:-2]}{day}\n"
    return f"{history}{bucket} {day} 0\n" if bucket else history


def since(history: str, day: int) -> str:
    """What is left of a history when the stretches that ended before `day` are forgotten."""
    kept = [(line, int(line.rpartition(" ")[2])) for line in history.splitlines()]
    return "".join([line + "\n" for line, until in kept if until == 0 or until >= day])
