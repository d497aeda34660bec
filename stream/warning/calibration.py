"""What a task has learnt about its portfolio: what is usual, how the points spread, and how often each band came true.

Every reader sees the figures as they were when the day opened. What the day teaches is counted in whole numbers beside
them and joins when the next day opens: so nothing depends on the order of loans or events within a day. At the turn of
a month everything fades a little, because levels move.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from stream.engine.dates import iso
from stream.warning.bands import HIGHEST_BAND, LOWEST_BAND, Group, Key, Outcomes, band_of
from stream.warning.behaviour import Rates

FADING: Final = 0.85
"""What a month leaves of a count."""
BIN: Final = 5
"""Width of a bin of the spread of points."""
ENOUGH_DECISIONS: Final = 100
"""Decisions of a kind from which on their spread is trusted."""

DUE, LATE, RESOLVED, SERIOUS, DAYS, SQUARES, MISSED = range(7)
"""Places of the sums: due days ended, late at their end; installments settled (or 30 days late), seriously late ones,
their clipped days late, the squares of those; due days up to which no money had come."""
START: Final = (20.0, 3.0, 20.0, 1.0, -20.0, 1000.0, 3.0)
"""What is assumed of a portfolio that nothing is known of: 20 installments, 3 late, 1 seriously."""


NONE: Final = Outcomes(0.0, 0.0, 0.0)


class Portfolio:
    """The figures of one task: frozen while a day is open, and what the day added to them."""

    __slots__ = (
        "bends",
        "counts",
        "day",
        "levels",
        "new_counts",
        "new_spread",
        "new_sums",
        "rates",
        "spread",
        "sums",
    )

    def __init__(self) -> None:
        """Nothing learnt yet."""
        self.day = 0
        self.sums: list[float] = list(START)
        self.new_sums: list[int] = [0] * len(START)
        self.counts: dict[Key, list[float]] = {}
        self.new_counts: dict[Key, list[int]] = {}
        self.spread: dict[tuple[str, str], dict[int, float]] = {}
        self.new_spread: dict[tuple[str, str], dict[int, int]] = {}
        self.rates = _rates(self.sums)
        self.levels: dict[Group, float] = {}
        """Found by expectation.py, the same all day."""
        self.bends: dict[tuple[str, bool, int], float] = {}
        """The same."""

    def installment_due(self, *, late: bool, missed: bool) -> None:
        """Count an installment whose due day ended: unpaid or not; `missed`: no money since the due day before."""
        self.new_sums[DUE] += 1
        self.new_sums[LATE] += late
        self.new_sums[MISSED] += missed

    def installment_settled(self, days_late: int, *, serious: bool) -> None:
        """Count an installment that was settled so many days after its due date (or is 30 days late)."""
        days = max(-30, min(30, days_late))
        self.new_sums[RESOLVED] += 1
        self.new_sums[SERIOUS] += serious
        self.new_sums[DAYS] += days
        self.new_sums[SQUARES] += days * days

    def came_true(self, group: Group, points: int, bad: bool) -> None:
        """Count a decision whose outcome is known: what it foretold happened (bad), or not."""
        counts = self.new_counts.setdefault((*group, band_of(points)), [0, 0, 0])
        counts[bad] += 1
        counts[2] += points

    def decided(self, family: str, kind: str, points: int) -> None:
        """Count a decision in the spread of points."""
        spread = self.new_spread.setdefault((family, kind), {})
        place = points // BIN
        spread[place] = spread.get(place, 0) + 1

    def open_day(self, day: int) -> None:
        """Let what was counted so far join the figures; at the turn of a month they fade first."""
        if self.day and iso(day)[:7] != iso(self.day)[:7]:
            self._fade()
        self.day = day
        self.sums = [old + new for old, new in zip(self.sums, self.new_sums, strict=True)]
        self.new_sums = [0] * len(START)
        for key, new_counts in self.new_counts.items():
            old_counts = self.counts.get(key, [0.0, 0.0, 0.0])
            self.counts[key] = [old + new for old, new in zip(old_counts, new_counts, strict=True)]
        for place, new in self.new_spread.items():
            old = self.spread.setdefault(place, {})
            for bin_, number in new.items():
                old[bin_] = old.get(bin_, 0.0) + number
        self.new_counts, self.new_spread = {}, {}
        self.levels, self.bends = {}, {}
        self.rates = _rates(self.sums)

    def _fade(self) -> None:
        self.sums = [FADING * number for number in self.sums]
        self.counts = {key: [FADING * number for number in known] for key, known in self.counts.items()}
        for bins in self.spread.values():
            for place in bins:
                bins[place] *= FADING

    def of_group(self, group: Group) -> Outcomes:
        """The known outcomes of a group, all bands together."""
        bands = [self.of_band(group, band) for band in range(LOWEST_BAND, HIGHEST_BAND + 1)]
        good, bad, points = [sum(numbers) for numbers in zip(*bands, strict=True)]
        return Outcomes(good, bad, points)

    def of_band(self, group: Group, band: int) -> Outcomes:
        """The known outcomes of one band of a group."""
        known = self.counts.get((*group, band))
        return NONE if known is None else Outcomes(*known)

    def usual(self, family: str) -> float:
        """The family's rate over all due days."""
        return self.rates.late if family == "late" else self.rates.miss

    def top(self, family: str, kind: str, share: float) -> int | None:
        """The points that this share of decisions reached; None: fewer than 100 are known."""
        spread = self.spread.get((family, kind), {})
        total = sum(spread.values())
        if total < ENOUGH_DECISIONS:
            return None
        above = 0.0
        for place in sorted(spread, reverse=True):
            above += spread[place]
            if above > share * total:
                return (place + 1) * BIN
        return min(spread) * BIN

    def packed(self) -> list[Any]:
        """Everything, as lists of numbers and texts."""
        return [
            self.day,
            self.sums,
            self.new_sums,
            [[*key, *known] for key, known in self.counts.items()],
            [[*key, *known] for key, known in self.new_counts.items()],
            [[*key, sorted(bins.items())] for key, bins in self.spread.items()],
            [[*key, sorted(bins.items())] for key, bins in self.new_spread.items()],
        ]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Portfolio:
        """The opposite of packed()."""
        self = cls()
        self.day, self.sums, self.new_sums = packed[0], list(packed[1]), list(packed[2])
        self.counts = {_key(row): list(row[5:]) for row in packed[3]}
        self.new_counts = {_key(row): list(row[5:]) for row in packed[4]}
        self.spread = {(row[0], row[1]): dict(row[2]) for row in packed[5]}
        self.new_spread = {(row[0], row[1]): dict(row[2]) for row in packed[6]}
        self.rates = _rates(self.sums)
        return self


def _key(row: list[Any]) -> Key:
    family, kind, clock, overdue, band = row[:5]
    return family, kind, clock, bool(overdue), band


def _rates(sums: list[float]) -> Rates:
    mean = sums[DAYS] / sums[RESOLVED]
    return Rates(
        _share(sums[LATE], sums[DUE]),
        _share(sums[SERIOUS], sums[RESOLVED]),
        mean,
        max(1.0, sqrt(max(0.0, sums[SQUARES] / sums[RESOLVED] - mean * mean))),
        _share(sums[MISSED], sums[DUE]),
    )


def _share(part: float, whole: float) -> float:
    """A share that is never quite none or all, so that it has odds."""
    return min(0.999, max(0.001, part / whole))
