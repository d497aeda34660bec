"""Notices before and after due dates (domain reference 9.13), and days per installment (9.7)."""

from __future__ import annotations

from stream.engine.dates import iso
from stream.engine.delinquency import next_check
from stream.engine.findings import DUE_SOON, OVERDUE_NOTICED
from stream.engine.installments import by_bucket
from tests.engine.story import Story, cn_rules, installment

NOTICES = cn_rules(due_soon_days=(3, 1), overdue_notice_days=(1, 10))


def told(story: Story) -> list[tuple[str, str, int | None]]:
    return [
        (alert.kind, iso(alert.as_of), alert.installment)
        for alert in story.alerts
        if alert.kind in (DUE_SOON, OVERDUE_NOTICED)
    ]


def two() -> Story:
    schedule = [installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)]
    return Story(schedule, rules=NOTICES)


def test_notices_come_on_their_exact_days() -> None:
    """Due 02-15 and 03-15, unpaid: 3 and 1 days before, 1 and 10 days after each due date."""
    story = two()
    story.open("2024-03-30")
    assert told(story) == [
        (DUE_SOON, "2024-02-12", 1),
        (DUE_SOON, "2024-02-14", 1),
        (OVERDUE_NOTICED, "2024-02-16", 1),
        (OVERDUE_NOTICED, "2024-02-25", 1),
        (DUE_SOON, "2024-03-12", 2),
        (DUE_SOON, "2024-03-14", 2),
        (OVERDUE_NOTICED, "2024-03-16", 2),
        (OVERDUE_NOTICED, "2024-03-25", 2),
    ]


def test_a_paid_installment_needs_no_notice() -> None:
    """Installment 1 is paid on 02-13: of its notices only that of 02-12 came."""
    story = two()
    story.open("2024-02-13")
    story.pay(100_00)
    story.open("2024-03-01")
    assert told(story) == [(DUE_SOON, "2024-02-12", 1)]


def test_only_the_days_with_something_to_say_are_looked_at() -> None:
    """Of a loan that is current: the days of its notices and the day after its due date."""
    story = two()
    looked_at = []
    while (day := iso(next_check(story.loan, story.rules))) <= "2024-02-16":
        looked_at.append(day)
        story.open(day)
    assert looked_at == ["2024-02-12", "2024-02-14", "2024-02-16"]


def test_an_event_on_the_day_says_no_notice_again() -> None:
    """Notices belong to the opening of the day: a part payment on 02-12 does not repeat it."""
    story = two()
    story.open("2024-02-12")
    story.pay(1_00)
    assert len(told(story)) == 1


def test_a_tolerated_shortfall_needs_no_notice() -> None:
    """What is met by the tolerance is not noticed."""
    rules = cn_rules(overdue_notice_days=(1,), tolerance_amount=10_00)
    story = Story([installment(1, "2024-02-15", 100_00)], rules=rules)
    story.pay(90_00)
    story.open("2024-02-20")
    assert told(story) == []


def test_each_notice_has_an_id_of_its_own() -> None:
    """Two installments due on one day are noticed apart."""
    schedule = [installment(1, "2024-02-15", 100_00), installment(2, "2024-02-15", 100_00)]
    story = Story(schedule, rules=NOTICES)
    story.open("2024-02-12")
    assert [number for _, _, number in told(story)] == [1, 2]
    assert len({alert.id for alert in story.alerts}) == 2


def test_the_reason_of_a_notice_says_how_far_the_due_date_is() -> None:
    """Three days before, ten days after."""
    story = two()
    story.open("2024-02-25")
    reasons = [alert.reasons[0][:2] for alert in story.alerts if alert.kind in (DUE_SOON, OVERDUE_NOTICED)]
    assert reasons == [("due_in_days", 3), ("due_in_days", 1), ("days_since_due", 1), ("days_since_due", 10)]


def test_days_per_installment_are_grouped_by_bucket() -> None:
    """Due 01-20, 02-20, 03-10 and 03-15, seen 03-25: 65 days M3, 34 days M2, 15 and 10 days M1; lowest first."""
    dues = ["2024-01-20", "2024-02-20", "2024-03-10", "2024-03-15"]
    story = Story([installment(k, due, k * 100_00) for k, due in enumerate(dues, 1)])
    story.open("2024-03-25")
    assert by_bucket(story.loan, story.rules) == [
        ("M1", 1, 30, 700_00),
        ("M2", 31, 60, 200_00),
        ("M3", 61, 90, 100_00),
    ]


def test_installments_know_no_grace_but_pauses_count_for_them_too() -> None:
    """Due 02-20 and 03-15, grace 10: on 03-25 34 and 10 days; after a pause of ten days 24, and none for the second."""
    schedule = [installment(1, "2024-02-20", 100_00), installment(2, "2024-03-15", 200_00)]
    story = Story(schedule, rules=cn_rules(grace_days=10))
    story.open("2024-03-25")
    assert by_bucket(story.loan, story.rules) == [("M1", 1, 30, 200_00), ("M2", 31, 60, 100_00)]
    story.pause("2024-03-01", "2024-03-11")
    assert by_bucket(story.loan, story.rules) == [("M1", 1, 30, 100_00)]


def test_installments_are_only_told_while_the_loan_is_delinquent() -> None:
    """Within its grace the loan itself has no delinquent days."""
    story = Story([installment(1, "2024-03-15", 100_00)], rules=cn_rules(grace_days=20))
    story.open("2024-03-25")
    assert by_bucket(story.loan, story.rules) == []
