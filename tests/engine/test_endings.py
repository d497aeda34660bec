"""The ends of a loan's life besides the last payment: charge-off, write-off, closing, transfer (domain §4, 9.4)."""

from __future__ import annotations

import pytest

from stream.engine.dates import day_of, iso
from stream.engine.delinquency import next_check
from stream.engine.findings import RECOVERY_RECEIVED
from stream.engine.history import fold_before
from stream.engine.loan import status
from stream.engine.refused import Refused
from stream.translate import state
from tests.engine.story import Story, installment, said


def late() -> Story:
    """100.00 due 02-15 and 100.00 due 03-15, nothing paid, on 03-20: 34 days past due, M2."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.open("2024-03-20")
    assert story.days() == (34, 34, "M2")
    return story


def test_a_charged_off_loan_keeps_ageing() -> None:
    """Charged off on 03-20: 61 days and M3 on 04-16, and a payment of everything cures it."""
    story = late()
    story.set_status("charged_off")
    assert status(story.loan) == "charged_off"
    assert said(story.open("2024-04-16")) == [("loan.bucket_changed", "2024-04-16", 61, "M3")]
    assert said(story.pay(200_00)) == [("loan.cured", "2024-04-16", 0, None)]
    assert status(story.loan) == "charged_off"


def test_a_written_off_loan_stands_still() -> None:
    """Written off on 03-20: still 34 days and M2 in May, nothing is said, and no day is looked at."""
    story = late()
    assert story.set_status("written_off") == []
    assert iso(next_check(story.loan, story.rules)) == "2026-05-29"  # 800 days later it is forgotten
    alerts = len(story.alerts)
    story.open("2024-05-20")
    assert (story.days(), status(story.loan), len(story.alerts)) == ((34, 34, "M2"), "written_off", alerts)
    assert story.overdue() == (200_00, 0, 0, 0)


def test_what_comes_after_a_write_off_is_a_recovery_not_a_cure() -> None:
    """All of it is paid in April: two recoveries are said, 34 days and M2 stay, nothing is owed any more."""
    story = late()
    story.set_status("written_off")
    story.open("2024-04-10")
    alerts = (story.pay(150_00, kind="recovery") or []) + (story.pay(50_00) or [])
    assert [(alert.kind, alert.reasons[0].observed, alert.bucket) for alert in alerts] == [
        (RECOVERY_RECEIVED, 150_00, "M2"),
        (RECOVERY_RECEIVED, 50_00, "M2"),
    ]
    assert (story.days(), sum(story.loan.owed), status(story.loan)) == ((34, 34, "M2"), 0, "written_off")
    assert story.loan.extras is not None
    assert story.loan.extras.recovered == 200_00


def test_recoveries_that_come_out_of_order_are_all_counted() -> None:
    """30.00 valued 04-10 are told before 20.00 valued 04-05: 50.00 were recovered."""
    story = late()
    story.set_status("written_off")
    story.open("2024-04-10")
    story.pay(30_00, kind="recovery")
    story.pay(20_00, kind="recovery", valued="2024-04-05")
    assert story.loan.extras is not None
    assert story.loan.extras.recovered == 50_00


def test_a_write_off_behind_the_horizon_still_holds() -> None:
    """Written off and 30.00 recovered, both folded into opening balances; then two recoveries out of order: 80.00."""
    story = late()
    story.set_status("written_off")
    story.open("2024-04-10")
    story.pay(30_00, kind="recovery")
    story.open("2024-05-10")
    loan = story.loan
    fold_before(loan, story.rules, day_of("2024-05-01"))
    story.raw = state.store(loan, 0, 0)
    story.pay(30_00, kind="recovery")
    story.pay(20_00, kind="recovery", valued="2024-05-05")
    assert story.loan.extras is not None
    assert (story.loan.extras.recovered, story.days()) == (80_00, (34, 34, "M2"))


def test_a_write_off_that_is_told_the_evening_before_ages_the_loan_until_then() -> None:
    """Due 02-15, on 02-15 written off as of 02-16: 0 days on the 15th, 1 day on the 16th, and 1 day ever after."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.open("2024-02-15")
    story.set_status("written_off", effective="2024-02-16")
    assert story.days() == (0, 0, "")
    assert iso(next_check(story.loan, story.rules)) == "2024-02-16"
    assert said(story.open("2024-02-16")) == [("loan.overdue_started", "2024-02-16", 1, "M1")]
    story.open("2024-03-16")
    assert story.days() == (1, 1, "M1")


def test_a_loan_that_is_active_again_does_not_tell_of_a_pause_that_ended_meanwhile() -> None:
    """Paused to 02-20, closed on 02-16; a chargeback on 02-25 says nothing of the pause."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.pay(50_00, payment="P1")
    story.pause("2024-02-10", "2024-02-20")
    story.open("2024-02-16")
    story.set_status("closed")
    story.today = day_of("2024-02-25")  # no day in between looks at a closed loan
    assert story.charge_back(50_00, "P1") == []
    assert status(story.loan) == "active"


def test_a_payment_before_the_write_off_that_is_told_after_it_is_none() -> None:
    """Valued 03-01, told on 04-10: installment 1 was paid then, so the loan was 5 days past due when written off."""
    story = late()
    story.set_status("written_off")
    story.open("2024-04-10")
    alerts = story.pay(100_00, valued="2024-03-01")
    assert RECOVERY_RECEIVED not in [alert.kind for alert in alerts or []]
    assert story.days() == (5, 5, "M1")


def test_a_backdated_write_off_takes_back_what_was_said_after_it() -> None:
    """Written off as of 03-01, told on 03-20: the M2 of 03-17 was wrong, 15 days and M1 it stays."""
    story = late()
    assert said(story.alerts[-1:]) == [("loan.bucket_changed", "2024-03-17", 31, "M2")]
    alerts = story.set_status("written_off", effective="2024-03-01")
    assert said(alerts) == [
        ("loan.alert_corrected", "2024-03-17", 15, "M1"),
        ("loan.bucket_changed", "2024-03-20", 15, "M1"),
    ]


def test_a_recovery_needs_a_write_off() -> None:
    """On an active, and on a charged-off loan, it is refused."""
    story = late()
    with pytest.raises(Refused, match="loan_not_written_off"):
        story.pay(10_00, kind="recovery")
    story.set_status("charged_off")
    with pytest.raises(Refused, match="loan_not_written_off"):
        story.pay(10_00, kind="recovery")


def test_a_closed_loan_counts_zeros_whatever_cents_remain() -> None:
    """Closed with 200.00 unpaid: settled, cured, nothing owed (design, finer point 16)."""
    story = late()
    assert said(story.set_status("closed")) == [("loan.cured", "2024-03-20", 0, None)]
    assert (status(story.loan), story.days(), sum(story.loan.owed)) == ("settled", (0, 0, ""), 0)
    story.open("2024-06-20")
    assert story.days() == (0, 0, "")


def test_a_payment_after_the_closing_is_credit_one_before_it_is_not() -> None:
    """Told late: 60.00 valued before the closing paid installment 1; 30.00 valued after it is credit."""
    story = late()
    story.set_status("closed")
    story.open("2024-03-25")
    story.pay(60_00, valued="2024-03-10")
    assert story.loan.credit == 0
    story.pay(30_00)
    assert (story.loan.credit, status(story.loan)) == (30_00, "settled")


def test_a_chargeback_makes_a_closed_loan_active_again() -> None:
    """Design, finer point 14: it is owed, and ages from its date."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.pay(100_00, payment="P1")
    story.set_status("closed")
    story.open("2024-02-20")
    story.charge_back(100_00, "P1")
    assert status(story.loan) == "active"
    story.open("2024-02-21")
    assert story.days() == (1, 1, "M1")
    story.set_status("closed", effective="2024-02-21")
    assert (status(story.loan), story.days()) == ("settled", (0, 0, ""))


def test_a_transferred_loan_counts_zeros_and_takes_only_what_was_paid_before() -> None:
    """Transferred on 03-20: cured; a payment of that day is taken, of the next day it is refused."""
    story = late()
    assert said(story.set_status("transferred")) == [("loan.cured", "2024-03-20", 0, None)]
    story.open("2024-03-25")
    story.pay(10_00, valued="2024-03-20")
    assert (status(story.loan), story.loan.credit) == ("transferred", 0)
    with pytest.raises(Refused, match="loan_not_active"):
        story.pay(10_00, valued="2024-03-21")
    with pytest.raises(Refused, match="loan_not_active"):
        story.charge_back(10_00, "P1")


def test_a_charged_off_loan_may_be_written_off_and_a_written_off_one_closed() -> None:
    """The other way round is refused, and so is the same twice."""
    story = late()
    story.set_status("charged_off")
    with pytest.raises(Refused, match="status_already_set"):
        story.set_status("charged_off")
    story.set_status("written_off")
    with pytest.raises(Refused, match="loan_not_active"):
        story.set_status("charged_off")
    story.set_status("closed", event="E-closed")
    assert story.set_status("closed", event="E-closed") is None
    with pytest.raises(Refused, match="loan_not_active"):
        story.set_status("written_off")


def test_a_reversal_after_a_write_off_reopens_the_past() -> None:
    """Installment 1 was paid on 02-15; reversed after the write-off of 03-20 the loan was 34 days past due then."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.open("2024-02-15")
    story.pay(100_00, payment="P1")
    story.open("2024-03-20")
    story.set_status("written_off")
    assert story.days() == (5, 5, "M1")
    story.open("2024-04-01")
    story.reverse("P1")
    assert story.days() == (34, 34, "M2")


def test_dates_before_the_disbursement_are_refused() -> None:
    """A status or a flag can't be older than the loan."""
    story = late()
    with pytest.raises(Refused, match="date_before_disbursement"):
        story.set_status("closed", effective="2024-01-14")
    with pytest.raises(Refused, match="date_before_disbursement"):
        story.flag("misuse_found", effective="2024-01-14")


def test_flags_are_kept_with_their_dates() -> None:
    """What classifications look at; a settled loan takes none."""
    story = late()
    story.flag("misuse_found", effective="2024-02-01")
    story.flag("technical_overdue")
    assert story.loan.extras is not None
    assert story.loan.extras.misuse_from == day_of("2024-02-01")
    assert story.loan.extras.technical_from == day_of("2024-03-20")
    story.pay(200_00)
    with pytest.raises(Refused, match="loan_not_active"):
        story.flag("misuse_found")
