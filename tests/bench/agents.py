"""What the borrower agent costs: one worker with the loan agent alone, and with both agents, in turn, in one run.

`python -m tests.bench.agents`. A worker with both is done when it has also read every standing that it wrote. The next
business day, which judges every borrower, is measured by itself.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.bench import throughput
from tests.bench.__main__ import Bench, open_bench
from tests.bench.__main__ import parse as parse_bench
from tests.bench.engines import Command, Engine, Place
from tests.bench.machine import EngineError, Running, cpu_seconds
from tests.bench.portfolio import AS_OF, Portfolio
from tests.bench.worker import OverdueWorker, open_day

LIMIT: Final = 0.6
"""With both agents at least so much of the loan agent's rate."""
POLL_SECONDS: Final = 0.05
MARKER: Final = 1
"""A transaction ends with a marker that takes an offset; a group may be told of it only with the next record."""


@dataclass(frozen=True)
class Agents(OverdueWorker):
    """The worker with one agent or both."""

    agents: str = "loans"

    def command(self, place: Place, disbursements: int, repayments: int) -> Command:
        plain = super().command(place, disbursements, repayments)
        return Command(plain.arguments, {**plain.environment, "OVERDUE_AGENTS": self.agents})

    def inputs(self, place: Place) -> list[str]:
        """What has to be read to the end."""
        more = [place.prefix + "loans.standing"] if self.agents == "both" else []
        return [place.repayments, *more]


def measure(engine: Engine, place: Place) -> dict[str, Any]:
    """One trial: loans first, then the backlog of repayments, then one more day."""
    assert isinstance(engine, Agents)
    kafka = place.kafka
    throughput.make_outputs(engine, place)
    throughput.load_loans(engine, place)
    engine.begin_at(place, kafka.ends(place.disbursements), [0] * kafka.partitions)
    count = sum(kafka.ends(place.repayments))
    running = engine.start(place, 0, count, "repayments.log")
    try:
        _wait(running, place, [place.repayments], 1)
        start, before = time.monotonic(), cpu_seconds(running.process.pid)
        done = sum(kafka.committed(place.app, place.repayments))
        _wait(running, place, engine.inputs(place))
        seconds, spent = time.monotonic() - start, cpu_seconds(running.process.pid) - before
        ends = {topic: kafka.ends(topic) for topic in (place.disbursements, place.repayments)}
        opened, before = time.monotonic(), cpu_seconds(running.process.pid)
        open_day(place, AS_OF + timedelta(days=1), ends)
        _wait(running, place, [engine.business_days(place), *engine.inputs(place)])
        standings = sum(kafka.committed(place.app, place.prefix + "loans.standing"))
        day_seconds, day_spent = time.monotonic() - opened, cpu_seconds(running.process.pid) - before
        memory = running.memory_mb()
    finally:
        running.stop()
    return {
        "events_per_second": round((count - done) / seconds),
        "cpu_us": round(spent / (count - done) * 1e6, 2),
        "next_day_seconds": round(day_seconds, 2),
        "next_day_cpu_seconds": round(day_spent, 2),
        "memory_mb": round(memory),
        "standings_read": standings,
    }


def _wait(running: Running, place: Place, topics: list[str], least: int | None = None) -> None:
    """Wait until topics are read to their ends, or `least` records of them; the group is told once a second."""
    deadline = time.monotonic() + throughput.SECONDS_TO_REPAY
    while True:
        running.check_alive()
        missing = 0
        for topic in topics:
            committed = place.kafka.committed(place.app, topic)
            if least is not None and sum(committed) >= least:
                return
            ends = place.kafka.ends(topic)
            marker = MARKER if topic.endswith("loans.standing") else 0
            missing += sum(max(0, end - marker - so_far) for end, so_far in zip(ends, committed, strict=True))
        if least is None and not missing:
            return
        if time.monotonic() > deadline:
            raise EngineError(f"too slow: {missing} records of {topics} are left; log: {running.log}")
        time.sleep(POLL_SECONDS)


def run(bench: Bench, options: Namespace) -> bool:
    """The rounds, one after the other in changing order; whether both together keep enough of the rate."""
    portfolio = Portfolio(options.loans, options.repayments, options.alert_share)
    prefix = "a."
    throughput.load_backlog(bench.kafka, prefix, portfolio)
    found: dict[str, list[dict[str, Any]]] = {"loans": [], "both": []}
    for number in range(options.runs):
        for agents in ("loans", "both") if number % 2 == 0 else ("both", "loans"):
            engine = Agents(name=f"overdue-{agents}", agents=agents)
            found[agents].append(bench.trial("agents", engine, bench.place(engine, prefix), measure, run=number))
    for agents, results in found.items():
        middle = {name: median(one[name] for one in results) for name in results[0] if name in FIGURES}
        print(f"{agents:6}" + "  ".join(f"{meaning} {middle[name]:,g}" for name, meaning in FIGURES.items()))
    rates = [
        both["events_per_second"] / loans["events_per_second"] for loans, both in zip(*found.values(), strict=True)
    ]
    costs = [loans["cpu_us"] / both["cpu_us"] for loans, both in zip(*found.values(), strict=True)]
    print(f"both keep of the loan agent's rate: median {median(rates):.0%} ({min(rates):.0%} to {max(rates):.0%}); "
          f"by CPU: median {median(costs):.0%} ({min(costs):.0%} to {max(costs):.0%})")  # fmt: skip
    return bool(median(rates) >= LIMIT)


FIGURES: Final = {
    "events_per_second": "events/s",
    "cpu_us": "CPU us/event",
    "next_day_seconds": "next day s",
    "next_day_cpu_seconds": "its CPU s",
    "memory_mb": "MB",
}


def main(arguments: Sequence[str]) -> int:
    """Run it; 0 where both agents keep 60 % of the loan agent's rate."""
    parser = ArgumentParser(
        prog="python -m tests.bench.agents", description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--loans", type=int, default=20_000)
    parser.add_argument("--repayments", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3, help="rounds of both; the table has the median")
    parser.add_argument("--alert-share", type=float, default=0.05, help="share of repayments that give an alert")
    parser.add_argument("--out", type=Path, help="file that each result is appended to, as one JSON line")
    options = parser.parse_args(arguments)
    shared = parse_bench(["throughput", "--engines", "overdue"])
    shared.out = options.out
    with open_bench(shared) as bench:
        return 0 if run(bench, options) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
