"""The product and the oracle say the same of any story: alerts, standings, dead letters."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from tests.faults.verdict import differences
from tests.oracle import Policy, judge
from tests.properties.loan_stories import loan_stories, policies
from tests.properties.size import sized
from tests.properties.tellers import said_by_the_product
from tests.stories import Event

DRAWN = {"policy": policies(), "story": loan_stories()}


def shown(event: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """The parts of an event that the oracle has an opinion of."""
    return {name: event.get(name) for name in expected}


def check(policy: str, story: list[Event]) -> None:
    """Alerts with id and body in order, the last standing, the number of standings, and dead letters are equal."""
    sent = said_by_the_product(story, policy)
    oracle = judge(story, Policy.from_text(policy))
    expected = [{"id": alert.id, "type": alert.kind, **alert.data} for alert in oracle.alerts]
    came = [{"id": event["id"], "type": event["type"], **event["data"]} for event in sent["loans.overdue"]]
    letters = sorted((event["data"]["offset"], event["data"]["reason_code"]) for event in sent["dead-letters"])
    assert letters == sorted((letter.index, letter.reason) for letter in oracle.dead_letters)
    assert [shown(a, e) for a, e in zip(came, expected, strict=False)] == expected[: len(came)]
    assert len(came) == len(expected)
    for loan_id, standing in oracle.standings.items():
        last = [event["data"] for event in sent["loans.standing"] if event["data"]["loan_id"] == loan_id][-1]
        assert {name: (last.get(name), standing[name]) for name in differences(last, standing)} == {}
    assert len(sent["loans.standing"]) == oracle.standing_count


@sized(300)
@given(**DRAWN)
def test_the_product_says_what_the_oracle_says(policy: str, story: list[Event]) -> None:
    """Whatever happens to a loan in whatever order, product and oracle give the same records."""
    check(policy, story)


PAYMENTS_ONLY = {"policy": policies(), "story": loan_stories(servicing=False)}


@sized(150)
@given(**PAYMENTS_ONLY)
def test_they_agree_on_loans_that_are_only_paid(policy: str, story: list[Event]) -> None:
    """The same for loans that no servicing event touches: nearly all of a book."""
    check(policy, story)
