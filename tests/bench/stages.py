"""Where a repayment's CPU goes: from the bytes of a fetch to the bytes of a produce request, without Kafka.

The whole way is gone first, in batches as large as those of a worker that is behind, a store behind a dictionary. Then
each stage runs alone over the same inputs; what is left of the whole is the agent's own: look-ups, the overlay of the
batch, the loop.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from stream.agents.batch import NoCounts
from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.engine import step
from stream.engine.delinquency import next_check
from stream.engine.facts import Repaid
from stream.engine.policy import Policy
from stream.faust_batch.fetched import FetchedBytes, LeanPartitionRecords
from stream.faust_batch.group import RecordGroup
from stream.faust_batch.producer import PartitionWriter
from stream.faust_batch.queues import RecordQueue
from stream.faust_batch.settings import TaskSettings
from stream.policy_file import load_policy
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.standing import StandingHeaders, standing_json
from stream.translate.state import load, store
from tests.bench.engines import Place
from tests.bench.portfolio import AS_OF, Event, Portfolio
from tests.bench.profiled import stages_between
from tests.bench.worker import profile_of

BATCH = TaskSettings().max_batch
PARTITIONS = 12
PAYMENTS_OF_LOAN = 50
"""As in the portfolio of 20,000 loans; measured is a stretch in the middle, when each loan has had half of them."""
REPAYMENTS = TopicPartition("loans.repayments", 0)
DISBURSEMENTS = TopicPartition("loans.disbursements", 0)
IN_ONE_RECORD_BATCH = 500
"""Records that a producer under load puts together."""


class MemoryRecord(NamedTuple):
    """A consumed record, as far as the agent looks at it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    raw_headers = None  # as a FetchedRecord has it: to ask in vain for an attribute costs 0.3 us


class MemoryProducer:
    """Makes batches as the worker's producer does; nothing is sent."""

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(TaskSettings().max_batch_bytes, 0, is_transactional=1)


class MemoryBatch:
    """A task's batch over a dictionary; what is sent ends as the bytes of record batches."""

    def __init__(self, table: dict[bytes, bytes]) -> None:
        self.table = table
        self.context: Any = None
        self.partition = 0
        self.records: Sequence[Any] = ()
        self.tick = None
        self.alerts = 0
        self.standings = 0
        self.puts: dict[bytes, bytes | None] = {}
        self.writers: dict[str, PartitionWriter] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.table.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        self.puts[key] = value
        if value is None:
            self.table.pop(key, None)
        else:
            self.table[key] = value

    def send(self, topic: str, partition: int, key: Any, value: Any, timestamp_ms: int, headers: Any = ()) -> None:
        if topic == "loans.standing":
            self.standings += 1
        else:
            self.alerts += 1
        writer = self.writers.get(topic)
        if writer is None:
            writer = self.writers[topic] = _writer(topic)
        writer.append(key, value, timestamp_ms, headers)

    def finish(self) -> None:
        """What the task does with it at the end, up to the request."""
        changelog = _writer("changelog")
        changelog.extend(self.puts.items())
        _build([changelog, *self.writers.values()])
        self.puts, self.writers = {}, {}

    def repeat_tick(self) -> None:
        raise AssertionError("no tick is given")


def _writer(topic: str) -> PartitionWriter:
    return PartitionWriter(topic, 0, MemoryProducer(), TaskSettings().max_batch_bytes)


def _build(writers: Iterable[PartitionWriter]) -> None:
    for writer in writers:
        for batch, _ in writer.batches():
            batch._build()


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

    def process(self, records: Sequence[Any]) -> None:
        self.batch.records = records
        self.agent.process(self.batch)
        self.batch.finish()

    def process_all(self, records: Sequence[MemoryRecord]) -> None:
        for start in range(0, len(records), BATCH):
            self.process(records[start : start + BATCH])


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
    first.process_all(records_of(portfolio.disbursements()))
    half = portfolio.repayments // 2
    log = records_of(islice(portfolio.repayment_events(), half + repayments))
    first.process_all(log[:half])
    table = first.batch.table
    fetches = [fetch_of(log[start : start + BATCH]) for start in range(half, half + repayments, BATCH)]
    gc.collect()
    gc.disable()  # the worker's state is bytes: nearly nothing of it is the collector's
    try:
        runs = [_once(policy, table, fetches) for _ in range(repeats)]
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


def _once(policy: Policy, table: dict[bytes, bytes], fetches: Sequence[bytes]) -> tuple[Stopwatch, MemoryBatch]:
    """The whole over the log, then each stage of it."""
    agent, watch = Agent(policy), Stopwatch()
    agent.batch.table = dict(table)
    agent.batch.context = agent.agent.open_task(0, agent.batch.table)
    with watch("whole"):
        for fetch in fetches:
            agent.process(_merged(_read(fetch)))
    _each_stage(Agent(policy), dict(table), fetches, watch)
    return watch, agent.batch


def _read(fetch: bytes) -> Sequence[Any]:
    """The records of a fetch, as the consumer thread reads them."""
    records = FetchedBytes(fetch)
    if not records.has_next():
        raise ValueError("an empty fetch")
    return LeanPartitionRecords(REPAYMENTS, records, (), 0, None, None, False, READ_COMMITTED).take_all()


def _merged(records: Sequence[Any]) -> Sequence[Any]:
    """Through the queues of a task."""
    queues = [RecordQueue(DISBURSEMENTS), RecordQueue(REPAYMENTS)]
    queues[0].follow(0, 0)
    queues[1].add(records)
    queues[1].follow(records[-1].offset + 1, records[-1].offset + 1)
    taken = RecordGroup(queues).take(BATCH, 0.0)
    if taken is None:
        raise ValueError("nothing to take")
    return taken.records


def _each_stage(agent: Agent, table: dict[bytes, bytes], fetches: Sequence[bytes], watch: Stopwatch) -> None:
    """Each stage alone, batch by batch, on what the stage before it gave; a loan is read and written once per batch."""
    policy, today = agent.policy, AS_OF.toordinal()
    for fetch in fetches:
        with watch("fetch: records"):
            records = _read(fetch)
        with watch("fetch: merge by time"):
            records = _merged(records)
        with watch("decode and check"):
            facts = agent.inbound.decode_many(records)
        repaid = [fact for fact in facts if isinstance(fact, Repaid)]
        keys = {fact.loan_id.encode() for fact in repaid}
        with watch("state in"):
            loaded = {key: load(table[key]) for key in keys}
        work = [(loaded[fact.loan_id.encode()], fact) for fact in repaid]
        with watch("engine"):
            said = _judge(work, policy, today)
        with watch("alerts out"):
            alerts = [agent.outbound.alert(alert) for alert in said]
        changed = [(key, loan, policy.rules(loan.product)) for key, loan in loaded.items()]
        with watch("standing"):
            standings = [(key, standing_json(loan, rules), agent.headers.of(loan)) for key, loan, rules in changed]
        with watch("state out"):
            puts = [(key, store(loan, next_check(loan, rules), 0)) for key, loan, rules in changed]
        with watch("produce: record batches"):
            _produce(records[-1].timestamp, alerts, standings, puts)
        table.update(puts)


def _produce(timestamp: int, alerts: Iterable[Any], standings: Iterable[Any], puts: Iterable[Any]) -> None:
    """Record batches of all that is said and kept, with their check sums."""
    overdue, standing, changelog = _writer("loans.overdue"), _writer("loans.standing"), _writer("changelog")
    for key, value, headers in alerts:
        overdue.append(key, value, timestamp, headers)
    for key, value, headers in standings:
        standing.append(key, value, timestamp, headers)
    changelog.extend(puts)
    _build([overdue, standing, changelog])


def _judge(work: Iterable[tuple[Any, Repaid]], policy: Policy, today: int) -> list[Any]:
    said: list[Any] = []
    for loan, fact in work:
        alerts = step.repay(loan, fact, policy.rules(loan.product), today)
        if alerts:
            said += alerts
    return said


def fetch_of(records: Sequence[MemoryRecord]) -> bytes:
    """The same records as a broker gives them out."""
    fetch = b""
    for start in range(0, len(records), IN_ONE_RECORD_BATCH):
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 30)
        for number, one in enumerate(records[start : start + IN_ONE_RECORD_BATCH]):
            builder.append(number, one.timestamp, one.key, one.value, list(one.headers))
        fetch += records[start].offset.to_bytes(8, "big") + bytes(builder.build()[8:])
    return fetch


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
