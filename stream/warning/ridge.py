"""A logistic regression with few terms, drawn towards given weights: small enough to need no library."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

ITERATIONS = 25
CLOSE_ENOUGH = 1e-8


def fit_ridge(
    rows: Sequence[Sequence[float]], outcomes: Sequence[bool], towards: Sequence[float], strength: float
) -> list[float]:
    """Weights that foretell `outcomes` from `rows` (a constant comes first and is not drawn), by Newton's method.

    `strength`: how many squared units of log odds a weight's distance from `towards` costs; rows are used as they are.
    """
    size = len(towards) + 1
    weights = [0.0, *towards]
    pull = [1e-6] + [strength] * len(towards)
    target = [0.0, *towards]
    for _ in range(ITERATIONS):
        gradient = [pull[i] * (weights[i] - target[i]) for i in range(size)]
        curvature = [[0.0] * size for _ in range(size)]
        for i in range(size):
            curvature[i][i] = pull[i]
        for row, outcome in zip(rows, outcomes, strict=True):
            sides = (1.0, *row)
            odds = sum(weight * side for weight, side in zip(weights, sides, strict=True))
            chance = 1 / (1 + exp(-max(-30.0, min(30.0, odds))))
            miss, spread = chance - outcome, chance * (1 - chance)
            for i in range(size):
                gradient[i] += miss * sides[i]
                part = spread * sides[i]
                for j in range(i + 1):
                    curvature[i][j] += part * sides[j]
        steps = _solve(curvature, gradient)
        weights = [weight - step for weight, step in zip(weights, steps, strict=True)]
        if max(map(abs, steps)) < CLOSE_ENOUGH:
            break
    return weights


def _solve(lower: list[list[float]], right: list[float]) -> list[float]:
    """Solve a symmetric positive system, given its lower triangle, by Cholesky's decomposition."""
    size = len(right)
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = lower[i][j] - sum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = rest**0.5 if i == j else rest / root[j][j]
    forward: list[float] = []
    for i in range(size):
        forward.append((right[i] - sum(root[i][k] * forward[k] for k in range(i))) / root[i][i])
    result = [0.0] * size
    for i in reversed(range(size)):
        result[i] = (forward[i] - sum(root[k][i] * result[k] for k in range(i + 1, size))) / root[i][i]
    return result
