"""The watchdog ends a worker that does not work, and no other."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from stream.faust_batch import Observer, StalledError, TaskSettings, watchdog
from stream.faust_batch.group import RecordGroup
from stream.faust_batch.queues import Limit, RecordQueue

INPUT = TopicPartition("repayments", 3)
STALL = 10.0


class Seen(Observer):
    def __init__(self):
        self.open, self.positions_seen, self.waits = [], [], []

    def positions(self, topic, partition, position, lso, committed):
        self.positions_seen.append((topic, partition, position, lso, committed))

    def transaction_left_open(self, topic, partition, lso, high_watermark, seconds):
        self.open.append((topic, partition, lso, high_watermark, seconds))

    def barrier_wait(self, agent, partition, seconds):
        self.waits.append((agent, partition, seconds))


class Worker:
    """A worker as the watchdog sees it, and a clock."""

    def __init__(self, monkeypatch):
        self.queue = RecordQueue(INPUT)
        self.queue.position = self.queue.lso = self.queue.committed = 100
        self.stable = self.high = 100
        self.reachable = True
        self.now = 0.0
        self.task = SimpleNamespace(
            key=("loans", 3), agent=SimpleNamespace(name="loans"), partition=3, group=RecordGroup([self.queue]),
            stopped=None, busy=False, committed_at=0.0, tick_since=None,
        )  # fmt: skip
        self.observer = Seen()
        manager = SimpleNamespace(
            settings=TaskSettings(stall_timeout=STALL, open_transaction_after=5.0),
            observer=self.observer, lookups=self, log=SimpleNamespace(warning=lambda *_: None),
            routes={INPUT: (self.queue, self.task)}, tasks={("loans", 3): self.task},
        )  # fmt: skip
        monkeypatch.setattr(watchdog, "monotonic", lambda: self.now)
        self._watchdog = watchdog.Watchdog(manager)

    async def last_stable_offsets(self, partitions):
        return self._answer(self.stable)

    async def high_watermarks(self, partitions):
        return self._answer(self.high)

    def _answer(self, offset):
        if not self.reachable:
            raise KafkaConnectionError("broker away")
        return {INPUT: offset}

    def look(self, *, after: float) -> None:
        self.now += after
        asyncio.run(self._watchdog.look())

    def buffer(self, count: int) -> None:
        self.queue.add([SimpleNamespace(offset=100 + n, timestamp=n) for n in range(count)])


@pytest.fixture
def worker(monkeypatch) -> Worker:
    return Worker(monkeypatch)


def test_worker_at_rest_lives(worker):
    """Nothing to read and nothing to commit: nothing moves, and that is right."""
    for _ in range(10):
        worker.look(after=STALL)
    assert worker.observer.positions_seen[-1] == ("repayments", 3, 100, 100, 100)


def test_position_that_stays_below_the_brokers_end_ends_the_worker(worker):
    """The fetcher died in silence: what it says of the end stays, too, so the broker is asked."""
    worker.stable = worker.high = 150
    worker.look(after=0)
    worker.look(after=STALL)
    with pytest.raises(StalledError, match=r"repayments\[3\] stays at offset 100 .* up to 150"):
        worker.look(after=0.1)


def test_position_that_moves_is_no_stall(worker):
    """However far behind: a worker that gets on lives."""
    worker.stable = worker.high = 10**9
    for _ in range(10):
        worker.queue.position += 1
        worker.look(after=STALL)


def test_paused_input_is_no_stall_of_its_position(worker):
    """A partition paused because its queue is full is not fetched on purpose."""
    worker.stable, worker.queue.paused = 150, True
    for _ in range(3):
        worker.look(after=STALL)


def test_buffered_records_without_a_commit_end_the_worker(worker):
    """Records are there and the task does not commit."""
    worker.buffer(7)
    worker.look(after=0)
    worker.look(after=STALL)
    with pytest.raises(StalledError, match=r"task loans\[3\] has 7 records waiting"):
        worker.look(after=0.1)


def test_running_transaction_without_an_end_ends_the_worker(worker):
    """A batch is taken and its commit does not come back."""
    worker.task.busy = True
    worker.look(after=0)
    with pytest.raises(StalledError, match="has not committed"):
        worker.look(after=STALL + 1)


def test_commits_that_go_on_are_no_stall(worker):
    """Always something buffered, but commits follow each other."""
    worker.buffer(7)
    for _ in range(5):
        worker.task.committed_at = worker.now
        worker.look(after=STALL)


def test_stopped_task_is_no_stall(worker):
    """A task that stopped itself reads and commits nothing, and the others must go on."""
    worker.buffer(7)
    worker.stable, worker.task.stopped = 150, "too many dead letters"
    for _ in range(3):
        worker.look(after=STALL)


def test_open_upstream_transaction_is_reported_and_not_killed(worker):
    """A tick waits for records that somebody else has not committed: a restart would not help."""
    tick_queue = RecordQueue(TopicPartition("business-days", 3))
    tick_queue.add([SimpleNamespace(offset=0, timestamp=0)])
    tick_queue.position = tick_queue.lso = 1
    group = RecordGroup([worker.queue], tick_queue)
    group.barrier = {INPUT: Limit(130)}
    worker.task.group, worker.task.tick_since, worker.high = group, 0.0, 130
    for _ in range(4):
        worker.look(after=STALL)
    assert worker.observer.open[-1] == ("repayments", 3, 100, 130, 3 * STALL)
    assert worker.observer.waits[-1] == ("loans", 3, 4 * STALL)


def test_short_upstream_transaction_is_not_reported(worker):
    """Transactions come and go; only one that stays is worth a word."""
    for number in range(10):
        worker.stable, worker.high = 100 + number, 105 + number
        worker.queue.position = worker.stable
        worker.look(after=4.0)
    assert worker.observer.open == []


def test_broker_that_is_away_is_no_stall_of_a_worker_at_rest(worker):
    """Without answers, only what the worker itself knows counts."""
    worker.reachable = False
    for _ in range(5):
        worker.look(after=STALL)


def test_blocked_event_loop_ends_the_process():
    """A loop that does not turn cannot look after itself: a thread does, with exit code 70 and a line."""
    script = (
        "import asyncio, time\nfrom stream.faust_batch.watchdog import LoopGuard\n"
        "async def main():\n guard = asyncio.create_task(LoopGuard(1.0).run())\n"
        " await asyncio.sleep(0.1)\n time.sleep(60)\n"
        "asyncio.run(main())"
    )
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=50, check=False)
    assert ended.returncode == 70
    assert b"event loop has been blocked" in ended.stderr
    assert time.monotonic() - started < 40
