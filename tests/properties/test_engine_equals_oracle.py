"""The product and the oracle say the same of any story: alerts, standings, dead letters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from stream.offline import replay
from stream.policy_file import parse_policy
from stream.translate.lines import parse_line
from tests.faults.verdict import differences
from tests.oracle import Policy, Task, judge
from tests.properties.loan_stories import loan_stories, policies
from tests.stories import Event


def said_by_the_product(story: list[Event], policy: str) -> dict[str, list[Event]]:
    """Every event that the product would have sent, by topic, in order."""
    lines = (parse_line(json.dumps(event).encode(), number) for number, event in enumerate(story))
    sent: dict[str, list[Event]] = {"loans.overdue": [], "loans.standing": [], "dead-letters": []}
    for record in replay(lines, parse_policy(policy), open_days=False):
        headers = {name: value.decode() for name, value in record.headers}
        assert record.value is not None
        sent[record.topic].append(
            {"id": headers["ce_id"], "type": headers["ce_type"], "data": json.loads(record.value)}
        )
    return sent


def said_by_the_oracle(story: list[Event], policy: str, folder: Path) -> Task:
    """The oracle's answer under the same policy file."""
    file = folder / "policy.toml"
    file.write_text(policy, "utf-8")
    return judge(story, Policy.from_toml(file))


def shown(event: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """The parts of an event that the oracle has an opinion of."""
    return {name: event.get(name) for name in expected}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policies")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policy=policies(), story=loan_stories())
def test_the_product_says_what_the_oracle_says(folder: Path, policy: str, story: list[Event]) -> None:
    """Alerts with id and body in order, the last standing, the number of standings, and dead letters are equal."""
    sent = said_by_the_product(story, policy)
    oracle = said_by_the_oracle(story, policy, folder)
    expected = [{"id": alert.id, "type": alert.kind, **alert.data} for alert in oracle.alerts]
    came = [{"id": event["id"], "type": event["type"], **event["data"]} for event in sent["loans.overdue"]]
    assert [shown(a, e) for a, e in zip(came, expected, strict=False)] == expected[: len(came)]
    assert len(came) == len(expected)
    for loan_id, standing in oracle.standings.items():
        last = [event["data"] for event in sent["loans.standing"] if event["data"]["loan_id"] == loan_id][-1]
        assert shown(last, standing) == standing
        assert not differences(last, standing)
    assert len(sent["loans.standing"]) == oracle.standing_count
    letters = sorted((event["data"]["offset"], event["data"]["reason_code"]) for event in sent["dead-letters"])
    assert letters == sorted((letter.index, letter.reason) for letter in oracle.dead_letters)
