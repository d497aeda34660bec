"""The faults: what is done to workers and broker, and how long it takes until all is well again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from stream.local.broker import Broker
from tests.faults.crew import Crew
from tests.faults.load import Load
from tests.faults.progress import Progress

RECOVERY_LIMIT_SECONDS = 180.0


@dataclass
class Ward:
    """Where faults are done, and what came of them."""

    broker: Broker
    crew: Crew
    load: Load
    progress: Progress
    random: Random
    session_seconds: float
    say: Callable[[str], None]
    done: dict[str, int] = field(default_factory=dict)
    takeovers: list[tuple[float, str]] = field(default_factory=list)
    """Seconds from a fault until all was committed that was published up to a moment after it, and the fault."""
    failures: list[str] = field(default_factory=list)

    def do(self, kind: str) -> None:
        """One fault, then wait until it is overcome (three times in four) and a while."""
        since = time.monotonic()
        {"kill": self.kill, "rolling": self.rolling, "zombie": self.zombie, "broker": self.kill_broker}[kind]()
        self.done[kind] = self.done.get(kind, 0) + 1
        if kind != "zombie" and self.random.random() < 0.75:
            self.overcome(kind, since)
        self.rest(self.random.uniform(1, 4))

    def kill(self) -> None:
        """kill -9 of a worker at a random moment; another starts soon."""
        worker = self.random.choice(self.crew.workers)
        with self.crew.lock:
            worker.send(signal.SIGKILL)
            assert worker.process
            worker.process.wait()
            self.say(f"kill -9 {worker.name}")
            time.sleep(self.random.uniform(0, 1.5))
            worker.start()

    def rolling(self) -> None:
        """A worker is asked to end, ends by itself with exit code 0, and another starts."""
        worker = self.random.choice(self.crew.workers)
        with self.crew.lock:
            started = time.monotonic()
            was_alive = worker.alive()
            code = worker.end()
            self.say(f"SIGTERM {worker.name}: exit code {code} after {time.monotonic() - started:.1f} s")
            if code != 0 and was_alive:
                self.failures.append(f"{worker.name} ended with {code} on SIGTERM")
            worker.start()

    def zombie(self) -> None:
        """A worker is stopped beyond the session timeout, and goes on when another has its partitions."""
        worker = self.random.choice(self.crew.workers)
        since = time.monotonic()
        seconds = self.session_seconds * self.random.uniform(1.5, 2.5)
        self.say(f"SIGSTOP {worker.name} for {seconds:.1f} s")
        worker.send(signal.SIGSTOP)
        over = self.overcome("zombie", since, seconds)
        self.rest(since + seconds - time.monotonic())
        worker.send(signal.SIGCONT)
        if not over:
            self.overcome("zombie", since)

    def kill_broker(self) -> None:
        """kill -9 of the broker, and a start on the same data."""
        self.broker.kill()
        self.say("kill -9 broker")
        time.sleep(self.random.uniform(0.5, 2))
        self.broker.start()

    def overcome(self, kind: str, since: float, limit: float | None = None) -> bool:
        """Wait until all is committed that was published up to a moment after the fault.

        Without a limit it must be within `RECOVERY_LIMIT_SECONDS`.
        """
        self.rest(1.0)  # so that every partition of the fault's victim has something to do
        ends = dict(self.load.ends)
        while self.progress.missing(ends) != 0:
            if time.monotonic() - since > (limit or RECOVERY_LIMIT_SECONDS):
                if limit is None:
                    self.failures.append(f"no recovery within {RECOVERY_LIMIT_SECONDS:.0f} s of {kind}")
                return False
            self.rest(0.25)
        self.takeovers.append((time.monotonic() - since, kind))
        self.say(f"  all committed again {self.takeovers[-1][0]:.1f} s after it")
        return True

    def rest(self, seconds: float) -> None:
        """Let time pass; whoever has ended meanwhile is started again."""
        until = time.monotonic() + seconds
        while True:
            self.crew.tend()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(0.25, left))
