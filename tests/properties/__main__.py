"""`python -m tests.properties`: the properties with as many examples as one likes, with progress."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from random import SystemRandom
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.properties import (
    test_as_known,
    test_engine_equals_oracle,
    test_fast_path_equals_replay,
    test_money_is_kept,
    test_order_of_arrival,
)

PROPERTIES: dict[str, tuple[Callable[..., None], dict[str, SearchStrategy[Any]]]] = {
    "oracle": (test_engine_equals_oracle.check, test_engine_equals_oracle.DRAWN),
    "payments": (test_engine_equals_oracle.check, test_engine_equals_oracle.PAYMENTS_ONLY),
    "order": (test_order_of_arrival.check, test_order_of_arrival.DRAWN),
    "as_known": (test_as_known.check, test_as_known.DRAWN),
    "money": (test_money_is_kept.check, test_money_is_kept.DRAWN),
    "fast_path": (test_fast_path_equals_replay.check, test_fast_path_equals_replay.DRAWN),
}
AT_A_TIME = 250


def main() -> int:
    """Draw the examples; 0: every property held."""
    parser = argparse.ArgumentParser(prog="python -m tests.properties", description=__doc__)
    parser.add_argument("properties", nargs="*", metavar="PROPERTY", help=f"of {', '.join(PROPERTIES)}; default: all")
    parser.add_argument("--examples", type=int, default=10_000, help="of each property (%(default)s)")
    parser.add_argument("--seed", type=int, help="decides the examples; by default a new one, which is printed")
    said = parser.parse_args()
    unknown = set(said.properties) - set(PROPERTIES)
    if unknown:
        parser.error(f"no such property: {', '.join(sorted(unknown))}")
    first_seed = SystemRandom().randrange(10**9) if said.seed is None else said.seed
    print(f"seed {first_seed}", flush=True)
    for name in said.properties or PROPERTIES:
        check, drawn = PROPERTIES[name]
        start, done = monotonic(), 0
        while done < said.examples:
            count = min(AT_A_TIME, said.examples - done)
            few = settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            seed(first_seed + done)(few(given(**drawn)(check)))()
            done += count
            print(f"{name}: {done} examples hold ({monotonic() - start:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
