"""A run: broker, topics, workers, load, faults, and the verdict."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from confluent_kafka.admin import AdminClient, NewTopic

from stream.local.broker import Broker
from stream.local.cluster import Cluster
from tests.faults.crew import Crew
from tests.faults.cut import Network
from tests.faults.injuries import Ward
from tests.faults.load import INPUTS, Load, wait_until
from tests.faults.observed import SIGNALS
from tests.faults.portfolio import POLICY
from tests.faults.progress import Progress
from tests.faults.soak import soak
from tests.faults.verdict import DEAD_LETTERS, OVERDUE, STANDING, WARNINGS, Verdict, check
from tests.oracle import Policy

APP_ID = "faults"


@dataclass(frozen=True)
class Plan:
    """What a run does; the seed decides the load and the order and moments of the faults."""

    seed: int
    kills: int = 25
    rolling: int = 10
    zombies: int = 5
    broker_kills: int = 5
    workers: int = 2
    partitions: int = 12
    loans: int = 20_000
    rate: float = 500.0
    session_seconds: float = 6.0
    more: tuple[tuple[str, int], ...] = ()
    """Other faults by name, see injuries.py, with their numbers."""
    repeat_share: float = 0.0
    bad_share: float = 0.0
    least_bad: int = 0
    """The load goes on until so many bad messages are out."""
    metrics_port: int = 23_050
    drain_seconds: float = 240.0
    soak_minutes: float = 0.0
    """So long the workers are watched before the load ends."""
    recovery_seconds: float = 180.0
    """After each fault; more on a machine that has much else to do."""


@dataclass
class Report:
    """What came of a run."""

    plan: Plan
    done: dict[str, int]
    takeovers: list[tuple[float, str]]
    unasked: list[str]
    failures: list[str]
    verdict: Verdict
    seconds: float
    days: int
    published: int
    bad: int
    folder: Path
    exit_codes: list[int | None] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Nothing lost, wrong or doubled, and everything went as it must."""
        return self.verdict.exact and not self.failures

    def words(self) -> str:
        """The report for a person."""
        verdict = self.verdict
        worst = max(self.takeovers, default=(0.0, "nothing"))
        faults = ", ".join(f"{count} x {kind}" for kind, count in self.done.items()) or "none"
        lines = [
            f"seed {self.plan.seed}; faults: {faults}; {self.seconds:.0f} s, {self.days} business days",
            f"events {verdict.events} ({self.published / self.seconds:.0f}/s), loans {verdict.loans}, alerts "
            f"{verdict.alerts}, early warnings {verdict.warnings}, dead letters {verdict.dead_letters}, "
            f"repetitions {verdict.duplicates}",
            f"lost {_counts(verdict.lost)}, wrong {_counts(verdict.wrong)}, doubled {_counts(verdict.doubled)}; "
            f"on the wire doubled {verdict.doubled_on_the_wire}, records of aborted transactions {verdict.aborted}",
            f"worst takeover {worst[0]:.1f} s ({worst[1]}); workers that ended unasked: {len(self.unasked)} "
            f"{sorted(set(self.unasked))}; exit codes at the end {self.exit_codes}",
            *(f"FAILED: {failure}" for failure in self.failures),
            *verdict.examples,
            "EXACT" if self.exact else f"NOT EXACT; logs in {self.folder}",
        ]
        return "\n".join(lines)


def _counts(counter: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counter.items()) or "0"


def run(
    plan: Plan,
    broker: Broker | Cluster,
    say: Callable[[str], None],
    network: Network | None = None,
    previous: Path | None = None,
) -> Report:
    """Do all of it against a running broker or cluster.

    network: through whose proxies the workers go.
    previous: the package of an earlier version, which all workers begin with.
    """
    folder = Path(tempfile.mkdtemp(prefix="overdue-faults-"))
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    copies = len(broker.brokers) if isinstance(broker, Cluster) else 1
    make_topics(broker.bootstrap, plan.partitions, copies=copies)
    settings = environment(plan, broker.bootstrap, folder) | {"OVERDUE_REPLICATION": str(copies)}
    crew = Crew.of(plan.workers, settings, folder, plan.metrics_port, network.ways if network else ())
    for worker in crew.workers:
        worker.tree = previous
    load = Load(
        broker.bootstrap,
        seed=plan.seed,
        loans=plan.loans,
        rate=plan.rate,
        partitions=plan.partitions,
        bad_share=plan.bad_share,
        repeat_share=plan.repeat_share,
    )
    progress = Progress(broker.bootstrap, APP_ID)
    ward = Ward(
        broker,
        crew,
        load,
        progress,
        Random(plan.seed),
        plan.session_seconds,
        _clocked(say),
        network,
        previous,
        plan.recovery_seconds,
    )
    crew.start()
    try:
        seconds = _hurt(plan, ward)
        say(f"load ended: {load.events} events, day {load.day}")
        if not wait_until(lambda: _drained(ward, {}), plan.drain_seconds, 0.5):
            ward.failures.append(f"not everything was consumed within {plan.drain_seconds:.0f} s")
        standings = progress.ends(STANDING, plan.partitions)  # all written: what the borrower agent has to read
        if not wait_until(lambda: _drained(ward, standings), plan.drain_seconds, 0.5):
            ward.failures.append(f"not all standings were consumed within {plan.drain_seconds:.0f} s")
    finally:
        codes = crew.end()
        progress.close()
    say("reading back and judging")
    policy = Policy.from_toml(folder / "policy.toml")
    verdict = check(broker.bootstrap, policy, plan.partitions, app_id=APP_ID, refused=load.refused)
    report = Report(
        plan=plan,
        done=ward.done,
        takeovers=ward.takeovers,
        unasked=crew.unasked,
        failures=ward.failures,
        verdict=verdict,
        seconds=seconds,
        days=load.day,
        published=load.events,
        bad=load.bad,
        folder=folder,
        exit_codes=codes,
    )
    if report.exact:
        shutil.rmtree(folder)
    return report


def _hurt(plan: Plan, ward: Ward) -> float:
    """Load and faults, until the load has ended; how many seconds it took."""
    load, started = ward.load, time.monotonic()
    load.start()
    wait_until(lambda: load.events > 0, 30)
    ward.overcome("start", started)
    for kind in _order(plan, ward.random):
        ward.do(kind)
        load.check()
    if plan.soak_minutes:
        soak(ward, plan.soak_minutes, ward.say)
    wait_until(lambda: load.bad >= plan.least_bad or not load.is_alive(), plan.drain_seconds)
    load.stop()
    while load.is_alive():
        ward.rest(0.5)
    load.check()
    return time.monotonic() - started


def _drained(ward: Ward, more: dict[tuple[str, int], int]) -> bool:
    ward.crew.tend()
    return ward.progress.missing(ward.load.ends | more) == 0


def _order(plan: Plan, random: Random) -> list[str]:
    faults = (
        ["kill"] * plan.kills + ["rolling"] * plan.rolling + ["zombie"] * plan.zombies + ["broker"] * plan.broker_kills
    ) + [kind for kind, count in plan.more for _ in range(count)]
    random.shuffle(faults)
    return sorted(faults, key=lambda kind: kind == "setback")  # of what has been upgraded before


def _clocked(say: Callable[[str], None]) -> Callable[[str], None]:
    started = time.monotonic()
    return lambda words: say(f"{time.monotonic() - started:7.1f} {words}")


def environment(plan: Plan, bootstrap: str, folder: Path) -> dict[str, str]:
    """The settings of the workers."""
    return {
        "OVERDUE_BROKERS": bootstrap,
        "OVERDUE_APP_ID": APP_ID,
        "OVERDUE_POLICY_FILE": str(folder / "policy.toml"),
        "OVERDUE_CLOCK": "topic",
        "OVERDUE_PARTITIONS": str(plan.partitions),
        "OVERDUE_SESSION_TIMEOUT_SECONDS": str(plan.session_seconds),
        "OVERDUE_LOG_LEVEL": "warning",
    }


def make_topics(bootstrap: str, partitions: int, prefix: str = "", copies: int = 1) -> None:
    """All topics of the contract; records of any age are kept, for the load tells of past days."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    keep = {"retention.ms": "-1"}
    names = (*INPUTS, OVERDUE, STANDING, DEAD_LETTERS, WARNINGS, SIGNALS)
    new = [NewTopic(prefix + topic, partitions, copies, config=keep) for topic in names]
    for made in admin.create_topics(new, operation_timeout=30).values():
        made.result(30)
