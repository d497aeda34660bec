"""What a borrower's payment behaviour says, as a few numbers that mean the same in every portfolio.

Late rates are read as log odds against the portfolio's own, shrunk in three levels: portfolio, borrower, loan.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import Final, NamedTuple

from stream.warning.features import CLIP_DAYS, DECAY, SERIOUS_DAYS, Past, loan_past

PRIOR: Final = 2.0
"""Installments that the prior counts for, at each level."""
LARGEST_LIFT: Final = 5.0


class Rates(NamedTuple):
    """What is usual in the portfolio, as of the opening of the day."""

    late: float
    """Share of installments that were settled late."""
    serious: float
    """Share of installments that were settled more than five days late."""
    mean: float
    """Mean of the days late, clipped to 30 either way."""
    deviation: float
    """Standard deviation of the same."""
    miss: float
    """Share of due days up to which no money had come since the one before."""


def late_rate(sum_late: float, weight: float, prior: float) -> float:
    """A share shrunk towards `prior`, which counts for two installments."""
    return (sum_late + PRIOR * prior) / (weight + PRIOR)


def lift(rate: float, usual: float) -> float:
    """Odds of a rate relative to the usual rate's, as a power of two; at most 5 either way."""
    found = log2(rate / (1 - rate)) - log2(usual / (1 - usual))
    return max(-LARGEST_LIFT, min(LARGEST_LIFT, found))


class Behaviour(NamedTuple):
    """The features of one decision about one loan, and what their reasons observe."""

    late_lift: float
    serious_lift: float
    early_habit: float
    trend: float
    last_days_late: int
    cycles_since_late: int
    miss_lift: float
    days_past_due: int
    other_days_past_due: int
    weight: float
    """Decayed count of the settled installments behind the lifts."""
    late: float
    """Decayed count of those settled late."""
    serious: float
    """Decayed count of those settled more than five days late."""
    settled: int
    """Settled installments of the borrower that are counted in the habit."""
    habit: float
    """Days late that the borrower usually has; negative: early."""
    missed: float
    """Decayed share of the loan's due days up to which no money had come; -1: not known."""


def behaviour(
    borrower: Past, days_late: Sequence[int], overdue: int, others_past_due: int, missed: float, usual: Rates
) -> Behaviour:
    """The features of a loan from the borrower's past (which holds the loan's own) and the loan's own list.

    `overdue`: days past due now. `missed`: the loan's decayed share of due days without money; -1: not known yet.
    An open overdue counts as one more late installment, on a copy, so it is never stored.
    """
    own = loan_past(days_late)
    weight, late, serious = borrower.weight, borrower.late, borrower.serious
    own_weight, own_late, own_serious = own.weight, own.late, own.serious
    last, since = borrower.last, borrower.since_late
    if overdue > 0:
        own_weight = DECAY * own_weight + 1
        own_late = DECAY * own_late + 1
        own_serious = DECAY * own_serious + (overdue > SERIOUS_DAYS)
    worst = max(overdue, others_past_due)
    if worst > 0:
        weight, late = DECAY * weight + 1, DECAY * late + 1
        serious = DECAY * serious + (worst > SERIOUS_DAYS)
        last, since = max(last, worst), 0
    of_borrower = late_rate(late, weight, usual.late)
    of_loan = late_rate(own_late, own_weight, of_borrower) if own_weight else of_borrower
    serious_borrower = late_rate(serious, weight, usual.serious)
    serious_loan = late_rate(own_serious, own_weight, serious_borrower) if own_weight else serious_borrower
    count = borrower.count
    habit = (borrower.habit - usual.mean) / usual.deviation * count / (count + 2) if count else 0.0
    return Behaviour(
        lift(of_loan, usual.late),
        lift(serious_loan, usual.serious),
        habit,
        trend(days_late),
        last if count or worst else 0,
        since,
        _miss_lift(missed, usual.miss),
        overdue,
        others_past_due,
        weight,
        late,
        serious,
        count,
        borrower.habit,
        missed,
    )


def _miss_lift(missed: float, usual: float) -> float:
    """How much more often no money came than is usual, as a power of two; 0 while no due day ended."""
    return 0.0 if missed < 0 else log2(max((5 * missed + 2 * usual) / 7, 0.3 * usual) / usual)


def trend(days_late: Sequence[int]) -> float:
    """Whether a loan's installments are settled later and later: a fast mean of days late less a slow one, -1 to 1."""
    fast = slow = 0.0
    for days in days_late:
        part = max(0, min(CLIP_DAYS, days)) / CLIP_DAYS
        fast += 0.5 * (part - fast)
        slow += 0.15 * (part - slow)
    return fast - slow
