"""Classifications (domain reference, section 2): which code a loan has on which day, by the worked examples."""

from __future__ import annotations

import pytest

from stream.engine.classification import classify, next_change
from stream.engine.dates import day_of, iso
from stream.engine.delinquency import judge, next_check
from stream.engine.loan import Loan
from stream.engine.policy import NEVER, Rules
from stream.translate import state
from tests.engine.policies import rules_of, shipped
from tests.engine.story import Story, installment, months_after


def code(loan: Loan, rules: Rules, scheme: str) -> str:
    """What the loan is classified as by one scheme."""
    text = classify(loan, rules) or rules.normal_classes
    return dict(word.split(":") for word in text.split(" "))[scheme]


def code_on(due: str, day: str, scheme: str, rules: Rules | None = None) -> str:
    """The code of a loan with one unpaid installment."""
    rules = rules or rules_of(f'schemes = ["{scheme}"]')
    loan = Story([installment(1, due, 1_000_00)], rules=rules, on=iso(day_of(due) - 30)).loan
    judge(loan, day_of(day), rules)
    return code(loan, rules, scheme)


def keep(story: Story, loan: Loan) -> None:
    """Put a loan whose figures were changed by hand back into its story."""
    story.raw = state.store(loan, 0, 0)


def the_day_before(day: str) -> str:
    return iso(day_of(day) - 1)


# --- by days ---

W06 = [
    ("cn_five_class_2023", "special_mention", "2024-01-16"),
    ("cn_five_class_2023", "substandard", "2024-04-15"),
    ("cn_five_class_2023", "doubtful", "2024-10-12"),
    ("cn_five_class_2023", "loss", "2025-01-10"),
    ("cn_cards", "doubtful", "2024-05-15"),
    ("cn_cards", "loss", "2024-07-14"),
    ("ffiec_closed_end", "loss", "2024-05-14"),
    ("ffiec_closed_end", "charge_off_due", "2024-05-31"),
    ("ffiec_open_end", "loss", "2024-07-13"),
    ("ffiec_open_end", "charge_off_due", "2024-07-31"),
    ("ifrs9", "stage_2", "2024-02-15"),
    ("ifrs9", "stage_3", "2024-04-15"),
    ("pboc_bureau", "1", "2024-01-16"),
    ("pboc_bureau", "2", "2024-02-15"),
    ("pboc_bureau", "7", "2024-07-14"),
    ("crr_178", "default", "2024-04-15"),
    ("metro2", "71", "2024-02-14"),
    ("metro2", "84", "2024-07-13"),
]


@pytest.mark.parametrize(("scheme", "reached", "day"), W06)
def test_w06_each_code_is_reached_on_its_day(scheme: str, reached: str, day: str) -> None:
    """W06: due 2024-01-15 and never paid: each scheme's steps on their days, and not a day before."""
    assert code_on("2024-01-15", day, scheme) == reached
    assert code_on("2024-01-15", the_day_before(day), scheme) != reached


@pytest.mark.parametrize("name", ["cn_five_class_2023", "cn_cards", "pboc_bureau", "ifrs9", "rbi", "metro2", "mba"])
def test_nothing_past_due_has_the_best_code(name: str) -> None:
    """On the due date itself every scheme says its first code, and the loan stores nothing."""
    rules = rules_of(f'schemes = ["{name}"]')
    story = Story([installment(1, "2024-01-15", 100_00)], rules=rules, on="2024-01-01")
    story.open("2024-01-15")
    assert classify(story.loan, rules) == ""
    assert rules.normal_classes == f"{name}:{rules.schemes[0].codes[0]}"


def test_w07_mba_is_a_month_ahead_of_ots() -> None:
    """W07a: due 2006-11-01, unpaid 11-30: 30 days by the MBA, current by the OTS until 12-01."""
    assert code_on("2006-11-01", "2006-11-30", "mba") == "30"
    assert code_on("2006-11-01", "2006-11-29", "mba") == "current"
    assert code_on("2006-11-01", "2006-11-30", "ots") == "current"
    assert code_on("2006-11-01", "2006-12-01", "ots") == "30"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2023-04-09", "current"),
        ("2023-04-10", "30"),
        ("2023-05-09", "30"),
        ("2023-05-10", "60"),
        ("2023-06-09", "60"),
        ("2023-06-10", "90"),
        ("2023-07-09", "90"),
    ],
)
def test_w07_twelve_cfr_561_47_counts_from_the_tenth_to_the_ninth(day: str, expected: str) -> None:
    """12 CFR 561.47: due 3/10: current to 4/09; 30 = 4/10 to 5/09; 60 = 5/10 to 6/09; 90 = 6/10 to 7/09."""
    assert code_on("2023-03-10", day, "ots", shipped("us_561_47.toml")) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2021-04-29", "SMA-0"), ("2021-04-30", "SMA-1"), ("2021-05-30", "SMA-2"), ("2021-06-29", "NPA")],
)
def test_w07_rbi_special_mention_and_non_performing(day: str, expected: str) -> None:
    """W07b: due 2021-03-31: SMA-1 04-30, SMA-2 05-30, NPA 06-29."""
    assert code_on("2021-03-31", day, "rbi", shipped("rbi.toml")) == expected


def test_w07_apra_needs_ninety_days_worth_of_payments_too() -> None:
    """W07c: 1,000 a month, 100 short since 2024-01-15, seen 04-14: 90 days past due, but 100 < 3,000."""
    rules = shipped("apra.toml")
    dues = ["2024-01-15", "2024-02-15", "2024-03-15", "2024-04-15"]
    schedule = [installment(number, due, 1_000_00) for number, due in enumerate(dues, start=1)]
    short = Story([list(row) for row in schedule], rules=rules, on="2023-12-15")
    for number, (due, amount) in enumerate(zip(dues[:3], (900_00, 1_000_00, 1_000_00), strict=True), start=1):
        short.open(due)
        short.pay(amount, installment=number)
    short.open("2024-04-14")
    assert short.days()[0] == 90
    assert code(short.loan, rules, "apra") == "past_due"
    nothing_paid = Story(schedule, rules=rules, on="2023-12-15")
    nothing_paid.open("2024-04-14")
    assert code(nothing_paid.loan, rules, "apra") == "past_due_90"


def test_w07_apra_counts_the_installment_that_fell_due_ninety_days_ago() -> None:
    """500 of January's 1,000 paid: 2,500 is unpaid on 04-14, less than the 3,000 that fell due since 01-15."""
    rules = shipped("apra.toml")
    schedule = [installment(n, months_after("2023-12-15", n), 1_000_00) for n in range(1, 5)]
    story = Story(schedule, rules=rules, on="2023-12-15")
    story.open("2024-01-15")
    story.pay(500_00)
    story.open("2024-04-14")
    assert story.days()[0] == 90
    assert code(story.loan, rules, "apra") == "past_due"


def test_the_end_of_the_month_depends_on_the_date_not_on_the_days() -> None:
    """125 days past due: in May the end of the month is still to come, on 06-01 it has passed."""
    rules = rules_of('schemes = ["ffiec_closed_end"]')
    assert code_on("2024-01-15", "2024-05-19", "ffiec_closed_end", rules) == "loss"
    assert code_on("2024-01-28", "2024-06-01", "ffiec_closed_end", rules) == "charge_off_due"


def test_bureau_counts_once_the_grace_has_lapsed() -> None:
    """Domain, two counters: within the grace the bureau's code is N; after it, days past due from the due date."""
    rules = rules_of("grace_days = 3", 'schemes = ["pboc_bureau", "ifrs9"]')
    assert code_on("2024-01-15", "2024-01-18", "pboc_bureau", rules) == "N"
    assert code_on("2024-01-15", "2024-01-19", "pboc_bureau", rules) == "1"


def test_card_bureau_codes_count_minimum_payments_missed_in_a_row() -> None:
    """Three statements unpaid: 3, whatever the days."""
    rules = rules_of('schemes = ["pboc_bureau_cards"]')
    schedule = [installment(n, months_after("2024-01-05", n), 100_00) for n in range(1, 6)]
    story = Story(schedule, rules=rules, on="2024-01-05")
    story.open("2024-04-06")
    assert code(story.loan, rules, "pboc_bureau_cards") == "3"


def test_cards_have_the_worse_of_both_tables() -> None:
    """By the card rules 100 days are substandard and 130 doubtful; by the 2023 Measures both are substandard."""
    assert code_on("2024-01-15", "2024-05-24", "cn_cards") == "doubtful"
    assert code_on("2024-01-15", "2024-05-24", "cn_five_class_2023") == "substandard"


# --- status ---


def test_a_settled_loan_is_settled_at_the_bureau() -> None:
    """The last payment turns N into C."""
    rules = rules_of('schemes = ["pboc_bureau", "ifrs9"]')
    story = Story([installment(1, "2024-01-15", 100_00)], rules=rules, on="2024-01-01")
    story.open("2024-01-15")
    story.pay(100_00)
    assert classify(story.loan, rules) == "pboc_bureau:C ifrs9:stage_1"


def test_a_charge_off_has_its_own_metro_2_code() -> None:
    """Charged off: 97, whatever the days."""
    rules = rules_of('schemes = ["metro2"]')
    story = Story([installment(1, "2024-01-15", 100_00)], rules=rules, on="2024-01-01")
    story.open("2024-02-20")
    assert code(story.loan, rules, "metro2") == "71"
    story.set_status("charged_off")
    assert code(story.loan, rules, "metro2") == "97"


def test_a_write_off_is_the_bureaus_b() -> None:
    """呆账: written off is B at the bureau, and stage 3 by IFRS 9."""
    rules = shipped("cn.toml")
    story = Story([installment(1, "2024-01-15", 100_00)], rules=rules, on="2024-01-01")
    story.open("2024-02-20")
    story.set_status("written_off")
    assert code(story.loan, rules, "pboc_bureau") == "B"
    assert code(story.loan, rules, "ifrs9") == "stage_3"


# --- flags ---


def test_w12_technical_arrears_count_as_none_for_seven_days() -> None:
    """W12: 5 days past due and flagged technical: normal; on day 8: special mention."""
    rules = shipped("cn.toml")
    story = Story([installment(1, "2024-01-15", 100_00)], rules=rules, on="2024-01-01")
    story.open("2024-01-20")
    assert story.days()[0] == 5
    assert code(story.loan, rules, "cn_five_class_2023") == "special_mention"
    story.flag("technical_overdue", effective="2024-01-16")
    for day, expected in [("2024-01-20", "normal"), ("2024-01-22", "normal"), ("2024-01-23", "special_mention")]:
        story.open(day)
        assert code(story.loan, rules, "cn_five_class_2023") == expected, day


def test_an_old_technical_flag_does_not_excuse_new_arrears() -> None:
    """Flagged for January's installment; February's is another matter."""
    rules = shipped("cn.toml")
    schedule = [installment(1, "2024-01-15", 100_00), installment(2, "2024-02-15", 100_00)]
    story = Story(schedule, rules=rules, on="2024-01-01")
    story.open("2024-01-18")
    story.flag("technical_overdue", effective="2024-01-16")
    story.pay(100_00)
    story.open("2024-02-18")
    assert code(story.loan, rules, "cn_five_class_2023") == "special_mention"


def test_misuse_is_at_least_special_mention_from_its_day_on() -> None:
    """Rule C6: funds put to another use: special mention though nothing is past due; the days alone say stage 1."""
    rules = shipped("cn.toml")
    story = Story([installment(1, "2024-06-15", 100_00)], rules=rules, on="2024-01-01")
    story.open("2024-02-01")
    told = story.flag("misuse_found")
    assert [alert.classification for alert in told or []] == [("cn_five_class_2023", "special_mention", "normal")]
    assert code(story.loan, rules, "ifrs9") == "stage_1"


def test_a_floor_does_not_lift_a_worse_class() -> None:
    """Misuse is at least special mention; 100 days past due are substandard all the same."""
    rules = shipped("cn.toml")
    story = Story([installment(1, "2024-01-15", 100_00)], rules=rules, on="2024-01-01")
    story.open("2024-04-24")
    story.flag("misuse_found")
    assert code(story.loan, rules, "cn_five_class_2023") == "substandard"


# --- restructured: observation ---


def eased(rules: Rules, dues: list[str], *, times: int = 1, told: str = "2024-07-20") -> Story:
    """A loan of 100.00 a due date, whose terms are eased for financial difficulty, with these new due dates."""
    schedule = [installment(number, due, 100_00) for number, due in enumerate(dues, start=1)]
    story = Story(schedule, rules=rules, on=told)
    for version in range(2, 2 + times):
        rows = [list(row) for row in schedule]
        story.revise(rows, effective=told, version=version, reason="restructuring", difficulty=True)
    return story


def restructured(times: int = 1, first_due: str = "2024-08-15") -> tuple[Story, Rules]:
    """Monthly installments from 2024-08-15 on, restructured on 2024-07-20."""
    rules = shipped("cn.toml")
    return eased(rules, [months_after(first_due, n) for n in range(30)], times=times), rules


def pay_on_time(story: Story, first: int, last: int, first_due: str = "2024-08-15") -> None:
    """Pay installments `first` to `last` (counted from 0) on their due dates."""
    for number in range(first, last + 1):
        story.open(months_after(first_due, number))
        story.pay(100_00)


def test_w20_a_restructured_loan_is_watched_for_a_year() -> None:
    """W20: first new due 2024-08-15, all paid on time: special mention up to 2025-08-14, normal from 08-15 on."""
    story, rules = restructured()
    pay_on_time(story, 0, 11)
    for day, expected in [("2025-08-14", "special_mention"), ("2025-08-15", "normal")]:
        story.open(day)
        assert code(story.loan, rules, "cn_five_class_2023") == expected, day


def test_w20_a_miss_begins_the_observation_anew() -> None:
    """W20: the installment of 2025-02-15 is missed: watched until 2026-02-15."""
    story, rules = restructured()
    pay_on_time(story, 0, 5)
    story.open("2025-02-20")
    story.pay(100_00)
    pay_on_time(story, 7, 17)
    for day in ("2025-08-15", "2026-02-14"):
        story.open(day)
        assert code(story.loan, rules, "cn_five_class_2023") == "special_mention", day
    story.open("2026-02-15")
    assert code(story.loan, rules, "cn_five_class_2023") == "normal"


def test_a_second_restructuring_is_at_least_substandard() -> None:
    """2023 Measures: restructured again within the observation: substandard while it runs."""
    story, rules = restructured(times=2)
    story.open("2024-08-01")
    assert code(story.loan, rules, "cn_five_class_2023") == "substandard"


def test_two_periods_are_longer_than_a_year_where_dues_are_yearly() -> None:
    """Yearly dues 2024-08-15, 2025, 2026, 2027: two periods from the first adjusted due date end on 2026-08-15."""
    rules = shipped("cn.toml")
    story = eased(rules, [f"{2024 + n}-08-15" for n in range(4)])
    for year in (2024, 2025):
        story.open(f"{year}-08-15")
        story.pay(100_00)
    for day, expected in [("2026-08-14", "special_mention"), ("2026-08-15", "normal")]:
        story.open(day)
        assert code(story.loan, rules, "cn_five_class_2023") == expected, day


# --- cure ---


def business(rules: Rules, dues: list[str]) -> Story:
    """A loan of a company over these due dates, nothing paid until the arrears are cleared on 2024-07-10."""
    schedule = [installment(number, due, 100_00) for number, due in enumerate(dues, start=1)]
    story = Story(schedule, rules=rules, on="2023-12-01")
    loan = story.loan
    loan.segment = "business"
    keep(story, loan)
    story.open("2024-07-10")
    past_due = sum(due < "2024-07-10" for due in dues)
    story.pay(past_due * 100_00)
    assert story.days()[0] == 0
    return story


MONTHLY = [months_after("2024-01-15", n) for n in range(16)]
HALF_YEARLY = ["2023-12-21", "2024-06-21", "2024-12-21", "2025-06-21", "2025-12-21"]


@pytest.mark.parametrize(("dues", "upgrade"), [(MONTHLY, "2025-01-10"), (HALF_YEARLY, "2025-06-21")])
def test_w19_non_performing_comes_back_after_six_months_and_two_periods(dues: list[str], upgrade: str) -> None:
    """W19: arrears cleared 2024-07-10: earliest upgrade 2025-01-10 with monthly dues, 2025-06-21 with half-yearly."""
    rules = shipped("cn.toml")
    story = business(rules, dues)
    for due in [due for due in dues if "2024-07-10" <= due <= upgrade]:
        story.open(due)
        story.pay(100_00)
    loan = story.loan
    for day, expected in [(the_day_before(upgrade), "substandard"), (upgrade, "normal")]:
        judge(loan, day_of(day), rules)
        assert code(loan, rules, "cn_five_class_2023") == expected, day


def test_w19_a_retail_loan_improves_by_its_days_alone() -> None:
    """脱期法: a retail loan is normal on the day on which its arrears are paid."""
    rules = shipped("cn.toml")
    story = Story([installment(n + 1, due, 100_00) for n, due in enumerate(MONTHLY)], rules=rules, on="2023-12-01")
    story.open("2024-07-10")
    story.pay(600_00)
    assert code(story.loan, rules, "cn_five_class_2023") == "normal"


def test_arrears_in_the_waiting_time_bar_the_way_back_again() -> None:
    """Cleared 2024-07-10, late again from 08-16 to 08-20: six months run from 08-20."""
    rules = shipped("cn.toml")
    story = business(rules, MONTHLY)
    story.open("2024-07-15")
    story.pay(100_00)
    story.open("2024-08-20")
    assert code(story.loan, rules, "cn_five_class_2023") == "substandard"
    story.pay(100_00)
    for n in range(8, 14):
        story.open(MONTHLY[n])
        story.pay(100_00)
    loan = story.loan
    for day, expected in [("2025-02-19", "substandard"), ("2025-02-20", "normal")]:
        judge(loan, day_of(day), rules)
        assert code(loan, rules, "cn_five_class_2023") == expected, day


def test_arrears_after_the_way_back_are_new_ones() -> None:
    """Upgraded 2025-01-10; late again in April: special mention, not barred."""
    rules = shipped("cn.toml")
    story = business(rules, MONTHLY)
    for n in range(6, 15):
        story.open(MONTHLY[n])
        story.pay(100_00)
    story.open("2025-04-20")
    assert code(story.loan, rules, "cn_five_class_2023") == "special_mention"


def test_between_non_performing_classes_days_alone_decide() -> None:
    """Half of the arrears paid: from doubtful to substandard, but not to special mention before all is paid."""
    rules = shipped("cn.toml")
    schedule = [installment(n + 1, due, 100_00) for n, due in enumerate(MONTHLY)]
    story = Story(schedule, rules=rules, on="2023-12-01")
    loan = story.loan
    loan.segment = "business"
    keep(story, loan)
    story.open("2024-10-20")
    assert code(story.loan, rules, "cn_five_class_2023") == "doubtful"
    story.pay(900_00)
    assert story.days()[0] == 5
    assert code(story.loan, rules, "cn_five_class_2023") == "substandard"


def test_arrears_from_the_waiting_time_bar_the_way_back_however_long_they_last() -> None:
    """Cleared 2024-07-10, December's installment missed: on 2025-01-20, after the six months, still substandard."""
    rules = shipped("cn.toml")
    story = business(rules, MONTHLY)
    for n in range(6, 11):
        story.open(MONTHLY[n])
        story.pay(100_00)
    story.open("2025-01-20")
    assert story.days()[0] == 36
    assert code(story.loan, rules, "cn_five_class_2023") == "substandard"


def test_an_installment_missed_on_the_day_of_the_way_back_is_a_new_matter() -> None:
    """Half-yearly, normal again on 2025-06-21, whose installment is missed: special mention, and normal once paid."""
    rules = shipped("cn.toml")
    story = business(rules, HALF_YEARLY)
    story.open("2024-12-21")
    story.pay(100_00)
    story.open("2025-06-24")
    assert code(story.loan, rules, "cn_five_class_2023") == "special_mention"
    story.pay(100_00)
    assert code(story.loan, rules, "cn_five_class_2023") == "normal"


def test_a_part_payment_leaves_a_doubtful_loan_doubtful() -> None:
    """285 days past due, a little paid: the bar is no lower than what the days say."""
    rules = shipped("cn.toml")
    schedule = [installment(n + 1, due, 100_00) for n, due in enumerate(MONTHLY)]
    story = Story(schedule, rules=rules, on="2023-12-01")
    loan = story.loan
    loan.segment = "business"
    keep(story, loan)
    story.open("2024-10-26")
    story.pay(1_00)
    assert story.days()[0] == 285
    assert code(story.loan, rules, "cn_five_class_2023") == "doubtful"


@pytest.mark.parametrize(
    ("times", "out_of_default"), [(0, "2024-08-20"), (1, "2025-05-20")], ids=["never eased", "restructured"]
)
def test_w21_out_of_default_after_a_probation(times: int, out_of_default: str) -> None:
    """W21: triggers end 2024-05-20: non-default from 2024-08-20; restructured from 2025-05-20."""
    rules = shipped("crr_178.toml")
    story = eased(rules, ["2024-01-15", "2026-01-15"], times=times, told="2023-12-20")
    story.open("2024-05-20")
    assert code(story.loan, rules, "crr_178") == "performing"  # 100.00 is not more than 100.00
    story = eased(rules, ["2024-01-15", "2024-01-15", "2026-01-15"], times=times, told="2023-12-20")
    story.open("2024-05-20")
    assert code(story.loan, rules, "crr_178") == "default"
    story.pay(200_00)
    for day, expected in [(the_day_before(out_of_default), "default"), (out_of_default, "performing")]:
        story.open(day)
        assert code(story.loan, rules, "crr_178") == expected, day


def test_rbi_upgrades_on_the_day_on_which_all_arrears_are_paid() -> None:
    """A non-performing loan stays so while anything is unpaid, and is standard at once when nothing is."""
    rules = shipped("rbi.toml")
    schedule = [installment(n, f"2021-0{n}-28", 100_00) for n in range(1, 8)]
    story = Story(schedule, rules=rules, on="2021-01-01")
    story.open("2021-06-10")
    assert code(story.loan, rules, "rbi") == "NPA"
    story.pay(400_00)
    assert story.days()[0] == 14
    assert code(story.loan, rules, "rbi") == "NPA"
    story.pay(100_00)
    assert code(story.loan, rules, "rbi") == "standard"


# --- what time alone changes ---


def test_the_day_of_the_way_back_is_known_beforehand() -> None:
    """W19: with nothing past due, the loan next changes on 2025-01-10."""
    rules = shipped("cn.toml")
    story = business(rules, MONTHLY)
    assert iso(next_change(story.loan, rules)) == "2025-01-10"


def test_the_loan_is_looked_at_on_the_day_of_the_way_back() -> None:
    """Half-yearly: the next due date is 2025-06-21, but the class changes on that day, not on the day after."""
    rules = shipped("cn.toml")
    story = business(rules, HALF_YEARLY)
    story.open("2024-12-21")
    story.pay(100_00)
    assert iso(next_check(story.loan, rules)) == "2025-06-21"
    said = story.open("2025-06-21")
    assert [alert.classification for alert in said] == [("cn_five_class_2023", "normal", "substandard")]
    assert next_change(story.loan, rules) == NEVER


def test_nothing_is_remembered_of_an_ordinary_loan() -> None:
    """A retail loan that was late and paid leaves no memory behind."""
    rules = shipped("cn.toml")
    story = Story([installment(n + 1, due, 100_00) for n, due in enumerate(MONTHLY)], rules=rules, on="2023-12-01")
    story.open("2024-07-10")
    story.pay(600_00)
    assert story.loan.extras is None
