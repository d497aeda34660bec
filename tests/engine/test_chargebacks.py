"""Chargebacks: money that was received is taken back, and owed again (domain reference 9.12)."""

from __future__ import annotations

import pytest

from stream.engine.chargebacks import excess
from stream.engine.dates import iso
from stream.engine.delinquency import next_check
from stream.engine.loan import status
from stream.engine.refused import Refused
from tests.engine.story import Story, installment, said


def two_paid_once() -> Story:
    """Due 100.00 on 02-15 and on 03-15; the first one is paid on its day by P1."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.open("2024-02-15")
    story.pay(100_00, payment="P1")
    return story


def test_it_joins_the_next_installment_and_ages_from_its_own_date() -> None:
    """Taken back on 02-20: owed with 03-15; 0 days on the 20th, 1 day past due on the 21st, nothing in `overdue`."""
    story = two_paid_once()
    story.open("2024-02-20")
    assert story.charge_back(100_00, "P1") == []
    assert story.unpaid() == {2: (200_00, 0, 0, 0)}
    assert story.days()[0] == 0
    assert said(story.open("2024-02-21")) == [("loan.overdue_started", "2024-02-21", 1, "M1")]
    assert story.overdue() == (0, 0, 0, 0)
    assert excess(story.loan, story.today) == 100_00


def test_it_still_ages_from_its_date_once_the_installment_is_past_due() -> None:
    """Unpaid on 03-20: 29 days since 02-20, not 5 since 03-15; all of the installment is overdue, the excess is not."""
    story = two_paid_once()
    story.open("2024-02-20")
    story.charge_back(100_00, "P1")
    story.open("2024-03-20")
    assert story.days()[0] == 29
    assert story.overdue() == (200_00, 0, 0, 0)
    assert excess(story.loan, story.today) == 0


def test_the_day_after_it_is_looked_at() -> None:
    """Taken back on 02-20, next due date 03-15: the loan changes on 02-21."""
    story = two_paid_once()
    story.open("2024-02-20")
    story.charge_back(100_00, "P1")
    assert iso(next_check(story.loan, story.rules)) == "2024-02-21"


def test_paying_it_back_moves_ageing_to_the_due_date() -> None:
    """100.00 paid on 02-25 covers it: current again, and from 03-15 on the rest of the installment counts."""
    story = two_paid_once()
    story.open("2024-02-20")
    story.charge_back(100_00, "P1")
    story.open("2024-02-25")
    assert said(story.pay(100_00)) == [("loan.cured", "2024-02-25", 0, None)]
    assert iso(next_check(story.loan, story.rules)) == "2024-03-16"
    story.open("2024-03-20")
    assert story.days()[0] == 5


@pytest.mark.parametrize(("back", "days"), [(99_99, 1), (100_00, 0)])
def test_it_counts_while_it_exceeds_what_is_paid_there(back: int, days: int) -> None:
    """A cent short of the whole it still ages; to the cent it does not."""
    story = two_paid_once()
    story.open("2024-02-20")
    story.charge_back(100_00, "P1")
    story.pay(back)
    story.open("2024-02-21")
    assert story.days()[0] == days


def test_what_was_paid_in_advance_there_covers_it() -> None:
    """The next installment was paid in advance with 100.00: a chargeback of 100.00 is covered until the due date."""
    story = two_paid_once()
    story.pay(100_00, payment="P2")
    assert status(story.loan) == "settled"
    story.open("2024-02-20")
    story.charge_back(100_00, "P2")
    assert status(story.loan) == "active"
    assert story.unpaid() == {2: (100_00, 0, 0, 0)}
    story.open("2024-03-15")
    assert story.days()[0] == 0
    story.open("2024-03-16")
    assert story.days()[0] == 1


def test_credit_absorbs_it_first() -> None:
    """Overpaid by 30.00: of 50.00 taken back 20.00 are owed, and the loan is active again."""
    story = two_paid_once()
    story.pay(130_00, payment="P2")
    assert (status(story.loan), story.loan.credit) == ("overpaid", 30_00)
    story.charge_back(50_00, "P2")
    assert (status(story.loan), story.loan.credit) == ("active", 0)
    assert story.unpaid() == {2: (20_00, 0, 0, 0)}


def test_credit_that_is_large_enough_absorbs_all_of_it() -> None:
    """Overpaid by 30.00: 30.00 taken back leave a settled loan."""
    story = two_paid_once()
    story.pay(130_00, payment="P2")
    story.charge_back(30_00, "P2")
    assert (status(story.loan), story.loan.credit) == ("settled", 0)


def settled_after_maturity() -> Story:
    story = two_paid_once()
    story.open("2024-03-15")
    story.pay(100_00, payment="P2")
    story.open("2024-04-10")
    return story


def test_after_maturity_it_opens_one_extra_installment_due_that_day() -> None:
    """Taken back on 04-10, after the last due date: installment 3, due 04-10, 1 day past due on 04-11."""
    story = settled_after_maturity()
    story.charge_back(40_00, "P2")
    assert story.unpaid() == {3: (40_00, 0, 0, 0)}
    assert story.days()[0] == 0
    story.open("2024-04-11")
    assert (story.days()[0], story.overdue()) == (1, (40_00, 0, 0, 0))


def test_later_ones_join_the_extra_installment_and_the_first_uncovered_sets_the_ageing() -> None:
    """40.00 on 04-10 and 20.00 on 04-20: 10 days on the 20th; once 40.00 are paid the second one counts: 5 on 04-25."""
    story = settled_after_maturity()
    story.charge_back(40_00, "P2")
    story.open("2024-04-20")
    story.charge_back(20_00, "P2")
    assert (story.unpaid(), story.days()[0]) == ({3: (60_00, 0, 0, 0)}, 10)
    assert said(story.pay(40_00)) == [("loan.cured", "2024-04-20", 0, None)]
    assert story.overdue() == (0, 0, 0, 0)
    story.open("2024-04-25")
    assert story.days()[0] == 5


def test_a_backdated_one_is_judged_at_once() -> None:
    """Told on 02-25 with value date 02-20: 5 days past due on the spot."""
    story = two_paid_once()
    story.open("2024-02-25")
    alerts = story.charge_back(100_00, "P1", valued="2024-02-20")
    assert said(alerts) == [("loan.overdue_started", "2024-02-25", 5, "M1")]


def test_a_payment_valued_before_it_but_told_after_it_comes_first() -> None:
    """On one day money comes in before it is taken back: paid 02-20, taken back 02-20, whatever is told first."""
    told = []
    for payment_first in (True, False):
        story = two_paid_once()
        story.open("2024-02-20")
        if payment_first:
            story.pay(30_00, payment="P2")
        story.charge_back(100_00, "P1")
        if not payment_first:
            story.pay(30_00, payment="P2")
        story.open("2024-02-22")
        told.append((story.unpaid(), story.days()))
    assert told[0] == told[1]
    assert told[0][0] == {2: (170_00, 0, 0, 0)}


def test_it_is_not_a_reversal() -> None:
    """The payment stays: the last payment and the lateness of the first installment are as before."""
    story = two_paid_once()
    story.charge_back(100_00, "P1")
    assert (story.loan.last_payment_id, story.loan.lateness) == ("P1", "0")


def test_no_more_than_was_paid_is_taken_back() -> None:
    """100.00 were paid: 60.00 and 41.00 are too much, 60.00 and 40.00 are not."""
    story = two_paid_once()
    story.charge_back(60_00, "P1")
    with pytest.raises(Refused, match="chargeback_exceeds_payment"):
        story.charge_back(41_00, "P1")
    story.charge_back(40_00, "P1")
    assert story.unpaid() == {2: (200_00, 0, 0, 0)}


def test_a_payment_is_reversed_or_charged_back_not_both() -> None:
    """After the one, the other is refused with its own code."""
    story = two_paid_once()
    story.charge_back(60_00, "P1")
    with pytest.raises(Refused, match="payment_charged_back"):
        story.reverse("P1")
    other = two_paid_once()
    other.reverse("P1")
    with pytest.raises(Refused, match="payment_already_reversed"):
        other.charge_back(60_00, "P1")


def test_the_same_one_twice_counts_once() -> None:
    """By the id of the event, or of the chargeback."""
    story = two_paid_once()
    story.charge_back(10_00, "P1", chargeback="K1", event="E1")
    before = story.raw
    assert story.charge_back(10_00, "P1", chargeback="K2", event="E1") is None
    assert story.charge_back(10_00, "P1", chargeback="K1", event="E2") is None
    assert story.raw == before


def test_dates_that_cannot_be_are_refused() -> None:
    """Before the disbursement, behind the replay horizon, on a cancelled loan."""
    story = two_paid_once()
    with pytest.raises(Refused, match="date_before_disbursement"):
        story.charge_back(10_00, "P1", valued="2024-01-14")
    story.cancel()
    with pytest.raises(Refused, match="loan_not_active"):
        story.charge_back(10_00, "P1")
