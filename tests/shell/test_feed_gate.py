"""A day whose repayments fall far short is held: no loan ages until they come, are vouched for, or were waited for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.agents.days import DAY_KEY
from stream.agents.feed_watch import FEED_KEY
from stream.engine.dates import day_of
from stream.engine.feed import FeedRules
from tests import stories
from tests.agent_table import POLICY, Table, alerts_of, disbursed, kinds, paid

WATCHING = POLICY._replace(feed=FeedRules(least_share=(1, 2), min_expected=4, min_days=2, max_held_days=3))
"""Half of the usual share, of at least four installments, once two days are known."""

DUE_DAYS = (1, 2, 3, 4)
LOANS_A_DAY = 5


def silent_on_the_third(policy: object = WATCHING, restarts: bool = False) -> Table:
    """Five loans due on each day from 1 to 4 February; four pay on the 1st and the 2nd each, none on the 3rd."""
    table = Table(policy)
    table.batch(
        *[disbursed(f"L{day}{number}", due=f"2024-02-0{day}") for day in DUE_DAYS for number in range(LOANS_A_DAY)]
    )
    for day in (1, 2, 3):
        table.open(f"2024-02-0{day}")
        if day < 3:
            table.batch(*[paid(f"2024-02-0{day}", loan=f"L{day}{number}") for number in range(4)])
        if restarts:
            table.restart()
    return table


def late_file(number: int, told: str = "2024-02-04") -> dict:
    """A payment of 3 February that comes a day late."""
    return paid(told, loan=f"L3{number}", valued="2024-02-03")


def test_a_silent_day_is_held_and_no_loan_ages() -> None:
    """Of five due on the 3rd none paid, where four of five are usual: the 4th does not open, and it is said."""
    table = silent_on_the_third()
    sent = table.open("2024-02-04")
    [(kind, data)] = alerts_of(sent)
    assert kind == "feed.held"
    assert [key for topic, _, key, _, _ in sent] == [b"partition-3"]
    assert (data["partition"], data["as_of"]) == (3, "2024-02-04")
    assert (data["installments_due"], data["installments_met"], data["installments_met_usually"]) == (5, 0, 4)
    assert data["reasons"] == [{"code": "repayments_fall_short", "observed": 0, "threshold": 2}]
    assert table.context.business_date == day_of("2024-02-03")
    assert table.context.held_day == day_of("2024-02-04")
    assert table.counted.events["day_held"] == 1


def test_a_held_day_is_said_once() -> None:
    """The same tick again, also after a restart, changes nothing."""
    table = silent_on_the_third()
    table.open("2024-02-04")
    assert table.open("2024-02-04") == []
    table.restart()
    assert table.open("2024-02-04") == []
    assert table.context.held_day == day_of("2024-02-04")


def test_the_missing_payments_release_the_day() -> None:
    """The second late payment makes two of five, half of the usual four: the day opens with it, for the other three."""
    table = silent_on_the_third()
    table.open("2024-02-04")
    assert "feed.released" not in [kind for kind, _ in alerts_of(table.batch(late_file(0)))]
    table.restart()
    said = alerts_of(table.batch(late_file(1)))
    assert [kind for kind, _ in said] == ["feed.released", *["loan.overdue_started"] * 3]
    released = said[0][1]
    assert (released["as_of"], released["installments_due"], released["installments_met"]) == ("2024-02-04", 5, 2)
    assert released["reasons"] == [{"code": "repayments_arrived", "observed": 0, "threshold": None}]
    assert released["causes"] == ["E-L31-P1"]
    assert {data["loan_id"] for _, data in said[1:]} == {"L32", "L33", "L34"}
    assert {data["as_of"] for _, data in said[1:]} == {"2024-02-04"}
    assert table.context.business_date == day_of("2024-02-04")
    assert table.context.held_day == 0


@pytest.mark.parametrize("cut", range(6))
def test_what_is_said_does_not_hang_on_batches_or_restarts(cut: int) -> None:
    """Wherever a batch ends and the task restarts among the late payments, the alerts are the same."""
    late = [late_file(number) for number in range(5)]
    whole = silent_on_the_third()
    whole.open("2024-02-04")
    expected = alerts_of(whole.batch(*late))
    table = silent_on_the_third(restarts=True)
    table.restart()
    table.open("2024-02-04")
    table.restart()
    said = alerts_of(table.batch(*late[:cut])) if cut else []
    table.restart()
    said += alerts_of(table.batch(*late[cut:])) if cut < 5 else []
    assert said == expected
    assert table.store == whole.store


def test_an_operator_releases_the_day() -> None:
    """A tick of the day that says the repayments are complete opens it, though it was asked for before."""
    table = silent_on_the_third()
    table.open("2024-02-04")
    said = alerts_of(table.open("2024-02-04", complete=True))
    assert [kind for kind, _ in said] == ["feed.released", *["loan.overdue_started"] * 5]
    assert said[0][1]["reasons"][0]["code"] == "repayments_said_complete"
    assert table.context.held_day == 0


def test_a_later_complete_tick_releases_all_days_before_it() -> None:
    """A complete tick of the 6th opens the held 4th, the 5th and the 6th."""
    table = silent_on_the_third()
    table.open("2024-02-04")
    table.open("2024-02-05")
    said = alerts_of(table.open("2024-02-06", complete=True))
    assert [(kind, data["as_of"]) for kind, data in said if kind.startswith("feed")] == [
        ("feed.released", "2024-02-04")
    ]
    assert table.context.business_date == day_of("2024-02-06")


def test_a_day_is_not_held_for_ever() -> None:
    """Three business days later the 4th opens whatever is missing; the 5th is then judged by its own repayments."""
    table = silent_on_the_third()
    for day in (4, 5, 6):
        assert table.counted.events["day_opened"] == 3
        table.open(f"2024-02-0{day}")
    said = alerts_of(table.open("2024-02-07"))
    assert [(kind, data["as_of"]) for kind, data in said if kind.startswith("feed")] == [
        ("feed.released", "2024-02-04"),
        ("feed.held", "2024-02-05"),
    ]
    assert said[0][1]["reasons"] == [{"code": "held_too_long", "observed": 3, "threshold": None}]
    assert len([kind for kind, _ in said if kind == "loan.overdue_started"]) == LOANS_A_DAY


def test_a_complete_day_is_never_held() -> None:
    """Where the tick says that the repayments are complete, five unpaid loans are overdue."""
    table = silent_on_the_third()
    assert [kind for kind, _ in alerts_of(table.open("2024-02-04", complete=True))] == ["loan.overdue_started"] * 5


def test_what_improves_a_loan_counts_while_a_day_is_held() -> None:
    """A payment on an overdue loan cures it at once, though its task's next day is held."""
    table = silent_on_the_third()
    table.open("2024-02-04")
    assert ("loans.overdue", "loan.cured") in kinds(table.batch(paid("2024-02-04", loan="L14")))


def test_skipped_days_wait_behind_a_held_one() -> None:
    """A tick of the 6th after the 3rd is held at the 4th; once the late payments came, the days open in order."""
    table = silent_on_the_third()
    assert [(kind, data["as_of"]) for kind, data in alerts_of(table.open("2024-02-06"))] == [
        ("feed.held", "2024-02-04")
    ]
    on_time = [paid("2024-02-06", loan=f"L4{number}", valued="2024-02-04") for number in range(5)]
    said = alerts_of(table.batch(*on_time, *[late_file(number, "2024-02-06") for number in range(5)]))
    assert [(kind, data["as_of"]) for kind, data in said if kind.startswith("feed")] == [
        ("feed.released", "2024-02-04")
    ]
    assert table.context.business_date == day_of("2024-02-06")


def test_a_policy_without_trust_holds_nothing() -> None:
    """With the feed unwatched nothing is kept of it, and a silent day makes five loans overdue."""
    table = silent_on_the_third(POLICY._replace(feed=None))
    assert FEED_KEY not in table.store
    assert [kind for kind, _ in alerts_of(table.open("2024-02-04"))] == ["loan.overdue_started"] * 5


def test_a_new_book_is_not_held() -> None:
    """The first days of a task tell nothing about what is usual, so that nothing is held."""
    table = Table(WATCHING)
    table.batch(*[disbursed(f"L{number}", due="2024-02-01") for number in range(50)])
    assert len(alerts_of(table.open("2024-02-02"))) == 50


def test_days_behind_a_vouched_one_are_judged_by_themselves() -> None:
    """Asked for up to the 6th and vouched for on the 4th: the 4th opens, the 5th has its own silence and is held."""
    table = silent_on_the_third()
    table.open("2024-02-06")
    said = alerts_of(table.open("2024-02-04", complete=True))
    assert [(kind, data["as_of"]) for kind, data in said if kind.startswith("feed")] == [
        ("feed.released", "2024-02-04"),
        ("feed.held", "2024-02-05"),
    ]
    assert table.context.asked_until == day_of("2024-02-06")


def test_a_reversal_while_a_day_is_held_counts_against_it() -> None:
    """One of five paid on the 3rd and was reversed on the 4th: two late payments then make two of six, too few."""
    table = silent_on_the_third()
    table.batch(paid("2024-02-03", loan="L30"))
    assert [kind for kind, _ in alerts_of(table.open("2024-02-04"))] == ["feed.held"]
    reversal = {"loan_id": "L30", "payment_id": "P1", "reversal_id": "R1", "reversal_date": "2024-02-04"}
    table.batch(stories.event("loan.repayment_reversed", "rev", stories.at("2024-02-04"), reversal))
    table.batch(late_file(1))
    assert table.context.held_day == day_of("2024-02-04")
    table.batch(late_file(2))
    assert table.context.held_day == 0


def test_a_hold_does_not_outlive_its_day() -> None:
    """A held day that opens under a policy that does not watch is not held when the policy watches again."""
    table = silent_on_the_third()
    table.open("2024-02-04")
    table.store[DAY_KEY] = day_of("2024-02-04").to_bytes(4, "big") + b"\0"
    table.restart()
    assert table.context.held_day == 0


def test_what_is_kept_of_a_feed_is_small() -> None:
    """Counts by due day and the shares of 28 days: under a kilobyte, whatever the size of the book."""
    table = silent_on_the_third()
    table.context.feed.feed.past = [(1_000_000, 1_000_000)] * 28
    table.context.feed.feed.met = {day_of("2024-02-04") + ahead: 1_000_000 for ahead in range(46)}
    assert len(table.context.feed.stored()) < 1024


@st.composite
def fortnights(draw: st.DrawFn) -> list[list[dict] | tuple[str, bool]]:
    """Batches of payments and ticks of ten days on which five loans each fall due; some days pay well, some hardly."""
    story: list[list[dict] | tuple[str, bool]] = []
    waiting: list[dict] = []
    for day in range(1, 11):
        today = f"2024-02-{day:02}"
        if day == 1 or draw(st.integers(0, 9)):  # now and then a day is skipped
            story.append((today, not draw(st.integers(0, 7))))
        payers = draw(st.sampled_from([5, 4, 4, 4, 3, 1, 0]))
        due = [paid(today, loan=f"L{day}{number}", valued=today) for number in range(payers)]
        if draw(st.booleans()):
            story.append(due)
        else:
            waiting += due
        if waiting and draw(st.booleans()):
            story.append([payment | {"time": stories.at(today)} for payment in waiting])
            waiting = []
    return story


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(fortnights(), st.randoms(use_true_random=False))
def test_any_batches_and_restarts_say_the_same(story: list, random: Any) -> None:
    """Held or not, released by whatever: alerts and state do not hang on where batches end and the task restarts."""
    loans = [
        disbursed(f"L{day}{number}", due=f"2024-02-{day:02}") for day in range(1, 11) for number in range(LOANS_A_DAY)
    ]
    whole, cut = Table(WATCHING), Table(WATCHING)
    expected, said = alerts_of(whole.batch(*loans)), alerts_of(cut.batch(*loans))
    for step in story:
        if isinstance(step, tuple):
            expected += alerts_of(whole.open(step[0], complete=step[1]))
            said += alerts_of(cut.open(step[0], complete=step[1]))
        elif step:
            expected += alerts_of(whole.batch(*step))
            place = random.randint(0, len(step))
            for part in (step[:place], step[place:]):
                said += alerts_of(cut.batch(*part)) if part else []
                if random.random() < 0.5:
                    cut.restart()
        if random.random() < 0.5:
            cut.restart()
    assert sorted(map(str, said)) == sorted(map(str, expected))
    assert cut.store == whole.store
