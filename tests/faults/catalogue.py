"""The named faults: what each does, in numbers that fit a few minutes, and the table of what came of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from stream.local.broker import Broker
from stream.local.cluster import Cluster
from tests.faults import refusals, special
from tests.faults.cut import Network
from tests.faults.rows import Fault, Row, Say, row_of
from tests.faults.run import Plan, run

SHORT = Plan(
    seed=0, kills=0, rolling=0, zombies=0, broker_kills=0, partitions=6, loans=1_500, rate=300.0, metrics_port=0
)
"""Load enough for each partition to have something at risk at any moment, and a minute or two of it."""
CALM = replace(SHORT, session_seconds=4.0)
LONG = replace(SHORT, loans=6_000, metrics_port=23_070)
MIXED = replace(SHORT, workers=3, more=(("upgrade", 4), ("setback", 2)))


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
    Fault("F11", "clocks wrong, jumping, at the calendar's edges", special.clock),
    Fault("F12", "broker's disk full, no room for a worker", special.full_disk(replace(SHORT, more=(("full", 3),)))),
    Fault("F13", "damaged state: refused, then rebuilt as told", special.damage),
    Fault("F14", "trimmed input, deleted changelog, raised partition count: refused", _refused),
    Fault("F15", "messages too large, by a byte and by far", special.size),
    Fault(
        "F19",
        f"no fault for {special.SOAK_MINUTES} (5) minutes",
        special.soak(LONG),
    ),
    Fault("F20", f"workers of {special.PREVIOUS} (the commit before) and of this tree", special.mixed_versions(MIXED)),
    Fault("F21", "dead letters sent again, twice", special.redrive),
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
