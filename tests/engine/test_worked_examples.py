"""The worked examples of the domain reference that need no more than schedule, payment, reversal and days."""

from __future__ import annotations

import pytest

from stream.engine.dates import iso
from stream.engine.money import DUE
from tests.engine.story import Story, cn_rules, installment, loan_a, months_after, said


def one_installment(due: str, amount: int = 1_000_000) -> list[list[int]]:
    return [installment(1, due, amount)]


def test_w01_the_first_day_past_due_is_the_day_after_the_due_date() -> None:
    """W01: due 2024-03-08 and unpaid: days past due are 0 on the 8th, 1 on the 9th, 2 on the 10th."""
    story = Story(one_installment("2024-03-08"), on="2024-02-08")
    story.open("2024-03-08")
    assert story.days()[0] == 0
    assert said(story.open("2024-03-09")) == [("loan.overdue_started", "2024-03-09", 1, "M1")]
    story.open("2024-03-10")
    assert story.days()[0] == 2


def test_w02_in_grace_nothing_is_said_then_days_count_from_the_due_date() -> None:
    """W02: grace 3: no alert up to the 11th (3 days past due); on the 12th overdue with 4 days past due."""
    story = Story(one_installment("2024-03-08"), rules=cn_rules(grace_days=3), on="2024-02-08")
    story.open("2024-03-11")
    assert story.days() == (3, 0, "")
    assert story.alerts == []
    assert said(story.open("2024-03-12")) == [("loan.overdue_started", "2024-03-12", 4, "M1")]
    assert story.days() == (4, 1, "M1")


def test_w02_a_loans_own_grace_wins_over_the_products() -> None:
    """W02, finer point: a grace on the loan overrides the product's."""
    story = Story(one_installment("2024-03-08"), rules=cn_rules(grace_days=10), on="2024-02-08", grace=0)
    assert said(story.open("2024-03-09")) == [("loan.overdue_started", "2024-03-09", 1, "M1")]


def test_w03_a_payment_valued_on_the_due_date_is_on_time_and_the_day_after_is_one_day_late() -> None:
    """W03: due 2024-03-08: value date 03-08 gives no alert; value date 03-09 shows one day, then a cure."""
    on_time = Story(one_installment("2024-03-08"), on="2024-02-08")
    on_time.open("2024-03-08")
    on_time.pay(1_000_000)
    on_time.open("2024-03-20")
    assert on_time.alerts == []
    late = Story(one_installment("2024-03-08"), on="2024-02-08")
    late.open("2024-03-09")
    late.pay(1_000_000)
    assert said(late.alerts) == [
        ("loan.overdue_started", "2024-03-09", 1, "M1"),
        ("loan.cured", "2024-03-09", 0, None),
    ]
    assert late.loan.lateness == "1"


def test_w04_month_ends_keep_their_anchor_day() -> None:
    """W04: disbursed 2024-01-31: dues 02-29, 03-31, 04-30, 05-31; unpaid on 03-01 is 1 day past due."""
    schedule = [installment(k, months_after("2024-01-31", k), 100_00) for k in range(1, 5)]
    assert [iso(row[DUE]) for row in schedule] == ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
    story = Story(schedule, on="2024-01-31")
    story.open("2024-03-01")
    assert story.days()[0] == 1


def test_w06_buckets_are_reached_on_their_days() -> None:
    """W06: due 2024-01-15 and never paid: M1 01-16, M2 02-15, M3 03-16, M4 04-15, M5 05-15, M6+ 07-14."""
    story = Story(one_installment("2024-01-15"), on="2024-01-01")
    story.open("2024-07-20")
    reached = {alert.bucket: iso(alert.as_of) for alert in story.alerts}
    assert reached == {
        "M1": "2024-01-16",
        "M2": "2024-02-15",
        "M3": "2024-03-16",
        "M4": "2024-04-15",
        "M5": "2024-05-15",
        "M6": "2024-06-14",
        "M6+": "2024-07-14",
    }


@pytest.mark.parametrize(("grace", "days"), [(0, (20, 20)), (3, (20, 17))])
def test_w08_contract_days_and_delinquent_days_are_two_counters(grace: int, days: tuple[int, int]) -> None:
    """W08 without its pause: due 2023-10-16, seen 11-05: 20 days past due; with grace 3, 17 delinquent."""
    story = Story(one_installment("2023-10-16"), rules=cn_rules(grace_days=grace), on="2023-09-16")
    story.open("2023-11-05")
    assert story.days()[:2] == days


# W09: on 2024-03-20 the penalty of k1 is 16.09 + 2.04
W09_PENALTY = {1: (1609, 204)}


def w09() -> Story:
    story = Story(loan_a(W09_PENALTY))
    story.open("2024-03-20")
    return story


def test_w09_clearing_the_oldest_installment_moves_the_count_to_the_next() -> None:
    """W09: k1 and k2 unpaid on 2024-03-20: 34 days, M2; paying k1's 1,084.32 leaves 5 days, M1."""
    story = w09()
    assert story.days() == (34, 34, "M2")
    assert said(story.pay(1_084_32)) == [("loan.bucket_changed", "2024-03-20", 5, "M1")]


def test_w09b_a_partial_payment_never_resets_the_count() -> None:
    """W09b: paying exactly 1,066.19 leaves k1's principal 18.13 short: still 34 days past due."""
    story = w09()
    assert story.pay(1_066_19) == []
    assert story.days() == (34, 34, "M2")
    assert story.unpaid()[1] == (18_13, 0, 0, 0)


def test_w10_a_reversal_brings_the_days_back_and_corrects_what_was_said() -> None:
    """W10: W09's payment reversed on 03-25: 10 -> 39 days, M2; a correction that names the alert, and a change."""
    story = w09()
    improved = story.pay(1_084_32, payment="P1")
    assert improved is not None
    story.open("2024-03-25")
    assert story.days()[0] == 10
    alerts = story.reverse("P1")
    assert said(alerts) == [
        ("loan.alert_corrected", "2024-03-20", 34, "M2"),
        ("loan.bucket_changed", "2024-03-25", 39, "M2"),
    ]
    assert alerts is not None
    assert alerts[0].supersedes == improved[0].id
    assert story.days() == (39, 39, "M2")


# W11: owed on 2024-04-01: k1 21.76+2.76+120.00+946.19, k2 8.12+0.94+110.54+955.65
W11_PENALTY = {1: (2176, 276), 2: (812, 94)}


@pytest.mark.parametrize(("vertical", "principal_left"), [(False, 790_71), (True, 910_31)])
def test_w11_the_axis_decides_what_a_payment_covers(vertical: bool, principal_left: int) -> None:
    """W11: 300.00 leaves 790.71 of k1's principal horizontally, 910.31 vertically; 46 days past due both ways."""
    story = Story(loan_a(W11_PENALTY), rules=cn_rules(vertical=vertical))
    story.open("2024-04-01")
    assert sum(story.overdue()) == 2_165_96
    story.pay(300_00)
    assert story.unpaid()[1][0] == principal_left
    assert story.days()[0] == 46


def test_w11_a_larger_payment_clears_the_oldest_and_part_of_the_next() -> None:
    """W11: 1,500.00 clears k1 and leaves 665.96 of k2's principal: 17 days past due."""
    story = Story(loan_a(W11_PENALTY))
    story.open("2024-04-01")
    story.pay(1_500_00)
    assert 1 not in story.unpaid()
    assert story.unpaid()[2][0] == 665_96
    assert story.days()[0] == 17


def test_w14_principal_first_past_the_policys_days() -> None:
    """W14: 2024-05-20, k1 to k4 unpaid, 1,000.00 principal first: 946.19 of k1, 53.81 of k2; 95 days, M4."""
    story = Story(loan_a(), rules=cn_rules(principal_first_after_days=90))
    story.open("2024-05-20")
    story.pay(1_000_00)
    assert story.unpaid()[1][0] == 0
    assert story.unpaid()[2][0] == 955_65 - 53_81
    assert story.days() == (95, 95, "M4")


def test_w22_money_in_advance_lessens_the_next_installment() -> None:
    """W22: paying 1,100.00 on 02-15 leaves 33.81 in advance: 03-15 needs 1,032.38."""
    story = Story(loan_a())
    story.open("2024-02-15")
    story.pay(1_100_00)
    assert sum(story.unpaid()[2]) == 1_032_38
