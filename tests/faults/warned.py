"""The early warnings that a run's standings and signals call for.

Each rule, escalation, clearing and watch-list level is computed again by watching.py, which shares no code with the
agent. What follows from the agent's own memory (its score; what was paid by a due date) comes from the same agent in
one piece, without Kafka: of these it is judged that nothing is lost, doubled or torn.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from stream.agents.borrower_agent import BorrowerAgent
from stream.agents.borrower_counts import NoBorrowerCounts
from stream.agents.days import NO_LIMIT
from stream.agents.topics import Topics
from stream.offline_batch import Batch
from stream.translate.inbound import Inbound
from stream.translate.lines import Line
from stream.translate.outbound import Outbound
from stream.warning_policy import warning_policy_of
from tests.faults.indicators import ordinal
from tests.faults.log import Record
from tests.faults.watching import TAKEN_OVER, Watched

ZONE = "Asia/Shanghai"
MARK = b"business-day:"


def warnings_of(
    standings: Iterable[Record],
    signals: Iterable[Record],
    homes: Mapping[bytes, int],
    partitions: int,
    version: str,
    prefix: str = "",
) -> dict[str, Any]:
    """Id to type and data of each warning on `loans.early-warnings`, by the default rules under a policy's version.

    `homes`: key of each loan to the partition of its events.
    """
    by_partition: dict[int, tuple[list[Record], list[Record]]] = defaultdict(lambda: ([], []))
    for place, records in enumerate((standings, signals)):
        for record in records:
            by_partition[record.partition][place].append(record)
    found: dict[str, Any] = {}
    for partition, (of_loans, of_borrowers) in by_partition.items():
        by_agent = _said_by_agent(of_loans, partition, partitions, version, prefix)
        found |= watched(of_loans, of_borrowers, homes, by_agent, version)
    return found


def watched(
    standings: list[Record],
    signals: list[Record],
    homes: Mapping[bytes, int],
    by_agent: dict[str, dict[str, Any]],
    version: str,
) -> dict[str, Any]:
    """What one partition's standings and signals call for; `by_agent`: what is taken over from the agent."""
    changes, days = _by_opening(standings, homes)
    told: dict[int, list[Record]] = defaultdict(list)
    for record in signals:
        told[max(days[0] if days else 0, _local_day(record.event["time"]))].append(record)
    taken: dict[tuple[int, str], dict[str, Any]] = defaultdict(dict)
    for name, body in by_agent.items():
        taken[ordinal(body["as_of"]), body["borrower_id"]][name] = body
    people: dict[str, Watched] = {}
    for day in days:
        for ticked in (False, True):  # what happened on the day before, then what the tick did
            for data in changes.pop((day, ticked), {}).values():
                name = data["borrower_id"]
                people.setdefault(name, Watched(name, version)).take_standing(data)
        for name, one in people.items():
            one.open_day(day, taken.get((day, name), {}))
        for record in told.pop(day, ()):
            event = record.event
            name = event["data"]["borrower_id"]
            kind = event["type"].removeprefix("borrower.")
            people.setdefault(name, Watched(name, version)).take_signal(day, kind, event["id"], event["data"])
    return {name: body for one in people.values() for name, body in one.said.items()}


def _by_opening(
    standings: list[Record], homes: Mapping[bytes, int]
) -> tuple[dict[tuple[int, bool], dict[str, dict[str, Any]]], list[int]]:
    """Day that opens, and whether its tick did it, to each loan's last standing, in the order of loan ids; the days.

    What lies before the mark of a loan's own task was done by the tick of its day.
    """
    found: dict[tuple[int, bool], dict[str, dict[str, Any]]] = defaultdict(dict)
    marked: dict[int, int] = {}
    days = set()
    for record in standings:
        key = record.key or b""
        if key.startswith(MARK):
            data = record.event["data"]
            day = ordinal(data["business_date"])
            marked[data["partition"]] = max(day, marked.get(data["partition"], 0))
            days.add(day)
        elif record.value is not None:
            data = record.event["data"]
            day = ordinal(data["as_of"])
            ticked = marked.get(homes[key], 0) < day
            found[day + (not ticked), ticked][data["loan_id"]] = data
    return {key: dict(sorted(loans.items())) for key, loans in found.items()}, sorted(days)


def _local_day(time: str) -> int:
    return datetime.fromisoformat(time).astimezone(ZoneInfo(ZONE)).date().toordinal()


def _said_by_agent(
    standings: list[Record], partition: int, partitions: int, version: str, prefix: str
) -> dict[str, dict[str, Any]]:
    """Id to type and data of what the agent says, in one piece, of the codes that are not computed again."""
    agent = BorrowerAgent(
        warning_policy_of(version=version),
        Inbound(ZONE, prefix),
        Outbound(ZONE),
        NoBorrowerCounts(),
        topics=Topics(prefix),
        partitions=partitions,
        borrowers_per_batch=NO_LIMIT,
    )
    table: dict[bytes, bytes] = {}
    batch = Batch(table, agent.open_task(partition, table))
    batch.partition = partition
    batch.records = [Line(*record[:6], tuple(record.headers.items())) for record in standings]
    agent.process(batch)
    found = {}
    for sent in batch.sent:
        if sent.topic == prefix + "loans.early-warnings":
            headers = dict(sent.headers)
            body = json.loads(sent.value or b"")
            if body["code"] in TAKEN_OVER:
                found[headers["ce_id"].decode()] = body | {"type": headers["ce_type"].decode()}
    return found
