"""`python -m tests.faults.defects`: deliberate defects of runtime and agents, each of which must be found."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable

from tests.faults import test_watching
from tests.faults.simulated.agent_defects import OF_BORROWERS, OF_LOANS, Patch, hunt_lender
from tests.faults.simulated.defects import DEFECTS
from tests.faults.simulated.hunt import hunt
from tests.faults.verdict import Verdict, check_warnings


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
    for defect in OF_LOANS:
        if said.only in {None, defect.__name__}:
            failed |= _in_the_loan_agent(defect, said.schedules // 10)
    for defect in OF_BORROWERS:
        if said.only in {None, defect.__name__}:
            failed |= _in_the_borrower_agent(defect)
    return 1 if failed else 0


def _in_the_loan_agent(defect: Callable[[], Patch], schedules: int) -> bool:
    """Hunt it with a small portfolio; True: it was not found."""
    started = time.perf_counter()
    with defect():
        found = hunt_lender(schedules)
    seconds = time.perf_counter() - started
    if found is None:
        print(f"{defect.__name__:26} NOT FOUND in {schedules} schedules, {seconds:.1f} s: {defect.__doc__}")
        return True
    print(f"{defect.__name__:26} found by schedule {found[0]}, {seconds:.1f} s (loan agent)")
    return False


def _in_the_borrower_agent(defect: Callable[[], Patch]) -> bool:
    """Let its judge look at a portfolio with signals; True: it saw nothing."""
    started = time.perf_counter()
    wanted = test_watching.expected()
    with defect():
        bank, _ = test_watching.run.__wrapped__()
    verdict = Verdict()
    check_warnings(verdict, wanted, test_watching.records(bank.out, "loans.early-warnings"))
    seconds = time.perf_counter() - started
    if verdict.exact:
        print(f"{defect.__name__:26} NOT FOUND by the judge of warnings, {seconds:.1f} s: {defect.__doc__}")
        return True
    counts = f"lost {verdict.lost.total()}, wrong {verdict.wrong.total()}, doubled {verdict.doubled.total()}"
    print(f"{defect.__name__:26} found, {seconds:.1f} s (borrower agent: {counts})")
    return False


if __name__ == "__main__":
    sys.exit(main())
