"""The faults: what is done to workers, brokers and network, and how long it takes until all is well again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from confluent_kafka.admin import AdminClient

from stream.local.broker import Broker
from stream.local.cluster import Cluster
from tests.faults.crew import Crew, Worker
from tests.faults.cut import TO_BROKER, TO_WORKER, Network
from tests.faults.load import Load
from tests.faults.portfolio import REPAYMENTS
from tests.faults.progress import Progress
from tests.faults.versions import REFUSED

MAJORITY_AWAY_SECONDS = 20.0
CUT_SECONDS = (3.0, 15.0)
FULL_SECONDS = 20.0
MIXED_SECONDS = 20.0
UNWATCHED = {"zombie"}
"""Faults that measure their takeover themselves."""


def fill(filler: Path) -> int:
    """Take all that is left of a disk; how many bytes."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(b"\0" * size):
                    pass
    return filler.stat().st_size


@dataclass
class Ward:
    """Where faults are done, and what came of them."""

    site: Broker | Cluster
    crew: Crew
    load: Load
    progress: Progress
    random: Random
    session_seconds: float
    say: Callable[[str], None]
    network: Network | None = None
    previous: Path | None = None
    """The package of the earlier version."""
    recovery_seconds: float = 180.0
    """Recovery must not take longer."""
    done: dict[str, int] = field(default_factory=dict)
    takeovers: list[tuple[float, str]] = field(default_factory=list)
    """Seconds from a fault until all was committed that was published up to a moment after it, and the fault."""
    failures: list[str] = field(default_factory=list)

    def do(self, kind: str) -> None:
        """One fault, then wait until it is overcome (three times in four) and a while."""
        since = time.monotonic()
        getattr(self, f"do_{kind}")()
        self.done[kind] = self.done.get(kind, 0) + 1
        if kind not in UNWATCHED and self.random.random() < 0.75:
            self.overcome(kind, since)
        self.rest(self.random.uniform(1, 4))

    # -- workers ----------------------------------------------------------------------------------------------------

    def do_kill(self) -> None:
        """kill -9 of a worker at a random moment; another starts soon."""
        worker = self.random.choice(self.crew.workers)
        with self.crew.lock:
            self._kill(worker)
            time.sleep(self.random.uniform(0, 1.5))
            worker.start()

    def do_rolling(self) -> None:
        """A worker is asked to end, ends by itself with exit code 0, and another starts."""
        worker = self.random.choice(self.crew.workers)
        with self.crew.lock:
            self._ask(worker)
            worker.start()

    def do_zombie(self) -> None:
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

    def do_storm(self) -> None:
        """All workers but one leave, some in order and some killed, and come back: two rebalances and more."""
        leaving = self.random.sample(self.crew.workers, len(self.crew.workers) - 1)
        for worker in leaving:
            with self.crew.lock:
                worker.away = True
                if self.random.random() < 0.5:
                    self._kill(worker)
                else:
                    self._ask(worker)
        self.rest(self.random.uniform(0, self.session_seconds))
        for worker in leaving:
            with self.crew.lock:
                worker.away = False
                worker.start()
            self.rest(self.random.uniform(0, 1))

    def do_upgrade(self) -> None:
        """A worker ends in order, and one of this version takes its place; the others stay as they are."""
        old = [worker for worker in self.crew.workers if worker.tree] or self.crew.workers
        worker = self.random.choice(old)
        with self.crew.lock:
            self._ask(worker)
            worker.tree = None
            worker.start()
        self.say(f"{worker.name} is of this version")

    def do_setback(self) -> None:
        """A worker of the earlier version takes a place: it works beside the others, or says why it does not."""
        worker = self.random.choice(self.crew.workers)
        with self.crew.lock:
            self._ask(worker)
            before = worker.log.stat().st_size
            worker.away, worker.tree = True, self.previous
            worker.start()
        self.rest(MIXED_SECONDS)
        said = worker.log.read_text("utf-8")[before:]
        refused = not worker.alive()
        if refused and REFUSED not in said:
            self.failures.append(f"{worker.name}: the earlier version ended without a reason: {said[-300:]}")
        self.say(f"{worker.name} is of the earlier version: {'it refuses the state' if refused else 'it works'}")
        with self.crew.lock:
            self._ask(worker)
            worker.away, worker.tree = False, None
            worker.start()

    def _kill(self, worker: Worker) -> None:
        worker.send(signal.SIGKILL)
        assert worker.process
        worker.process.wait()
        self.say(f"kill -9 {worker.name}")

    def _ask(self, worker: Worker) -> None:
        started = time.monotonic()
        was_alive, was_young = worker.alive(), worker.young
        code = worker.end()
        self.say(f"SIGTERM {worker.name}: exit code {code} after {time.monotonic() - started:.1f} s")
        if code != 0 and was_alive and not (was_young and code == -signal.SIGTERM):
            self.failures.append(f"{worker.name} ended with {code} on SIGTERM")

    # -- brokers ----------------------------------------------------------------------------------------------------

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """The one, or those of the cluster."""
        return self.site.brokers if isinstance(self.site, Cluster) else (self.site,)

    def do_broker(self) -> None:
        """kill -9 of a broker, and a start on the same data."""
        self._bounce(self.random.choice(self.brokers), hard=True)

    def do_restart(self) -> None:
        """A broker stops in order, and starts again."""
        self._bounce(self.random.choice(self.brokers), hard=False)

    def do_leader(self) -> None:
        """kill -9 of the broker that leads a partition of the repayments, or that stops in order."""
        self._bounce(self._leader(), hard=self.random.random() < 0.5)

    def do_controller(self) -> None:
        """The same for the cluster's controller."""
        assert isinstance(self.site, Cluster)
        self._bounce(self.site.controller(), hard=self.random.random() < 0.5)

    def do_majority(self) -> None:
        """All brokers but one are gone for a while: nothing can be acknowledged, nobody may give up for good."""
        assert isinstance(self.site, Cluster)
        away = self.random.sample(self.brokers, len(self.brokers) - 1)
        for broker in away:
            broker.kill()
        self.say(f"kill -9 of {len(away)} brokers for {MAJORITY_AWAY_SECONDS:.0f} s")
        self.rest(MAJORITY_AWAY_SECONDS)
        self.site.start(away)

    def do_full(self) -> None:
        """The broker's disk is full, until somebody makes room; a broker that died of it starts again."""
        [broker] = self.brokers
        filler = broker.folder / "filler"
        filled = fill(filler)
        self.say(f"disk full: {filled >> 20} MiB taken")
        until = time.monotonic() + FULL_SECONDS
        while broker.status().running and time.monotonic() < until:
            self.rest(0.5)
        died = not broker.status().running
        self.rest(self.random.uniform(1, 5))
        filler.unlink()
        self.say(f"room again; the broker {'has died' if died else 'lives'}")
        broker.start()

    def _bounce(self, broker: Broker, *, hard: bool) -> None:
        if hard:
            broker.kill()
        else:
            broker.stop()
        self.say(f"{'kill -9' if hard else 'stop of'} broker {broker.bootstrap}")
        time.sleep(self.random.uniform(0.5, 2))
        broker.start()

    def _leader(self) -> Broker:
        admin = AdminClient({"bootstrap.servers": self.site.bootstrap, "log_level": 0})
        found = admin.list_topics(self.load.prefix + REPAYMENTS, timeout=30)
        partitions = found.topics[self.load.prefix + REPAYMENTS].partitions
        leader = found.brokers[partitions[self.random.choice(sorted(partitions))].leader]
        return next(broker for broker in self.brokers if broker.bootstrap.endswith(f":{leader.port}"))

    # -- network ----------------------------------------------------------------------------------------------------

    def do_cut(self) -> None:
        """Nothing passes between a worker and the broker, for less or more than the session timeout."""
        self._cut(TO_BROKER, TO_WORKER)

    def do_deaf(self) -> None:
        """A worker hears nothing, but is heard: what it commits, it does not learn."""
        self._cut(TO_WORKER)

    def do_mute(self) -> None:
        """A worker hears, but is not heard."""
        self._cut(TO_BROKER)

    def _cut(self, *ways: str) -> None:
        assert self.network
        number = self.random.randrange(len(self.network.proxies))
        seconds = self.random.uniform(*CUT_SECONDS)
        self.say(f"nothing passes {' and '.join(ways)} of worker-{number} for {seconds:.1f} s")
        self.network.proxies[number].hold(*ways)
        self.rest(seconds)
        self.network.proxies[number].heal()

    # -- what comes of it -------------------------------------------------------------------------------------------

    def overcome(self, kind: str, since: float, limit: float | None = None) -> bool:
        """Wait until all is committed that was published up to a moment after the fault.

        Without a limit it must be within `recovery_seconds`.
        """
        self.rest(1.0)  # so that every partition of the fault's victim has something to do
        ends = dict(self.load.ends)
        while self.progress.missing(ends) != 0:
            if time.monotonic() - since > (limit or self.recovery_seconds):
                if limit is None:
                    self.failures.append(f"no recovery within {self.recovery_seconds:.0f} s of {kind}")
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
