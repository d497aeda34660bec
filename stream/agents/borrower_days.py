"""The opening of a business day for all borrowers of a task."""

from __future__ import annotations

from collections.abc import Iterator

from stream.agents.batch import Batch
from stream.agents.borrower_task import (
    BorrowerTask,
    Phase,
    decode,
    load_borrower,
    load_signal,
    next_look_of,
    store_borrower,
)
from stream.warning import step
from stream.warning.borrower import Borrower
from stream.warning.decisions import Decision
from stream.warning.loan_view import LoanView, view_of
from stream.warning.memory import is_empty, next_look
from stream.warning.signals import Signal
from stream.warning.step import Said


class Ready:
    """What waits for one borrower."""

    __slots__ = ("before", "signals", "ticked")

    def __init__(self) -> None:
        self.before: dict[str, LoanView] = {}
        """The last standing of each loan before the day."""
        self.ticked: dict[str, LoanView] = {}
        """The standings that the opening of the day made."""
        self.signals: list[Signal] = []


def open_day(batch: Batch, task: step.Task, day: int) -> Iterator[Said]:
    """Open `day` for every borrower that something waits for, or that time can change, in the order of their ids."""
    context: BorrowerTask = batch.context
    task.portfolio.open_day(day)
    task.tally.open_day()
    ready = _take_waiting(batch, context, day)
    for key in context.due.take(day, 1 << 40):
        raw = batch.get(key)
        if raw is not None and next_look_of(raw) <= day:
            ready.setdefault(key, Ready())
    for key in sorted(ready):
        found, raw = ready[key], batch.get(key)
        borrower = Borrower(key.decode()) if raw is None else load_borrower(raw)
        yield step.open_day(task, borrower, day, found.before.values(), found.ticked.values(), found.signals)
        keep(batch, task, borrower, day)
    context.business_date = day


def close_last_day(batch: Batch, task: step.Task) -> Iterator[Decision]:
    """The decisions of the last day that was opened, as if the next one opened: a file ends here.

    Nothing is said about the day after, and nothing is written: there is no going on from here.
    """
    context: BorrowerTask = batch.context
    day = context.business_date + 1
    task.portfolio.open_day(day)
    ready = _take_waiting(batch, context, day)
    for key in context.due.take(day, 1 << 40):
        ready.setdefault(key, Ready())
    for key in sorted(ready):
        raw = batch.get(key)
        borrower = Borrower(key.decode()) if raw is None else load_borrower(raw)
        yield from step.close_day(task, borrower, day - 1, ready[key].before.values())


def keep(batch: Batch, task: step.Task, borrower: Borrower, day: int) -> None:
    """Write a borrower back, or forget it."""
    key = borrower.borrower_id.encode()
    if is_empty(borrower, day):
        batch.put(key, None)
        return
    look = next_look(task.scorer, task.policy.outcome, borrower, day)
    context: BorrowerTask = batch.context
    context.due.add(look, key)
    batch.put(key, store_borrower(borrower, look))


def _take_waiting(batch: Batch, context: BorrowerTask, day: int) -> dict[bytes, Ready]:
    """Take what counts by the opening of `day` off the table, by borrower; a later standing replaces an earlier one."""
    ready: dict[bytes, Ready] = {}
    standings, signals = context.waiting
    ended: Phase = (day, 0)
    for phase in sorted(phase for phase in standings if phase <= ended):
        for key in standings.pop(phase):
            view = view_of(decode(batch.get(key) or b""))
            batch.put(key, None)
            found = ready.setdefault(view.borrower_id.encode(), Ready())
            (found.ticked if phase == ended else found.before)[view.loan_id] = view
    for recorded in sorted(known for known in signals if known <= day):
        for key in signals.pop(recorded):
            signal = load_signal(batch.get(key) or b"")
            batch.put(key, None)
            ready.setdefault(signal.borrower_id.encode(), Ready()).signals.append(signal)
    return ready
