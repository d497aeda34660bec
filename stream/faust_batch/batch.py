"""
What an agent gets as the value of an event: one batch of a task, and where its results go.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from stream.faust_batch.producer import PartitionWriter
from stream.faust_batch.queues import Record

if TYPE_CHECKING:
    from stream.faust_batch.state import PartitionStore
    from stream.faust_batch.task import StreamTask


class TaskBatch:
    """
    One unit of work of a task; all that it puts and sends is committed with its offsets, or nothing is.

    Attributes:
        records: in time order; empty where there is a tick.
        tick: alone in its transaction; None otherwise.
        partition: of all the task's topics.
        context: what ``open_task`` returned for this task.
        store: the committed state; ``get`` sees the batch's own puts as well.
    """

    __slots__ = (
        "_done",
        "_new_writer",
        "_outputs",
        "_puts",
        "context",
        "left",
        "partition",
        "process_seconds",
        "records",
        "repeats",
        "store",
        "tick",
    )

    def __init__(
        self,
        task: StreamTask,
        records: Sequence[Record],
        tick: Record | None,
        done: Future[Any],
    ) -> None:
        self.records = records
        self.tick = tick
        self.partition = task.partition
        self.context: Any = task.context
        self.store: PartitionStore = task.store
        self.repeats = False
        self.left: Sequence[Record] = ()
        self.process_seconds = 0.0
        self._new_writer = task.producer.writer
        self._puts: dict[bytes, bytes | None] = {}
        self._outputs: dict[tuple[str, int], PartitionWriter] = {}
        self._done = done

    def get(self, key: bytes) -> bytes | None:
        """The value of this key, with the batch's own puts; None: there is none."""
        puts = self._puts
        return puts[key] if key in puts else self.store.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Set the value of this key; None deletes it."""
        self._puts[key] = value

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """
        Send one record with this batch's transaction; a list of headers is the fastest.

        Raises:
            RecordTooLargeError: it does not fit into a batch.
        """
        writer = self._outputs.get((topic, partition))
        if writer is None:
            writer = self._outputs[topic, partition] = self._new_writer(topic, partition)
        writer.append(key, value, timestamp_ms, headers if type(headers) is list else list(headers))

    def repeat_tick(self) -> None:
        """
        Commit what was put and sent so far, but deliver the tick again, before anything else.

        For a day too large for one transaction. After a crash the tick comes again first, too, with
        the state as committed.
        """
        if self.tick is None:
            raise ValueError("only a tick can be repeated; this batch has records")
        self.repeats = True

    def leave(self, first: int) -> None:
        """
        Commit what was put and sent so far, but deliver the records from this index on again, in the next batch.

        For work too large for one transaction. After a crash they come again, too, with the state as
        committed; records of other partitions may then come before them.
        """
        self.left = self.records[first:]

    def caused_by(self, record: Any) -> None:
        """What is sent next is because of this record, though another one brought it up; nobody asks here."""

    @property
    def puts(self) -> dict[bytes, bytes | None]:
        """What was put, the last value of each key."""
        return self._puts

    @property
    def outputs(self) -> Sequence[PartitionWriter]:
        """What was sent, by topic and partition."""
        return tuple(self._outputs.values())

    def run(self, process: Callable[[TaskBatch], None], event: Any) -> None:
        """Process this batch, in the agent; an error goes to the task, which decides."""
        if self._done.done():  # the task was closed meanwhile: nobody waits for this batch
            return
        started = perf_counter()
        try:
            process(self)
        except Exception as error:  # noqa: BLE001 - the task ends the worker with it, or stops (StopTask)
            self._done.set_exception(error)
            return
        self.process_seconds = perf_counter() - started
        self.commit(event)

    def commit(self, event: Any) -> None:
        """The agent is done with this batch: its task commits it and then acknowledges the event."""
        if not self._done.done():
            self._done.set_result(event)

    def let_go(self) -> None:
        """
        The task has the event now.

        The future holds the event and that this batch: the circle would keep all records, and what was made of
        them, until the garbage collector comes, which is seldom.
        """
        del self._done

    def release(self) -> None:
        """It is committed, and nobody reads it again: a circle that an agent has made must not keep its records."""
        self.records, self.left, self.tick = (), (), None
        self._puts, self._outputs = {}, {}
