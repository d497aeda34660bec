"""The oracle itself, held to the lending definitions: revisions, charges, pauses, chargebacks, endings, notices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.test_oracle import one_row, said, standing, told
from tests.stories import (
    Event,
    an_installment,
    at,
    charged,
    charged_back,
    days,
    disbursed,
    loan_a,
    opened,
    paused,
    repaid,
    resumed,
    reversed_,
    revised,
    turned,
    waived,
)


def days_of(now: dict[str, Any]) -> tuple[int, int]:
    """Days past due, and delinquent days."""
    return now["days_past_due"], now["delinquent_days"]


W08 = [disbursed(one_row("2023-10-16"), "2023-09-16"), *days("2023-10-16", "2023-10-19")]


@pytest.mark.parametrize(("grace", "delinquent"), [(0, 10), (3, 7)])
def test_a_pause_takes_its_days_off_once_it_is_over(grace: int, delinquent: int) -> None:
    """W08: due 10-16, paused 10-20 to 10-30, seen 11-05: 20 days past due, 10 delinquent; with grace 3 they are 7."""
    pause = paused("2023-10-20", "2023-10-30", "2023-10-19")
    task = told(*W08, pause, *days("2023-10-20", "2023-11-05"), grace_days=grace)
    assert days_of(standing(task)) == (20, delinquent)
    changes = [alert.as_of.isoformat() for alert in task.alerts if alert.kind == "loan.pause_changed"]
    assert changes == ["2023-10-20", "2023-10-31"]


def test_a_resume_ends_the_pause_on_its_day() -> None:
    """W08: resumed on 10-25, five days are taken off: 15 delinquent days on 11-05."""
    story = [*W08, paused("2023-10-20", "2023-10-30", "2023-10-19"), *days("2023-10-20", "2023-10-25")]
    task = told(*story, resumed("2023-10-25", "2023-10-25"), *days("2023-10-26", "2023-11-05"))
    assert days_of(standing(task)) == (20, 15)
    assert standing(task)["pauses"] == [{"start_date": "2023-10-20", "end_date": "2023-10-25", "active": False}]


def test_days_go_on_on_the_first_day_of_a_pause_and_then_stand_still() -> None:
    """9.8: due 10-16, paused 10-18 to 10-20: 1, 2, 2, 2 and, on the day after the end, 3 delinquent days."""
    task = told(*W08[:2], opened("2023-10-17"), paused("2023-10-18", "2023-10-20", "2023-10-17"))
    seen = [standing(task)["delinquent_days"]]
    for day in days("2023-10-18", "2023-10-21"):
        task.take(day)
        seen.append(standing(task)["delinquent_days"])
    assert seen == [1, 2, 2, 2, 3]


def test_the_tick_does_not_move_the_bucket_of_a_paused_loan_but_a_payment_does() -> None:
    """9.10: one day past due on a paused day says nothing; a small payment that day says that the loan is overdue."""
    story = [disbursed(one_row("2024-03-08"), "2024-02-08"), opened("2024-03-08")]
    story += [paused("2024-03-09", "2024-03-12", "2024-03-08"), opened("2024-03-09")]
    quiet = told(*story)
    assert (said(quiet)[0][0], standing(quiet)["delinquent_days"], standing(quiet)["bucket"]) == (
        "loan.pause_changed",
        1,
        None,
    )
    loud = told(*story, repaid("P1", 1, "2024-03-09"))
    assert said(loud)[1:] == [("loan.overdue_started", "2024-03-09", "M1")]
    after = told(*story, *days("2024-03-10", "2024-03-13"))
    assert [alert[:2] for alert in said(after)[1:]] == [
        ("loan.overdue_started", "2024-03-13"),
        ("loan.pause_changed", "2024-03-13"),
    ]


def test_a_backdated_pause_corrects_what_was_said() -> None:
    """9.9: due 03-08; on 03-13 a pause from 03-08 to 03-12 arrives: five days past due are one delinquent day."""
    story = [disbursed(one_row("2024-03-08"), "2024-02-08"), *days("2024-03-08", "2024-03-13")]
    task = told(*story, paused("2024-03-08", "2024-03-12", "2024-03-13"))
    assert days_of(standing(task)) == (5, 1)
    corrections = [alert for alert in task.alerts if alert.kind == "loan.alert_corrected"]
    assert [(a.as_of.isoformat(), a.bucket) for a in corrections] == [("2024-03-09", None)]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (paused(None, "2024-03-20", "2024-03-10"), "missing_start_date"),
        (paused("2024-03-10", None, "2024-03-10"), "missing_end_date"),
        (paused("2024-03-10", "2024-03-10", "2024-03-10"), "pause_too_short"),
        (paused("2024-02-07", "2024-03-20", "2024-03-10"), "pause_before_disbursement"),
        (paused("2024-03-11", "2024-03-30", "2024-03-10"), "pause_overlap"),
        (paused("2024-03-01", "2024-03-30", "2024-03-10"), "pause_overlap"),
        (paused("2024-03-12", "2024-03-30", "2024-03-10"), None),
        (resumed(None, "2024-03-10"), "missing_resume_date"),
        (resumed("2024-03-11", "2024-03-10"), "resume_not_on_business_date"),
        (resumed("2024-03-10", "2024-03-10", end="2024-03-12"), "resume_has_end_date"),
        (resumed("2024-03-10", "2024-03-10"), None),
    ],
)
def test_a_wrong_pause_or_resume_is_refused(event: Event, reason: str | None) -> None:
    """9.9 beside a pause from 03-09 to 03-12: overlaps and wrong dates are refused; a shared end and start is not."""
    story = [disbursed(one_row("2024-03-08"), "2024-02-08"), *days("2024-03-08", "2024-03-10")]
    task = told(*story, paused("2024-03-09", "2024-03-12", "2024-03-10", event_id="first"), event)
    assert [letter.reason for letter in task.dead_letters] == ([reason] if reason else [])


def test_a_late_extension_takes_back_what_was_said() -> None:
    """W16: a bullet due 06-01 is 9 days past due on 06-10; an extension to 09-01, effective 05-25, makes it 0."""
    story = [disbursed(one_row("2024-06-01"), "2024-03-01"), *days("2024-06-01", "2024-06-10")]
    assert days_of(standing(told(*story))) == (9, 9)
    task = told(*story, revised(2, "2024-05-25", one_row("2024-09-01"), when=at("2024-06-10")))
    assert (days_of(standing(task)), standing(task)["schedule_version"]) == ((0, 0), 2)
    assert said(task)[1:] == [("loan.alert_corrected", "2024-06-02", None), ("loan.cured", "2024-06-10", None)]
    assert standing(task)["max_days_past_due_ever"] == 0


def test_an_extension_from_today_keeps_the_arrears_of_the_past() -> None:
    """The same extension effective 06-10: nothing said of 06-02 was wrong, and 9 days past due stay the worst ever."""
    story = [disbursed(one_row("2024-06-01"), "2024-03-01"), *days("2024-06-01", "2024-06-10")]
    task = told(*story, revised(2, "2024-06-10", one_row("2024-09-01")))
    assert said(task)[1:] == [("loan.cured", "2024-06-10", None)]
    assert standing(task)["max_days_past_due_ever"] == 9


def test_a_revision_replaces_rows_by_number_and_drops_what_it_does_not_name() -> None:
    """Finer point 3: of rows 1 to 3 due monthly from 03-08, version 2 of 04-01 names 2: 1 stays, 3 goes."""
    rows = [an_installment(n, f"2024-0{n + 2}-08", 100) for n in (1, 2, 3)]
    story = [disbursed(rows, "2024-02-08"), opened("2024-04-01")]
    task = told(*story, revised(2, "2024-04-01", [an_installment(2, "2024-05-08", 250)]))
    assert (standing(task)["outstanding_total"], standing(task)["overdue"]["total"]) == (350, 100)
    older = told(*story, revised(3, "2024-04-01", []), revised(2, "2024-04-01", rows[1:]))
    assert (standing(older)["outstanding_total"], older.duplicates) == (100, 1)


def test_a_charge_is_owed_from_its_day_and_a_waiver_may_cure() -> None:
    """A late fee of 50 on a row due 03-08 that was paid on time but for nothing makes it overdue; waived, it cures."""
    story = [
        disbursed(one_row("2024-03-08", 100), "2024-02-08"),
        repaid("P1", 100, "2024-03-08", when=at("2024-03-08")),
    ]
    story += [*days("2024-03-09", "2024-03-10"), charged("H1", 50, "2024-03-10", "fee", installment=1)]
    task = told(*story)
    assert said(task) == [("loan.overdue_started", "2024-03-10", "M1")]
    assert (days_of(standing(task)), standing(task)["overdue"]["fee"]) == ((2, 2), 50)
    half = told(*story, waived("W1", "H1", "2024-03-10", 20))
    assert standing(half)["overdue"]["fee"] == 30
    whole = told(*story, waived("W1", "H1", "2024-03-10"))
    assert (said(whole)[1:], standing(whole)["status"]) == ([("loan.cured", "2024-03-10", None)], "settled")


def test_a_charge_joins_the_first_installment_due_on_or_after_its_date() -> None:
    """Finer point 15: a charge of 03-08 joins the row of that day, one of 03-09 the next, a last one its own."""
    rows = [an_installment(1, "2024-03-08", 100), an_installment(2, "2024-04-08", 100)]
    for due, row in (("2024-03-08", 1), ("2024-03-09", 2), ("2024-04-09", 3)):
        charge = charged("H1", 5, due, when=at("2024-03-01"))
        now = standing(told(disbursed(rows, "2024-02-08"), opened("2024-03-01"), charge, opened("2024-06-01")))
        penalties = {r["number"]: r["unpaid"]["penalty"] for r in now["past_due_installments"]}
        assert penalties == dict.fromkeys(range(1, max(2, row) + 1), 0) | {row: 5}


TWO = [an_installment(1, "2024-03-08", 100), an_installment(2, "2024-04-08", 100)]


def test_a_chargeback_ages_from_its_own_date() -> None:
    """9.12: row 1 paid; charged back on 03-15: not overdue that day, one day on 03-16, though row 2 is due 04-08."""
    story = [disbursed(TWO, "2024-02-08"), repaid("P1", 100, "2024-03-08"), *days("2024-03-09", "2024-03-15")]
    story.append(charged_back("K1", 100, "2024-03-15", payment_id="P1"))
    same_day = standing(told(*story))
    assert (days_of(same_day), same_day["outstanding_total"]) == ((0, 0), 200)
    task = told(*story, opened("2024-03-16"))
    now = standing(task)
    assert (days_of(now), now["past_due_installments"], now["overdue"]["total"]) == ((1, 1), [], 0)
    assert (now["delinquent_amount"], now["oldest_due_date"]) == (100, "2024-03-15")
    back = told(*story, opened("2024-03-16"), repaid("P2", 100, "2024-03-16"), *days("2024-03-17", "2024-04-09"))
    assert [alert[:2] for alert in said(back)][-2:] == [
        ("loan.cured", "2024-03-16"),
        ("loan.overdue_started", "2024-04-09"),
    ]
    assert days_of(standing(back)) == (1, 1)


def test_credit_takes_a_chargeback_first() -> None:
    """Finer point 14: 30 of credit are gone, 20 are owed on an extra row due that day; the loan is active again."""
    story = [disbursed(one_row("2024-03-08", 100), "2024-02-08"), opened("2024-03-08"), repaid("P1", 130, "2024-03-08")]
    task = told(*story, *days("2024-03-09", "2024-03-20"), charged_back("K1", 50, "2024-03-20", payment_id="P1"))
    now = standing(task)
    assert (now["status"], now["credit_balance"], now["outstanding_total"]) == ("active", 0, 20)
    assert (now["next_due_date"], now["days_past_due"]) == ("2024-03-20", 0)
    task.take(opened("2024-03-21"))
    assert days_of(standing(task)) == (1, 1)


def test_the_first_chargeback_that_is_not_covered_sets_the_ageing() -> None:
    """Finer point 14: after maturity 03-20 is paid back and 03-25 is not: on 03-27 two days are past due."""
    story = [disbursed(one_row("2024-03-08", 100), "2024-02-08"), opened("2024-03-08"), repaid("P1", 100, "2024-03-08")]
    story += [*days("2024-03-09", "2024-03-20"), charged_back("K1", 20, "2024-03-20"), repaid("P2", 20, "2024-03-20")]
    story += [*days("2024-03-21", "2024-03-25"), charged_back("K2", 30, "2024-03-25")]
    assert days_of(standing(told(*story))) == (0, 0)
    assert days_of(standing(told(*story, opened("2024-03-26"), opened("2024-03-27")))) == (2, 2)


OVERDUE = [disbursed(one_row("2024-03-08", 100), "2024-02-08"), *days("2024-03-08", "2024-03-11")]


def test_a_loan_charged_off_goes_on_ageing() -> None:
    """9.4: charged off on 03-11 with 3 days, it has 5 on 03-13, and a payment cures it."""
    task = told(*OVERDUE, turned("charged_off", "2024-03-11"), *days("2024-03-12", "2024-03-13"))
    assert (standing(task)["status"], days_of(standing(task))) == ("charged_off", (5, 5))
    task.take(repaid("P1", 100, "2024-03-13"))
    assert said(task)[-1] == ("loan.cured", "2024-03-13", None)


def test_money_after_a_write_off_is_a_recovery_and_no_cure() -> None:
    """Written off on 03-11 with 3 days: they stay 3, and a payment of all is said to be a recovery."""
    task = told(*OVERDUE, turned("written_off", "2024-03-11"), *days("2024-03-12", "2024-03-13"))
    assert (standing(task)["status"], days_of(standing(task)), standing(task)["bucket"]) == (
        "written_off",
        (3, 3),
        "M1",
    )
    task.take(repaid("P1", 100, "2024-03-13", kind="recovery"))
    assert said(task)[-1] == ("loan.recovery_received", "2024-03-13", "M1")
    assert (standing(task)["outstanding_total"], standing(task)["days_past_due"]) == (0, 3)
    early = told(*OVERDUE, repaid("P1", 100, "2024-03-11", kind="recovery"))
    assert [letter.reason for letter in early.dead_letters] == ["loan_not_written_off"]


@pytest.mark.parametrize(("kind", "status"), [("closed", "settled"), ("transferred", "transferred")])
def test_a_closed_loan_counts_zeros_whatever_remains(kind: str, status: str) -> None:
    """Finer point 16: closed or transferred with 100 unpaid, the loan is cured and owes nothing."""
    task = told(*OVERDUE, turned(kind, "2024-03-11"))
    now = standing(task)
    assert (now["status"], now["outstanding_total"], now["days_past_due"]) == (status, 0, 0)
    assert said(task)[-1] == ("loan.cured", "2024-03-11", None)


def test_notices_come_on_the_exact_day() -> None:
    """9.13: due 03-08, said 3 days and 1 day before and 1 day after while unpaid; paid, nothing is said."""
    story = [disbursed(one_row("2024-03-08", 100), "2024-02-08"), *days("2024-03-01", "2024-03-07")]
    rules = {"due_soon_days": (3, 1), "overdue_notice_days": (1,)}
    unpaid = told(*story, *days("2024-03-08", "2024-03-12"), **rules)
    assert [alert[:2] for alert in said(unpaid)] == [
        ("loan.due_soon", "2024-03-05"),
        ("loan.due_soon", "2024-03-07"),
        ("loan.overdue_started", "2024-03-09"),
        ("loan.overdue_noticed", "2024-03-09"),
    ]
    paid = told(*story, repaid("P1", 100, "2024-03-07"), *days("2024-03-08", "2024-03-12"), **rules)
    assert [alert.kind for alert in paid.alerts] == ["loan.due_soon"] * 2


def test_installment_level_counts_each_installment_without_grace() -> None:
    """9.7: loan A with k1 and k2 unpaid on 03-20, grace 3: k1 (34 days) in M2 and k2 (5 days) in M1."""
    story = [disbursed(loan_a(), "2024-01-15"), opened("2024-03-20")]
    now = standing(told(*story, installment_level=True, grace_days=3))
    assert [(row["bucket"], row["amount"]) for row in now["installment_buckets"]] == [("M1", 106_619), ("M2", 106_619)]
    assert standing(told(*story))["installment_buckets"] == []


def test_a_payment_that_was_charged_back_cannot_be_reversed() -> None:
    """Either the money came and went, or it never came: the second word is refused, whichever it is."""
    paid = [*OVERDUE, repaid("P1", 100, "2024-03-11")]
    back = charged_back("K1", 40, "2024-03-11", payment_id="P1")
    first = told(*paid, back, reversed_("P1", "2024-03-11"))
    assert [letter.reason for letter in first.dead_letters] == ["payment_charged_back"]
    second = told(*paid, reversed_("P1", "2024-03-11"), back)
    assert [letter.reason for letter in second.dead_letters] == ["payment_already_reversed"]
    too_much = told(*paid, back, charged_back("K2", 61, "2024-03-11", payment_id="P1"))
    assert [letter.reason for letter in too_much.dead_letters] == ["chargeback_exceeds_payment"]
