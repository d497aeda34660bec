"""A bank in memory: loan tasks and borrower tasks over tables, with batches cut and mixed as a seed will have it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from stream.agents.batch import NoCounts
from stream.agents.borrower_agent import BorrowerAgent
from stream.agents.borrower_counts import NoBorrowerCounts
from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.engine.dates import day_of
from stream.engine.policy import Policy
from stream.policy_file import load_policy
from stream.translate.inbound import Inbound
from stream.translate.lines import Line, parse_line
from stream.translate.outbound import Outbound
from stream.translate.partition import partition_of
from stream.translate.standing import StandingHeaders
from stream.warning.decisions import Decision
from stream.warning.policy import WarningPolicy
from stream.warning_policy import load_warning_policy

POLICY = load_policy()
WARNINGS = load_warning_policy()
ZONE = POLICY.time_zone


class Sent(NamedTuple):
    """A record that an agent sent."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Sequence[tuple[str, bytes]]


class Task:
    """One task: its table, and a batch as the runtime would make it."""

    def __init__(self, agent: Any, partition: int) -> None:
        self.agent = agent
        self.partition = partition
        self.store: dict[bytes, bytes] = {}
        self.left: Sequence[Any] = ()
        self.restart()

    def restart(self) -> None:
        """Forget everything but the table."""
        self.context = self.agent.open_task(self.partition, self.store)

    def get(self, key: bytes) -> bytes | None:
        return self.puts[key] if key in self.puts else self.store.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        self.puts[key] = value

    def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, at: int, headers: Sequence[Any]
    ) -> None:
        self.sent.append(Sent(topic, partition, key, value, at, headers))

    def caused_by(self, record: Any) -> None:
        del record

    def repeat_tick(self) -> None:
        self.again = True

    def leave(self, first: int) -> None:
        self.left = self.records[first:]

    def run(self, records: Sequence[Any] = (), tick: Any = None) -> list[Sent]:
        """One batch, committed."""
        self.records, self.tick = records, tick
        self.puts: dict[bytes, bytes | None] = {}
        self.sent: list[Sent] = []
        self.again = False
        self.left = ()
        self.agent.process(self)
        for key, value in self.puts.items():
            if value is None:
                self.store.pop(key, None)
            else:
                self.store[key] = value
        return self.sent


class Bank:
    """All tasks of both agents; what is published is delivered by `settle`."""

    def __init__(
        self,
        seed: int = 0,
        partitions: int = 2,
        warnings: WarningPolicy = WARNINGS,
        borrowers_per_batch: int = 4_000,
        policy: Policy = POLICY,
    ) -> None:
        """`seed`: how batches are cut, and which task goes first."""
        self.random = Random(seed)
        self.partitions = partitions
        topics, inbound, self.outbound = Topics(), Inbound(ZONE), Outbound(ZONE)
        loans = LoanAgent(
            policy,
            inbound,
            self.outbound,
            StandingHeaders(ZONE, "urn:test"),
            NoCounts(),
            topics=topics,
            partitions=partitions,
        )
        self.decisions: list[Decision] = []
        borrowers = BorrowerAgent(
            warnings,
            inbound,
            self.outbound,
            NoBorrowerCounts(),
            topics=topics,
            partitions=partitions,
            on_decision=self.decisions.append,
            borrowers_per_batch=borrowers_per_batch,
        )
        self.loan_tasks = [Task(loans, partition) for partition in range(partitions)]
        self.borrower_tasks = [Task(borrowers, partition) for partition in range(partitions)]
        self.queues: dict[Any, list[Any]] = {task: [] for task in (*self.loan_tasks, *self.borrower_tasks)}
        self.out: list[Sent] = []
        self.restarts = False
        self.published = 0
        self.left_over = 0  # records that a task gave back

    def publish(self, *events: dict[str, Any]) -> Bank:
        """Put events on their topics."""
        for event in events:
            self.published += 1
            line = parse_line(json.dumps(event).encode())._replace(offset=self.published)
            tasks = self.borrower_tasks if line.topic == "borrowers.signals" else self.loan_tasks
            self.queues[tasks[partition_of(line.key or b"", self.partitions)]].append(line)
        return self

    def open(self, day: str) -> Bank:
        """Open a business day on every partition."""
        (key, value, headers), timestamp = self.outbound.day_opened(day_of(day), True, None)
        tick = Line("business-days", 0, 0, timestamp, key, value, headers)
        for task in self.loan_tasks:
            self.queues[task].append(tick)
        return self

    def settle(self) -> Bank:
        """Deliver everything, a batch of one task at a time."""
        while busy := [task for task, queue in self.queues.items() if queue]:
            task = self.random.choice(busy)
            if self.restarts and self.random.random() < 0.2:
                task.restart()
            self._step(task)
        return self

    def _step(self, task: Task) -> None:
        queue = self.queues[task]
        if queue[0].topic == "business-days":
            tick = queue.pop(0)
            self._route(task.run(tick=tick))
            while task.again:
                self._route(task.run(tick=tick))
            return
        size = self.random.randint(1, 5)
        batch: list[Any] = []
        while queue and len(batch) < size and queue[0].topic != "business-days":
            batch.append(queue.pop(0))
        self._route(task.run(batch))
        queue[:0] = task.left
        self.left_over += len(task.left)

    def _route(self, sent: list[Sent]) -> None:
        for one in sent:
            if one.topic == "loans.standing":
                line = Line(one.topic, one.partition, 0, one.timestamp, one.key, one.value, one.headers)
                self.queues[self.borrower_tasks[one.partition]].append(line)
            self.out.append(one)

    def warnings(self) -> list[dict[str, Any]]:
        """The early warnings so far: kind, id, and data."""
        return [
            {"kind": dict(one.headers)["ce_type"].decode(), "id": dict(one.headers)["ce_id"].decode()}
            | json.loads(one.value or b"")
            for one in self.out
            if one.topic == "loans.early-warnings"
        ]

    def said(self, code: str) -> list[tuple[str, str]]:
        """Of one code: what was said, and on which day."""
        return [(w["kind"].removeprefix("early_warning."), w["as_of"]) for w in self.warnings() if w["code"] == code]
