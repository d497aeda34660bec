"""The oracle gives the figures of the lending reference: a judge is judged first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.oracle import Policy, Product, Task, judge
from tests.oracle import standing as standing_of
from tests.stories import (
    Event,
    a_day,
    an_installment,
    at,
    cancelled,
    days,
    disbursed,
    loan_a,
    opened,
    repaid,
    reversed_,
)


def told(*events: Event, policy: Policy | None = None, **product: Any) -> Task:
    """The oracle's answer to a story under a product's rules."""
    return judge(events, policy or Policy(products={"default": Product(**product)}))


def standing(task: Task, loan_id: str = "L1") -> dict[str, Any]:
    """The loan's standing on the task's business date."""
    assert task.business_date
    return standing_of(task.loans[loan_id], task.business_date)


def said(task: Task) -> list[tuple[str, str, str | None]]:
    """Kind, day and bucket of every alert."""
    return [(alert.kind, alert.as_of.isoformat(), alert.bucket) for alert in task.alerts]


def one_row(due: str, amount: int = 100_000) -> list[dict[str, Any]]:
    return [an_installment(1, due, amount)]


@pytest.mark.parametrize(("day", "expected"), [("2024-03-08", 0), ("2024-03-09", 1), ("2024-03-10", 2)])
def test_days_past_due_begin_on_the_day_after_the_due_date(day: str, expected: int) -> None:
    """W01: due 2024-03-08 and unpaid, days past due are 0 on the due date and 1 on the day after."""
    now = standing(told(disbursed(one_row("2024-03-08"), "2024-02-08"), opened(day)))
    assert (now["days_past_due"], len(now["past_due_installments"])) == (expected, min(expected, 1))


def test_grace_delays_delinquency_but_not_days_past_due() -> None:
    """W02: with three days of grace, 03-11 counts 3 days past due and says nothing; 03-12 counts 4 and is overdue."""
    story = [disbursed(one_row("2024-03-08"), "2024-02-08"), *days("2024-03-09", "2024-03-11")]
    in_grace = told(*story, grace_days=3)
    assert (standing(in_grace)["days_past_due"], standing(in_grace)["delinquent_days"], in_grace.alerts) == (3, 0, [])
    after = told(*story, opened("2024-03-12"), grace_days=3)
    assert (standing(after)["days_past_due"], standing(after)["delinquent_days"]) == (4, 1)
    assert standing(after)["delinquent_date"] == "2024-03-11"
    assert said(after) == [("loan.overdue_started", "2024-03-12", "M1")]


@pytest.mark.parametrize(("value_date", "worst"), [("2024-03-08", 0), ("2024-03-09", 1)])
def test_the_value_date_decides_whether_a_payment_was_on_time(value_date: str, worst: int) -> None:
    """W03: value date 03-08 is on time; value date 03-09 (16:00:00Z is midnight in Shanghai) is one day late."""
    when = {"2024-03-08": "2024-03-08T15:59:59Z", "2024-03-09": "2024-03-08T16:00:00Z"}[value_date]
    task = told(
        disbursed(one_row("2024-03-08"), "2024-02-08"),
        opened("2024-03-08"),
        repaid("P1", 100_000, value_date, when=when),
        opened("2024-03-09"),
    )
    assert standing(task)["max_days_past_due_ever"] == worst
    assert standing(task)["status"] == "settled"


def test_month_ends_age_from_the_last_day_of_february() -> None:
    """W04: due 2024-02-29, 03-31, 04-30, 05-31 and unpaid, 03-01 counts one day past due."""
    rows = [an_installment(n, due, 100) for n, due in enumerate(["2024-02-29", "2024-03-31", "2024-04-30"], 1)]
    assert standing(told(disbursed(rows, "2024-01-31"), opened("2024-03-01")))["days_past_due"] == 1


def test_buckets_of_a_loan_that_is_never_paid() -> None:
    """W06: due 2024-01-15 and never paid: M1 01-16, M2 02-15, M3 03-16, M4 04-15, M5 05-15, M6+ 07-14."""
    task = told(disbursed(one_row("2024-01-15"), "2023-12-15"), *days("2024-01-15", "2024-07-14"))
    expected = [
        ("loan.overdue_started", "2024-01-16", "M1"),
        ("loan.bucket_changed", "2024-02-15", "M2"),
        ("loan.bucket_changed", "2024-03-16", "M3"),
        ("loan.bucket_changed", "2024-04-15", "M4"),
        ("loan.bucket_changed", "2024-05-15", "M5"),
        ("loan.bucket_changed", "2024-06-14", "M6"),
        ("loan.bucket_changed", "2024-07-14", "M6+"),
    ]
    assert said(task) == expected


@pytest.mark.parametrize(("grace", "delinquent"), [(0, 20), (3, 17)])
def test_days_are_counted_from_the_due_date_with_and_without_grace(grace: int, delinquent: int) -> None:
    """W08 without its pause: due 2023-10-16, seen 11-05: 20 days past due; grace 3 leaves 17 delinquent days."""
    now = standing(told(disbursed(one_row("2023-10-16"), "2023-09-16"), opened("2023-11-05"), grace_days=grace))
    assert (now["days_past_due"], now["delinquent_days"]) == (20, delinquent)


def unpaid_loan_a(penalties: dict[int, int], until: str) -> list[Event]:
    return [disbursed(loan_a(penalties), "2024-01-15"), *days("2024-02-15", until)]


W09_PENALTIES = {1: 1609 + 204}


def test_clearing_the_oldest_installment_moves_ageing_to_the_next() -> None:
    """W09: k1 and k2 unpaid on 03-20 count 34 days, M2; 1,084.32 clears k1 and leaves 5 days, M1."""
    story = unpaid_loan_a(W09_PENALTIES, "2024-03-20")
    before = standing(told(*story))
    assert (before["days_past_due"], before["bucket"]) == (34, "M2")
    after = standing(told(*story, repaid("P1", 108_432, "2024-03-20")))
    assert (after["days_past_due"], after["bucket"], after["oldest_due_date"]) == (5, "M1", "2024-03-15")


def test_a_payment_that_leaves_the_penalty_does_not_clear_the_installment() -> None:
    """W09b: exactly 1,066.19 leaves 18.13 of k1's principal unpaid; the days stay 34."""
    now = standing(told(*unpaid_loan_a(W09_PENALTIES, "2024-03-20"), repaid("P1", 106_619, "2024-03-20")))
    assert (now["days_past_due"], now["past_due_installments"][0]["unpaid"]) == (
        34,
        {"principal": 1813, "interest": 0, "fee": 0, "penalty": 0, "total": 1813},
    )


def test_a_reversal_ages_the_loan_again_and_corrects_what_was_said() -> None:
    """W10: the payment of W09 reversed on 03-25: 10 days become 39, M2; a correction of 03-20, then the new bucket."""
    story = [
        *unpaid_loan_a(W09_PENALTIES, "2024-03-20"),
        repaid("P1", 108_432, "2024-03-20"),
        *days("2024-03-21", "2024-03-25"),
    ]
    assert standing(told(*story))["days_past_due"] == 10
    task = told(*story, reversed_("P1", "2024-03-25"))
    assert standing(task)["days_past_due"] == 39
    improved, correction, worse = task.alerts[-3:]
    assert (improved.kind, improved.as_of, improved.bucket) == ("loan.bucket_changed", a_day("2024-03-20"), "M1")
    assert (correction.kind, correction.as_of, correction.bucket, correction.days_past_due) == (
        "loan.alert_corrected",
        a_day("2024-03-20"),
        "M2",
        34,
    )
    assert correction.supersedes == improved.id
    assert (worse.kind, worse.as_of, worse.bucket) == ("loan.bucket_changed", a_day("2024-03-25"), "M2")


W11_PENALTIES = {1: 2176 + 276, 2: 812 + 94}


@pytest.mark.parametrize(
    ("axis", "amount", "principal_of", "left", "days_left"),
    [
        ("horizontal", 30_000, 1, 79_071, 46),
        ("vertical", 30_000, 1, 91_031, 46),
        ("horizontal", 150_000, 2, 66_596, 17),
    ],
)
def test_the_axis_decides_which_component_a_payment_reaches(
    axis: str, amount: int, principal_of: int, left: int, days_left: int
) -> None:
    """W11: 300.00 leaves 790.71 of k1's principal by installment and 910.31 by component; 1,500.00 clears k1."""
    now = standing(told(*unpaid_loan_a(W11_PENALTIES, "2024-04-01"), repaid("P1", amount, "2024-04-01"), axis=axis))
    rows = {row["number"]: row["unpaid"] for row in now["past_due_installments"]}
    assert (rows[principal_of]["principal"], now["days_past_due"]) == (left, days_left)


def test_principal_comes_first_after_ninety_days() -> None:
    """W14: 95 days past due, 1,000.00 pays k1's principal 946.19 and 53.81 of k2's; the days stay 95, M4."""
    story = [*unpaid_loan_a({1: 4494 + 570}, "2024-05-20"), repaid("P1", 100_000, "2024-05-20")]
    now = standing(told(*story, principal_first_after_days=90))
    rows = {row["number"]: row["unpaid"] for row in now["past_due_installments"]}
    assert rows[1] == {"principal": 0, "interest": 12_000, "fee": 0, "penalty": 5064, "total": 17_064}
    assert rows[2]["principal"] == 95_565 - 5381
    assert (now["days_past_due"], now["bucket"]) == (95, "M4")


def test_an_overpayment_goes_to_the_next_installment() -> None:
    """W22: 1,100.00 on 02-15 leaves 33.81 over; 03-15 then needs 1,032.38."""
    now = standing(told(*unpaid_loan_a({}, "2024-02-15"), repaid("P1", 110_000, "2024-02-15")))
    assert (now["next_due_date"], now["next_due_amount"], now["credit_balance"]) == ("2024-03-15", 103_238, 0)


LATE = [disbursed(one_row("2024-03-08"), "2024-02-08"), *days("2024-03-08", "2024-03-10")]


def test_a_payment_booked_late_corrects_the_alert_it_proves_wrong() -> None:
    """Paid on the due date but booked two days later: the alert of 03-09 is corrected with its own date, then cured."""
    task = told(*LATE, repaid("P1", 100_000, "2024-03-08", when=at("2024-03-10")))
    assert said(task) == [
        ("loan.overdue_started", "2024-03-09", "M1"),
        ("loan.alert_corrected", "2024-03-09", None),
        ("loan.cured", "2024-03-10", None),
    ]
    assert task.alerts[1].supersedes == task.alerts[0].id
    assert standing(task)["max_days_past_due_ever"] == 0


def test_a_payment_one_day_late_leaves_the_alert_of_that_day_standing() -> None:
    """Value date 03-09: the loan was overdue when 03-09 opened, so that alert was true and is not corrected."""
    task = told(*LATE, repaid("P1", 100_000, "2024-03-09", when=at("2024-03-10")))
    assert said(task) == [("loan.overdue_started", "2024-03-09", "M1"), ("loan.cured", "2024-03-10", None)]


def test_a_correction_can_be_corrected() -> None:
    """The late payment is reversed: the correction and the cure were never true, and a new episode begins."""
    task = told(*LATE, repaid("P1", 100_000, "2024-03-08", when=at("2024-03-10")), reversed_("P1", "2024-03-10"))
    assert said(task)[3:] == [
        ("loan.alert_corrected", "2024-03-09", "M1"),
        ("loan.alert_corrected", "2024-03-10", "M1"),
        ("loan.overdue_started", "2024-03-10", "M1"),
    ]
    assert [alert.supersedes for alert in task.alerts[3:]] == [task.alerts[1].id, task.alerts[2].id, None]
    assert [alert.episode for alert in task.alerts] == [1, 1, 1, 1, 1, 2]


def test_a_correction_belongs_to_the_episode_of_what_it_corrects() -> None:
    """Two episodes turn out never to have been: each alert of the first and of the second keeps its number."""
    paid = [repaid(name, 100_000, "2024-03-08", when=at("2024-03-10")) for name in ("P1", "P2")]
    task = told(*LATE, paid[0], reversed_("P1", "2024-03-10"), paid[1])
    assert [(alert.kind, alert.episode) for alert in task.alerts[6:]] == [
        ("loan.alert_corrected", 1),
        ("loan.alert_corrected", 1),
        ("loan.alert_corrected", 2),
        ("loan.cured", 2),
    ]


def test_a_post_dated_payment_waits_for_its_day() -> None:
    """Announced on 03-08 for 03-09: the opening of 03-09 finds the loan overdue, then the payment cures it."""
    task = told(*LATE[:2], repaid("P1", 100_000, "2024-03-09", when=at("2024-03-08")), opened("2024-03-09"))
    assert said(task) == [("loan.overdue_started", "2024-03-09", "M1"), ("loan.cured", "2024-03-09", None)]
    assert [alert.causes for alert in task.alerts] == [("business-day:2024-03-09",), ("repaid-P1",)]


def test_skipped_days_are_judged_one_by_one() -> None:
    """A tick three days on says on which of the days between the loan went overdue."""
    task = told(*LATE[:2], opened("2024-03-11"), opened("2024-03-10"))
    assert said(task) == [("loan.overdue_started", "2024-03-09", "M1")]
    assert (standing(task)["days_past_due"], task.duplicates) == (3, 1)


def test_repetitions_are_dropped_by_event_id_and_by_payment_id() -> None:
    """The same event, and another event with the same payment id, count once."""
    payment = repaid("P1", 40_000, "2024-03-08")
    again = repaid("P1", 40_000, "2024-03-08", event_id="other")
    task = told(*LATE[:2], payment, payment, again)
    assert (standing(task)["outstanding_total"], task.duplicates) == (60_000, 2)


def test_events_before_their_disbursement_wait_for_it() -> None:
    """A payment and the reversal of another come first; both count once the loan is known."""
    early = [repaid("P1", 40_000, "2024-02-08"), reversed_("P2", "2024-02-08"), repaid("P2", 5000, "2024-02-08")]
    task = told(*early, LATE[0])
    assert (standing(task)["outstanding_total"], task.dead_letters) == (60_000, [])


def test_waiting_is_bounded_in_number_and_time() -> None:
    """The 65th event of an unknown loan is refused at once, the others after thirty days."""
    early = [repaid(f"P{n}", 1, "2024-03-08") for n in range(65)]
    task = told(*early, opened("2024-04-07"))
    assert [(letter.index, letter.reason) for letter in task.dead_letters] == [(64, "too_many_waiting")]
    task.take(opened("2024-04-08"))
    assert [letter.reason for letter in task.dead_letters[1:]] == ["loan_unknown"] * 64


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (disbursed(one_row("2024-03-08"), "2024-02-08") | {"id": "other"}, "loan_already_disbursed"),
        (repaid("P9", 1, "2024-04-09", when=at("2024-03-08")), "value_date_too_far_ahead"),
        (reversed_("P1", "2024-03-08", reversal_id="R2"), "payment_already_reversed"),
    ],
)
def test_what_the_loan_forbids_is_a_dead_letter(event: Event, reason: str) -> None:
    """A second disbursement, a value date 32 days ahead and a second reversal are refused with their reason."""
    task = told(*LATE[:2], repaid("P1", 40_000, "2024-03-08"), reversed_("P1", "2024-03-08"), event)
    assert [letter.reason for letter in task.dead_letters] == [reason]


def test_a_cancelled_loan_counts_zeros_and_takes_back_its_alerts() -> None:
    """Cancellation corrects every alert that says overdue, cures the loan, and refuses what comes after."""
    task = told(*LATE, cancelled("2024-03-10"), repaid("P1", 1, "2024-03-10"))
    assert said(task) == [
        ("loan.overdue_started", "2024-03-09", "M1"),
        ("loan.alert_corrected", "2024-03-09", None),
        ("loan.cured", "2024-03-10", None),
    ]
    now = standing(task)
    assert (now["status"], now["outstanding_total"], now["max_days_past_due_ever"]) == ("cancelled", 0, 0)
    assert [letter.reason for letter in task.dead_letters] == ["loan_not_active"]


def test_money_is_kept_whatever_the_rules() -> None:
    """What was paid is what was owed before less what is owed now, plus the credit."""
    payments = [repaid(f"P{n}", 70_001 * n, date(2024, 2, 10) + timedelta(40 * n)) for n in range(1, 6)]
    for product in (Product(), Product(axis="vertical"), Product(principal_first_after_days=30)):
        policy = Policy(products={"default": replace(product, order=("fee", "principal", "interest", "penalty"))})
        task = told(disbursed(loan_a({3: 77}), "2024-01-15"), *payments, policy=policy)
        owed = sum(sum(row[c] for c in ("principal", "interest", "fee", "penalty")) for row in loan_a({3: 77}))
        now = standing(task)
        assert owed - now["outstanding_total"] + now["credit_balance"] == sum(e["data"]["amount"] for e in payments)
