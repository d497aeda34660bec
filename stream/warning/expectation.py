"""How likely: the family's usual rate, the group's own level, and what its bands came to, each leaning on the last.

The order of trust: before any outcome is known, the portfolio's rate moved by the scorecard's clock. Then the level of
the group (decision kind, days to due, overdue now) at 0 points; then how far each band is off what its points say, all
groups together; then the outcomes of the band in the group.
"""

from __future__ import annotations

from math import log
from typing import Final, NamedTuple

from stream.warning.bands import CLOCKS, HIGHEST_BAND, KINDS, LOWEST_BAND, Group, Outcomes, band_of, chance, log_odds
from stream.warning.calibration import Portfolio
from stream.warning.scorecard import POINTS_PER_DOUBLING, Scorecard

GROUP_PRIOR: Final = 5.0
"""Outcomes that the scorecard's rate of a group counts for."""
BEND_PRIOR: Final = 3.0
"""How firmly a band is held to its points: as by 12 outcomes at even odds."""
LARGEST_BEND: Final = 2.0
BAND_PRIOR: Final = 60.0
"""Outcomes that the expected rate of a band in a group counts for."""
CLOSE_ENOUGH: Final = 1e-9
MOST_STEPS: Final = 50


class Foretold(NamedTuple):
    """A probability with what it stands on."""

    probability: float | None
    """None while no outcome of the group is known."""
    known: Outcomes
    """Of the band in the group; of the whole group where the band has none."""
    group_known: Outcomes
    level: float
    """Log odds of the group at 0 points."""


def foretell(card: Scorecard, portfolio: Portfolio, group: Group, points: int) -> Foretold:
    """The probability of what a family foretells, at some points."""
    band = band_of(points)
    of_group, of_band = portfolio.of_group(group), portfolio.of_band(group, band)
    at_zero = level(card, portfolio, group)
    expected = chance(at_zero + points / POINTS_PER_DOUBLING + bend(card, portfolio, group, band))
    probability = (of_band.bad + BAND_PRIOR * expected) / (of_band.number + BAND_PRIOR)
    known = of_band if round(of_band.number) else of_group
    return Foretold(probability if round(of_group.number) else None, known, of_group, at_zero)


def level(card: Scorecard, portfolio: Portfolio, group: Group) -> float:
    """The log odds of the group at 0 points: with them its bands explain the outcomes that are known."""
    found = portfolio.levels.get(group)
    if found is None:
        known = [(0.0, GROUP_PRIOR)]
        bad = GROUP_PRIOR * _before_outcomes(card, portfolio, group)
        for band in range(LOWEST_BAND, HIGHEST_BAND + 1):
            outcomes = portfolio.of_band(group, band)
            if outcomes.number:
                known.append((_doublings(outcomes), outcomes.number))
                bad += outcomes.bad
        found = portfolio.levels[group] = _explaining(bad, known)
    return found


def _doublings(outcomes: Outcomes) -> float:
    """The mean points of some outcomes, in doublings."""
    return outcomes.points / outcomes.number / POINTS_PER_DOUBLING


def _explaining(bad: float, known: list[tuple[float, float]]) -> float:
    """The log odds at 0 points with which so many outcomes of the bands would be bad, by Newton's method."""
    found = 0.0
    for _ in range(MOST_STEPS):
        off, spread = -bad, 0.0
        for doublings, number in known:
            rate = chance(found + doublings)
            off += number * rate
            spread += number * rate * (1 - rate)
        step = max(-2.0, min(2.0, off / spread / log(2)))
        found -= step
        if abs(step) < CLOSE_ENOUGH:
            break
    return found


def _before_outcomes(card: Scorecard, portfolio: Portfolio, group: Group) -> float:
    family, _, clock, overdue = group
    usual = log_odds(portfolio.usual(family))
    return chance(usual + card.clock[family].get(clock, 0.0) + overdue * card.overdue[family])


def bend(card: Scorecard, portfolio: Portfolio, group: Group, band: int) -> float:
    """How far a band's odds are off what its points say, in doublings, over all kinds and days to due together."""
    family, _, _, overdue = group
    place = (family, overdue, band)
    found = portfolio.bends.get(place)
    if found is None:
        off, spread = 0.0, BEND_PRIOR
        for one in [(family, kind, clock, overdue) for kind in KINDS for clock in CLOCKS]:
            known = portfolio.of_band(one, band)
            if known.number:
                rate = chance(level(card, portfolio, one) + _doublings(known))
                off += known.bad - known.number * rate
                spread += known.number * rate * (1 - rate)
        found = portfolio.bends[place] = max(-LARGEST_BEND, min(LARGEST_BEND, off / spread / log(2)))
    return found
