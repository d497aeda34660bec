"""Raise, escalate, clear; the watch list; staleness; what came of the warnings."""

from __future__ import annotations

from stream.warning import step
from stream.warning.borrower import Borrower
from stream.warning.outcomes import CAME_TRUE, CAUGHT, DID_NOT, LEAD_DAYS, WARNED
from stream.warning.signals import Signal
from stream.warning_policy import warning_policy_of
from tests.warning.person import DAY, Person, late, loan, sign


def said(person: Person, code: str) -> list[tuple[str, str, int]]:
    """Kind, severity and day of everything said under a code."""
    return [
        (one.kind.removeprefix("early_warning."), one.severity, one.as_of - DAY)
        for one in person.said
        if one.code == code
    ]


def test_a_warning_is_raised_once_and_escalated_when_it_gets_worse() -> None:
    """The first installment 1, 7 and 30 days past due: raised, escalated twice, and silent on all other days."""
    person = Person()
    person.live(*(late(1, days, day=days, days_late=()) for days in range(1, 33)), until=32)
    assert said(person, "FPD") == [("raised", "medium", 1), ("escalated", "high", 7), ("escalated", "critical", 30)]
    escalated = [one for one in person.said if one.code == "FPD"][1]
    assert escalated.previous_severity == "medium"
    assert escalated.warning_id == person.said[0].warning_id


def test_one_warning_per_cycle() -> None:
    """A warning that was cleared is not raised again in the same cycle, here a month; in the next one it is."""
    person = Person()
    reports = ((0, 7), (1, 5), (2, 7), (20, 7))  # from 12 March; the last on 1 April
    person.live(*(sign("bureau_reported", day, queries_3m=count) for day, count in reports), until=20)
    assert said(person, "STACKING") == [("raised", "medium", 0), ("cleared", "medium", 1), ("raised", "medium", 20)]


def test_a_payment_taken_back_opens_its_cycle_again() -> None:
    """Past due, paid, and the payment reversed: the warning that was cleared for it is raised again."""
    person = Person()
    person.live(late(5, 5), loan(1, past_due=(), days_past_due=0), late(5, 7, day=2), until=2)
    assert said(person, "EARLY_ARREARS") == [("raised", "high", 0), ("cleared", "high", 1), ("raised", "high", 2)]


def test_a_rule_clears_at_a_lower_threshold_than_it_raises() -> None:
    """Queries 7 raise, 6 do not clear, 5 do: no flapping at the threshold."""
    person = Person()
    person.live(*(sign("bureau_reported", day, queries_3m=count) for day, count in enumerate((7, 6, 7, 6, 5))), until=4)
    assert said(person, "STACKING") == [("raised", "medium", 0), ("cleared", "medium", 4)]


def test_a_rule_goes_quiet_when_its_observation_is_too_old() -> None:
    """A balance counts for three days: then the warning is cleared, because the observation is too old."""
    person = Person()
    person.live(loan(0, due=DAY + 30), sign("employment_changed", 0, status="unemployed"), until=0)
    person.live(until=365)
    assert person.standing() == {"JOB_LOSS": "high"}
    person.live(until=366)
    last = [one for one in person.said if one.code == "JOB_LOSS"][-1]
    assert (last.kind, last.cleared_because, last.as_of - DAY) == (
        "early_warning.cleared",
        "observations_too_old",
        366,
    )


def test_a_stale_balance_raises_nothing() -> None:
    """A balance four days old says nothing about an installment that is due in a day; one three days old does."""
    for days, expected in ((4, []), (3, [("raised", "medium", 3)])):
        person = Person()
        person.live(loan(0, due=DAY + days + 1), sign("balance_reported", 0, balance=1), until=0)
        person.said.clear()
        person.borrower.standing.clear()
        person.borrower.ended.clear()
        person.live(until=days)
        assert [one for one in said(person, "DUE_LOW_BAL") if one[2] == days] == expected


def test_the_end_of_a_loan_clears_its_warnings() -> None:
    """A settled loan has no warnings, and says so with the reason."""
    person = Person()
    person.live(late(5, 5), loan(1, status="settled", past_due=(), days_past_due=0, installment=-1, due=0), until=1)
    last = [one for one in person.said if one.code == "EARLY_ARREARS"][-1]
    assert (last.kind, last.cleared_because) == ("early_warning.cleared", "loan_ended")


def test_points_add_up_over_codes_and_fade_but_the_worst_stays() -> None:
    """Two of 25: orange at once; a month later each has faded, but the worst, 25, holds the borrower at yellow."""
    person = Person()
    person.live(
        sign("mandate_changed", 0, active=False), sign("guarantor_reported", 0, "G1", status="overdue"), until=0
    )
    assert said(person, "WATCH_LIST") == [("raised", "medium", 0), ("escalated", "high", 0)]
    assert [one for one in person.said if one.code == "WATCH_LIST"][-1].points == 50
    person.live(until=31)
    assert said(person, "WATCH_LIST")[2:] == []
    person.live(sign("mandate_changed", 40, active=True), until=63)
    assert said(person, "WATCH_LIST")[2:] == [("cleared", "high", 63)]


def test_a_warning_that_came_true_and_one_that_did_not_are_counted() -> None:
    """30 days past due within 60 days of the raise: true, with the days between; not within them: false."""
    person = Person()
    person.live(*(late(5, days, day=days) for days in range(1, 31)), until=30)
    tally = person.task.tally
    counts = tally.codes["EARLY_ARREARS"]
    assert (counts[WARNED], counts[CAME_TRUE], counts[LEAD_DAYS], counts[CAUGHT]) == (1, 1, 25, 1)
    assert tally.went_bad == 1
    calm = Person()
    calm.live(late(5, 5), loan(1, past_due=(), days_past_due=0), until=61)
    assert calm.task.tally.codes["EARLY_ARREARS"][DID_NOT] == 1
    assert calm.task.tally.went_bad == 0


def test_a_signal_seen_before_changes_nothing() -> None:
    """The same event twice: the second is told apart as a duplicate, and nothing is kept of it."""
    person = Person()
    signal = Signal("S", DAY, "B1", "employment_changed", DAY, "", {"status": "unemployed"})
    assert step.take_signal(person.task, person.borrower, DAY, signal)
    assert step.take_signal(person.task, person.borrower, DAY, signal) is None
    assert len(person.borrower.signals["employment_changed"]) == 1


def test_a_part_payment_taken_back_was_never_made() -> None:
    """60 of 100 paid by the due date is a part payment; when the 60 are reversed, nothing was paid: no part payment."""
    part, later = {"scheduled": 100, "grace_days": 0}, {"due": DAY + 30, "unpaid": 100}
    person = Person()
    person.live(loan(0, due=DAY, unpaid=40, **part), late(5, 1, day=1, past_due=((5, 40),), **part, **later), until=1)
    assert "PARTIAL_PAY" in person.standing()
    person.live(late(5, 2, day=2, past_due=((5, 100),), **part, **later), until=2)
    assert "PARTIAL_PAY" not in person.standing()


def test_a_borrower_survives_being_stored() -> None:
    """What is packed and unpacked is the same borrower."""
    person = Person()
    person.live(
        loan(0, days_late=(1, 2)), late(5, 7, day=1), sign("score_changed", 0, band=4), loan(2, loan_id="L2"), until=3
    )
    packed = person.borrower.packed()
    assert Borrower.unpacked(packed).packed() == packed


def test_a_policy_can_switch_a_rule_off_or_move_its_threshold() -> None:
    """A rule that is not enabled says nothing; a threshold of the policy counts instead of the default's."""
    off = Person(warning_policy_of({"rules": {"EARLY_ARREARS": {"enabled": False}}}))
    off.live(late(5, 5), until=0)
    assert said(off, "EARLY_ARREARS") == []
    later = Person(warning_policy_of({"rules": {"EARLY_ARREARS": {"levels": {"low": {"from": 6, "to": 30}}}}}))
    later.live(late(5, 5), late(5, 6, day=1), until=1)
    assert said(later, "EARLY_ARREARS") == [("raised", "low", 1)]
