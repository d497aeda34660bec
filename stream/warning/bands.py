"""How decisions are told apart when outcomes are counted: by family, kind, days to due, overdue now, and points."""

from __future__ import annotations

from math import exp, log, log2
from typing import Final, NamedTuple

KINDS: Final = ("disbursement", "due_minus", "event", "month_end")
"""Decision kinds."""
CLOCKS: Final = (0, 1, 2, 3, 5, 7, 10, 20, 40, 99)
"""Days to due as they are told apart: up to and including each; 99 stands for more, too."""
LOG_2: Final = log(2)
MOST: Final = 100.0
"""Doublings from which on odds are certainty."""
BAND: Final = 10
"""Width of a score band in points: from band to band the odds rise by 1.4, the square root of 2."""
LOWEST_BAND: Final = -6
HIGHEST_BAND: Final = 8

Group = tuple[str, str, int, bool]
"""Family, decision kind, days to due (as in CLOCKS), whether the loan is overdue now."""
Key = tuple[str, str, int, bool, int]
"""A group and a band of points."""


class Outcomes(NamedTuple):
    """Known outcomes: how often what was foretold did not happen (good), and did (bad); older ones have faded."""

    good: float
    bad: float
    points: float
    """Sum of the points that they had."""

    @property
    def number(self) -> float:
        """How many there are."""
        return self.good + self.bad


def band_of(points: float) -> int:
    """The band of some points: band 0 is from -5 up to, not including, 5."""
    return max(LOWEST_BAND, min(HIGHEST_BAND, int((points + BAND / 2) // BAND)))


def clock_of(days_to_due: int) -> int:
    """Days to due as they are told apart."""
    return next((end for end in CLOCKS if days_to_due <= end), CLOCKS[-1])


def chance(log_odds: float) -> float:
    """The probability of some odds, given as a power of two."""
    return 1 / (1 + exp(-log_odds * LOG_2)) if -MOST < log_odds < MOST else float(log_odds > 0)


def log_odds(rate: float) -> float:
    """The odds of a rate, as a power of two."""
    return log2(rate / (1 - rate))
