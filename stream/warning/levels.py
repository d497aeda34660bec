"""A borrower's points, and the watch list: yellow, orange, red."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stream.warning.borrower import Standing
from stream.warning.policy import CRITICAL, HIGH, MEDIUM, RANK, Levels

WATCH_LIST: Final = "WATCH_LIST"
NONE: Final = "none"
SEVERITY_OF_LEVEL: Final = {"yellow": MEDIUM, "orange": HIGH, "red": CRITICAL}


def points_of(standing: Iterable[Standing], day: int, levels: Levels) -> int:
    """The larger of two: the sum over distinct codes, each fading since it reached its severity; and the worst one
    alone, which does not fade while it stands.
    """
    by_code: dict[str, int] = {}
    worst = 0
    for one in standing:
        if one.code == WATCH_LIST:
            continue
        full = levels.points[one.severity]
        left = max(0, levels.decay_days - (day - one.since))
        by_code[one.code] = max(by_code.get(one.code, 0), full * left // levels.decay_days)
        worst = max(worst, full)
    return max(sum(by_code.values()), worst)


def level_of(points: int, levels: Levels) -> str:
    """The colour of some points."""
    if points >= levels.red:
        return "red"
    if points >= levels.orange:
        return "orange"
    return "yellow" if points >= levels.yellow else NONE


def threshold_of(level: str, levels: Levels) -> int:
    """Points from which on a borrower has this colour."""
    return {"yellow": levels.yellow, "orange": levels.orange, "red": levels.red}[level]


def worse(severity: str, than: str) -> bool:
    """Whether one severity is worse than another."""
    return RANK[severity] > RANK[than]
