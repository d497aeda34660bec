"""Pauses of delinquency: agreed stretches of days that do not count as delinquent (domain reference, 9.8 to 9.10).

A pause is in force from its start to its end, both inclusive. It deducts end - start days once it is over, and
today - start while it runs: days still advance on the start day, then stand still, and go on the day after the end.
"""

from __future__ import annotations

from stream.engine.loan import Loan


def deducted(loan: Loan, day: int) -> int:
    """The days that all pauses together deduct on `day`, wherever they lie; no day is deducted twice."""
    if loan.extras is None:
        return 0
    return sum([max(0, min(day, end) - start) for start, end in loan.extras.pauses])


def in_force(loan: Loan, day: int) -> bool:
    """Whether a pause is in force on `day`."""
    return pause_on(loan, day) is not None


def pause_on(loan: Loan, day: int) -> list[int] | None:
    """The pause in force on `day`, the later one where two meet, or None."""
    if loan.extras is None:
        return None
    found = None
    for pause in loan.extras.pauses:
        if pause[0] <= day <= pause[1]:
            found = pause
    return found


def overlaps(pauses: list[list[int]], start: int, end: int) -> bool:
    """Whether a pause from start to end shares more than a first or last day with one of these."""
    return any(start < other_end and other_start < end for other_start, other_end in pauses)


def next_change(loan: Loan, day: int) -> int:
    """The first day after `day` on which a pause begins, or has ended the day before; 0: none."""
    if loan.extras is None:
        return 0
    changes = [change for start, end in loan.extras.pauses for change in (start, end + 1) if change > day]
    return min(changes, default=0)


def latest_pause(pauses: list[list[int]], day: int) -> list[int]:
    """The pause that ended last before `day`; there is one."""
    return max((pause for pause in pauses if pause[1] < day), key=lambda pause: pause[1])
