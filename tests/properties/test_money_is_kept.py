"""Money is neither made nor lost: after every event, what came in is what was paid off and what is credit."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.policy import COMPONENTS
from tests.properties.loan_stories import loan_stories, policies
from tests.properties.size import sized
from tests.properties.tellers import said_by_the_product
from tests.stories import Event

LEFT_OUT = {"loan.closed", "loan.transferred", "loan.disbursement_cancelled"}
"""They make a debt go away that nobody paid."""


OWN_NAMES = ("reversal_id", "chargeback_id", "waiver_id", "payment_id", "charge_id")
"""The ids by which events are known again; of a reversal its own comes before the payment's."""


def told(story: list[Event]) -> list[Event]:
    """The story without repetitions, without what makes debts go away, and without money of days that have not come."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for event in story:
        if _name(event) not in seen and event["type"] not in LEFT_OUT and not _is_ahead(event):
            kept.append(event)
        seen.add(_name(event))
    return kept


def _name(event: Event) -> tuple[str, str]:
    """By what an event is known again."""
    own = [event["data"][name] for name in OWN_NAMES if name in event["data"]]
    return event["type"], own[0] if own else event["id"]


def _is_ahead(event: Event) -> bool:
    return event["type"] in {"loan.repaid", "loan.charged_back"} and event["data"]["value_date"] > event["time"][:10]


def check(policy: str, story: list[Event]) -> None:
    """scheduled + charged - waived + charged back + paid out = paid + outstanding - credit, event by event."""
    story = told(story)
    for count in range(1, len(story) + 1):
        if story[count - 1]["type"] == "business_day.opened":
            continue
        sent = said_by_the_product(story[:count], policy)
        if not sent["loans.standing"]:
            continue
        now = sent["loans.standing"][-1]["data"]
        refused = {letter["data"]["offset"] for letter in sent["dead-letters"]}
        least, most = owed_and_not_paid([event for n, event in enumerate(story[:count]) if n not in refused])
        assert least <= now["outstanding_total"] - now["credit_balance"] <= most


def owed_and_not_paid(events: list[Event]) -> tuple[int, int]:
    """The least and the most that may be outstanding less credit.

    A waiver takes what is left of its charge, a payout of credit what credit there was on its day.
    """
    once = {_name(event): event["data"] for event in events}
    of = {kind: [data for (k, _), data in once.items() if k == kind] for kind, _ in once}
    reversed_ids = {data["payment_id"] for data in of.get("loan.repayment_reversed", [])}
    paid = [data for data in of.get("loan.repaid", []) if data["payment_id"] not in reversed_ids]
    came = sum(data["amount"] for data in paid if data["kind"] != "credit_balance_refund")
    paid_out = sum(data["amount"] for data in paid if data["kind"] == "credit_balance_refund")
    back = sum(data["amount"] for data in of.get("loan.charged_back", []))
    charged = sum(data["amount"] for data in of.get("loan.charge_posted", []))
    waived = min(charged, sum(data.get("amount") or charged for data in of.get("loan.charge_waived", [])))
    owed = scheduled(of["loan.disbursed"][0], of.get("loan.schedule_revised", [])) + charged + back - came
    return owed - waived, owed + paid_out


def scheduled(disbursed: dict[str, Any], revisions: list[dict[str, Any]]) -> int:
    """What the schedule comes to by its versions; one that is not above the current is ignored."""
    rows, version = {row["number"]: row for row in disbursed["schedule"]}, 1
    for revision in revisions:
        if revision["schedule_version"] > version:
            version = revision["schedule_version"]
            effective = date.fromisoformat(revision["effective_date"])
            kept = {n: row for n, row in rows.items() if date.fromisoformat(row["due_date"]) < effective}
            rows = kept | {row["number"]: row for row in revision["schedule"]}
    return sum(row[component] for row in rows.values() for component in COMPONENTS)


DRAWN: dict[str, st.SearchStrategy[Any]] = {"policy": policies(), "story": loan_stories()}


@sized(60)
@given(**DRAWN)
def test_money_is_kept_after_every_event(policy: str, story: list[Event]) -> None:
    """paid = allocated + credit, whatever is charged, waived, charged back, revised or reversed."""
    check(policy, story)
