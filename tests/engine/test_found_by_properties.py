"""Stories that the properties found, each told plainly: what the domain says of them."""

from __future__ import annotations

from typing import Any

from tests.properties import test_as_known
from tests.properties.tellers import last_standing, said_by_the_product
from tests.stories import (
    Event,
    an_installment,
    cancelled,
    charged_back,
    days,
    disbursed,
    opened,
    paused,
    repaid,
    revised,
    turned,
)

WATCHED = """
[schemes.watched]
codes = ["good", "bad"]
ranges = [{ code = "bad", min = 31 }]
cure = { from = "bad", months = 6 }
"""
MISSED = """
[schemes.missed]
codes = ["0", "1", "2"]
counter = "missed_payments"
ranges = [{ code = "1", min = 1, max = 1 }, { code = "2", min = 2 }]
"""


def policy(*keys: str, more: str = "") -> str:
    """A policy whose one product has these keys."""
    product = "\n".join(['buckets = [{ code = "M1", min_days = 1 }]', *keys])
    return f'version = "found-1"\ntime_zone = "Asia/Shanghai"\n\n[products.default]\n{product}\n{more}'


def standing(rules: str, *story: Event) -> dict[str, Any]:
    """The last standing that the product gives."""
    return last_standing(said_by_the_product(list(story), rules))


def test_the_most_days_ever_are_counted_by_the_products_convention() -> None:
    """RBI: the due date counts: due 03-31, paid 04-01: two days past due, and two at most ever."""
    story = [
        disbursed([an_installment(1, "2024-03-31", 100)], "2024-03-01"),
        *days("2024-03-31", "2024-04-01"),
        repaid("P1", 100, "2024-04-01"),
    ]
    now = standing(policy('day_count = "from_due_date"'), *story)
    assert (now["days_past_due"], now["max_days_past_due_ever"]) == (0, 2)


def test_first_arrears_count_for_the_most_days_ever() -> None:
    """Unbroken arrears since 02-02, the older installment paid on 02-20: on 03-11, when all is paid, day 39 of them."""
    schedule = [an_installment(1, "2024-02-01", 100), an_installment(2, "2024-02-15", 100)]
    story = [
        disbursed(schedule, "2024-01-02"),
        *days("2024-02-01", "2024-02-20"),
        repaid("P1", 100, "2024-02-20"),
        *days("2024-02-21", "2024-03-11"),
        repaid("P2", 100, "2024-03-11"),
    ]
    now = standing(policy('count_from = "first_arrears"'), *story)
    assert (now["days_past_due"], now["max_days_past_due_ever"]) == (0, 39)


MATERIAL = policy('count_from = "first_material"', 'materiality = { amount = 100, percent = "1" }', "schemes = []")


def test_arrears_that_are_not_material_are_owed_all_the_same() -> None:
    """CRR art. 178: 100 is not above the threshold of 100: no day counts, and 100 is overdue since 02-01."""
    now = standing(MATERIAL, disbursed([an_installment(1, "2024-02-01", 100)], "2024-01-02"), opened("2024-02-06"))
    assert (now["days_past_due"], now["overdue"]["total"], now["oldest_due_date"]) == (0, 100, "2024-02-01")
    assert [row["days_past_due"] for row in now["past_due_installments"]] == [5]


def test_what_is_charged_back_counts_towards_material_arrears() -> None:
    """Charged back on 02-10 with an installment of 03-01: past due from 02-11 on, day 5 on 02-15."""
    story = [
        disbursed([an_installment(1, "2024-03-01", 100)], "2024-01-02"),
        *days("2024-02-09", "2024-02-10"),
        charged_back("K1", 150, "2024-02-10"),
        *days("2024-02-11", "2024-02-15"),
    ]
    assert standing(MATERIAL, *story)["days_past_due"] == 5


def test_recoveries_leave_the_days_of_a_written_off_loan_as_they_were() -> None:
    """Material since 02-02, written off on 02-11 with ten days; a recovery makes what is left immaterial: still ten."""
    story = [
        disbursed([an_installment(1, "2024-02-01", 500)], "2024-01-02"),
        *days("2024-02-01", "2024-02-11"),
        turned("written_off", "2024-02-11"),
        *days("2024-02-12", "2024-02-20"),
        repaid("P1", 450, "2024-02-20", kind="recovery"),
    ]
    assert standing(MATERIAL, *story)["days_past_due"] == 10


def test_the_missed_payments_of_a_written_off_loan_stay_as_they_were() -> None:
    """Written off on 02-11 with one payment missed: the installment of 02-15 is not missed after that."""
    schedule = [an_installment(1, "2024-02-01", 100), an_installment(2, "2024-02-15", 100)]
    story = [disbursed(schedule, "2024-01-02"), *days("2024-02-01", "2024-02-11"), turned("written_off", "2024-02-11")]
    story += [*days("2024-02-12", "2024-02-20"), repaid("P1", 10, "2024-02-20", kind="recovery")]
    now = standing(policy('schemes = ["missed"]', more=MISSED), *story)
    assert now["classifications"] == {"missed": "1"}


def test_no_cure_is_said_of_arrears_that_a_pause_held_back() -> None:
    """Paused over 02-02..02-10, the loan was never said to be overdue: its cancellation on 02-06 cures nothing."""
    story = [
        disbursed([an_installment(1, "2024-02-01", 100)], "2024-01-02"),
        opened("2024-02-01"),
        paused("2024-02-02", "2024-02-10", "2024-02-01"),
        *days("2024-02-02", "2024-02-06"),
        cancelled("2024-02-06"),
    ]
    said = [event["type"] for event in said_by_the_product(story, policy("schemes = []"))["loans.overdue"]]
    assert said == ["loan.pause_changed"]


def test_a_schedule_that_is_to_come_bars_nothing_today() -> None:
    """Ten days past due, and a new version for 03-01, when there would be 31: not bad, and no bar once it is paid."""
    schedule = [an_installment(1, "2024-01-30", 100), an_installment(2, "2024-06-30", 100)]
    story = [
        disbursed(schedule, "2024-01-02"),
        *days("2024-01-30", "2024-02-09"),
        revised(2, "2024-03-01", [an_installment(2, "2024-07-31", 100)], when="2024-02-09T04:00:00.000Z"),
    ]
    rules = policy('schemes = ["watched"]', more=WATCHED)
    assert standing(rules, *story)["classifications"] == {"watched": "good"}
    assert standing(rules, *story, repaid("P1", 100, "2024-02-09"))["classifications"] == {"watched": "good"}


def test_misuse_that_is_told_again_is_so_from_the_first_day_on() -> None:
    """Misuse since 02-03; told again as of 02-20, which has not come: special mention on 02-05."""
    story = [
        disbursed([an_installment(1, "2024-03-01", 100)], "2024-01-02"),
        opened("2024-02-05"),
        turned("misuse_found", "2024-02-03", when="2024-02-05T04:00:00.000Z", event_id="X1"),
        turned("misuse_found", "2024-02-20", when="2024-02-05T04:00:00.000Z", event_id="X2"),
    ]
    now = standing(policy('schemes = ["cn_five_class_2023"]'), *story)
    assert now["classifications"] == {"cn_five_class_2023": "special_mention"}


def test_a_version_that_comes_after_a_newer_one_was_never_in_force() -> None:
    """Version 2, effective 02-20, comes after version 3: as of 02-20 the first schedule holds, all say."""
    story = [
        disbursed([an_installment(1, "2024-02-20", 50)], "2024-02-20"),
        revised(3, "2024-02-21", []),
        revised(2, "2024-02-20", [], when="2024-02-22T04:00:00.000Z"),
    ]
    test_as_known.check(policy(), story, 0, 6)
