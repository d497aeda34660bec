"""Where a repayment's CPU goes: the loan agent in process, stage by stage, without Kafka.

The whole agent runs over batches of 2,000 first, a store behind a dictionary. Then each stage runs alone over the same
inputs; what is left of the whole is the agent's own: look-ups, the overlay of the batch, the loop.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

from stream.agents.batch import NoCounts
from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.engine import step
from stream.engine.delinquency import next_check
from stream.engine.facts import Repaid
from stream.engine.policy import Policy
from stream.policy_file import load_policy
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.standing import StandingHeaders, standing_json
from stream.translate.state import load, store
from tests.bench.engines import Place
from tests.bench.portfolio import AS_OF, Event, Portfolio
from tests.bench.profiled import stages_between
from tests.bench.worker import profile_of

BATCH = 2_000
PARTITIONS = 12
PAYMENTS_OF_LOAN = 50
"""As in the portfolio of 20,000 loans; measured is a stretch in the middle, when each loan has had half of them."""


class MemoryRecord(NamedTuple):
    """A consumed record, as far as the agent looks at it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class MemoryBatch:
    """A task's batch over a dictionary; what is sent is only counted."""

    def __init__(self, table: dict[bytes, bytes]) -> None:
        self.table = table
        self.context: Any = None
        self.partition = 0
        self.records: Sequence[Any] = ()
        self.tick = None
        self.alerts = 0
        self.standings = 0

    def get(self, key: bytes) -> bytes | None:
        return self.table.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.table.pop(key, None)
        else:
            self.table[key] = value

    def send(self, topic: str, *_: object) -> None:
        if topic == "loans.standing":
            self.standings += 1
        else:
            self.alerts += 1

    def caused_by(self, record: Any) -> None:
        """Nobody asks."""

    def repeat_tick(self) -> None:
        raise AssertionError("no tick is given")


class Agent:
    """A loan agent of its own, with the parts that it is made of."""

    def __init__(self, policy: Policy, partitions: int = PARTITIONS) -> None:
        self.policy = policy
        self.inbound = Inbound(policy.time_zone)
        self.outbound = Outbound(policy.time_zone)
        self.headers = StandingHeaders(policy.time_zone, "urn:overdue-stream")
        self.agent = LoanAgent(
            policy, self.inbound, self.outbound, self.headers, NoCounts(), topics=Topics(), partitions=partitions
        )
        self.batch = MemoryBatch({})
        self.batch.context = self.agent.open_task(0, {})

    def process(self, records: Sequence[MemoryRecord]) -> None:
        for start in range(0, len(records), BATCH):
            self.batch.records = records[start : start + BATCH]
            self.agent.process(self.batch)


class Stopwatch:
    """CPU seconds of this thread by name."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.thread_time()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.thread_time() - start


def profile(place: Place, result: dict[str, Any]) -> list[dict[str, Any]]:
    """CPU of each stage of a whole worker per repayment, from its profile during a throughput run."""
    spent = stages_between(profile_of(place), *result["span"])
    whole = sum(spent.values())
    rows = [
        {"engine": name, "us": round(us / result["events"], 2), "share": round(us / whole, 3)}
        for name, us in sorted(spent.items(), key=lambda stage: -stage[1])
    ]
    return [*rows, {"engine": "whole", "us": round(whole / result["events"], 2), "share": 1.0}]


def measure(loans: int, repayments: int, repeats: int) -> list[dict[str, Any]]:
    """CPU of each stage per repayment, in microseconds, and its share of the whole; the best of some repeats."""
    portfolio = Portfolio(loans, loans * PAYMENTS_OF_LOAN)
    policy = load_policy(None)
    first = Agent(policy)
    first.process(records_of(portfolio.disbursements()))
    half = portfolio.repayments // 2
    log = records_of(islice(portfolio.repayment_events(), half + repayments))
    first.process(log[:half])
    table, log = first.batch.table, log[half:]
    gc.collect()
    gc.disable()  # the worker's state is bytes: nearly nothing of it is the collector's
    try:
        runs = [_once(policy, table, log) for _ in range(repeats)]
    finally:
        gc.enable()
    spent = {name: min(watch.spent[name] for watch, _ in runs) for name in runs[0][0].spent}
    whole = spent.pop("whole")
    spent |= {"look-ups, overlay, loop": max(0.0, whole - sum(spent.values())), "whole": whole}
    rows = [
        {"engine": name, "us": round(seconds / repayments * 1e6, 2), "share": round(seconds / whole, 3)}
        for name, seconds in spent.items()
    ]
    batch = runs[0][1]
    said = {"alerts": batch.alerts / repayments, "standings": batch.standings / repayments}
    size = sum(map(len, table.values())) / len(table)
    rows[-1] |= {f"{name}_per_event": round(value, 3) for name, value in said.items()} | {"state_bytes": round(size)}
    return rows


def _once(policy: Policy, table: dict[bytes, bytes], log: Sequence[MemoryRecord]) -> tuple[Stopwatch, MemoryBatch]:
    """The whole over the log, then each stage of it."""
    agent, watch = Agent(policy), Stopwatch()
    agent.batch.table = dict(table)
    agent.batch.context = agent.agent.open_task(0, agent.batch.table)
    with watch("whole"):
        agent.process(log)
    _each_stage(Agent(policy), dict(table), log, watch)
    return watch, agent.batch


def _each_stage(agent: Agent, table: dict[bytes, bytes], log: Sequence[MemoryRecord], watch: Stopwatch) -> None:
    """Each stage alone, batch by batch, on what the stage before it gave; a loan is read and written once per batch."""
    policy, today = agent.policy, AS_OF.toordinal()
    for start in range(0, len(log), BATCH):
        records = log[start : start + BATCH]
        with watch("decode and check"):
            facts = [agent.inbound.decode(record) for record in records]
        repaid = [fact for fact in facts if isinstance(fact, Repaid)]
        keys = {fact.loan_id.encode() for fact in repaid}
        with watch("state in"):
            loaded = {key: load(table[key]) for key in keys}
        work = [(loaded[fact.loan_id.encode()], fact) for fact in repaid]
        with watch("engine"):
            said = _judge(work, policy, today)
        with watch("alerts out"):
            for alert in said:
                agent.outbound.alert(alert)
        changed = [(key, loan, policy.rules(loan.product)) for key, loan in loaded.items()]
        with watch("standing"):
            for _, loan, rules in changed:
                standing_json(loan, rules)
                agent.headers.of(loan)
        with watch("state out"):
            for key, loan, rules in changed:
                table[key] = store(loan, next_check(loan, rules), 0)


def _judge(work: Iterable[tuple[Any, Repaid]], policy: Policy, today: int) -> list[Any]:
    said: list[Any] = []
    for loan, fact in work:
        alerts = step.repay(loan, fact, policy.rules(loan.product), today)
        if alerts:
            said += alerts
    return said


def records_of(events: Iterable[Event]) -> list[MemoryRecord]:
    """What a consumer would have read."""
    return [
        MemoryRecord(
            event.topic,
            0,
            offset,
            round(event.time.timestamp() * 1000),
            event.key.encode(),
            event.data,
            tuple(event.headers()),
        )
        for offset, event in enumerate(events)
    ]
