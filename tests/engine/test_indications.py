"""What upstream finds out and takes back: unlikeliness to pay, impairment (domain reference, section 2)."""

from __future__ import annotations

import pytest

from stream.engine.as_known import as_known
from stream.engine.dates import Day, day_of
from stream.engine.policy import Rules
from stream.engine.refused import Refused
from stream.engine.retold import told
from tests.engine.policies import rules_of, shipped
from tests.engine.story import Story, installment, months_after
from tests.engine.test_classification import code

CN = shipped("cn.toml")
EU = shipped("crr_178.toml")


def paid_up(rules: Rules, on: str = "2024-01-10", segment: str = "retail") -> Story:
    """A loan of twelve monthly installments of 1,000.00 from a month after `on`; nothing is past due at first."""
    story = Story([installment(n, months_after(on, n), 1_000_00) for n in range(1, 13)], rules=rules, on=on)
    if segment != "retail":
        loan = story.loan
        loan.segment = segment
        story._keep(loan, [])
    return story


def pays_until(story: Story, day: str, on: str = "2024-01-10") -> None:
    """Every installment that is due by a day is paid on its due date."""
    for n in range(1, 13):
        due = months_after(on, n)
        if story.today < day_of(due) <= day_of(day):
            story.open(due)
            story.pay(1_000_00)
    story.open(day)


@pytest.mark.parametrize(
    "indication",
    [
        "non_accrual",
        "credit_adjustment",
        "sold_at_loss",
        "distressed_restructuring",
        "bankruptcy_filed",
        "bankruptcy_protection",
        "other_unlikely_to_pay",
    ],
)
def test_each_indication_of_crr_178_3_is_a_default_without_any_arrears(indication: str) -> None:
    """CRR art. 178(1)(a) and (3): unlikely to pay is a default by itself, and credit-impaired by IFRS 9: stage 3."""
    story = paid_up(EU)
    story.open("2024-02-01")
    alerts = story.flag(f"indication_set:{indication}") or []
    assert [alert.classification for alert in alerts] == [
        ("crr_178", "default", "performing"),
        ("ifrs9", "stage_3", "stage_1"),
    ]
    assert [reason.code for reason in alerts[0].reasons] == ["classified", "indication_set"]
    assert story.days() == (0, 0, "")


def test_w21_non_default_three_months_after_the_indication_ended() -> None:
    """W21: triggers end 2024-05-20: non-default from 2024-08-20, and not a day before."""
    story = paid_up(EU)
    pays_until(story, "2024-03-01")
    story.flag("indication_set:bankruptcy_protection")
    pays_until(story, "2024-05-20")
    assert code(story.loan, EU, "crr_178") == "default"
    story.flag("indication_ended:bankruptcy_protection")
    pays_until(story, "2024-08-19")
    assert code(story.loan, EU, "crr_178") == "default"
    pays_until(story, "2024-08-20")
    assert code(story.loan, EU, "crr_178") == "performing"
    last = story.alerts[-1]
    assert (last.classification, last.as_of) == (("crr_178", "performing", "default"), day_of("2024-08-20"))


def test_w21_a_distressed_restructuring_takes_a_year() -> None:
    """W21: distressed restructuring, triggers end 2024-05-20: non-default from 2025-05-20."""
    rules = rules_of('schemes = ["crr_178"]')
    story = Story(
        [installment(n, months_after("2024-01-10", n), 100) for n in range(1, 25)], rules=rules, on="2024-01-10"
    )
    story.open("2024-03-01")
    story.pay(24 * 100 - 1)  # all but a cent, so that nothing is past due and the loan lives on
    story.flag("indication_set:distressed_restructuring")
    story.open("2024-05-20")
    story.flag("indication_ended:distressed_restructuring")
    for day, expected in [("2025-05-19", "default"), ("2025-05-20", "performing")]:
        story.open(day)
        assert code(story.loan, rules, "crr_178") == expected, day


def test_the_last_of_several_triggers_begins_the_three_months() -> None:
    """All triggers must have ended: one of two indications left, and later arrears, keep the loan in default."""
    story = paid_up(EU)
    pays_until(story, "2024-03-01")
    story.flag("indication_set:non_accrual")
    story.flag("indication_set:bankruptcy_protection")
    pays_until(story, "2024-04-01")
    story.flag("indication_ended:non_accrual")
    pays_until(story, "2024-06-01")
    story.flag("indication_ended:bankruptcy_protection")
    for day, expected in [("2024-08-31", "default"), ("2024-09-01", "performing")]:
        pays_until(story, day)
        assert code(story.loan, EU, "crr_178") == expected, day


def test_an_indication_in_the_three_months_begins_them_anew() -> None:
    """Ended 2024-04-01, set again 06-01 and ended 06-05: non-default from 09-05."""
    story = paid_up(EU)
    pays_until(story, "2024-03-01")
    for day, what in [("2024-03-01", "set"), ("2024-04-01", "ended"), ("2024-06-01", "set"), ("2024-06-05", "ended")]:
        pays_until(story, day)
        story.flag(f"indication_{what}:credit_adjustment")
    for day, expected in [("2024-09-04", "default"), ("2024-09-05", "performing")]:
        pays_until(story, day)
        assert code(story.loan, EU, "crr_178") == expected, day


def impaired(percent: float, rules: Rules = CN) -> Story:
    """A loan with nothing past due of which so much is expected to be lost, as assessed on 2024-02-01."""
    story = paid_up(rules)
    story.open("2024-02-01")
    story.flag(f"impaired:{int(percent * 100)}")
    return story


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, "substandard"), (49.99, "substandard"), (50, "doubtful"), (89.99, "doubtful"), (90, "loss"), (100, "loss")],
)
def test_c4_expected_credit_loss_classifies(percent: float, expected: str) -> None:
    """C4: doubtful at an expected credit loss of 50 % of the book balance or more, loss at 90 % or more."""
    story = impaired(percent)
    assert code(story.loan, CN, "cn_five_class_2023") == expected
    assert code(story.loan, CN, "ifrs9") == "stage_3"


def test_c4_liquidation_is_a_loss_and_c6_refinancing_special_mention() -> None:
    """C4: liquidation is loss. C6: refinanced to repay is at least special mention."""
    for indication, expected in [("liquidation", "loss"), ("refinanced_to_repay", "special_mention")]:
        story = paid_up(CN)
        story.open("2024-02-01")
        story.flag(f"indication_set:{indication}")
        assert code(story.loan, CN, "cn_five_class_2023") == expected
    assert code(story.loan, CN, "ifrs9") == "stage_1"  # refinancing alone is not unlikeliness to pay


def test_the_newest_assessment_counts() -> None:
    """60 % in February, 10 % in March, not impaired in April: doubtful, substandard, normal (retail: by days alone)."""
    story = impaired(60)
    for day, flag, expected in [
        ("2024-03-01", "impaired:1000", "substandard"),
        ("2024-04-01", "not_impaired", "normal"),
    ]:
        pays_until(story, day)
        story.flag(flag)
        assert code(story.loan, CN, "cn_five_class_2023") == expected


def test_a_company_comes_back_from_an_impairment_only_after_six_months() -> None:
    """Cure of the 2023 Measures: not impaired since 2024-04-01, all paid on time: normal again from 2024-10-01."""
    story = paid_up(CN, segment="business")
    story.open("2024-02-01")
    story.flag("impaired:1000")
    pays_until(story, "2024-04-01")
    story.flag("not_impaired")
    for day, expected in [("2024-09-30", "substandard"), ("2024-10-01", "normal")]:
        pays_until(story, day)
        assert code(story.loan, CN, "cn_five_class_2023") == expected, day


def test_an_indication_that_is_not_in_force_cannot_end() -> None:
    """An end without its beginning, or dated before it, is a mistake of the sender: refused, and nothing changes."""
    story = paid_up(EU)
    story.open("2024-03-01")
    with pytest.raises(Refused, match="indication_unknown"):
        story.flag("indication_ended:non_accrual")
    story.flag("indication_set:non_accrual")
    with pytest.raises(Refused, match="indication_unknown"):
        story.flag("indication_ended:non_accrual", effective="2024-02-28")
    with pytest.raises(Refused, match="indication_unknown"):
        story.flag("indication_ended:sold_at_loss")
    assert story.flag("indication_ended:non_accrual") is not None


def test_an_indication_is_backdated_but_never_known_ahead() -> None:
    """Set on 03-10 as of 03-01: the three months run from an end of 03-05; a date to come counts as today."""
    story = paid_up(EU)
    pays_until(story, "2024-03-10")
    story.flag("indication_set:non_accrual", effective="2024-03-01")
    story.flag("indication_ended:non_accrual", effective="2024-03-05")
    for day, expected in [("2024-06-04", "default"), ("2024-06-05", "performing")]:
        pays_until(story, day)
        assert code(story.loan, EU, "crr_178") == expected, day
    story.flag("indication_set:non_accrual", effective="2024-08-01")
    assert code(story.loan, EU, "crr_178") == "default"
    pays_until(story, "2024-06-10")
    assert story.flag("indication_ended:non_accrual") is not None


def test_as_known_and_the_journal_tell_indications_again() -> None:
    """As of a day between set and end the loan was in default; by what was known before the event it was not."""
    story = paid_up(EU)
    pays_until(story, "2024-03-01")
    story.flag("indication_set:non_accrual")
    pays_until(story, "2024-04-01")
    story.flag("indication_ended:non_accrual")
    pays_until(story, "2024-09-01")
    flags = [one.fact.flag for one in told(story.loan) if hasattr(one.fact, "flag")]
    assert flags == ["indication_set:non_accrual", "indication_ended:non_accrual"]

    def then(day: str, known_by: str) -> str:
        past = as_known(story.loan, EU, Day(day_of(day)), day_of(known_by))
        assert past is not None
        return code(past, EU, "crr_178")

    assert then("2024-03-15", "2024-09-01") == "default"
    assert then("2024-02-15", "2024-09-01") == "performing"
    assert then("2024-03-15", "2024-02-28") == "performing"
    assert then("2024-07-01", "2024-09-01") == "performing"


def test_what_is_in_force_outlives_the_replay_horizon() -> None:
    """Facts behind the horizon are folded into balances: an indication set three years ago is in force, and can end."""
    rules = rules_of('schemes = ["crr_178"]', "replay_horizon_days = 60")
    story = Story(
        [installment(n, months_after("2024-01-10", n), 100) for n in range(1, 80)], rules=rules, on="2024-01-10"
    )
    story.open("2024-02-01")
    story.flag("indication_set:non_accrual")
    for n in range(1, 73):
        story.open(months_after("2024-01-10", n))
        story.pay(100, payment=f"{'P' * 40}{n}", event=f"{'E' * 60}{n}")
    assert story.loan.history_from > day_of("2024-02-01")
    assert code(story.loan, rules, "crr_178") == "default"
    assert story.flag("indication_ended:non_accrual") is not None
