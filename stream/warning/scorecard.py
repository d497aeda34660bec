"""The scorecard: points per feature, two families, one file.

Points are log odds against the portfolio's own: 20 points double the odds. A term's points are weight x (feature -
mean), so that 0 points means: like the portfolio.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from stream.warning.bands import CLOCKS
from stream.warning.behaviour import Behaviour, Rates

LATE: Final = "late"
CASH_MISS: Final = "cash_miss"
FAMILIES: Final = (LATE, CASH_MISS)
POINTS_PER_DOUBLING: Final = 20
TERMS: Final = ("late_lift", "serious_lift", "early_habit", "trend", "recent_days_late", "miss_lift", "others_past_due")
LARGEST_WEIGHT: Final = 1000.0


class ScorecardError(Exception):
    """The scorecard file is wrong; the message names the key and what it must be."""


class Term(NamedTuple):
    """One feature of a family."""

    code: str
    weight: float
    """Points per unit of the feature."""
    mean: float
    """The feature's mean in the book that the card was fitted on."""


class Scorecard(NamedTuple):
    """Terms by family, and what to expect before the lender's own outcomes are known."""

    version: str
    terms: Mapping[str, tuple[Term, ...]]
    clock: Mapping[str, Mapping[int, float]]
    """How much days to due (as calibration.clock_of has them) move a family's odds, in doublings."""
    overdue: Mapping[str, float]
    """How much an installment that is overdue now moves the odds of the next one, in doublings."""
    speak_at: Mapping[str, int]
    """Points from which on a family speaks until the spread of points is known."""


class ScoreReason(NamedTuple):
    """A term that raised the points, with what was observed and what is usual."""

    code: str
    observed: str
    portfolio: str
    points: int


def values(seen: Behaviour) -> dict[str, float]:
    """The features by the names that a scorecard's terms have."""
    return {
        "late_lift": seen.late_lift,
        "serious_lift": seen.serious_lift,
        "early_habit": seen.early_habit,
        "trend": seen.trend,
        "recent_days_late": float(max(0, min(30, seen.last_days_late))) / 10,
        "miss_lift": seen.miss_lift,
        "others_past_due": float(seen.other_days_past_due > 0),
    }


def parts(card: Scorecard, family: str, seen: Behaviour) -> list[tuple[str, float]]:
    """The points of each term, beyond what the term has on average."""
    by_name = values(seen)
    return [(term.code, term.weight * (by_name[term.code] - term.mean)) for term in card.terms[family]]


def reasons(points: list[tuple[str, float]], seen: Behaviour, usual: Rates) -> tuple[ScoreReason, ...]:
    """The three terms with the most points above the portfolio's mean, the highest first."""
    found = sorted([(-round(number), code) for code, number in points if round(number) > 0])[:3]
    return tuple([ScoreReason(code.upper(), *_words(code, seen, usual), -number) for number, code in found])


def _words(code: str, seen: Behaviour, usual: Rates) -> tuple[str, str]:  # noqa: PLR0911  (a row per term)
    if not seen.weight:
        return "nothing settled yet", f"{usual.late:.1%}"
    match code:
        case "late_lift":
            return f"late in {seen.late:.1f} of the last {seen.weight:.1f} weighted cycles", f"{usual.late:.1%}"
        case "serious_lift":
            said = f"more than 5 days late in {seen.serious:.1f} of the last {seen.weight:.1f} weighted cycles"
            return said, f"{usual.serious:.1%}"
        case "early_habit":
            return f"usually settles {_days(seen.habit)}", _days(usual.mean)
        case "recent_days_late":
            return f"last settled or now {_days(seen.last_days_late)}", _days(usual.mean)
        case "trend":
            return "settles later from cycle to cycle", "no trend"
        case "miss_lift":
            return f"no money in {max(seen.missed, 0.0):.0%} of the last weighted cycles", f"{usual.miss:.1%}"
        case _:
            return f"another loan is {seen.other_days_past_due} days past due", "none"


def _days(days: float) -> str:
    return f"{abs(days):.1f} days {'late' if days > 0 else 'early'}"


def load(path: Path | None = None) -> Scorecard:
    """The scorecard of a file; without one, the shipped one. Raises ScorecardError."""
    if path is None:
        return parse(files("stream").joinpath("policies/scorecards/default.toml").read_text("utf-8"), "default.toml")
    try:
        return parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ScorecardError(f"{path}: can't be read ({error}); give a scorecard in TOML and UTF-8") from error


def parse(text: str, name: str = "scorecard") -> Scorecard:
    """The scorecard of a TOML text; `name` is what errors call it. Raises ScorecardError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScorecardError(f"{name}: not TOML: {error}") from error
    families = content.get("families")
    if not isinstance(families, dict) or set(families) != set(FAMILIES):
        raise ScorecardError(f"{name}: families: must be late and cash_miss")
    terms: dict[str, tuple[Term, ...]] = {}
    clock: dict[str, dict[int, float]] = {}
    overdue: dict[str, float] = {}
    speak_at: dict[str, int] = {}
    for family, keys in families.items():
        where = f"{name}: families.{family}"
        terms[family] = tuple([_term(where, code, keys) for code, keys in keys.get("terms", {}).items()])
        if not terms[family]:
            raise ScorecardError(f"{where}.terms: at least one of {', '.join(TERMS)}")
        speak_at[family] = int(_number(where, "speak_at", keys.get("speak_at", 20)))
        clock[family] = {
            _days_to_due(where, days): _number(where, f"clock.{days}", doublings)
            for days, doublings in keys.get("clock", {}).items()
        }
        overdue[family] = _number(where, "overdue", keys.get("overdue", 0))
    return Scorecard(str(content.get("version", name)), terms, clock, overdue, speak_at)


def _days_to_due(where: str, text: str) -> int:
    if not text.isdigit() or int(text) not in CLOCKS:
        raise ScorecardError(f"{where}.clock.{text}: must be one of {', '.join(map(str, CLOCKS))}")
    return int(text)


def _term(where: str, code: str, keys: Any) -> Term:
    if code not in TERMS:
        raise ScorecardError(f"{where}.terms.{code}: no such term; the terms are {', '.join(TERMS)}")
    if not isinstance(keys, dict):
        raise ScorecardError(f"{where}.terms.{code}: must be {{ weight = ..., mean = ... }}")
    weight = _number(where, f"terms.{code}.weight", keys.get("weight"))
    return Term(code, weight, _number(where, f"terms.{code}.mean", keys.get("mean", 0.0)))


def _number(where: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_WEIGHT:
        raise ScorecardError(f"{where}.{key}: must be a number from -1000 to 1000")
    return float(value)
