"""Schedules in an order that finds defects soon: first without faults, then each fault at requests here and there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import NamedTuple

from tests.faults.simulated.schedule import run
from tests.faults.simulated.wire import Fault

SIZE = 20


class Found(NamedTuple):
    """Where a defect showed."""

    seed: int
    faults: Mapping[int, Fault]
    error: BaseException
    schedules: int
    """How many were run until then."""


def single_faults(seed: int, size: int = SIZE) -> Iterator[tuple[int, Fault]]:
    """Every request of a run without faults, with every fault."""
    return ((number, fault) for number in range(run(seed, size=size).requests) for fault in Fault)


def several_faults(seed: int, size: int = SIZE) -> dict[int, Fault]:
    """Two to five faults at random requests."""
    random = Random(f"several/{seed}")
    return {random.randrange(150): random.choice(list(Fault)) for _ in range(random.randint(2, 5))}


def hunt(most: int, seed: int = 1) -> Found | None:
    """Run until something is wrong, at most so many schedules."""
    schedules = 0
    while True:
        try:
            requests = run(seed, size=SIZE).requests
        except Exception as error:  # noqa: BLE001 - whatever is wrong
            return Found(seed, {}, error, schedules + 1)
        schedules += 1
        single = [(number, fault) for number in range(requests) for fault in Fault]
        for faults in [dict([one]) for one in Random(seed).sample(single, min(40, len(single)))]:
            if schedules >= most:
                return None
            schedules += 1
            try:
                run(seed, faults, size=SIZE)
            except Exception as error:  # noqa: BLE001 - whatever is wrong
                return Found(seed, faults, error, schedules)
        seed += 1
