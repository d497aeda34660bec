"""A loan's story, told from its journal, says what was said when it happened, and accounts for all money."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from stream.offline import OfflineRun
from stream.policy_file import parse_policy
from stream.translate.lines import parse_line
from stream.translate.state import load
from stream.translate.story import story_json
from tests.properties.loan_stories import loan_stories, policies
from tests.properties.size import sized
from tests.stories import Event


def told(policy: str, story: list[Event]) -> tuple[list[tuple[str, str]], dict[str, Any] | None]:
    """Ids and kinds of the alerts that came, and the story of the loan; None where it never began."""
    rules = parse_policy(policy)
    run = OfflineRun(rules, open_days=False)
    said = []
    for number, event in enumerate(story):
        for sent in run.event(parse_line(json.dumps(event).encode(), number)):
            if sent.topic == "loans.overdue":
                headers = dict(sent.headers)
                said.append((headers["ce_id"].decode(), headers["ce_type"].decode()))
    raw = run.table.get(b"L1")
    if raw is None:
        return said, None
    loan = load(raw)
    return said, story_json(loan, rules.rules(loan.product), run.business_date)


def begins_twice(story: list[Event]) -> bool:
    """Whether the loan was disbursed again after a cancellation: of the life before only ids are kept."""
    return [event["type"] for event in story].count("loan.disbursed") > 1


@sized(50)
@given(policies(), loan_stories())
def test_the_story_has_every_alert_that_was_raised(policy: str, story: list[Event]) -> None:
    """The alerts of a story are those that were sent when it happened, by id, kind and order."""
    said, tells = told(policy, story)
    if tells is None or begins_twice(story):
        return
    retold = [(alert["id"], alert["type"]) for moment in tells["history"] for alert in moment["alerts"]]
    assert retold == said


@sized(50)
@given(policies(), loan_stories())
def test_the_story_accounts_for_all_money(policy: str, story: list[Event]) -> None:
    """Each payment = what is owed less by it + more credit; scheduled + on top = paid + unpaid, unless ended."""
    _, tells = told(policy, story)
    if tells is None:
        return
    for moved in tells["money"]:
        less = sum(part["total"] for part in moved["less_owed"])
        if moved["what"] == "payment":
            if moved["kind"] == "credit_balance_refund":  # one dated before the credit came finds less of it
                assert less == 0
                assert 0 <= -moved["more_credit"] <= moved["amount"]
            else:
                assert less + moved["more_credit"] == moved["amount"]
        if moved["what"] in ("charge", "chargeback"):
            assert less + moved["more_credit"] == -moved["amount"]
    for row in tells["installments"]:
        if not row["ended_with_the_loan"]:
            assert row["scheduled"] + row["on_top"] == row["paid"] + row["unpaid"]["total"]
    assert tells["standing"]["outstanding_total"] == sum(row["unpaid"]["total"] for row in tells["installments"])
