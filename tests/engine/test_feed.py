"""Whether the repayments of a day can be believed: shares of what was due, against what was usual."""

from __future__ import annotations

import pytest

from stream.engine.dates import day_of
from stream.engine.feed import (
    DAYS_AHEAD,
    DAYS_KEPT,
    Feed,
    FeedRules,
    falls_short,
    held,
    measured,
    note_met,
    note_opened,
)

RULES = FeedRules(least_share=(1, 2), min_expected=100, min_days=3, max_held_days=3)
DAY = day_of("2024-03-16")


def feed_with(met: int, past: list[tuple[int, int]]) -> Feed:
    """A feed that remembers (met, late) of past days, with so many met of what was due the day before `DAY`."""
    feed = Feed()
    feed.past = past
    for _ in range(met):
        note_met(feed, DAY - 1, DAY - 1)
    return feed


USUAL = [(90, 10)] * 3
"""90 of 100 were met on each of three days."""


@pytest.mark.parametrize(
    ("met", "late", "short"),
    [
        (45, 55, False),  # 45 % is exactly half of 90 %
        (44, 56, True),
        (0, 100, True),
        (0, 99, False),  # fewer than 100 due: nothing can be said
        (90, 10, False),
        (440, 560, True),
        (450, 550, False),
    ],
)
def test_less_than_half_of_the_usual_share_falls_short(met: int, late: int, short: bool) -> None:
    """Where 90 % are usually met in time and half of that is asked for, 45 % are enough and less is not."""
    assert falls_short(feed_with(met, USUAL), RULES, DAY, late) is short


def test_without_enough_days_nothing_falls_short() -> None:
    """Two remembered days where three are asked for: what is usual is not known, and nothing is held."""
    assert not falls_short(feed_with(0, USUAL[:2]), RULES, DAY, 1000)


def test_a_usual_share_of_nothing_is_never_undercut() -> None:
    """Where nobody ever paid in time, nobody paying is the usual."""
    assert not falls_short(feed_with(0, [(0, 100)] * 3), RULES, DAY, 1000)


def test_what_was_due_is_told_with_the_usual() -> None:
    """Of 200 due, 20 came; 180 were usual, and 90 of them would have been enough."""
    feed = feed_with(20, USUAL)
    there = measured(feed, DAY, 180)
    assert there == (200, 20, 180)
    alert = held(3, DAY, there, RULES, "cn-2026-01")
    assert (alert.partition, alert.as_of, alert.due, alert.met, alert.usual) == (3, DAY, 200, 20, 180)
    assert alert.reasons == (("repayments_fall_short", 20, 90),)
    assert alert.causes == ("business-day:2024-03-16",)


def test_a_held_day_has_one_id_whatever_came_by_then() -> None:
    """The id of `feed.held` says task and day, so that saying it twice is one alert."""
    one, other = (held(3, DAY, measured(feed_with(met, USUAL), DAY, 100), RULES, "v") for met in (0, 5))
    assert one.id == other.id
    assert held(4, DAY, measured(feed_with(0, USUAL), DAY, 100), RULES, "v").id != one.id


def test_an_installment_counts_where_it_is_met_by_its_due_date() -> None:
    """Met on the due date or up to 45 days ahead: counted; late or further ahead: not."""
    feed = Feed()
    for due in (DAY - 1, DAY, DAY + DAYS_AHEAD, DAY + DAYS_AHEAD + 1):
        note_met(feed, due, DAY)
    assert feed.met == {DAY: 1, DAY + DAYS_AHEAD: 1}


def test_an_opened_day_is_remembered_and_its_counts_are_dropped() -> None:
    """After a day is opened its share is the newest of the past; a day of few installments is not remembered."""
    feed = feed_with(80, USUAL)
    note_met(feed, DAY, DAY - 1)
    feed.late = 30
    note_opened(feed, RULES, DAY)
    assert feed.past == [*USUAL, (80, 30)]
    assert (feed.met, feed.late) == ({DAY: 1}, 0)
    note_opened(feed, RULES, DAY + 1)
    assert feed.past == [*USUAL, (80, 30)]
    assert feed.met == {}


def test_only_the_last_days_tell_what_is_usual() -> None:
    """28 days are kept, so that the memory is bounded and the usual follows the book."""
    feed = Feed()
    for offset in range(DAYS_KEPT + 5):
        feed.met[DAY + offset - 1] = 100 + offset
        note_opened(feed, RULES, DAY + offset)
    assert len(feed.past) == DAYS_KEPT
    assert (feed.past[0], feed.past[-1]) == ((105, 0), (132, 0))
