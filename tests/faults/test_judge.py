"""The judge of the fault runs sees what it is there to see: order, loss, doubles and wrong figures."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests import stories
from tests.faults.log import Record, in_task_order
from tests.faults.observed import SIGNALS
from tests.faults.portfolio import FIRST_DAY, POLICY, Portfolio
from tests.faults.verdict import Verdict, check_outputs
from tests.oracle import Policy, Task, judge
from tests.stories import Event

MILLISECOND = 1


def a_record(topic: str, offset: int, timestamp: int, event: Event | None = None) -> Record:
    body = json.dumps(event or {"data": {}}).encode()
    key = (event or {}).get("data", {}).get("loan_id", "").encode()
    return Record(topic, 0, offset, timestamp, key, body, {"content-type": b"application/cloudevents+json"})


def a_tick(offset: int, timestamp: int, **ends: int) -> Record:
    event = stories.opened("2024-03-09")
    if ends:
        event["data"]["input_end_offsets"] = ends
    return a_record("t", offset, timestamp, event)


def taken(*topics: list[Record], ticks: list[Record]) -> list[tuple[str, int]]:
    return [(record.topic, record.offset) for record in in_task_order(list(topics), ticks)]


def test_records_are_taken_in_time_order_across_topics() -> None:
    """The lowest timestamp at the heads comes first; of equal ones that of the topic declared first."""
    first = [a_record("a", 0, 10), a_record("a", 1, 30)]
    second = [a_record("b", 0, 10), a_record("b", 1, 20)]
    assert taken(first, second, ticks=[]) == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]


def test_a_record_never_overtakes_one_before_it_on_its_partition() -> None:
    """An early timestamp behind a late one waits for it."""
    assert taken([a_record("a", 0, 30), a_record("a", 1, 5)], [a_record("b", 0, 20)], ticks=[]) == [
        ("b", 0),
        ("a", 0),
        ("a", 1),
    ]


def test_a_tick_comes_behind_the_offsets_that_it_carries() -> None:
    """Everything below the carried offsets precedes the tick, whatever its timestamp; everything else follows."""
    first = [a_record("a", 0, 10), a_record("a", 1, 99), a_record("a", 2, 100)]
    assert taken(first, [], ticks=[a_tick(0, 50, a=2)]) == [("a", 0), ("a", 1), ("t", 0), ("a", 2)]


def test_a_tick_without_offsets_comes_before_what_is_a_minute_later() -> None:
    """Without carried offsets the tick waits for all that is not at least the clock skew later than it."""
    first = [a_record("a", 0, 10), a_record("a", 1, 60_049), a_record("a", 2, 60_050)]
    assert taken(first, [], ticks=[a_tick(0, 50)]) == [("a", 0), ("a", 1), ("t", 0), ("a", 2)]


def a_task() -> Task:
    """A loan that went overdue and was cured, a payment that was refused."""
    story = [
        stories.disbursed([stories.an_installment(1, "2024-03-08", 100)], "2024-02-08"),
        *stories.days("2024-03-08", "2024-03-10"),
        stories.repaid("P1", 100, "2024-03-10"),
        stories.repaid("P2", 100, "2024-06-10", when=stories.at("2024-03-10")),
    ]
    return judge(story, Policy())


def outputs(task: Task) -> dict[str, list[Record]]:
    """What a faultless worker writes about it."""
    alerts = [stories.event(a.kind, a.id, stories.at(a.as_of), a.data) for a in task.alerts]
    standings = [stories.event("loan.standing", "s", stories.at("2024-03-10"), s) for s in task.standings.values()]
    letter = {"topic": "r", "partition": 0, "offset": 5, "reason_code": "value_date_too_far_ahead"}
    letters = [stories.event("message.rejected", "d", stories.at("2024-03-10"), letter)]
    of_topic = {"alerts": alerts, "standings": standings, "letters": letters}
    records = {
        topic: [a_record(topic, n, MILLISECOND, event) for n, event in enumerate(events)]
        for topic, events in of_topic.items()
    }
    return records | {"changelog": [Record("changelog", 0, 0, MILLISECOND, b"L1", b"state", {})]}


def judged(task: Task, written: dict[str, list[Record]]) -> Verdict:
    verdict = Verdict()
    letters = {("r", 0, 5): "value_date_too_far_ahead"}
    check_outputs(
        verdict, [task], letters, written["alerts"], written["standings"], written["letters"], written["changelog"]
    )
    return verdict


def test_a_faultless_run_is_exact() -> None:
    """What the oracle says itself is found exact."""
    verdict = judged(a_task(), outputs(a_task()))
    assert (verdict.exact, verdict.alerts, verdict.loans, verdict.dead_letters) == (True, 2, 1, 1)


@pytest.mark.parametrize("topic", ["alerts", "standings", "letters", "changelog"])
def test_a_missing_record_is_lost(topic: str) -> None:
    """Without its last record each output is found wanting."""
    written = outputs(a_task())
    written[topic].pop()
    assert judged(a_task(), written).lost


@pytest.mark.parametrize("topic", ["alerts", "letters"])
def test_a_second_record_is_doubled(topic: str) -> None:
    """An alert or dead letter that comes twice is found, though its body is right."""
    written = outputs(a_task())
    written[topic].append(written[topic][0])
    verdict = judged(a_task(), written)
    assert (bool(verdict.doubled), bool(verdict.lost), bool(verdict.wrong)) == (True, False, False)


def changed(record: Record, **data: Any) -> Record:
    event = record.event
    return record._replace(value=json.dumps(event | {"data": event["data"] | data}).encode())


@pytest.mark.parametrize(
    ("topic", "data"),
    [
        ("alerts", {"days_past_due": 7}),
        ("alerts", {"causes": ["other"]}),
        ("standings", {"max_days_past_due_ever": 9}),
        ("standings", {"outstanding_total": 1}),
        ("letters", {"reason_code": "loan_unknown"}),
    ],
)
def test_a_wrong_figure_is_wrong(topic: str, data: dict[str, Any]) -> None:
    """One changed figure in one record is found."""
    written = outputs(a_task())
    written[topic][0] = changed(written[topic][0], **data)
    assert judged(a_task(), written).wrong


def test_the_order_of_a_loans_alerts_counts() -> None:
    """Cured before overdue is wrong, though both are there."""
    written = outputs(a_task())
    written["alerts"].reverse()
    assert judged(a_task(), written).wrong


def test_an_alert_that_nobody_expects_is_wrong() -> None:
    """An alert with an id of its own is found."""
    written = outputs(a_task())
    extra = written["alerts"][0]
    written["alerts"].append(extra._replace(value=json.dumps(extra.event | {"id": "0" * 32}).encode()))
    assert judged(a_task(), written).wrong


def test_the_portfolio_tells_every_kind_of_story() -> None:
    """A few hundred loans give late, early, doubled, reversed, refused, waiting and cancelled events, by their seed."""
    book, again = Portfolio(3), Portfolio(3)
    task = Task(Policy.from_text(POLICY))
    for day in range(120):
        for portfolio in (book, again):
            if day < 7:
                portfolio.add_loans(30, day)
        told = book.take(day)
        assert told == again.take(day)
        today = FIRST_DAY + timedelta(day)
        task.take(stories.opened(today))
        for planned in [*told[0], *told[1]]:
            if planned.topic == SIGNALS:
                continue  # of a borrower, not of a loan
            task.take(stories.event(planned.kind, planned.event_id, stories.at(today), planned.data))
    assert {alert.kind for alert in task.alerts} >= {
        "loan.pause_changed",
        "loan.recovery_received",
        "loan.classification_changed",
        "loan.overdue_started",
        "loan.bucket_changed",
        "loan.cured",
        "loan.alert_corrected",
    }
    assert {letter.reason for letter in task.dead_letters} >= {
        "loan_unknown",
        "loan_not_active",
        "loan_already_disbursed",
        "payment_already_reversed",
        "value_date_too_far_ahead",
        "charge_unknown",
        "resume_without_active_pause",
    }
    ends = {"settled", "cancelled", "charged_off", "written_off", "transferred"}
    assert {s["status"] for s in task.standings.values()} >= {"active", *ends}
    assert task.duplicates > 50
