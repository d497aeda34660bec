"""Whatever happens at whichever request: what is committed is what an undisturbed run gives, once and in order."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from tests.faults.simulated.agent_defects import OF_LOANS, hunt_lender
from tests.faults.simulated.defects import DEFECTS
from tests.faults.simulated.hunt import hunt, several_faults, single_faults
from tests.faults.simulated.lender import Lender
from tests.faults.simulated.schedule import run
from tests.faults.simulated.wire import Fault

SMALL = 11


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Hundreds of workers end here, and say why."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_a_run_is_the_same_each_time() -> None:
    """The same seed and faults give the same requests in the same order, so that a failure can be looked at."""
    faults = {40: Fault.LATE, 60: Fault.REBALANCE, 90: Fault.DIES_AFTER}
    assert run(3, faults).names == run(3, faults).names


@pytest.mark.parametrize("fault", list(Fault))
def test_one_fault_at_each_request_changes_nothing(fault: Fault) -> None:
    """Each request to Kafka of a small story meets the fault; the outcome stays exact."""
    met: Counter[str] = Counter()
    for number, kind in single_faults(1, SMALL):
        if kind is fault:
            met.update(name for _, name, _ in run(1, {number: fault}, SMALL).done)
    assert {"init", "commit", "produce changelog", "produce out", "fetch", "told", "begins", "ends"} <= set(met)


def test_several_faults_in_one_run_change_nothing() -> None:
    """Two to five faults of any kind in one run, in a hundred different stories; the outcome stays exact."""
    done: Counter[Any] = Counter()
    for seed in range(100):
        done.update(fault for _, _, fault in run(seed, several_faults(seed), 20).done)
    assert set(done) == set(Fault)
    assert sum(done.values()) > 150


def test_the_loan_agent_is_exact_under_faults() -> None:
    """A small portfolio through the loan agent, two to five faults a run: the oracle finds nothing lost or doubled."""
    lender = Lender(seed=5, loans=14, days=40)
    requests = run(0, world=lender).requests
    assert lender.alerts > 20
    for seed in range(1, 11):
        random = Random(seed)
        run(seed, {random.randrange(requests): random.choice(list(Fault)) for _ in range(4)}, world=lender)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_the_simulation_finds_a_deliberate_defect(defect: Callable[[], Any]) -> None:
    """With the defect patched in, one of the first few hundred schedules comes out wrong."""
    with defect():
        found = hunt(400)
    assert found is not None, defect.__doc__
    assert isinstance(found.error, AssertionError), found


@pytest.mark.parametrize("defect", OF_LOANS, ids=lambda defect: defect.__name__)
def test_the_oracle_finds_a_deliberate_defect_of_the_loan_agent(defect: Callable[[], Any]) -> None:
    """With the defect patched in, one of the first schedules of a small portfolio comes out wrong."""
    with defect():
        found = hunt_lender(8)
    assert found is not None, defect.__doc__
    assert isinstance(found[1], AssertionError), found
