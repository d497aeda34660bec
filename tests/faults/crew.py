"""The workers of a run: started, hurt, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

COMMAND = (sys.executable, "-m", "stream.cli", "worker")
DRAIN_SECONDS = 30.0
YOUNG_SECONDS = 10.0
"""So long a process may not have come to handle signals, and a SIGTERM ends it the plain way."""


@dataclass
class Worker:
    """One place for a worker process; when a process has ended, another takes the place."""

    name: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    stopped: bool = False
    """Whether it is under SIGSTOP now."""
    started: float = 0.0
    """When its process was started, by the steady clock."""
    away: bool = False
    """Whether it is meant not to run now."""
    tree: Path | None = None
    """Where the package is that it runs; None: here."""

    def start(self) -> None:
        """Start a process; its words go to the log."""
        with self.log.open("ab") as log:
            log.write(f"--- {time.strftime('%H:%M:%S')} {self.name} starts\n".encode())
            log.flush()
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                COMMAND,
                env=os.environ | self.environment | ({"PYTHONPATH": str(self.tree)} if self.tree else {}),
                cwd=self.tree,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def send(self, number: int) -> None:
        """Send a signal."""
        assert self.process
        self.process.send_signal(number)
        if number in {signal.SIGSTOP, signal.SIGCONT}:
            self.stopped = number == signal.SIGSTOP

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def young(self) -> bool:
        """Whether its process has only just been started."""
        return time.monotonic() - self.started < YOUNG_SECONDS

    def end(self, seconds: float = DRAIN_SECONDS) -> int | None:
        """Ask it to end (SIGTERM); its exit code, or None if it had to be killed."""
        if not self.process:
            return 0
        if self.alive():
            self.send(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


@dataclass
class Crew:
    """All workers of a run."""

    workers: list[Worker]
    unasked: list[str] = field(default_factory=list)
    """Ends that nobody asked for, with exit code."""
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(
        cls, count: int, environment: dict[str, str], folder: Path, metrics_port: int, ways: Sequence[str] = ()
    ) -> Crew:
        """So many workers; each has its own log, metrics port (0: a free one) and, where given, way to the brokers."""
        workers = []
        for number in range(count):
            own = {"OVERDUE_METRICS_PORT": str(metrics_port + number if metrics_port else 0)}
            if ways:
                own["OVERDUE_BROKERS"] = ways[number % len(ways)]
            workers.append(Worker(f"worker-{number}", environment | own, folder / f"worker-{number}.log"))
        return cls(workers)

    def start(self) -> None:
        """Start all."""
        for worker in self.workers:
            worker.start()

    def tend(self) -> None:
        """Start again whoever has ended without being asked."""
        with self.lock:
            for worker in self.workers:
                if worker.process and not worker.alive() and not worker.away:
                    self.unasked.append(f"{worker.name} rc {worker.process.returncode}")
                    worker.start()

    def end(self) -> list[int | None]:
        """End all in order; their exit codes."""
        with self.lock:
            for worker in self.workers:
                if worker.alive() and worker.stopped:
                    worker.send(signal.SIGCONT)
            return [worker.end() for worker in self.workers]
