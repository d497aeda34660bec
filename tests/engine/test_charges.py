"""Fees and penalties: posted on top of the schedule, and waived (domain reference W02, W09; design, finer point 15)."""

from __future__ import annotations

import pytest

from stream.engine.dates import day_of, iso
from stream.engine.loan import status
from stream.engine.refused import Refused
from tests.engine.story import Story, cn_rules, installment, loan_a, said


def two() -> Story:
    return Story([installment(1, "2024-02-15", 80_00, 20_00), installment(2, "2024-03-15", 100_00)])


def test_w09_with_the_penalties_posted_on_the_day() -> None:
    """W09: 16.09 and 2.04 are posted on k1 on 2024-03-20: 1,084.32 paid that day clears it: 34 -> 5 days."""
    story = Story(loan_a())
    story.open("2024-03-20")
    story.charge(16_09, charge="C-penalty", installment=1)
    story.charge(2_04, charge="C-compound", installment=1)
    assert story.unpaid()[1] == (946_19, 120_00, 0, 18_13)
    assert said(story.pay(1_084_32)) == [("loan.bucket_changed", "2024-03-20", 5, "M1")]


def test_w09b_without_them_paid_the_principal_stays_short() -> None:
    """W09b: 1,066.19 pays the posted 18.13 first: k1's principal is 18.13 short, still 34 days."""
    story = Story(loan_a())
    story.open("2024-03-20")
    story.charge(18_13, installment=1)
    assert story.pay(1_066_19) == []
    assert (story.unpaid()[1], story.days()[0]) == ((18_13, 0, 0, 0), 34)


@pytest.mark.parametrize(
    ("due", "number"), [("2024-02-14", 1), ("2024-02-15", 1), ("2024-02-16", 2), ("2024-03-15", 2)]
)
def test_a_charge_joins_the_first_installment_due_on_or_after_its_date(due: str, number: int) -> None:
    """Due on the day itself counts; the next day it is the next installment's."""
    story = two()
    story.charge(5_00, kind="fee", due=due)
    assert story.unpaid()[number][2] == 5_00


def test_a_charge_may_name_its_installment() -> None:
    """Posted on installment 2 though its date lies before installment 1."""
    story = two()
    story.charge(5_00, kind="fee", due="2024-02-01", installment=2)
    assert story.unpaid()[2] == (100_00, 0, 5_00, 0)


def test_a_charge_on_a_settled_installment_makes_it_owed_again() -> None:
    """Installment 1 was paid in time; a penalty posted on it later is past due by its due date."""
    story = two()
    story.pay(100_00)
    story.open("2024-02-20")
    assert said(story.charge(5_00, installment=1)) == [("loan.overdue_started", "2024-02-20", 5, "M1")]
    assert story.unpaid()[1] == (0, 0, 0, 5_00)


def test_a_charge_after_the_last_due_date_opens_an_installment_of_its_own() -> None:
    """Due 04-10, after the schedule's end: installment 3, not yet due on its day, past due on the next."""
    story = two()
    story.pay(200_00)
    story.open("2024-04-01")
    assert status(story.loan) == "settled"
    story.charge(5_00, kind="fee", due="2024-04-10")
    assert (status(story.loan), story.unpaid()) == ("active", {3: (0, 0, 5_00, 0)})
    story.open("2024-04-10")
    assert story.days()[0] == 0
    story.open("2024-04-11")
    assert story.days()[0] == 1


def test_a_charge_is_owed_from_the_day_on_which_it_was_posted() -> None:
    """A payment before that day did not pay it, even one that is told late; a payment of the day itself did."""
    story = two()
    story.open("2024-02-20")
    story.charge(5_00, installment=1)
    story.pay(50_00, valued="2024-02-19")
    assert story.unpaid()[1] == (50_00, 0, 0, 5_00)
    story.pay(7_00)
    assert story.unpaid()[1] == (48_00, 0, 0, 0)


def test_credit_pays_a_charge_first() -> None:
    """Overpaid by 3.00: of a fee of 5.00 2.00 are owed."""
    story = two()
    story.pay(203_00)
    story.open("2024-01-16")
    story.charge(5_00, kind="fee")
    assert (story.unpaid(), story.loan.credit) == ({1: (0, 0, 2_00, 0)}, 0)


def test_a_waiver_may_cure() -> None:
    """Only the penalty is unpaid, 5 days past due; waived, the loan is cured."""
    story = two()
    story.charge(5_00, installment=1, charge="C1")
    story.open("2024-02-15")
    story.pay(5_00)
    story.pay(95_00)
    story.open("2024-02-20")
    assert story.unpaid()[1] == (5_00, 0, 0, 0)
    story.pay(5_00)
    story.charge(9_00, installment=1, charge="C2")
    assert story.days()[0] == 5
    assert said(story.waive("C2")) == [("loan.cured", "2024-02-20", 0, None)]
    assert 1 not in story.unpaid()


def test_a_waiver_takes_off_what_is_still_owed_of_the_charge() -> None:
    """Of 9.00 4.00 were paid: waiving all of it takes 5.00 off, and gives no credit."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.charge(9_00, charge="C1")
    story.open("2024-01-20")
    story.pay(4_00)
    story.open("2024-01-21")
    story.waive("C1")
    assert (story.unpaid(), story.loan.credit) == ({1: (100_00, 0, 0, 0)}, 0)


def test_a_waiver_is_never_before_its_charge() -> None:
    """Charged on 01-20, waived as of 01-18: it is waived all the same."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.open("2024-01-20")
    story.charge(9_00)
    story.waive(on="2024-01-18")
    assert story.unpaid()[1] == (100_00, 0, 0, 0)


def test_what_was_paid_before_the_waiver_was_not_waived() -> None:
    """9.00 charged, 5.00 waived on 01-20; then 9.00 valued 01-18 are told: they paid the charge, nothing is waived."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.charge(9_00)
    story.open("2024-01-20")
    story.waive("C1", 5_00)
    story.pay(9_00, valued="2024-01-18")
    assert story.unpaid()[1] == (100_00, 0, 0, 0)


def test_a_waiver_in_parts() -> None:
    """Of 9.00 3.00 are waived, then 4.00; a third of 8.00 takes off the 2.00 that are left."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.charge(9_00, charge="C1")
    left = []
    for number, amount in enumerate((3_00, 4_00, 8_00)):
        story.waive("C1", amount, waiver=f"W{number}")
        left.append(story.unpaid()[1][3])
    assert left == [6_00, 2_00, 0]


def test_a_waiver_leaves_other_charges_alone() -> None:
    """Two penalties on one installment, 9.00 and 5.00: waiving the second one takes off 5.00."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.charge(9_00, charge="C1")
    story.charge(5_00, charge="C2")
    story.waive("C2")
    assert story.unpaid()[1][3] == 9_00


def test_a_charge_stays_when_the_schedule_is_revised() -> None:
    """A fee on installment 2; a new version moves the installment: the fee moves with it; without it, to the next."""
    story = two()
    story.charge(5_00, kind="fee", due="2024-03-10", installment=2)
    story.revise([installment(2, "2024-04-15", 90_00)], effective="2024-03-01", version=2)
    assert story.unpaid()[2] == (90_00, 0, 5_00, 0)
    story.revise([installment(3, "2024-05-15", 90_00)], effective="2024-03-01", version=3)
    assert story.unpaid()[3] == (90_00, 0, 5_00, 0)


def test_the_tolerance_in_percent_is_of_the_schedule_alone() -> None:
    """1 % of 100.00 tolerates 1.00, whatever was charged on top."""
    story = Story([installment(1, "2024-02-15", 100_00)], rules=cn_rules(tolerance_percent=(1, 100)))
    story.charge(50_00, charge="C1")
    story.pay(148_99)
    story.open("2024-02-16")
    assert story.days()[0] == 1
    story.pay(1)
    assert story.days()[0] == 0


def test_a_loan_that_is_charged_for_years_stays_small() -> None:
    """A fee and a waiver of half of it every week, facts kept for 100 days: every half is still owed."""
    rules = cn_rules(replay_horizon_days=100)
    story = Story([installment(1, "2034-01-15", 1_000_000_00)], rules=rules)
    for week in range(120):
        story.open(iso(day_of("2024-01-15") + 7 * week))
        story.charge(2_00, kind="fee", charge=f"C{week}", installment=1)
        story.waive(f"C{week}", 1_00, waiver=f"W{week}")
    assert len(story.raw) < 10_000
    assert story.unpaid()[1] == (1_000_000_00, 0, 120_00, 0)


def test_what_is_refused() -> None:
    """An installment that does not exist, a charge nobody posted, a date before the disbursement."""
    story = two()
    before = story.raw
    with pytest.raises(Refused, match="installment_unknown"):
        story.charge(5_00, installment=3)
    with pytest.raises(Refused, match="charge_unknown"):
        story.waive("C1")
    with pytest.raises(Refused, match="date_before_disbursement"):
        story.charge(5_00, due="2024-01-14")
    assert story.raw == before


def test_the_same_twice_counts_once() -> None:
    """By event, by charge, by waiver."""
    story = two()
    story.charge(5_00, charge="C1", event="E1")
    assert story.charge(5_00, charge="C1", event="E2") is None
    assert story.charge(5_00, charge="C2", event="E1") is None
    story.waive("C1", 2_00, waiver="W1", event="E3")
    assert story.waive("C1", 2_00, waiver="W1", event="E4") is None
    assert story.waive("C1", 2_00, waiver="W2", event="E3") is None
    assert story.unpaid()[1][3] == 3_00


@pytest.mark.parametrize("ending", ["written_off", "closed", "transferred"])
def test_a_loan_that_has_ended_takes_no_charge(ending: str) -> None:
    """Neither is one waived."""
    story = two()
    story.charge(5_00, charge="C1")
    story.set_status(ending)
    with pytest.raises(Refused, match="loan_not_active"):
        story.charge(5_00, charge="C2")
    with pytest.raises(Refused, match="loan_not_active"):
        story.waive("C1")
