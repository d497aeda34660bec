"""The standing record: the quick text equals the contract's model, field by field."""

from __future__ import annotations

import json

import pytest

from schemas.standing import LoanStanding
from stream.engine.dates import iso
from stream.translate.standing import StandingHeaders, standing_json
from tests.engine.story import Story, cn_rules, installment, loan_a


def standing(story: Story) -> dict:
    raw = standing_json(story.loan, story.rules)
    model = LoanStanding.model_validate_json(raw)
    assert json.loads(model.model_dump_json()) == json.loads(raw)
    assert set(json.loads(raw)) == set(LoanStanding.model_fields)
    return json.loads(raw)


def stories() -> dict[str, Story]:
    """Loans in every condition that changes what the record says."""
    fresh = Story(loan_a())
    paid = Story(loan_a())
    paid.pay(1_100_00)
    overdue = Story(loan_a())
    overdue.open("2024-03-20")
    cured = Story(loan_a())
    cured.open("2024-03-20")
    cured.pay(3_000_00)
    in_grace = Story(loan_a(), rules=cn_rules(grace_days=5))
    in_grace.open("2024-02-18")
    settled = Story([installment(1, "2024-02-15", 100)])
    settled.pay(100)
    overpaid = Story([installment(1, "2024-02-15", 100)])
    overpaid.pay(130)
    cancelled = Story(loan_a())
    cancelled.open("2024-03-20")
    cancelled.cancel()
    return {
        "fresh": fresh,
        "paid": paid,
        "overdue": overdue,
        "cured": cured,
        "in grace": in_grace,
        "settled": settled,
        "overpaid": overpaid,
        "cancelled": cancelled,
    }


@pytest.mark.parametrize("name", list(stories()))
def test_every_standing_is_valid_and_complete(name: str) -> None:
    """What is written has exactly the contract's fields and passes its model."""
    standing(stories()[name])


def test_an_overdue_loan_says_what_is_past_due() -> None:
    """Loan A on 2024-03-20, nothing paid: 34 days, two installments, 2,132.38 overdue."""
    said = standing(stories()["overdue"])
    assert (said["days_past_due"], said["bucket"], said["oldest_due_date"]) == (34, "M2", "2024-02-15")
    assert [row["days_past_due"] for row in said["past_due_installments"]] == [34, 5]
    assert said["overdue"]["total"] == said["delinquent_amount"] == 2 * 1_066_19
    assert said["episode"]["started_date"] == "2024-02-16"
    assert said["last_event_id"] == "business-day:2024-03-20"


def test_in_grace_the_delinquent_date_lies_ahead() -> None:
    """Grace 5: three days past due, not delinquent, no bucket, delinquent from the due date plus grace."""
    said = standing(stories()["in grace"])
    assert (said["days_past_due"], said["delinquent_days"], said["bucket"]) == (3, 0, None)
    assert said["delinquent_date"] == "2024-02-20"


def test_the_bucket_history_is_lifted_not_rewritten() -> None:
    """M1 from 02-16, M2 from 03-17 to the cure on 03-20; each end is the next beginning."""
    said = standing(stories()["cured"])
    assert said["bucket_history"] == [
        {"bucket": "M1", "from_date": "2024-02-16", "to_date": "2024-03-17"},
        {"bucket": "M2", "from_date": "2024-03-17", "to_date": "2024-03-20"},
    ]
    assert said["max_days_past_due_ever"] == 34


@pytest.mark.parametrize(("rule", "due"), [("earliest_unpaid", "2024-02-15"), ("next_unpaid", "2024-04-15")])
def test_next_due_is_by_policy(rule: str, due: str) -> None:
    """On 2024-03-20 with nothing paid: the earliest unpaid is 02-15, the next unpaid one not before today 04-15."""
    story = Story(loan_a(), rules=cn_rules(next_due=rule))
    story.open("2024-03-20")
    assert standing(story)["next_due_date"] == due


def test_headers_are_a_cloudevent() -> None:
    """The required attributes are there, and the time is the local midnight of the day judged."""
    story = stories()["overdue"]
    headers = dict(StandingHeaders("Asia/Shanghai", "urn:test").of(story.loan))
    assert headers["ce_time"] == b"2024-03-19T16:00:00Z"
    assert iso(story.loan.as_of) == "2024-03-20"
    assert {"ce_id", "ce_source", "ce_type", "ce_specversion"} <= set(headers)
