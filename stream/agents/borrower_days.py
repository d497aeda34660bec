"""The opening of a business day for all borrowers of a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stream.agents.batch import Batch
from stream.agents.borrower_task import (
    BorrowerTask,
    Phase,
    Ready,
    decode,
    load_borrower,
    load_signal,
    next_look_of,
    place_of,
    store_borrower,
)
from stream.warning import step
from stream.warning.borrower import Borrower
from stream.warning.decisions import Decision
from stream.warning.loan_view import view_of
from stream.warning.memory import is_empty, next_look
from stream.warning.step import Said
from stream.warning.warnings import EarlyWarning


def open_day(batch: Batch, task: step.Task, day: int, limit: int) -> Iterator[Said]:
    """Open `day` for every borrower that something waits for, or that time can change, in the order of their ids.

    After `limit` borrowers it stops, and goes on when it is called again; with the last one `day` is the business
    date. Nothing may take effect in between. What one borrower does is seen by none before the next day, so it makes
    no difference in how many parts a day opens.
    """
    context: BorrowerTask = batch.context
    if context.opening != day:
        task.portfolio.open_day(day)
        task.tally.open_day()
        context.opening = day
    if context.left is None:  # also after a restart: what is done waits no more, and is not due before the next day
        context.left = _gather(batch, context, day)
    part, context.left = context.left[:limit], context.left[limit:]
    for found in part:
        yield _open_for(batch, task, day, found)
    if not context.left:
        context.business_date, context.opening, context.left = day, 0, None


def _open_for(batch: Batch, task: step.Task, day: int, found: Ready) -> Said:
    for key in found.waiting_keys:
        batch.put(key, None)
    borrower = _borrower_of(batch, found)
    warnings: list[EarlyWarning] = []
    decisions: Sequence[Decision] = ()
    if found.opens:
        warnings, decisions = step.open_day(task, borrower, day, found.before.values(), found.ticked.values())
    for signal in found.signals:
        warnings += step.take_signal(task, borrower, day, signal) or ()
    keep(batch, task, borrower, day)
    return Said(warnings, decisions)


def close_last_day(batch: Batch, task: step.Task) -> Iterator[Decision]:
    """The decisions of the last day that was opened, as if the next one opened: a file ends here.

    Nothing is said about the day after, and nothing is written: there is no going on from here.
    """
    context: BorrowerTask = batch.context
    day = context.business_date + 1
    task.portfolio.open_day(day)
    for found in _gather(batch, context, day):
        yield from step.close_day(task, _borrower_of(batch, found), day - 1, found.before.values())


def _borrower_of(batch: Batch, found: Ready) -> Borrower:
    raw = batch.get(found.key)
    return Borrower(found.key.decode()) if raw is None else load_borrower(raw)


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


def _gather(batch: Batch, context: BorrowerTask, day: int) -> list[Ready]:
    """What counts by the opening of `day`, in the order of the borrowers' ids; a later standing replaces an earlier.

    Signals are in the order in which they came, so it makes no difference to them whether they waited for their day.
    """
    ready: dict[bytes, Ready] = {}

    def of(key: bytes) -> Ready:
        return ready.setdefault(key, Ready(key))

    standings, signals = context.waiting
    ended: Phase = (day, 0)
    for phase in sorted(phase for phase in standings if phase <= ended):
        for key in standings.pop(phase):
            view = view_of(decode(batch.get(key) or b""))
            found = of(view.borrower_id.encode())
            (found.ticked if phase == ended else found.before)[view.loan_id] = view
            found.waiting_keys.append(key)
            found.opens = True
    arrived = [key for recorded in [known for known in signals if known <= day] for key in signals.pop(recorded)]
    for key in sorted(arrived, key=place_of):
        signal = load_signal(batch.get(key) or b"")
        found = of(signal.borrower_id.encode())
        found.signals.append(signal)
        found.waiting_keys.append(key)
    for key in context.due.take(day, 1 << 40):
        raw = batch.get(key)
        if raw is not None and next_look_of(raw) <= day:
            of(key).opens = True
    return [ready[key] for key in sorted(ready)]
