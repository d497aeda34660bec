"""Pauses: days that are agreed not to count, backdated or to come (domain reference, W08 and 9.8 to 9.10)."""

from __future__ import annotations

import pytest

from stream.engine.dates import iso
from stream.engine.delinquency import next_check
from stream.engine.findings import PAUSE_CHANGED, Alert
from stream.engine.refused import Refused
from tests.engine.story import Story, cn_rules, installment, said


def due(day: str, *, grace_days: int = 0) -> Story:
    """One installment of 100.00 that is never paid."""
    return Story([installment(1, day, 100_00)], rules=cn_rules(grace_days=grace_days), on="2023-09-16")


def kinds(alerts: list[Alert]) -> list[str]:
    return [alert.kind for alert in alerts]


@pytest.mark.parametrize(("grace", "delinquent"), [(0, 10), (3, 7)])
def test_w08_a_pause_deducts_end_less_start(grace: int, delinquent: int) -> None:
    """W08: due 10-16, paused 10-20 to 10-30, seen 11-05: 20 days past due, 10 delinquent; 7 with grace 3."""
    story = due("2023-10-16", grace_days=grace)
    story.open("2023-10-18")
    story.pause("2023-10-20", "2023-10-30")
    story.open("2023-11-05")
    assert story.days()[:2] == (20, delinquent)


def test_w08_a_resumed_pause_deducts_up_to_the_resume() -> None:
    """W08: the same, resumed on 10-25: 15 delinquent days on 11-05."""
    story = due("2023-10-16")
    story.pause("2023-10-20", "2023-10-30")
    story.open("2023-10-25")
    story.resume()
    story.open("2023-11-05")
    assert story.days()[:2] == (20, 15)


def test_w08_a_backdated_pause_counts_like_one_told_in_time() -> None:
    """W08: the pause of 10-20 to 10-30 is told only on 11-05: at once 10 delinquent days."""
    story = due("2023-10-16")
    story.open("2023-11-05")
    assert story.days()[:2] == (20, 20)
    story.pause("2023-10-20", "2023-10-30")
    assert story.days()[:2] == (20, 10)


def test_days_advance_on_the_first_day_then_stand_still_then_go_on() -> None:
    """Paused 10-20 to 10-23: 4, 4, 4, 4 delinquent days, then 5 on 10-24; days past due go on throughout."""
    story = due("2023-10-16")
    story.pause("2023-10-20", "2023-10-23")
    seen = []
    for day in range(19, 26):
        story.open(f"2023-10-{day}")
        seen.append(story.days()[:2])
    assert seen == [(3, 3), (4, 4), (5, 4), (6, 4), (7, 4), (8, 5), (9, 6)]


def test_a_whole_pause_is_deducted_even_before_the_due_date() -> None:
    """A pause of ten days that ended before the installment fell due takes ten days off."""
    story = due("2023-10-16")
    story.pause("2023-10-01", "2023-10-11")
    story.open("2023-10-31")
    assert story.days()[:2] == (15, 5)


def test_pauses_that_share_a_day_deduct_it_once() -> None:
    """10-20 to 10-25 and 10-25 to 10-30 are 10 days together."""
    story = due("2023-10-16")
    story.pause("2023-10-20", "2023-10-25")
    story.pause("2023-10-25", "2023-10-30")
    story.open("2023-11-05")
    assert story.days()[:2] == (20, 10)


def test_while_paused_a_day_moves_no_bucket() -> None:
    """On the pause's first day the 31st delinquent day is reached: M1 stays until the day after the pause, then M2."""
    story = due("2023-10-16")
    story.open("2023-11-15")
    story.pause("2023-11-16", "2023-11-20")
    assert kinds(story.open("2023-11-16")) == [PAUSE_CHANGED]
    assert story.days() == (31, 31, "M1")
    story.open("2023-11-20")
    assert story.days() == (35, 31, "M1")
    assert said(story.open("2023-11-21"))[0] == ("loan.bucket_changed", "2023-11-21", 36, "M2")
    assert story.days() == (36, 32, "M2")


def test_while_paused_a_payment_moves_the_bucket_at_once() -> None:
    """Two installments past due, M2; paused; paying the older one gives M1 on the spot."""
    story = Story([installment(1, "2023-10-01", 100_00), installment(2, "2023-10-31", 100_00)], on="2023-09-16")
    story.open("2023-11-10")
    story.pause("2023-11-10", "2023-11-20")
    story.open("2023-11-12")
    assert said(story.pay(100_00)) == [("loan.bucket_changed", "2023-11-12", 12, "M1")]


def test_delinquency_that_would_begin_in_a_pause_is_said_after_it() -> None:
    """Due 10-16, paused 10-17 to 10-19: nothing is said on 10-17; overdue starts on 10-20."""
    story = due("2023-10-16")
    story.pause("2023-10-17", "2023-10-19")
    story.open("2023-10-19")
    assert "loan.overdue_started" not in kinds(story.alerts)
    assert said(story.open("2023-10-20"))[0] == ("loan.overdue_started", "2023-10-20", 4, "M1")
    assert (story.loan.episode, story.loan.episode_start) == (1, story.today)


def test_a_backdated_pause_that_covers_all_days_cures_and_corrects() -> None:
    """Due 10-16; on 10-19 a pause since 10-10 is told: that overdue started on 10-17 was wrong, and nothing counts."""
    story = due("2023-10-16")
    story.open("2023-10-19")
    alerts = story.pause("2023-10-10", "2023-10-30")
    assert said(alerts)[:2] == [
        ("loan.alert_corrected", "2023-10-17", 1, None),
        ("loan.cured", "2023-10-19", 3, None),
    ]


def test_a_pause_is_told_when_it_begins_and_when_it_is_over() -> None:
    """Paused 10-20 to 10-22: an alert on the 20th, another on the 23rd, none between."""
    story = due("2023-10-30")
    story.pause("2023-10-20", "2023-10-22")
    story.open("2023-10-25")
    assert [(alert.kind, said([alert])[0][1], alert.pause and alert.pause[2]) for alert in story.alerts] == [
        (PAUSE_CHANGED, "2023-10-20", True),
        (PAUSE_CHANGED, "2023-10-23", False),
    ]


def test_a_pause_is_looked_at_on_its_days_though_nothing_is_due() -> None:
    """Of a loan without arrears the days to look at are the pause's first day and the day after its last."""
    story = due("2023-12-30")
    story.pause("2023-10-20", "2023-10-22")
    assert iso(next_check(story.loan, story.rules)) == "2023-10-20"
    story.open("2023-10-20")
    assert iso(next_check(story.loan, story.rules)) == "2023-10-23"


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (None, "2023-10-30", "missing_start_date"),
        ("2023-10-20", None, "missing_end_date"),
        ("2023-10-20", "2023-10-20", "pause_too_short"),
        ("2023-10-20", "2023-10-19", "pause_too_short"),
        ("2023-09-15", "2023-10-19", "pause_before_disbursement"),
        ("2023-11-01", "2023-11-10", "pause_overlap"),
        ("2023-11-04", "2023-11-06", "pause_overlap"),
        ("2023-11-01", "2023-11-30", "pause_overlap"),
    ],
)
def test_a_pause_that_is_not_one_is_refused(start: str | None, end: str | None, reason: str) -> None:
    """Beside a pause of 11-03 to 11-08: each has its own code (domain reference, 9.9)."""
    story = due("2023-10-16")
    story.pause("2023-11-03", "2023-11-08")
    before = story.raw
    with pytest.raises(Refused, match=reason):
        story.pause(start, end)
    assert story.raw == before


def test_a_pause_may_begin_on_the_disbursement_and_on_another_ones_last_day() -> None:
    """Both ends of the rule are inclusive."""
    story = due("2023-10-16")
    story.pause("2023-09-16", "2023-09-20")
    story.pause("2023-09-20", "2023-09-25")
    assert story.loan.extras is not None
    assert len(story.loan.extras.pauses) == 2


def test_a_resume_that_is_not_one_is_refused() -> None:
    """Undated, of another day, with an end, without a pause, a second one of the day: each has its own code."""
    story = due("2023-10-16")
    story.pause("2023-10-20", "2023-10-30")
    story.open("2023-10-19")
    with pytest.raises(Refused, match="resume_without_active_pause"):
        story.resume()
    story.open("2023-10-25")
    with pytest.raises(Refused, match="missing_resume_date"):
        story.resume(undated=True)
    with pytest.raises(Refused, match="resume_not_on_business_date"):
        story.resume("2023-10-24")
    with pytest.raises(Refused, match="resume_has_end_date"):
        story.resume(end="2023-10-28")
    story.resume(event="E-resumed")
    assert story.resume(event="E-resumed") is None
    with pytest.raises(Refused, match="resume_duplicate"):
        story.resume()


def test_a_loan_that_is_not_active_is_not_paused() -> None:
    """A settled loan takes neither pause nor resume; the same event again is only a duplicate."""
    story = due("2023-10-16")
    story.pause("2023-09-20", "2023-10-30", event="E-pause")
    assert story.pause("2023-09-20", "2023-10-30", event="E-pause") is None
    story.pay(100_00)
    with pytest.raises(Refused, match="loan_not_active"):
        story.pause("2023-11-20", "2023-11-30")
    with pytest.raises(Refused, match="loan_not_active"):
        story.resume()
