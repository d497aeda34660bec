"""What the journal of a loan says of any day, by what was known on any other, is what the events themselves say."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stream.engine.as_known import as_known
from stream.engine.dates import iso
from stream.offline import OfflineRun, standings
from stream.policy_file import parse_policy
from stream.translate.lines import Line, parse_line
from stream.translate.standing import standing_json
from stream.translate.state import load
from tests.properties.loan_stories import FIRST_DAY, loan_stories, policies
from tests.properties.size import sized
from tests.stories import Event, an_installment, disbursed, repaid, turned


def lines_of(story: list[Event]) -> list[Line]:
    """The events as lines of a file, in the order of their time; days open by themselves."""
    told = [event for event in story if event["type"] != "business_day.opened"]
    first = next(event for event in told if event["type"] == "loan.disbursed")
    # of a loan that is disbursed again after a cancellation, the journal does not keep the life before
    told = [event for event in told if event["type"] != "loan.disbursed" or event is first]
    # what waited too long for the loan is refused by then, and not by who asks of a day before that
    earliest = (datetime.fromisoformat(first["time"]) - timedelta(days=29)).isoformat()
    told = [event for event in told if datetime.fromisoformat(event["time"]).isoformat() >= earliest]
    lines = [parse_line(json.dumps(event).encode(), number) for number, event in enumerate(told)]
    return sorted(lines, key=lambda line: line.timestamp)


DRAWN = {
    "policy": policies(),
    "story": loan_stories(),
    "days": st.integers(0, 60),
    "known_after": st.integers(0, 60),
}


@sized(60)
@given(**DRAWN)
def test_the_journal_knows_what_the_events_say(policy: str, story: list[Event], days: int, known_after: int) -> None:
    """The standing as of D as known by K is the same from a loan's journal and from its events."""
    check(policy, story, days, known_after)


def check(policy: str, story: list[Event], days: int, known_after: int) -> None:
    rules = parse_policy(policy)
    lines = lines_of(story)
    day, known_by = FIRST_DAY.toordinal() + days, FIRST_DAY.toordinal() + known_after
    run = OfflineRun(rules, open_days=True)
    for line in lines:
        run.event(line)
    run.open_until(FIRST_DAY.toordinal() + 150)  # until then no payment of a later value date waits any more
    loans = [load(raw) for key, raw in run.table.items() if not key.startswith(b"\x00")]
    from_journal = []
    for loan in loans:
        past = as_known(loan, rules.rules(loan.product), day, known_by)
        if past is not None:
            from_journal.append(json.loads(standing_json(past, rules.rules(loan.product))))
    from_events: list[dict[str, Any]] = [
        json.loads(line) for line in standings(lines, rules, [day], open_days=True, known_by=known_by)
    ]
    for ours, theirs in zip(from_journal, from_events, strict=False):
        assert {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]} == {}
    assert len(from_journal) == len(from_events), f"as of {iso(day)} as known by {iso(known_by)}"


def test_what_waited_for_its_loan_keeps_the_order_in_which_it_came() -> None:
    """A payment and a charge-off that came before a disbursement take effect with it, in the order of their arrival."""
    policy = """
version = "plain-1"
time_zone = "Asia/Shanghai"

[products.default]
buckets = [{ code = "M1", min_days = 1 }]
"""
    story = [
        disbursed([an_installment(1, "2024-02-20", 50)], "2024-02-20", when="2024-02-21T04:00:00.000Z"),
        repaid("Pa2", 50, "2024-02-21", when="2024-02-20T04:00:00.000Z"),
        turned("charged_off", "2024-02-20", when="2024-02-20T04:00:00.000Z", event_id="X3"),
    ]
    check(policy, story, 1, 1)
