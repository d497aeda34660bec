"""The named faults: what each does, in numbers that fit a few minutes, and the table of what came of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stream.local.broker import Broker
from stream.local.cluster import Cluster
from tests.faults import refusals
from tests.faults.cut import Network
from tests.faults.run import Plan, Report, run

Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """What came of one fault."""

    fault: str
    meaning: str
    seed: int
    times: int
    events: int = 0
    alerts: int = 0
    warnings: int = 0
    dead_letters: int = 0
    lost: int = 0
    wrong: int = 0
    doubled: int = 0
    on_the_wire: int = 0
    takeover: float = 0.0
    """The worst, seconds."""
    seconds: float = 0.0
    exact: bool = False
    words: tuple[str, ...] = ()
    """What failed, and examples."""

    @property
    def verdict(self) -> str:
        """In a word."""
        return "exact" if self.exact else "FAILED"


@dataclass(frozen=True)
class Fault:
    """One of the catalogue."""

    name: str
    meaning: str
    do: Callable[[Fault, int, float, Say], Row]
    """With a seed and a factor for the numbers."""


SHORT = Plan(
    seed=0, kills=0, rolling=0, zombies=0, broker_kills=0, partitions=6, loans=1_500, rate=300.0, metrics_port=0
)
"""Load enough for each partition to have something at risk at any moment, and a minute or two of it."""
CALM = replace(SHORT, session_seconds=4.0)


def _under_load(plan: Plan, *, nodes: int = 1, proxies: bool = False) -> Callable[[Fault, int, float, Say], Row]:
    """A fault that is done under load and judged by the oracle."""

    def do(fault: Fault, seed: int, scale: float, say: Say) -> Row:
        mine = replace(
            plan,
            seed=seed,
            kills=_scaled(plan.kills, scale),
            rolling=_scaled(plan.rolling, scale),
            zombies=_scaled(plan.zombies, scale),
            broker_kills=_scaled(plan.broker_kills, scale),
            more=tuple((kind, _scaled(count, scale)) for kind, count in plan.more),
        )
        network = Network(mine.workers) if proxies else None
        started = time.monotonic()
        with _site(nodes, network) as site:
            report = run(mine, site, say, network)
        return row_of(fault, report, time.monotonic() - started)

    return do


def _scaled(count: int, scale: float) -> int:
    return max(1, round(count * scale)) if count else 0


@contextmanager
def _site(nodes: int, network: Network | None) -> Iterator[Broker | Cluster]:
    """A running broker or cluster, with proxies before it where they are wanted."""
    if nodes > 1:
        with Cluster.temporary(nodes=nodes) as cluster:
            yield cluster
        return
    with Broker.temporary(more=network.settings if network else "") as broker:
        if network:
            network.open()
        try:
            yield broker
        finally:
            if network:
                network.close()


def row_of(fault: Fault, report: Report, seconds: float) -> Row:
    """The row of a run."""
    verdict = report.verdict
    return Row(
        fault=fault.name,
        meaning=fault.meaning,
        seed=report.plan.seed,
        times=sum(report.done.values()) or report.bad,
        events=verdict.events,
        alerts=verdict.alerts,
        warnings=verdict.warnings,
        dead_letters=verdict.dead_letters,
        lost=verdict.lost.total(),
        wrong=verdict.wrong.total(),
        doubled=verdict.doubled.total(),
        on_the_wire=verdict.doubled_on_the_wire,
        takeover=round(max((taken for taken, kind in report.takeovers if kind != "start"), default=0.0), 1),
        seconds=round(seconds, 1),
        exact=report.exact,
        words=(*report.failures, *verdict.examples),
    )


def _refused(fault: Fault, seed: int, scale: float, say: Say) -> Row:
    """A worker must refuse to start, soon and with an instruction."""
    started = time.monotonic()
    found = refusals.all_refusals(say)
    failures = tuple(failure for refusal in found if (failure := refusal.failure))
    return Row(
        fault=fault.name,
        meaning=fault.meaning,
        seed=seed,
        times=len(found),
        takeover=round(max(refusal.seconds for refusal in found), 1),
        seconds=round(time.monotonic() - started, 1),
        exact=not failures,
        words=failures,
    )


FAULTS = (
    Fault("F1", "kill -9 of a worker", _under_load(replace(SHORT, kills=10))),
    Fault("F2", "rolling restart", _under_load(replace(SHORT, rolling=10))),
    Fault("F3", "frozen worker woken after its session", _under_load(replace(CALM, zombies=5))),
    Fault("F4", "broker killed, broker restarted", _under_load(replace(SHORT, broker_kills=4, more=(("restart", 4),)))),
    Fault(
        "F5",
        "three brokers: leader and controller killed or stopped",
        _under_load(replace(SHORT, more=(("leader", 4), ("controller", 4)), session_seconds=8.0), nodes=3),
    ),
    Fault(
        "F6",
        "two of three brokers gone for a while",
        _under_load(replace(SHORT, more=(("majority", 2),), session_seconds=8.0), nodes=3),
    ),
    Fault(
        "F7",
        "network cut both ways, one way, the other way",
        _under_load(replace(CALM, more=(("cut", 3), ("deaf", 3), ("mute", 3))), proxies=True),
    ),
    Fault(
        "F8",
        "rebalance storm, more workers than partitions",
        _under_load(replace(CALM, workers=5, partitions=4, more=(("storm", 5),))),
    ),
    Fault(
        "F9",
        "poison among good messages",
        _under_load(replace(SHORT, bad_share=0.02, least_bad=100, kills=2, loans=4_000, rate=1_000.0)),
    ),
    Fault("F10", "duplicates once to twice, under kills", _under_load(replace(SHORT, repeat_share=0.4, kills=4))),
    Fault("F14", "trimmed input, deleted changelog, raised partition count: refused", _refused),
)


TELLING = "F1,F3,F4,F5,F7,F14"
"""What `ci` means: with --scale 0.3 some eight minutes on two free processors."""


def chosen(names: str) -> list[Fault]:
    """The faults of a list separated by commas, `ci` for the most telling, or all.

    Raises ValueError with what there is.
    """
    if names == "all":
        return list(FAULTS)
    known = {fault.name: fault for fault in FAULTS}
    wanted = (TELLING if names == "ci" else names).split(",")
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(f"there is no fault {', '.join(unknown)}: choose among {', '.join(known)}, ci or all")
    return [known[name] for name in wanted]


HEADINGS = ("fault", "times", "events", "alerts", "lost", "wrong", "doubled", "wire", "takeover", "verdict", "meaning")


def table(rows: Sequence[Row]) -> str:
    """The rows for a person; `wire`: alerts that readers of uncommitted records see twice."""
    cells = [
        (
            row.fault,
            f"{row.times:,}",
            f"{row.events:,}",
            f"{row.alerts:,}",
            f"{row.lost:,}",
            f"{row.wrong:,}",
            f"{row.doubled:,}",
            f"{row.on_the_wire:,}",
            f"{row.takeover:.1f} s",
            row.verdict,
            row.meaning,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (HEADINGS, *cells)) for column in range(len(HEADINGS))]
    last = len(HEADINGS) - 2
    return "\n".join(
        "  ".join(
            text.ljust(width) if number in {0, last, last + 1} else text.rjust(width)
            for number, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (HEADINGS, *cells)
    )


def write_json(rows: Sequence[Row], path: Path) -> None:
    """The same for a machine."""
    path.write_text(json.dumps([asdict(row) | {"verdict": row.verdict} for row in rows], indent=2) + "\n", "utf-8")
