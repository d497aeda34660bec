"""`python -m tests.bench.profiled FILE worker`: the worker, with a thread that sees where its CPU goes.

A hundred times a second and more, the CPU that each thread has spent since the last look is put down to the stage that
the thread is in. FILE gets the sums, in microseconds, twice a second.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

SAMPLE_SECONDS: Final = 0.003
WRITE_SECONDS: Final = 0.25

STAGES: Final = (
    # Looked for from the outermost call inwards: the first that is found is the stage.
    ("standing", "translate/standing.py", None),
    ("state in", "translate/state.py", "load"),
    ("state out", "translate/state.py", "store"),
    ("decode and check", "translate/inbound.py", None),
    ("alerts and dead letters out", "translate/outbound.py", None),
    ("engine", "stream/engine/", None),
    ("fetch: records and merge", "faust_batch/queues.py", None),
    ("produce: batches", "faust_batch/producer.py", "append"),
    ("produce: batches", "faust_batch/producer.py", "extend"),
    ("produce: batches", "faust_batch/producer.py", "batches"),
    ("produce: batches", "faust_batch/batch.py", "send"),
    ("commit: overlay", "faust_batch/state.py", None),
    ("agent: look-ups, loop", "stream/agents/", None),
    ("commit: transaction", "aiokafka/producer/transaction_manager.py", None),
    ("produce: requests", "aiokafka/producer/", None),
    ("commit: transaction", "faust_batch/producer.py", None),
    ("fetch: records and merge", "aiokafka/consumer/", None),
    ("fetch: records and merge", "aiokafka/record/", None),
    ("fetch: records and merge", "faust_batch/transport.py", None),
    ("tasks", "faust_batch/", None),
    ("network", "aiokafka/", None),
    ("tasks", "faust/", None),
)


_ROUGH: Final = {"tasks", "network", "agent: look-ups, loop"}
"""Stages that hold others: what is found further in names the place better."""


class Sampler(threading.Thread):
    """Looks at every other thread of the process."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="bench-sampler", daemon=True)
        self._path = path
        self._spent: Counter[str] = Counter()
        self._clocks: dict[int, float] = {}
        self._known: dict[tuple[str, str], str | None] = {}

    def run(self) -> None:
        written = time.monotonic()
        while True:
            time.sleep(SAMPLE_SECONDS)
            self._look()
            if time.monotonic() - written > WRITE_SECONDS:
                written = time.monotonic()
                self._write(written)

    def _look(self) -> None:
        frames = sys._current_frames()
        frames.pop(threading.get_ident(), None)  # it holds `frames`: a circle, which would keep all that they hold
        self._look_at_itself()
        for thread, frame in frames.items():
            try:
                spent = time.clock_gettime(time.pthread_getcpuclockid(thread))
            except OSError:
                continue
            delta = spent - self._clocks.get(thread, spent)
            self._clocks[thread] = spent
            if delta > 0:
                self._spent[self._stage(frame)] += round(delta * 1e6)

    def _look_at_itself(self) -> None:
        spent, own = time.thread_time(), threading.get_ident()
        self._spent["(this profiler)"] += round((spent - self._clocks.get(own, spent)) * 1e6)
        self._clocks[own] = spent

    def _stage(self, frame: FrameType | None) -> str:
        calls = []
        while frame is not None:
            calls.append((frame.f_code.co_filename, frame.f_code.co_name))
            frame = frame.f_back
        found = [stage for call in reversed(calls) if (stage := self._stage_of(call)) is not None]
        inner = [stage for stage in found if stage not in _ROUGH]
        return inner[0] if inner else found[-1] if found else "event loop, other"

    def _stage_of(self, call: tuple[str, str]) -> str | None:
        if call not in self._known:
            file, name = call
            stages = (stage for stage, part, function in STAGES if part in file and function in (None, name))
            self._known[call] = next(stages, None)
        return self._known[call]

    def _write(self, moment: float) -> None:
        line = json.dumps({"moment": moment, "cpu": time.process_time(), "us": self._spent})
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")


def stages_between(path: Path, start: float, end: float) -> dict[str, float]:
    """Microseconds by stage between two moments of the monotonic clock, from the file of a profiled worker."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    inside = [line for line in lines if start <= line["moment"] <= end]
    if len(inside) < 2:
        raise ValueError("the run was too short to profile: take more repayments")
    first, last = inside[0], inside[-1]
    stages = {name: us - first["us"].get(name, 0) for name, us in last["us"].items()}
    stages["outside of Python's threads"] = max(0.0, (last["cpu"] - first["cpu"]) * 1e6 - sum(stages.values()))
    share = (end - start) / (last["moment"] - first["moment"])
    return {name: us * share for name, us in stages.items()}


def main() -> None:
    """Start the sampler, then the worker in this thread."""
    from stream.cli.app import main as overdue

    Sampler(Path(sys.argv[1])).start()
    sys.argv = ["overdue", *sys.argv[2:]]
    overdue()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
