"""A loan of 30 years stays a small record: state is bounded by the replay horizon, not by the loan's age."""

from __future__ import annotations

import pytest

from tests.engine.story import CN, Story, installment, months_after, said

MONTHS = 360
HORIZON_PAYMENTS = (CN.replay_horizon_days + 60) // 30 + 2
"""Monthly payments within the horizon and the slack that folding leaves."""


def mortgage() -> list[list[int]]:
    """360 installments of 59.96 from 2000-02-01."""
    return [installment(n, months_after("2000-01-01", n), 5_000, 996) for n in range(1, MONTHS + 1)]


def paid_for_twenty_years(day: str) -> tuple[Story, list[int]]:
    """The loan paid on this day of each month, and the bytes of its state at first and after each month."""
    story = Story(mortgage(), on="2000-01-01")
    sizes = [len(story.raw)]
    for month in range(1, 241):
        story.open(f"{months_after('2000-01-01', month)[:8]}{day}")
        story.pay(5_996)
        sizes.append(len(story.raw))
    return story, sizes


@pytest.fixture(scope="module")
def in_time() -> tuple[Story, list[int]]:
    return paid_for_twenty_years("01")


@pytest.fixture(scope="module")
def late() -> tuple[Story, list[int]]:
    return paid_for_twenty_years("02")


def test_state_does_not_grow_with_the_age_of_the_loan(in_time: tuple[Story, list[int]]) -> None:
    """Twenty years of payments in time: state never exceeds that of the first three years, and ends below its start."""
    story, sizes = in_time
    assert len(story.unpaid()) == MONTHS - 240
    assert max(sizes[36:]) <= max(sizes[:36])
    assert sizes[-1] < sizes[0]


def test_the_journal_keeps_the_facts_of_the_horizon_only(in_time: tuple[Story, list[int]]) -> None:
    """In its twentieth year a loan remembers the monthly payments of 800 days and some slack."""
    payments = [line for line in in_time[0].loan.journal.decode().split("\n") if line[:2] in {"p ", "P "}]
    assert len(payments) <= HORIZON_PAYMENTS


def test_a_loan_that_is_late_every_month_stays_bounded_too(late: tuple[Story, list[int]]) -> None:
    """Late by a day and cured 240 times: 480 alerts were given, and the state keeps those of the horizon only."""
    story, sizes = late
    assert len(said(story.alerts)) == 480
    assert max(sizes[36:]) <= max(sizes[:36])
    assert sizes[-1] < sizes[0]
