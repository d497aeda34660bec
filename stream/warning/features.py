"""A borrower's settled installments as a few numbers.

A loan brings the days late of its last settled installments; loans that ended are folded into sums that decay by
installment. Everything is a function of those lists: a reversal that rewrites a list rewrites the figures, as if it
had been so from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from stream.warning.loan_view import LoanView

DECAY: Final = 0.85
"""Weight of an installment relative to the one settled after it."""
SERIOUS_DAYS: Final = 5
"""An installment settled later than this is seriously late."""
CLIP_DAYS: Final = 30
MAX_CYCLES: Final = 24


class Past:
    """What the settled installments of a borrower, or of one loan, come to."""

    __slots__ = ("count", "habit", "last", "late", "serious", "since_late", "weight")

    def __init__(
        self,
        weight: float = 0.0,
        late: float = 0.0,
        serious: float = 0.0,
        count: int = 0,
        habit: float = 0.0,
        last: int = 0,
        since_late: int = MAX_CYCLES,
    ) -> None:
        """Nothing settled yet; weight, late and serious are decayed counts of installments."""
        self.weight = weight
        self.late = late
        self.serious = serious
        self.count = count
        self.habit = habit
        self.last = last
        self.since_late = since_late

    def packed(self) -> list[float]:
        """The numbers, in the order of the constructor."""
        return [self.weight, self.late, self.serious, self.count, self.habit, self.last, self.since_late]

    @classmethod
    def unpacked(cls, packed: Sequence[float]) -> Past:
        """The opposite of packed()."""
        weight, late, serious, count, habit, last, since_late = packed
        return cls(weight, late, serious, int(count), habit, int(last), int(since_late))

    def copy(self) -> Past:
        return Past(self.weight, self.late, self.serious, self.count, self.habit, self.last, self.since_late)


def fold(past: Past, days_late: Iterable[int]) -> None:
    """Add settled installments, the oldest first."""
    for days in days_late:
        late = days > 0
        past.weight = DECAY * past.weight + 1
        past.late = DECAY * past.late + late
        past.serious = DECAY * past.serious + (days > SERIOUS_DAYS)
        step = max(0.3, 1 / (past.count + 1))
        past.habit += step * (_clipped(days) - past.habit)
        past.count += 1
        past.last = days
        past.since_late = 0 if late else min(past.since_late + 1, MAX_CYCLES)


def borrower_past(past: Past, ended: Sequence[LoanView], running: Sequence[LoanView]) -> Past:
    """What all loans of a borrower come to: `past` folded already, `ended` in the order in which they ended.

    Loans that run side by side are added up, whatever the order of their payments, so the sum does not depend on it.
    """
    known = past.copy()
    for loan in ended:
        fold(known, loan.days_late)
    told = [loan.days_late for loan in running if loan.days_late]
    if not told:
        return known
    if len(told) == 1:
        fold(known, told[0])
        return known
    fading = DECAY ** max(map(len, told))
    known.weight, known.late, known.serious = fading * known.weight, fading * known.late, fading * known.serious
    side_by_side = [loan_past(days_late) for days_late in told]
    known.last, known.since_late = -CLIP_DAYS, MAX_CYCLES
    habit = known.habit * known.count
    for one in side_by_side:
        known.weight += one.weight
        known.late += one.late
        known.serious += one.serious
        known.count += one.count
        habit += one.habit * one.count
        known.last = max(known.last, one.last)
        known.since_late = min(known.since_late, one.since_late)
    known.habit = habit / known.count
    return known


def loan_past(days_late: Sequence[int]) -> Past:
    """What the settled installments of one loan come to."""
    past = Past()
    fold(past, days_late)
    return past


def _clipped(days: int) -> int:
    return max(-CLIP_DAYS, min(CLIP_DAYS, days))
