"""The loan agent itself in the simulation: a small portfolio, and the oracle as the judge."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from datetime import time as clock_time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition

from stream.agents.batch import NoCounts
from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.faust_batch import TaskSettings
from stream.faust_batch.agent import AgentSpec
from stream.policy_file import parse_policy
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.partition import partition_of
from stream.translate.standing import StandingHeaders
from tests.faults.log import Record, in_task_order
from tests.faults.observed import SIGNALS
from tests.faults.portfolio import (
    BUSINESS_DAYS,
    DISBURSEMENTS,
    FIRST_DAY,
    POLICY,
    REPAYMENTS,
    SERVICING,
    Planned,
    Portfolio,
)
from tests.faults.simulated.broker import Cluster
from tests.faults.simulated.world import PARTITIONS, Step, Story
from tests.faults.verdict import DEAD_LETTERS, OVERDUE, STANDING, Verdict, check_outputs
from tests.oracle import Policy, Task, judge

ZONE = ZoneInfo("Asia/Shanghai")
INPUTS = (DISBURSEMENTS, SERVICING, REPAYMENTS)
CHANGELOG = "loans-changelog"
STRUCTURED = [("content-type", b"application/cloudevents+json")]


class Lender:
    """A portfolio of so many loans over so many days."""

    settings = TaskSettings(max_batch=20, commit_slots=1, max_buffered=30, idle_commit=0.1, exit_timeout=0.0)

    def __init__(self, seed: int, loans: int, days: int) -> None:
        self.stories = [Story(number) for number in PARTITIONS]
        book = Portfolio(seed)
        book.add_loans(loans, 0)
        for day in range(days):
            self._open(day)
            events, last = book.take(day)
            now = datetime.combine(FIRST_DAY + timedelta(day), clock_time(8), ZONE)
            of_loans = [planned for planned in (*events, *last) if planned.topic != SIGNALS]
            for number, planned in enumerate(of_loans):
                self._add(planned, now + timedelta(milliseconds=number))
        self._open(days)
        self._policy = Policy.from_text(POLICY)
        self._tasks: list[Task] | None = None

    def _open(self, day: int) -> None:
        """A tick on each partition; two of three carry the end offsets of their partition."""
        today = FIRST_DAY + timedelta(day)
        for story in self.stories:
            data: dict[str, Any] = {"business_date": today.isoformat(), "repayments_complete": True}
            if (day + story.partition) % 3:
                data["input_end_offsets"] = {t: sum(step.topic == t for step in story.steps) for t in INPUTS}
            name = f"business-day:{today.isoformat()}"
            when = datetime.combine(today, clock_time(0), ZONE)
            story.steps.append(_step(BUSINESS_DAYS, "business_day.opened", name, data, when, today.isoformat()))

    def _add(self, planned: Planned, when: datetime) -> None:
        loan_id = planned.data["loan_id"]
        story = self.stories[partition_of(loan_id.encode(), len(PARTITIONS))]
        story.steps.append(_step(planned.topic, planned.kind, planned.event_id, planned.data, when, loan_id))

    def spec(self) -> AgentSpec:
        """The loan agent of a new process; a tick looks at three loans in one transaction."""
        policy = parse_policy(POLICY)
        inbound = Inbound(policy.time_zone)
        agent = LoanAgent(
            policy,
            inbound,
            Outbound(policy.time_zone),
            StandingHeaders(policy.time_zone, "urn:simulated"),
            NoCounts(),
            topics=Topics(),
            partitions=len(PARTITIONS),
            loans_per_tick_batch=3,
            refuse_misrouted=True,
        )

        def barrier_of(tick: Any) -> Any:
            return getattr(inbound.decode(tick), "input_end_offsets", None)

        table: Any = SimpleNamespace(changelog_topic_name=CHANGELOG, data=SimpleNamespace(partitions={}))
        return AgentSpec("loans", INPUTS, BUSINESS_DAYS, table, agent.process, agent.open_task, barrier_of)

    def check(self, cluster: Cluster) -> None:
        """What the oracle computes from the log, once each."""
        orders = [self._order(cluster, number) for number in PARTITIONS]
        if self._tasks is None:  # the log is the same each time
            self._tasks = [judge((record.event for record in order), self._policy) for order in orders]
        letters = {
            order[letter.index][:3]: letter.reason
            for task, order in zip(self._tasks, orders, strict=True)
            for letter in task.dead_letters
        }
        verdict = Verdict()
        alerts, standings, dead, changelog = (
            [record for number in PARTITIONS for record in _committed(cluster, topic, number)]
            for topic in (OVERDUE, STANDING, DEAD_LETTERS, CHANGELOG)
        )
        check_outputs(verdict, self._tasks, letters, alerts, standings, dead, changelog)
        assert verdict.exact, "; ".join(verdict.examples)

    def _order(self, cluster: Cluster, number: int) -> list[Record]:
        inputs = [_committed(cluster, topic, number) for topic in INPUTS]
        return in_task_order(inputs, _committed(cluster, BUSINESS_DAYS, number))

    @property
    def alerts(self) -> int:
        """How many the oracle expects."""
        return sum(len(task.alerts) for task in self._tasks or ())


def _step(topic: str, kind: str, name: str, data: dict[str, Any], when: datetime, key: str) -> Step:
    at = when.astimezone(ZoneInfo("UTC")).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event = {"specversion": "1.0", "id": name, "source": "urn:load", "type": kind, "time": at, "data": data}
    return Step(topic, int(when.timestamp() * 1000), key.encode(), json.dumps(event).encode(), STRUCTURED)


def _committed(cluster: Cluster, topic: str, partition: int) -> list[Record]:
    """Committed records as the judge reads them."""
    found, _ = cluster.log(TopicPartition(topic, partition)).committed()
    return [
        Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, {n: v or b"" for n, v in r.headers})
        for r in found
    ]
