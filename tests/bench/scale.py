"""`python -m tests.bench.scale --loans 10000000`: one worker's book in memory, without Kafka.

How much memory a loan takes, how long a restored book takes to open, and a month of business days: what each tick looks
at, changes and says, and how long it takes. What Kafka adds to a restore and to a tick's outputs, the recovery and
throughput benches measure. States are real ones, made by the agent, of loans due on every day of a month: most of them
paid ahead, the rest late; each is copied under as many ids as it takes.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from stream.agents.batch import NoCounts
from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.engine.policy import Policy
from stream.faust_batch.state import PartitionStore
from stream.offline import OfflineRun
from stream.offline_batch import Batch
from stream.policy_file import load_policy
from stream.translate.inbound import Inbound
from stream.translate.lines import Line, parse_line
from stream.translate.outbound import Outbound
from stream.translate.partition import partition_of
from stream.translate.standing import StandingHeaders
from tests import stories
from tests.bench.portfolio import loan_id_of

FIRST_DAY = date(2026, 1, 1)
DUE_DAYS = range(1, 29)
"""Days of the month on which loans are due."""
ROWS = 12
WAYS = 20
"""Templates for each due day; one in twenty loans does not pay."""
PARTITIONS = 12


class CountingBatch(Batch):
    """A task's batch over its store; what is sent is only counted."""

    def __init__(self, partition: int, store: dict[bytes, bytes], context: Any) -> None:
        super().__init__(store, context)
        self.partition = partition
        self.again = False
        self.counts: dict[str, int] = {}

    def send(self, topic: str, *_: Any) -> None:
        """Count it."""
        self.counts[topic] = self.counts.get(topic, 0) + 1

    def caused_by(self, record: Any) -> None:
        """Nobody asks."""

    def repeat_tick(self) -> None:
        """The tick goes on in another transaction."""
        self.again = True


@dataclass(frozen=True)
class Month:
    """What was measured."""

    loans: int
    state_bytes: float
    memory_bytes: float
    """Of the process, for each loan: keys, states, dictionaries, the index of due dates."""
    apply_seconds: float
    """Changelog records into the stores."""
    open_seconds: float
    """Index of due dates, book and whatever else follows from the stores."""
    days: list[tuple[float, int, int]]
    """Of each business day: seconds of CPU, loans changed, alerts."""


def templates(policy: Policy) -> dict[bytes, bytes]:
    """One state for each due day and way of paying, and the task's own keys."""
    run = OfflineRun(policy, open_days=False)
    number = 0
    for due in DUE_DAYS:
        for way in range(WAYS):
            for event in _life(loan_id_of(number).strip(), due, pays=way > 0):
                run.event(parse_line(json.dumps(event).encode()))
            number += 1
    return run.table


def _life(loan_id: str, due: int, *, pays: bool) -> list[stories.Event]:
    rows = [stories.an_installment(n, _month(n - 1, due), 100_00, 5_00) for n in range(1, ROWS + 1)]
    paid_out = stories.disbursed(rows, FIRST_DAY, loan_id)
    ahead = stories.repaid(f"P-{loan_id}", 2 * 105_00, FIRST_DAY, loan_id)
    return [paid_out, ahead] if pays else [paid_out]


def _month(number: int, day: int) -> date:
    return date(FIRST_DAY.year + number // 12, number % 12 + 1, day)


def measure(loans: int, days: int) -> Month:
    """Build the book as a restore would, open it, and let a month pass."""
    policy = load_policy(None)._replace(feed=None)
    own = templates(policy)
    made = [(key, value) for key, value in own.items() if not key.startswith(b"\x00")]
    before = _memory()
    stores = [PartitionStore() for _ in range(PARTITIONS)]
    started = time.process_time()
    size = 0
    for number in range(loans):
        key, value = made[number % len(made)]
        copy = loan_id_of(number).encode()
        state = value.replace(key, copy)
        size += len(copy) + len(state)
        stores[partition_of(copy, PARTITIONS)].restore(copy, state)
    for store in stores:
        store.restore(b"\x00day", own[b"\x00day"])
    applied = time.process_time() - started
    agent = LoanAgent(
        policy,
        Inbound(policy.time_zone),
        Outbound(policy.time_zone),
        StandingHeaders(policy.time_zone, "urn:bench"),
        NoCounts(),
        topics=Topics(),
        partitions=PARTITIONS,
    )
    started = time.process_time()
    batches = [CountingBatch(number, store, agent.open_task(number, store)) for number, store in enumerate(stores)]
    opened = time.process_time() - started
    gc.freeze()
    memory = _memory() - before
    passed = [_day(agent, policy, batches, FIRST_DAY + timedelta(number)) for number in range(1, days + 1)]
    return Month(loans, size / loans, memory / loans, applied, opened, passed)


def _day(agent: LoanAgent, policy: Policy, batches: list[CountingBatch], day: date) -> tuple[float, int, int]:
    """One business day on all partitions: CPU, loans changed, alerts."""
    (key, value, headers), timestamp = Outbound(policy.time_zone).day_opened(day.toordinal(), True, None)
    tick = Line("business-days", 0, 0, timestamp, key, value, tuple(headers))
    started = time.process_time()
    changed = alerts = 0
    for batch in batches:
        batch.counts, batch.again = {}, True
        batch.tick = tick
        while batch.again:
            batch.again = False
            agent.process(batch)
        changed += batch.counts.get("loans.standing", 0) - len(batches)  # less the marks of the day
        alerts += batch.counts.get("loans.overdue", 0)
    return time.process_time() - started, changed, alerts


def _memory() -> int:
    """Resident bytes of this process; Linux only."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def words(month: Month) -> str:
    """For a person."""
    seconds = sorted(day[0] for day in month.days)
    changed, alerts = (sum(day[place] for day in month.days) for place in (1, 2))
    return "\n".join(
        [
            f"loans {month.loans:,}: {month.state_bytes:.0f} bytes of key and state each, "
            f"{month.memory_bytes:.0f} bytes of memory each, {month.memory_bytes * month.loans / 1e9:.2f} GB in all",
            f"restore without Kafka: {month.apply_seconds:.1f} s to apply "
            f"({month.loans / month.apply_seconds:,.0f} a second), {month.open_seconds:.1f} s to open",
            f"{len(month.days)} business days: median {seconds[len(seconds) // 2]:.2f} s of CPU, worst "
            f"{seconds[-1]:.2f} s; a day changes {changed / len(month.days):,.0f} loans and gives "
            f"{alerts / len(month.days):,.0f} alerts; {sum(seconds) / max(1, changed) * 1e6:.0f} µs for each",
        ]
    )


def main() -> int:
    """Measure and say so."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--loans", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--json", type=Path, metavar="FILE")
    said = parser.parse_args()
    month = measure(said.loans, said.days)
    print(words(month))
    if said.json:
        said.json.write_text(json.dumps(month.__dict__, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
