"""Deliberate defects of the agents, each a mistake that somebody might make; the oracle must find every one.

Those of the loan agent show in the simulation with a small portfolio; those of the borrower agent show where its
judge looks at a portfolio with signals that is cut anywhere, with restarts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from random import Random
from typing import Any
from unittest.mock import patch

from stream.agents import days, loan_agent
from stream.agents.batch import TaskState
from stream.agents.borrower_task import BorrowerTask
from stream.agents.results import Results
from stream.agents.waiting_room import WAITING, WaitingRoom
from stream.engine.policy import Policy
from stream.translate.waiting import WaitingEvent
from tests.faults.simulated.lender import Lender
from tests.faults.simulated.schedule import run
from tests.faults.simulated.wire import Fault

Patch = AbstractContextManager[Any]
LENDER = (92, 14, 40)
"""Seed, loans and days of a portfolio in which everything happens."""


def day_ends_with_the_process() -> Patch:
    """A day that was being judged when the process ended is taken for judged by the next one."""

    def judged(state: TaskState) -> None:
        state.unfinished = False

    return _begun(judged)


def waiting_forgotten() -> Patch:
    """Events that wait for their loan are not looked for when a task begins."""

    def without_waiting(state: TaskState) -> None:
        for keys in state.due._keys.values():
            keys[:] = [key for key in keys if not key.startswith(WAITING)]

    return _begun(without_waiting)


def waiting_letter_lost() -> Patch:
    """A refused event that has waited gets no dead letter, for it is no message that has just arrived."""
    usual = Results.bury

    def bury(self: Results, record: Any, rejected: Any) -> None:
        if type(record) is not WaitingEvent:
            usual(self, record, rejected)

    return patch.object(Results, "bury", bury)


def released_lost() -> Patch:
    """Events that waited for their loan are taken out when it comes, and not let in."""
    usual = WaitingRoom.leave

    def leave(self: WaitingRoom, key: bytes, day: int | None) -> list[WaitingEvent]:
        found = usual(self, key, day)
        return [] if day is None else found

    return patch.object(WaitingRoom, "leave", leave)


OF_LOANS: tuple[Callable[[], Patch], ...] = (
    day_ends_with_the_process,
    waiting_forgotten,
    waiting_letter_lost,
    released_lost,
)


def signals_forgotten() -> Patch:
    """Signals of a day that is not open yet are not looked for when a borrower task begins."""
    return _borrower_task(lambda task: task.waiting.signals.clear())


def marks_forgotten() -> Patch:
    """Which days the loan tasks have judged is not looked for when a borrower task begins."""

    def forget(task: BorrowerTask) -> None:
        task.marks = [0] * len(task.marks)

    return _borrower_task(forget)


OF_BORROWERS: tuple[Callable[[], Patch], ...] = (signals_forgotten, marks_forgotten)


def hunt_lender(schedules: int) -> tuple[int, BaseException] | None:
    """Run the loan agent until something is wrong; after how many schedules, and what."""
    lender = Lender(*LENDER)
    for seed in range(schedules):
        random = Random(seed)
        faults = {random.randrange(400): random.choice(list(Fault)) for _ in range(4)} if seed else {}
        try:
            run(seed, faults, world=lender)
        except Exception as error:  # noqa: BLE001 - whatever is wrong
            return seed + 1, error
    return None


def _begun(change: Callable[[TaskState], None]) -> Patch:
    """A task begins with something else than its table gives."""
    usual = days.begin_task

    def begin(table: Mapping[bytes, bytes], policy: Policy) -> TaskState:
        state = usual(table, policy)
        change(state)
        return state

    return patch.object(loan_agent, "begin_task", begin)


def _borrower_task(change: Callable[[BorrowerTask], None]) -> Patch:
    usual = BorrowerTask.__init__

    def begin(self: BorrowerTask, table: Mapping[bytes, bytes], partitions: int) -> None:
        usual(self, table, partitions)
        change(self)

    return patch.object(BorrowerTask, "__init__", begin)
