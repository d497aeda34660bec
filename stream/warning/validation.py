"""What a scorecard is worth: judged on known outcomes, beside the plain rule, at the rule's own burden.

The plain rule is what a risk officer would write: warn where the last installment was settled late, or one is overdue.
A score may warn about as many as the rule does, the highest points first; so precision and recall are comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import mul
from random import Random
from typing import Final, NamedTuple

from stream.warning.behaviour import Behaviour
from stream.warning.decisions import Decision

RESAMPLES: Final = 400
"""Bootstrap samples of borrowers behind each interval."""
LATE_DAYS: Final = 7
RULE: Final = "plain rule"

Score = Callable[[Behaviour], float]


class Case(NamedTuple):
    """A decision, and what came of it."""

    decision: Decision
    late: bool
    """The installment was unpaid when its due day ended."""
    very_late: bool
    """It was unpaid more than seven days later."""
    missed: bool
    """No money came until its due day ended."""


class Target(NamedTuple):
    """A question that a lender asks."""

    name: str
    kind: str
    days_to_due: int | None
    outcome: Callable[[Case], bool]


TARGETS: Final = (
    Target("next loan > 7 days late", "disbursement", None, lambda case: case.very_late),
    Target("unpaid at due-3, > 7 days late", "due_minus", 3, lambda case: case.very_late),
    Target("next loan late at all", "disbursement", None, lambda case: case.late),
    Target("unpaid at due-3, late at all", "due_minus", 3, lambda case: case.late),
)
"""What every scorecard is judged by."""


class Figure(NamedTuple):
    """A share with the interval that 95% of resampled borrowers give."""

    value: float
    low: float
    high: float


class Result(NamedTuple):
    """How one way to warn did on one target."""

    target: str
    who: str
    cases: int
    base_rate: float
    burden: float
    """Share of cases warned about."""
    precision: Figure
    recall: Figure
    ahead_of_rule: float
    """Share of resamples in which it found more than the plain rule."""
    ahead_of_first: float
    """The same against the first score named."""


def plain_rule(seen: Behaviour) -> bool:
    """Whether the last installment was settled late, or one is overdue now."""
    return seen.last_days_late > 0


def judge(cases: Sequence[Case], scores: Mapping[str, Score], seed: int = 0) -> list[Result]:
    """Every score and the plain rule on every target for which the rule warns about somebody."""
    results: list[Result] = []
    for target in TARGETS:
        asked = [
            case
            for case in cases
            if case.decision.family == "late"
            and case.decision.decision == target.kind
            and target.days_to_due in (None, case.decision.days_to_due)
        ]
        outcomes = [target.outcome(case) for case in asked]
        by_rule = [float(plain_rule(case.decision.seen)) for case in asked]
        if sum(by_rule) == 0 or not any(outcomes):
            continue
        flags = {RULE: by_rule}
        for who, score in scores.items():
            flags[who] = top([score(case.decision.seen) for case in asked], sum(by_rule))
        results += _results(target, asked, outcomes, flags, seed)
    return results


def top(points: Sequence[float], number: float) -> list[float]:
    """How much each case is warned about where `number` may be: 1 above the threshold, an equal share of what is left
    at it, 0 below."""
    ordered = sorted(points, reverse=True)
    threshold = ordered[min(len(ordered), max(1, round(number))) - 1]
    above = sum([found > threshold for found in points])
    ties = points.count(threshold) if isinstance(points, list) else sum([found == threshold for found in points])
    share = (number - above) / ties
    return [1.0 if found > threshold else share if found == threshold else 0.0 for found in points]


def _results(
    target: Target, asked: Sequence[Case], outcomes: Sequence[bool], flags: Mapping[str, Sequence[float]], seed: int
) -> list[Result]:
    borrowers = {case.decision.borrower_id: 0 for case in asked}
    place = {borrower: number for number, borrower in enumerate(borrowers)}
    places = [place[case.decision.borrower_id] for case in asked]
    bad = _by_borrower(places, [float(outcome) for outcome in outcomes], len(place))
    warned = {who: _by_borrower(places, flag, len(place)) for who, flag in flags.items()}
    hits = {
        who: _by_borrower(places, [share * outcome for share, outcome in zip(flag, outcomes, strict=True)], len(place))
        for who, flag in flags.items()
    }
    random = Random(seed)
    counts = [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3]
    """How often a borrower is drawn: nearly Poisson with mean 1."""
    draws = [random.choices(counts, k=len(place)) for _ in range(RESAMPLES)]
    all_bad = [max(sum(map(mul, draw, bad)), 1e-9) for draw in draws]
    found = {who: [sum(map(mul, draw, hits[who])) for draw in draws] for who in flags}
    named = {who: [max(sum(map(mul, draw, warned[who])), 1e-9) for draw in draws] for who in flags}
    precisions = {who: [hit / of for hit, of in zip(found[who], named[who], strict=True)] for who in flags}
    first = next((who for who in flags if who != RULE), RULE)
    return [
        Result(
            target.name,
            who,
            len(asked),
            sum(outcomes) / len(asked),
            sum(flags[who]) / len(asked),
            _figure(sum(hits[who]) / sum(warned[who]), precisions[who]),
            _figure(sum(hits[who]) / sum(bad), [hit / of for hit, of in zip(found[who], all_bad, strict=True)]),
            _share_above(precisions[who], precisions[RULE]),
            _share_above(precisions[who], precisions[first]),
        )
        for who in flags
    ]


def _by_borrower(places: Sequence[int], values: Sequence[float], size: int) -> list[float]:
    sums = [0.0] * size
    for place, value in zip(places, values, strict=True):
        sums[place] += value
    return sums


def _figure(value: float, resampled: Sequence[float]) -> Figure:
    ordered = sorted(resampled)
    return Figure(value, ordered[len(ordered) // 40], ordered[-1 - len(ordered) // 40])


def _share_above(these: Sequence[float], those: Sequence[float]) -> float:
    return sum([this > that for this, that in zip(these, those, strict=True)]) / len(these)
