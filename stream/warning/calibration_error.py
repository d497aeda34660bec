"""How far foretold and observed rates are apart, beside what chance alone would make of right probabilities."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, NamedTuple

from stream.warning.validation import Case, Figure

BINS: Final = 10
SAMPLES: Final = 200


class Calibration(NamedTuple):
    """The expected calibration error of a family: over ten bins of probability, by the number of cases in each."""

    family: str
    cases: int
    installments: int
    """Those that the cases are about: the cases of one have one outcome, so they tell little more than one would."""
    expected_error: float
    """Mean distance between foretold and observed rates."""
    by_chance: Figure
    """The same, had every probability been exactly right: mean and 95% interval. Few installments make it large."""
    bins: list[tuple[int, float, float]]
    """Cases, mean probability and observed rate of each bin that has cases."""


def calibration(cases: Sequence[Case], family: str, seed: int = 0) -> Calibration:
    """The error of a family's probabilities, and what chance alone makes of as many on the same installments."""
    sums = [[0, 0.0, 0] for _ in range(BINS)]
    by_installment: dict[tuple[str, int | None], list[float]] = {}
    for case in cases:
        decision = case.decision
        probability = decision.probability
        if decision.family != family or probability is None:
            continue
        found = sums[_bin(probability)]
        found[0] += 1
        found[1] += probability
        found[2] += case.late if family == "late" else case.missed
        by_installment.setdefault((decision.loan_id, decision.installment), []).append(probability)
    known = sum([number for number, _, _ in sums])
    bins = [(int(number), total / number, came / number) for number, total, came in sums if number]
    error = sum([abs(total - came) for _, total, came in sums]) / max(1, known)
    chance = _by_chance([total for _, total, _ in sums], by_installment, known, Random(seed))
    return Calibration(family, int(known), len(by_installment), error, chance, bins)


def _bin(probability: float) -> int:
    return min(BINS - 1, int(probability * BINS))


def _by_chance(
    totals: Sequence[float],
    by_installment: Mapping[tuple[str, int | None], Sequence[float]],
    known: float,
    random: Random,
) -> Figure:
    """The error of outcomes drawn from the probabilities themselves, one draw for all decisions on an installment."""
    drawn = []
    for probabilities in by_installment.values():
        ordered = sorted(probabilities, reverse=True)
        drawn.append(([-one for one in ordered], [_bin(one) for one in ordered]))
    errors = []
    for _ in range(SAMPLES):
        came = [0] * BINS
        for negative, places in drawn:
            for place in places[: bisect_right(negative, -random.random())]:  # bad where the draw is not above it
                came[place] += 1
        errors.append(sum([abs(total - number) for total, number in zip(totals, came, strict=True)]) / max(1, known))
    errors.sort()
    return Figure(sum(errors) / SAMPLES, errors[SAMPLES // 40], errors[-1 - SAMPLES // 40])
