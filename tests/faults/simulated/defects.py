"""Deliberate defects of the runtime, each a mistake that somebody might make; the simulation must find every one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from aiokafka.errors import ProducerFenced

from stream.faust_batch import group, opening, producer, restore
from stream.faust_batch.batch import TaskBatch
from stream.faust_batch.group import RecordGroup
from stream.faust_batch.positions import POSITIONS_KEY, Positions
from stream.faust_batch.task import StreamTask
from tests.faults.simulated.clients import SimulatedRestorer
from tests.faults.simulated.story import REFUSED

Patch = AbstractContextManager[Any]


def _both(first: Patch, second: Patch) -> Patch:
    stack = ExitStack()

    @contextmanager
    def patched() -> Iterator[None]:
        with stack:
            stack.enter_context(first)
            stack.enter_context(second)
            yield

    return patched()


def committed_early() -> Patch:
    """Positions are those of what was fetched, not of what was processed."""

    def positions(self: RecordGroup) -> Positions:
        offsets = {queue.topic_partition: queue.position for queue in self.all_queues if queue.position is not None}
        return Positions(offsets, self.tick_begun)

    return patch.object(RecordGroup, "positions", positions)


def _commit_in_parts(parts: Callable[[Any, list[Any]], list[list[Any]]]) -> Patch:
    """The transaction of a batch is cut into several."""

    async def commit(self: StreamTask, batch: TaskBatch, positions: bytes) -> float:
        state = self.producer.writer(self.agent.changelog, self.partition)
        state.extend(batch.puts.items())
        place = self.producer.writer(self.agent.changelog, self.partition)
        place.append(POSITIONS_KEY, positions, None, [])
        writers = {"state": [state] if batch.puts else [], "place": [place], "out": list(batch.outputs)}
        end = self.store.position
        for part in parts(writers, []):
            if part:
                end, _ = await self.producer.commit(part)
        self.store.position = end
        return 0.0

    return patch.object(StreamTask, "_commit", commit)


def state_outside() -> Patch:
    """State is written by a transaction of its own, before the one that has outputs and positions."""
    return _commit_in_parts(lambda w, _: [w["state"], [*w["place"], *w["out"]]])


def positions_outside() -> Patch:
    """Positions are written by a transaction of their own, after the one that has state and outputs."""
    return _commit_in_parts(lambda w, _: [[*w["state"], *w["out"]], w["place"]])


def outputs_outside() -> Patch:
    """Outputs are written by a transaction of their own, after the one that has state and positions."""
    return _commit_in_parts(lambda w, _: [[*w["state"], *w["place"]], w["out"]])


def dead_letter_lost() -> Patch:
    """A dead letter is not sent where its batch has another output as well."""

    def outputs(self: TaskBatch) -> Sequence[Any]:
        writers = tuple(self._outputs.values())
        others = [writer for writer in writers if writer.topic != REFUSED]
        return others or writers

    return patch.object(TaskBatch, "outputs", property(outputs))


def tick_twice() -> Patch:
    """A tick's position is not committed with what the tick did, but a little later."""
    usual_positions, usual_pass = RecordGroup.positions, RecordGroup.pass_tick
    passed: dict[int, int] = {}

    def pass_tick(self: RecordGroup) -> None:
        assert self.tick is not None
        passed[id(self)] = self.tick.offset
        usual_pass(self)

    def positions(self: RecordGroup) -> Positions:
        said = usual_positions(self)
        if id(self) not in passed or self.tick_queue is None:
            return said
        return Positions({**said.offsets, self.tick_queue.topic_partition: passed.pop(id(self))}, said.tick_begun)

    return _both(patch.object(RecordGroup, "pass_tick", pass_tick), patch.object(RecordGroup, "positions", positions))


def tick_cut_short() -> Patch:
    """A tick is over with its first transaction, though the agent asked for it again."""
    usual = RecordGroup.pass_tick

    def end_tick(self: StreamTask, batch: TaskBatch) -> None:
        usual(self.group)

    return patch.object(StreamTask, "_end_tick", end_tick)


def nobody_fenced() -> Patch:
    """Every process has transactional ids of its own, as is the custom of clients that know no tasks."""
    numbers = count()

    class Own(producer.TaskProducer):
        def __init__(self, transactional_id: str, **options: Any) -> None:
            super().__init__(f"{transactional_id}-{next(numbers)}", **options)

    return patch.object(opening, "TaskProducer", Own)


def restored_before_fencing() -> Patch:
    """What the owner has is read before the former owner is shut out."""
    usual, restored = opening.open_tasks, opening._restore

    async def first(manager: Any, wanted: Any, stores: Any) -> Any:
        await restored(manager, wanted, stores, [0 for _ in wanted])
        return await usual(manager, wanted, stores)

    async def nothing(*_: Any) -> None:
        """It is restored already."""

    return _both(patch("stream.faust_batch.manager.open_tasks", first), patch.object(opening, "_restore", nothing))


def aborted_state_believed() -> Patch:
    """State is restored from records of transactions that were aborted, too."""

    usual = SimulatedRestorer.__init__

    def uncommitted(self: SimulatedRestorer, **options: Any) -> None:
        usual(self, **(options | {"isolation_level": "read_uncommitted"}))

    return patch.object(SimulatedRestorer, "__init__", uncommitted)


def old_end_believed() -> Patch:
    """The end of a changelog is what the broker says."""
    usual = restore.restore

    async def trusting(stores: Mapping[Any, Any], *, ends: Mapping[Any, int], **options: Any) -> Any:
        return await usual(stores, ends=dict.fromkeys(ends, 0), **options)

    return patch.object(opening, "restore", trusting)


def failed_delivery_ignored() -> Patch:
    """A transaction is committed though one of its batches was not delivered."""

    async def deliver(self: producer.TaskProducer, writers: Sequence[Any]) -> list[int]:
        ends = []
        for writer in writers:
            for batch, size in writer.batches():
                try:
                    ends.append((await (await self._hand_over(batch, writer))).offset + size)
                except ProducerFenced:
                    raise
                except Exception:  # noqa: BLE001 - the defect
                    ends.append(0)
        return ends

    return patch.object(producer.TaskProducer, "_deliver", deliver)


def merged_by_arrival() -> Patch:
    """Records that are there are taken, though older ones of another topic are still at the broker."""

    def all_of(windows: Sequence[Any], limit: int) -> list[Any]:
        return [(w.queue, min(w.stop, w.queue.index + limit)) for w in windows if not w.empty]

    return patch.object(group, "_before_horizon", all_of)


def tick_too_early() -> Patch:
    """A tick waits for what is fetched, not for what the broker has."""
    usual = RecordGroup._window

    def window(self: RecordGroup, queue: Any, tick: Any) -> Any:
        found = usual(self, queue, tick)
        return found if tick is None else group._Window(queue, found.stop, incomplete=False)

    return patch.object(RecordGroup, "_window", window)


DEFECTS: tuple[Callable[[], Patch], ...] = (
    committed_early,
    state_outside,
    positions_outside,
    outputs_outside,
    dead_letter_lost,
    tick_twice,
    tick_cut_short,
    nobody_fenced,
    restored_before_fencing,
    aborted_state_believed,
    old_end_believed,
    failed_delivery_ignored,
    merged_by_arrival,
    tick_too_early,
)
