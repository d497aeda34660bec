"""`python -m tests.faults.defects`: deliberate defects of the runtime, each of which the simulation must find."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.faults.simulated.defects import DEFECTS
from tests.faults.simulated.hunt import hunt


def main() -> int:
    """Patch each defect in and hunt it; 0: all were found, and none where there is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.defects", description=__doc__)
    parser.add_argument("--schedules", type=int, default=600, help="at most so many for each (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first story (%(default)s)")
    parser.add_argument("--only", help="a defect's name")
    said = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the runtime says why each worker ends, which is what is wanted here
    failed = False
    if not said.only:
        started = time.perf_counter()
        found = hunt(said.schedules, said.seed)
        failed = found is not None
        seconds = time.perf_counter() - started
        verdict = "clean" if found is None else f"WRONG: {found}"
        print(f"{'no defect':26} {verdict}: {said.schedules} schedules, {seconds:.1f} s")
    for defect in DEFECTS:
        if said.only not in {None, defect.__name__}:
            continue
        started = time.perf_counter()
        with defect():
            found = hunt(said.schedules, said.seed)
        seconds = time.perf_counter() - started
        if found is None:
            failed = True
            print(f"{defect.__name__:26} NOT FOUND in {said.schedules} schedules, {seconds:.1f} s: {defect.__doc__}")
            continue
        where = ", ".join(f"request {number}: {fault.value}" for number, fault in found.faults.items()) or "no fault"
        print(f"{defect.__name__:26} found by schedule {found.schedules}, {seconds:.1f} s (seed {found.seed}, {where})")
        if said.only:
            print(f"  {type(found.error).__name__}: {found.error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
