"""A story told to the product, without Kafka: what it would have sent, by topic."""

from __future__ import annotations

import json
from typing import Any

from stream.offline import replay
from stream.policy_file import parse_policy
from stream.translate.lines import parse_line
from tests.stories import Event

OUTPUTS = ("loans.overdue", "loans.standing", "dead-letters")


def said_by_the_product(story: list[Event], policy: str) -> dict[str, list[Event]]:
    """Every event that the product would have sent, by topic, in order."""
    lines = (parse_line(json.dumps(event).encode(), number) for number, event in enumerate(story))
    sent: dict[str, list[Event]] = {topic: [] for topic in OUTPUTS}
    for record in replay(lines, parse_policy(policy), open_days=False):
        headers = {name: value.decode() for name, value in record.headers}
        assert record.value is not None
        sent.setdefault(record.topic, []).append(
            {"id": headers["ce_id"], "type": headers["ce_type"], "data": json.loads(record.value)}
        )
    return sent


def last_standing(sent: dict[str, list[Event]]) -> dict[str, Any]:
    """The last standing of the one loan of a story."""
    standing: dict[str, Any] = sent["loans.standing"][-1]["data"]
    return standing
