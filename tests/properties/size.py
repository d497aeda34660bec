"""How many examples the properties draw: a share of their usual number, and whether they are the same each time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

REPEATABLE = os.environ.get("HYPOTHESIS_REPEATABLE") == "1"
"""Always the same examples, and a failing one is not made smaller: mutation testing wants it so."""


def sized(examples: int) -> settings:
    """The settings of a property that usually draws so many examples."""
    share = float(os.environ.get("PROPERTY_EXAMPLES", "1"))
    phases = (Phase.explicit, Phase.generate) if REPEATABLE else tuple(Phase)
    return settings(
        max_examples=max(1, round(examples * share)),
        derandomize=REPEATABLE,
        phases=phases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
