"""Where events wait, in their loan's place of the table: for its disbursement, or for their value date to open."""

from __future__ import annotations

from typing import Final

from stream.agents.batch import Batch, TaskState
from stream.engine.facts import ChargedBack, ChargePosted, ChargeWaived, Fact, Repaid, RepaymentReversed
from stream.translate.records import Record
from stream.translate.waiting import WaitingEvent, read_waiting, write_waiting

WAITING: Final = b"\x00waiting/"
"""Before a loan id: the key of its events that wait."""
MAX_WAITING: Final = 64


class WaitingRoom:
    """The waiting events of a task, as one batch sees and changes them."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._state: TaskState = batch.context

    def enter(self, key: bytes, record: Record, fact: Fact, until: int) -> str:
        """Let an event of the loan of a key wait for a day: `waiting`, `duplicate`, or `full` after 64."""
        waiting = read_waiting(self._batch.get(WAITING + key))
        own_id = _own_id(fact)
        for event in waiting:
            if event.event_id == fact.event_id or (own_id is not None and event.own_id == own_id):
                return "duplicate"
        if len(waiting) >= MAX_WAITING:
            return "full"
        waiting.append(WaitingEvent.of(record, fact.event_id, own_id, until))
        self._write(WAITING + key, waiting)
        return "waiting"

    def leave(self, key: bytes, day: int | None) -> list[WaitingEvent]:
        """Take out those that wait for `day` or an earlier one, None: all, in the order in which they came."""
        waiting_key = WAITING + key
        waiting = read_waiting(self._batch.get(waiting_key))
        if not waiting:
            return []
        self._write(waiting_key, [] if day is None else [event for event in waiting if event.until > day])
        return [event for event in waiting if day is None or event.until <= day]

    def _write(self, waiting_key: bytes, waiting: list[WaitingEvent]) -> None:
        if not waiting:
            self._batch.put(waiting_key, None)
            return
        until = min(event.until for event in waiting)
        self._batch.put(waiting_key, write_waiting(waiting, until))
        self._state.due.add(until, waiting_key)


def _own_id(fact: Fact) -> str | None:
    """What the lender calls it; other kinds than payments are told apart by a space, which no id has."""
    if isinstance(fact, Repaid):
        return fact.payment_id
    if isinstance(fact, RepaymentReversed):
        return f"reversal {fact.reversal_id}"
    if isinstance(fact, ChargedBack):
        return f"chargeback {fact.chargeback_id}"
    if isinstance(fact, ChargePosted):
        return f"charge {fact.charge_id}"
    if isinstance(fact, ChargeWaived):
        return f"waiver {fact.waiver_id}"
    return None
