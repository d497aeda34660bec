"""How many examples the properties draw in the test run, and that they are the same each time.

`python -m tests.properties` draws other ones, as many as one likes.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

WITHOUT_SHRINKING = os.environ.get("HYPOTHESIS_WITHOUT_SHRINKING") == "1"
"""A failing example is not made smaller: mutation testing has no use for it."""


def sized(examples: int) -> settings:
    """The settings of a property that usually draws so many examples."""
    share = float(os.environ.get("PROPERTY_EXAMPLES", "1"))
    phases = (Phase.explicit, Phase.generate) if WITHOUT_SHRINKING else tuple(Phase)
    return settings(
        max_examples=max(1, round(examples * share)),
        derandomize=True,
        phases=phases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
