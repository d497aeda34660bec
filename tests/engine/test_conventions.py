"""Each convention of counting days (domain reference, section 1) on its worked example."""

from __future__ import annotations

import pytest

from stream.engine.cut_off import value_day
from stream.engine.dates import day_of, iso
from stream.engine.money import DUE
from stream.engine.policy import Rules
from stream.translate.local_days import LocalDays
from tests.engine.policies import rules_of, shipped
from tests.engine.story import Story, installment, said

CUT_OFF_17_30 = (17 * 60 + 30) * 60


def owed(due: str, amount: int = 1_000_000) -> list[list[int]]:
    """A schedule of one installment."""
    return [installment(1, due, amount)]


def seen(schedule: list[list[int]], rules: Rules, day: str, *, on: str | None = None) -> Story:
    """A loan that is never paid, as it stands on a day."""
    story = Story([list(row) for row in schedule], rules=rules, on=on or iso(schedule[0][DUE] - 30))
    story.open(day)
    return story


# --- cut-off ---


@pytest.mark.parametrize(("time", "value_date"), [("15:59:59Z", "2024-03-08"), ("16:00:00Z", "2024-03-09")])
def test_w03_the_day_ends_at_midnight_in_the_banks_zone(time: str, value_date: str) -> None:
    """W03: due 2024-03-08: a payment at 15:59:59Z is still of the 8th in Shanghai, one at 16:00:00Z of the 9th."""
    assert iso(LocalDays("Asia/Shanghai").of(f"2024-03-08T{time}")) == value_date


@pytest.mark.parametrize(
    ("second", "value_date"), [(CUT_OFF_17_30 - 1, "2024-03-08"), (CUT_OFF_17_30, "2024-03-09"), (86_399, "2024-03-09")]
)
def test_a_payment_after_the_cut_off_counts_from_the_next_day(second: int, value_date: str) -> None:
    """Cut-off 17:30: paid at 17:29:59 counts the same day, at 17:30:00 the next."""
    day = day_of("2024-03-08")
    assert iso(value_day(day, day, second, CUT_OFF_17_30)) == value_date


def test_a_payment_told_later_keeps_its_value_date() -> None:
    """The hour of a payment that is told on the day after says nothing about the hour at which it was made."""
    day = day_of("2024-03-08")
    assert value_day(day, day + 1, 86_399, CUT_OFF_17_30) == day


def test_the_policys_cut_off_is_in_local_seconds() -> None:
    """17:30 is 63,000 seconds after midnight; without a cut-off the day ends at 24:00."""
    assert rules_of('cut_off = "17:30"').cut_off == 63_000
    assert rules_of().cut_off == 86_400


# --- grace, two counters ---


def test_w02_grace_ends_after_its_last_day_and_days_count_from_the_due_date() -> None:
    """W02: due 2024-03-08, grace 3: 03-11 in grace with 3 days past due; 03-12 overdue with 4."""
    rules = rules_of("grace_days = 3")
    assert seen(owed("2024-03-08"), rules, "2024-03-11").days() == (3, 0, "")
    assert seen(owed("2024-03-08"), rules, "2024-03-12").days() == (4, 1, "M1")


def test_an_older_overdue_installment_ends_the_grace_of_the_loan() -> None:
    """Grace is per installment: with one overdue since February, March's days of grace do not help."""
    schedule = [installment(1, "2024-02-08", 100_00), installment(2, "2024-03-08", 100_00)]
    assert seen(schedule, rules_of("grace_days = 3"), "2024-03-09").days() == (30, 27, "M1")


# --- holiday roll ---


@pytest.mark.parametrize(
    ("due", "rolled"), [("2024-10-01", "2024-10-08"), ("2024-10-05", "2024-10-08"), ("2024-10-12", "2024-10-12")]
)
def test_w05_due_dates_move_to_the_next_working_day(due: str, rolled: str) -> None:
    """W05: in the holiday 10-01..07 to 10-08; 10-12 is a Saturday that is worked to make up for it: it stays."""
    rules = rules_of('due_date_roll = "following"')
    assert iso(rules.rolled(owed(due))[0][DUE]) == rolled


@pytest.mark.parametrize(("roll", "days"), [("following", 1), ("none", 8)])
def test_w05_days_count_from_the_rolled_date(roll: str, days: int) -> None:
    """W05: due 2024-10-01, seen on 10-09: 1 day past due rolled, 8 unrolled."""
    assert seen(owed("2024-10-01"), rules_of(f'due_date_roll = "{roll}"'), "2024-10-09").days()[0] == days


def test_rolling_twice_changes_nothing() -> None:
    """A rolled date is a working day, so it stays where it is."""
    rules = rules_of('due_date_roll = "following"')
    once = rules.rolled(owed("2024-10-01"))
    assert rules.rolled(once) == once


# --- count from ---


def test_first_arrears_goes_on_counting_while_anything_is_past_due() -> None:
    """The first arrears began with January's installment; paying it leaves February's, and the count goes on."""
    schedule = [installment(1, "2024-01-15", 100_00), installment(2, "2024-02-15", 100_00)]
    for count_from, days in [("oldest_unpaid", 5), ("first_arrears", 36)]:
        story = Story([list(row) for row in schedule], rules=rules_of(f'count_from = "{count_from}"'), on="2024-01-01")
        story.open("2024-02-20")
        story.pay(100_00)
        assert story.days()[0] == days, count_from


def test_first_arrears_begins_anew_once_nothing_was_past_due() -> None:
    """Paid up on 02-20, late again from 03-15 on: the count begins on 03-16."""
    schedule = [installment(n, f"2024-0{n}-15", 100_00) for n in (1, 2, 3)]
    story = Story(schedule, rules=rules_of('count_from = "first_arrears"'), on="2024-01-01")
    story.open("2024-02-20")
    story.pay(200_00)
    assert story.days()[0] == 0
    story.open("2024-03-18")
    assert story.days()[0] == 3


def w13(rules: Rules) -> Story:
    """Retail exposure 20,000 EUR: 150 past due from 01-02, 300 from 02-01, 180 from 03-10, 330 from 03-15."""
    rows = [("2024-01-01", 150_00), ("2024-01-31", 150_00), ("2024-03-14", 150_00), ("2026-01-01", 19_550_00)]
    schedule = [installment(number, due, amount) for number, (due, amount) in enumerate(rows, start=1)]
    return Story(schedule, rules=rules, on="2023-12-01")


def test_w13_arrears_count_from_the_day_they_exceed_both_thresholds() -> None:
    """W13: 0.75 % is not material; 1.5 % from 02-01 is day 1; 03-09 is day 38; default would be 2024-05-01."""
    story = w13(shipped("crr_178.toml"))
    story.open("2024-01-31")
    assert story.days()[0] == 0
    story.open("2024-02-01")
    assert story.days()[0] == 1
    story.open("2024-03-09")
    assert story.days()[0] == 38
    story.open("2024-05-01")
    assert story.days()[0] == 91


def test_w13_the_count_begins_anew_when_either_threshold_fails() -> None:
    """W13: paid down to 0.9 % on 03-10: 0; material again from 03-15: day 91 is 2024-06-13."""
    story = w13(shipped("crr_178.toml"))
    story.open("2024-03-10")
    story.pay(120_00)
    assert story.days()[0] == 0
    story.open("2024-03-14")
    assert story.days()[0] == 0
    story.open("2024-03-15")
    assert story.days()[0] == 1
    story.open("2024-06-13")
    assert story.days()[0] == 91


def test_w13_an_amount_of_exactly_the_threshold_is_not_material() -> None:
    """Material is more than 100 EUR and more than 1 %: 100.00 is not, 100.01 is."""
    for amount, days in [(100_00, 0), (100_01, 30)]:
        schedule = [installment(1, "2024-01-01", amount), installment(2, "2026-01-01", 1_000_00)]
        assert seen(schedule, shipped("crr_178.toml"), "2024-01-31", on="2023-12-01").days()[0] == days
    for amount, days in [(200_00, 0), (200_01, 30)]:
        schedule = [installment(1, "2024-01-01", amount), installment(2, "2026-01-01", 20_000_00 - amount)]
        assert seen(schedule, shipped("crr_178.toml"), "2024-01-31", on="2023-12-01").days()[0] == days


def test_material_arrears_go_on_counting_while_they_stay_material() -> None:
    """Two installments of 300 in arrears; the older one is paid on 02-10: still material, day 40 since 01-02."""
    rows = [("2024-01-01", 300_00), ("2024-01-31", 300_00), ("2026-01-01", 19_400_00)]
    schedule = [installment(number, due, amount) for number, (due, amount) in enumerate(rows, start=1)]
    story = Story(schedule, rules=shipped("crr_178.toml"), on="2023-12-01")
    story.open("2024-02-10")
    story.pay(300_00)
    assert story.days()[0] == 40


def test_a_charge_makes_arrears_material_from_its_day_on() -> None:
    """150 past due since 01-02 is 0.75 %; a charge of 200 on 01-10 makes it 1.75 %: 01-10 is day 1, 01-14 day 5."""
    story = w13(shipped("crr_178.toml"))
    story.open("2024-01-10")
    story.charge(200_00, installment=1)
    assert story.days()[0] == 1
    story.open("2024-01-14")
    assert story.days()[0] == 5


# --- conventions of other countries ---


def test_w07_rbi_counts_the_due_date_itself() -> None:
    """W07b: due 2021-03-31, seen 06-29: 90 days by the base rule, 91 by the RBI's; none on the due date."""
    assert seen(owed("2021-03-31"), rules_of(), "2021-06-29").days()[0] == 90
    assert seen(owed("2021-03-31"), shipped("rbi.toml"), "2021-06-29").days()[0] == 91
    assert seen(owed("2021-03-31"), shipped("rbi.toml"), "2021-03-31").days()[0] == 0
    assert seen(owed("2021-03-31"), shipped("rbi.toml"), "2021-04-01").days()[0] == 2


@pytest.mark.parametrize(("paid", "days"), [(900_00, 0), (890_00, 31)])
def test_w07_twelve_cfr_561_47_takes_nine_tenths_for_the_whole(paid: int, days: int) -> None:
    """W07d: due 3/10: a payment of 90 % counts as full; with 89 % the loan is 31 days past due on 4/10."""
    schedule = [installment(1, "2023-03-10", 1_000_00), installment(2, "2023-05-10", 1_000_00)]
    story = Story(schedule, rules=shipped("us_561_47.toml"), on="2023-02-10")
    story.open("2023-03-10")
    story.pay(paid)
    story.open("2023-04-10")
    assert story.days()[0] == days


# --- cards ---


def of_overdue(story: Story) -> list[tuple[str, str, int, str | None]]:
    """What was said of being overdue, without notices and classifications."""
    return [one for one in said(story.alerts) if one[0] in {"loan.overdue_started", "loan.cured"}]


def card() -> Story:
    """W30: a minimum payment of 1,000.00, due 2024-03-08; tolerance 10.00, grace 3 days."""
    story = Story(owed("2024-03-08", 1_000_00), rules=shipped("cn_cards.toml"), on="2024-02-17")
    story.open("2024-03-08")
    return story


def test_w30_a_shortfall_within_the_tolerance_is_on_time() -> None:
    """W30: 992.00 paid on 03-08 leaves 8.00: on time."""
    story = card()
    story.pay(992_00)
    story.open("2024-03-20")
    assert of_overdue(story) == []


def test_w30_a_shortfall_above_the_tolerance_is_overdue_after_the_grace() -> None:
    """W30: 980.00 paid on 03-08: overdue on 03-12 with 4 days past due."""
    story = card()
    story.pay(980_00)
    story.open("2024-03-12")
    assert of_overdue(story) == [("loan.overdue_started", "2024-03-12", 4, "M1")]


def test_w30_the_whole_paid_on_the_last_day_of_grace_is_on_time() -> None:
    """W30: 1,000.00 on 03-11: nothing is said."""
    story = card()
    story.open("2024-03-11")
    story.pay(1_000_00)
    story.open("2024-03-20")
    assert of_overdue(story) == []


def test_w30_the_whole_paid_a_day_after_the_grace_is_overdue_and_cured_that_day() -> None:
    """W30: 1,000.00 on 03-12: overdue on 03-12, cured that day, four days late."""
    story = card()
    story.open("2024-03-12")
    story.pay(1_000_00)
    assert of_overdue(story) == [
        ("loan.overdue_started", "2024-03-12", 4, "M1"),
        ("loan.cured", "2024-03-12", 0, None),
    ]
    assert story.loan.lateness == "4"


# --- what passes without a day past due ---


@pytest.mark.parametrize(
    ("rules", "told_last"),
    [(rules_of("tolerance = { amount = 500 }"), "2024-03-09"), (shipped("crr_178.toml"), "2024-03-20")],
    ids=["tolerated", "immaterial"],
)
def test_an_installment_that_falls_due_without_days_is_told_all_the_same(rules: Rules, told_last: str) -> None:
    """5.00 is tolerated: told once, on 03-09. Not material: past due all the same, one day more on each day."""
    schedule = [installment(1, "2024-03-08", 5_00), installment(2, "2024-04-08", 100_00)]
    story = Story(schedule, rules=rules, on="2024-02-08")
    story.open("2024-03-09")
    assert story.days()[0] == 0
    assert story.loan.last_event_id == "business-day:2024-03-09"
    story.open("2024-03-20")
    assert story.days()[0] == 0
    assert story.loan.last_event_id == f"business-day:{told_last}"
