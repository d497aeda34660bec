"""The early warnings that a run's standings call for: the same agent, in one piece, without Kafka.

What is judged here is that nothing is lost, doubled or torn on the way through crashes; whether a warning is right is
for the tests of the rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from stream.agents.borrower_agent import BorrowerAgent
from stream.agents.borrower_counts import NoBorrowerCounts
from stream.agents.days import NO_LIMIT
from stream.agents.topics import Topics
from stream.offline_batch import Batch
from stream.translate.inbound import Inbound
from stream.translate.lines import Line
from stream.translate.outbound import Outbound
from stream.warning_policy import warning_policy_of
from tests.faults.log import Record

ZONE = "Asia/Shanghai"


def warnings_of(standings: Iterable[Record], partitions: int, version: str, prefix: str = "") -> dict[str, Any]:
    """Id to body of each warning on `loans.early-warnings`, by the default rules under a policy's version."""
    agent = BorrowerAgent(
        warning_policy_of(version=version),
        Inbound(ZONE, prefix),
        Outbound(ZONE),
        NoBorrowerCounts(),
        topics=Topics(prefix),
        partitions=partitions,
        borrowers_per_batch=NO_LIMIT,
    )
    lines: dict[int, list[Line]] = {}
    for record in standings:
        line = Line(*record[:6], tuple(record.headers.items()))
        lines.setdefault(record.partition, []).append(line)
    found: dict[str, Any] = {}
    for partition, records in lines.items():
        table: dict[bytes, bytes] = {}
        batch = Batch(table, agent.open_task(partition, table))
        batch.partition = partition
        batch.records = records
        agent.process(batch)
        found |= {
            dict(sent.headers)["ce_id"].decode(): json.loads(sent.value or b"")
            for sent in batch.sent
            if sent.topic == prefix + "loans.early-warnings"
        }
    return found
