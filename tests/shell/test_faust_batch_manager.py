"""What the task manager tells the group, and how a process is ended that does not end by itself; without a broker."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from stream.faust_batch import PartitionStore, TaskSettings
from stream.faust_batch.manager import TaskManager
from stream.faust_batch.queues import RecordQueue

INPUT = TopicPartition("in", 3)


def manager_of(committed: int, inputs: bytes | None) -> tuple[TaskManager, RecordQueue, PartitionStore]:
    """A manager of one task with one input, read up to an offset; its changelog has these positions."""
    manager = TaskManager(SimpleNamespace(), TaskSettings(), None, {})
    queue, store = RecordQueue(INPUT), PartitionStore()
    queue.committed, store.inputs = committed, inputs
    manager._routes = {INPUT: (queue, SimpleNamespace(store=store))}
    return manager, queue, store


def test_group_is_told_nothing_of_a_task_that_has_committed_nothing() -> None:
    """A task that ends without a transaction leaves no group offset, by which its next start would refuse."""
    manager, _, store = manager_of(7, None)
    assert manager.group_offsets() == {}
    store.inputs = b"positions"
    assert manager.group_offsets() == {INPUT: 7}


def test_group_is_told_news_only() -> None:
    """An offset is told once, and again when it has moved."""
    manager, queue, _ = manager_of(7, b"positions")
    assert manager.group_offsets() == {INPUT: 7}
    assert manager.group_offsets() == {}
    queue.committed = 9
    assert manager.group_offsets() == {INPUT: 9}


@pytest.mark.parametrize(
    ("function", "code", "words"),
    [("end_process_after", 70, "did not stop by itself"), ("end_asked_process_after", 0, "asked to stop")],
)
def test_hanging_process_ends_in_time_and_says_why(function: str, code: int, words: str) -> None:
    """A process that hangs after an error ends with 70; one that was asked to end, with 0: nothing was its fault."""
    program = f"import time; from stream.faust_batch.exit import {function}; {function}(0.05); time.sleep(60)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, words in ended.stderr) == (code, True)
