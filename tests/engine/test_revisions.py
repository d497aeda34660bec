"""Schedules that are revised: extension, prepayment, rate change (domain reference W16, W20, W23, W24)."""

from __future__ import annotations

import pytest

from stream.engine.dates import day_of
from stream.engine.loan import status
from stream.engine.refused import Refused
from tests.engine.story import Story, installment, loan_a, months_after, said


def test_w16_an_extension_that_arrives_late_takes_back_what_was_said() -> None:
    """W16: due 06-01, unpaid on 06-10: 9 days; then due 09-01, effective 05-25: 0 days, and the alert is corrected."""
    story = Story([installment(1, "2024-06-01", 50_766_67)], on="2024-03-01")
    story.open("2024-06-10")
    assert story.days()[0] == 9
    wrong = story.alerts[0]
    alerts = story.revise([installment(1, "2024-09-01", 50_766_67)], effective="2024-05-25", reason="extension")
    assert said(alerts) == [("loan.alert_corrected", "2024-06-02", 0, None), ("loan.cured", "2024-06-10", 0, None)]
    assert alerts is not None
    assert alerts[0].supersedes == wrong.id
    assert (story.days()[0], story.loan.oldest_due) == (0, 0)
    assert story.loan.extras is not None
    assert story.loan.extras.schedule_version == 2


def test_an_extension_from_today_on_cures_but_corrects_nothing() -> None:
    """The same extension, effective 06-10: what was said before that day was true."""
    story = Story([installment(1, "2024-06-01", 100_00)], on="2024-03-01")
    story.open("2024-06-10")
    alerts = story.revise([installment(1, "2024-09-01", 100_00)], effective="2024-06-10", reason="extension")
    assert said(alerts) == [("loan.cured", "2024-06-10", 0, None)]


def test_an_extension_does_not_forget_the_most_days_past_due() -> None:
    """9 days past due at the opening of 06-10, when the extension takes effect, stay the most ever."""
    story = Story([installment(1, "2024-06-01", 100_00)], on="2024-03-01")
    story.open("2024-06-10")
    story.revise([installment(1, "2024-09-01", 100_00)], effective="2024-06-10", reason="extension")
    assert story.loan.worst == 9
    story.pay(10_00)
    assert story.loan.worst == 9


def test_a_payment_before_the_extension_that_is_told_after_it_lessens_the_most_days() -> None:
    """Unpaid at the opening of 06-10 by what was known; 06-05 it was paid, as is told later: 4 days were the most."""
    story = Story([installment(1, "2024-06-01", 100_00), installment(2, "2024-07-01", 100_00)], on="2024-03-01")
    story.open("2024-06-10")
    story.revise([installment(2, "2024-09-01", 100_00)], effective="2024-06-10", reason="extension")
    assert story.loan.worst == 9
    story.pay(100_00, valued="2024-06-05")
    assert story.loan.worst == 4


def test_w16_seen_from_a_correction_of_the_correction() -> None:
    """A third version that puts the due date back makes the correction wrong in its turn."""
    story = Story([installment(1, "2024-06-01", 100_00)], on="2024-03-01")
    story.open("2024-06-10")
    extended = story.revise([installment(1, "2024-09-01", 100_00)], effective="2024-05-25")
    assert extended is not None
    alerts = story.revise([installment(1, "2024-06-01", 100_00)], effective="2024-05-25", version=3)
    assert alerts is not None
    assert ("loan.alert_corrected", "2024-06-02", 1, "M1") in said(alerts)
    assert extended[0].id in {alert.supersedes for alert in alerts}
    assert story.days()[0] == 9


def reduced() -> list[list[int]]:
    """W23: 6,053.81 over the eleven months that are left, 583.91 each, the last 583.96; 5,000.00 more on 02-15."""
    rows = [installment(1, "2024-02-15", 946_19 + 5_000_00, 120_00)]
    balance = 6_053_81
    for number in range(2, 13):
        interest = (balance + 50) // 100
        principal = balance if number == 12 else 583_91 - interest
        balance -= principal
        rows.append(installment(number, months_after("2024-01-15", number), principal, interest))
    return rows


def test_w23_a_prepayment_that_reduces_the_installments() -> None:
    """W23: k1 and 5,000.00 on 02-15, then 583.91 ten times and 583.96: 6,053.81 of principal are left to pay."""
    story = Story(loan_a())
    story.open("2024-02-15")
    story.pay(1_066_19 + 5_000_00)
    story.revise(reduced(), effective="2024-02-15", reason="prepayment")
    totals = [sum(parts) for parts in story.unpaid().values()]
    assert totals == [583_91] * 10 + [583_96]
    assert (story.loan.owed[2], story.loan.credit) == (6_053_81, 0)


def test_w23_a_prepayment_that_shortens_the_term() -> None:
    """W23: six more installments, five of 1,066.19 and the last of 933.21; rows 8 to 12 are dropped."""
    story = Story(loan_a())
    story.open("2024-02-15")
    story.pay(1_066_19 + 5_000_00)
    rows = [installment(1, "2024-02-15", 946_19 + 5_000_00, 120_00)]
    balance = 6_053_81
    for number in range(2, 8):
        interest = (balance + 50) // 100
        principal = balance if number == 7 else 1_066_19 - interest
        balance -= principal
        rows.append(installment(number, months_after("2024-01-15", number), principal, interest))
    story.revise(rows, effective="2024-02-15", reason="prepayment")
    totals = [sum(parts) for parts in story.unpaid().values()]
    assert totals == [1_066_19] * 5 + [933_21]


def test_w24_a_rate_change_revises_what_is_not_due_yet() -> None:
    """W24: k1 to k3 paid, 9 % from 04-15: 9,132.95 left, 1,053.21 eight times, first interest 68.50, last 1,053.16."""
    story = Story(loan_a())
    for number in (1, 2, 3):
        story.open(months_after("2024-01-15", number))
        story.pay(1_066_19)
    rows, balance = [installment(3, "2024-04-15", 965_21, 100_98)], 9_132_95
    for number in range(4, 13):
        interest = (balance * 9 * 10 + 6_000) // 12_000
        principal = balance if number == 12 else 1_053_21 - interest
        balance -= principal
        rows.append(installment(number, months_after("2024-01-15", number), principal, interest))
    story.revise(rows, effective="2024-04-15", reason="rate_change")
    assert story.loan.owed[2] == 9_132_95
    assert story.unpaid()[4][1] == 68_50
    assert [sum(parts) for parts in story.unpaid().values()] == [1_053_21] * 8 + [1_053_16]


def test_rows_not_named_are_dropped_from_the_effective_date_on_and_stay_before_it() -> None:
    """Rows due 02-15, 03-15, 04-15; a version effective 03-15 that names none: only 02-15 is left."""
    story = Story([installment(k, f"2024-0{k + 1}-15", 100_00) for k in (1, 2, 3)])
    story.revise([], effective="2024-03-15")
    assert list(story.unpaid()) == [1]


def test_a_version_without_rows_over_everything_settles() -> None:
    """Nothing is scheduled any more: settled; what was paid is credit."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.pay(30_00)
    story.revise([], effective="2024-01-15")
    assert (status(story.loan), story.loan.credit) == ("overpaid", 30_00)


def test_a_past_due_row_that_is_named_is_replaced() -> None:
    """The arrears of 02-15 are put into a new row 1 due 05-15: nothing is past due any more."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.open("2024-03-01")
    story.revise([installment(1, "2024-05-15", 100_00), installment(2, "2024-03-15", 100_00)], effective="2024-03-01")
    assert story.days()[0] == 0
    story.open("2024-03-16")
    assert story.days()[0] == 1


def test_arrears_that_are_not_named_stay() -> None:
    """Row 1 is 15 days past due; a version from 03-01 on names only row 2: still 15 days."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.open("2024-03-01")
    story.revise([installment(2, "2024-06-15", 100_00)], effective="2024-03-01")
    assert story.days()[0] == 15


def test_all_money_is_allocated_again() -> None:
    """Row 1 of 100.00 is paid; a version that asks 80.00 there leaves 20.00 for row 2."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.pay(100_00)
    story.revise([installment(1, "2024-02-15", 80_00), installment(2, "2024-03-15", 100_00)], effective="2024-01-15")
    assert story.unpaid() == {2: (80_00, 0, 0, 0)}


def test_a_row_of_nothing_is_never_due() -> None:
    """A month off: row 1 asks for nothing, so 03-16 is the first day past due."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.revise([installment(1, "2024-02-15", 0), installment(2, "2024-03-15", 200_00)], effective="2024-01-15")
    story.open("2024-03-15")
    assert (story.days()[0], story.loan.lateness) == (0, "")
    story.open("2024-03-16")
    assert story.days()[0] == 1


def test_a_version_that_is_not_newer_is_ignored() -> None:
    """After version 3, versions 2 and 3 have no effect, and neither has version 1 of a loan never revised."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    assert story.revise([], effective="2024-01-15", version=1) is None
    story.revise([installment(1, "2024-04-15", 100_00)], effective="2024-01-15", version=3)
    before = story.raw
    assert story.revise([], effective="2024-01-15", version=2) is None
    assert story.revise([], effective="2024-01-15", version=3) is None
    assert story.raw == before


def test_later_payments_use_the_new_rows() -> None:
    """After an extension a payment in order covers the rows as they are now."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-03-15", 100_00)])
    story.revise([installment(1, "2024-04-15", 50_00), installment(2, "2024-05-15", 150_00)], effective="2024-02-01")
    story.pay(60_00)
    assert story.unpaid() == {2: (140_00, 0, 0, 0)}


def test_w20_easing_for_financial_difficulty_is_remembered_with_its_first_due_date() -> None:
    """W20: restructured, the first new due date 2024-08-15 is where the observation begins."""
    story = Story([installment(k, months_after("2024-01-15", k), 100_00) for k in range(1, 13)])
    story.open("2024-07-20")
    rows = [installment(k, months_after("2024-01-15", k), 50_00) for k in range(7, 13)]
    story.revise(rows, effective="2024-07-20", reason="restructuring", difficulty=True)
    assert story.loan.extras is not None
    assert story.loan.extras.restructured == [[day_of("2024-07-20"), day_of("2024-08-15")]]


@pytest.mark.parametrize("ending", ["written_off", "closed", "transferred"])
def test_a_loan_that_has_ended_is_not_revised(ending: str) -> None:
    """Its end has its own rules."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.set_status(ending)
    with pytest.raises(Refused, match="loan_not_active"):
        story.revise([], effective="2024-01-15")


def test_a_version_from_before_the_disbursement_is_refused() -> None:
    """Effective 01-14 of a loan disbursed on 01-15."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    with pytest.raises(Refused, match="date_before_disbursement"):
        story.revise([], effective="2024-01-14")


def test_a_second_tranche_adds_to_the_loan() -> None:
    """Section 4, "tranches add": 1,000.00 paid out, 500.00 more on 03-01: both are owed, each when it falls due."""
    story = Story([installment(1, "2024-02-15", 500_00), installment(2, "2024-03-15", 500_00)])
    story.open("2024-02-15")
    story.pay(500_00)
    story.open("2024-03-01")
    with_tranche = [installment(2, "2024-03-15", 500_00), installment(3, "2024-04-15", 500_00)]
    assert said(story.revise(with_tranche, effective="2024-03-01", reason="tranche")) == []
    assert story.unpaid() == {2: (500_00, 0, 0, 0), 3: (500_00, 0, 0, 0)}
    story.open("2024-04-16")
    assert story.overdue()[0] == 1_000_00
    assert story.days() == (32, 32, "M2")


def test_a_tranche_told_late_makes_its_installment_overdue_from_its_due_date() -> None:
    """A tranche paid out on 02-01 with a row due 02-20, told on 03-01: 10 days past due at once."""
    story = Story([installment(1, "2024-06-15", 500_00)], on="2024-01-15")
    story.open("2024-03-01")
    rows = [installment(1, "2024-06-15", 500_00), installment(2, "2024-02-20", 100_00)]
    told = story.revise(rows, effective="2024-02-01", reason="tranche")
    assert said(told)[-1] == ("loan.overdue_started", "2024-03-01", 10, "M1")
