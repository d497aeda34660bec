"""The borrower agent over tables in memory: the same warnings however its input is cut, mixed and repeated."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from typing import Any

from schemas.catalogue import MODEL_OF_TYPE
from stream.local.portfolio import sample
from tests import stories
from tests.warning.bank import Bank

FIRST = date(2024, 1, 10)


def portfolio_events(bank: Bank, loans: int = 60) -> Bank:
    """The sample portfolio with a borrower for every three loans, day by day; each day is opened behind it."""
    book = sample(loans=loans)
    by_day: dict[date, list[dict[str, Any]]] = {}
    for event in book.events:
        if "bad" in event["id"] or not isinstance(event.get("data"), dict):
            continue
        data = event["data"]
        if "borrower_id" in data:
            data = data | {"borrower_id": f"B{int(data['loan_id'][-2:], 36) % 20}"}
        day = date.fromisoformat(event["time"][:10])
        by_day.setdefault(day, []).append(event | {"data": data})
    day = min(by_day)
    last = max(book.days)
    while day <= last:
        bank.publish(*by_day.get(day, ()))
        day += timedelta(1)
        bank.open(day.isoformat())
    return bank.settle()


@cache
def plain_run() -> Bank:
    """The sample portfolio, without restarts."""
    return portfolio_events(Bank(seed=1))


def by_id(bank: Bank) -> dict[str, dict[str, Any]]:
    found = {warning["id"]: warning for warning in bank.warnings()}
    assert len(found) == len(bank.warnings()), "a warning was said twice"
    return found


def test_batches_order_and_restarts_make_no_difference() -> None:
    """However batches are cut, whichever task goes first, with restarts in between: the same warnings, each once."""
    wanted = by_id(plain_run())
    assert len(wanted) > 20
    for seed in (2, 3):
        bank = Bank(seed)
        bank.restarts = seed == 3
        assert by_id(portfolio_events(bank)) == wanted


def test_a_day_opened_in_parts_is_the_same_day() -> None:
    """Two borrowers a transaction, with restarts in between: the same warnings and decisions, each once."""
    bank = Bank(seed=4, borrowers_per_batch=2)
    bank.restarts = True
    assert by_id(portfolio_events(bank)) == by_id(plain_run())
    assert sorted(map(repr, bank.decisions)) == sorted(map(repr, plain_run().decisions))
    assert bank.left_over > 100


def monthly(bank: Bank, payments: list[dict[str, Any]], last: date) -> Bank:
    """A loan of six monthly installments of 100.00 and what is paid of it, each day opened up to the last."""
    schedule = [stories.an_installment(n, date(2024, 1 + n, 15), 100_00) for n in range(1, 7)]
    events = [stories.disbursed(schedule, "2024-01-15"), *payments]
    day = date(2024, 1, 15)
    while day <= last:
        bank.publish(*(event for event in events if event["time"][:10] == day.isoformat()))
        day += timedelta(1)
        bank.open(day.isoformat())
    return bank.settle()


def standing(bank: Bank) -> set[tuple[str, str | None, str, str]]:
    """Code, loan, severity and cycle of the warnings that stand."""
    left: dict[tuple[str, str | None], tuple[str, str | None, str, str]] = {}
    for one in bank.warnings():
        key = (one["code"], one["loan_id"])
        if one["kind"] == "early_warning.cleared":
            del left[key]
        else:
            left[key] = (*key, one["severity"], one["cycle"])
    return set(left.values())


def parts_of(said: Bank) -> list[tuple[str, str, str]]:
    """What was said of parts of installments."""
    return [
        (one["kind"].removeprefix("early_warning."), one["as_of"], one["code"])
        for one in said.warnings()
        if one["code"] in ("PARTIAL_PAY", "RATIO_DECLINE")
    ]


def test_a_rest_that_was_paid_in_time_and_booked_late_clears_its_warning() -> None:
    """Half is booked on the due date, the rest two days later: valued in time, the warning is cleared and counts for
    nothing in the next months; valued late, it stands until the next due date.
    """
    told = {}
    for valued in ("2024-02-15", "2024-02-17"):
        payments = [
            stories.repaid("P1", 50_00, "2024-02-15"),
            stories.repaid("P2", 50_00, valued, when=stories.at("2024-02-17")),
            stories.repaid("P3", 100_00, "2024-03-15"),
        ]
        told[valued] = parts_of(monthly(Bank(partitions=1), payments, date(2024, 3, 20)))
    raised = ("raised", "2024-02-16", "PARTIAL_PAY")
    assert told["2024-02-15"] == [raised, ("cleared", "2024-02-18", "PARTIAL_PAY")]
    assert told["2024-02-17"] == [raised, ("cleared", "2024-03-16", "PARTIAL_PAY")]


def test_shares_that_only_seemed_to_fall_are_no_decline() -> None:
    """100, 90 and 80 percent are booked by the due dates, the rest three days later: a decline only if valued late."""
    told = {}
    for late in (0, 3):
        payments = [stories.repaid("P1", 100_00, "2024-02-15")]
        for month, share in ((3, 90), (4, 80)):
            booked = stories.at(f"2024-0{month}-18")
            valued = f"2024-0{month}-{15 + late}"
            payments += [
                stories.repaid(f"P{month}", share * 1_00, f"2024-0{month}-15"),
                stories.repaid(f"R{month}", (100 - share) * 1_00, valued, when=booked),
            ]
        told[late] = {code for _, _, code in parts_of(monthly(Bank(partitions=1), payments, date(2024, 4, 25)))}
    assert told == {0: {"PARTIAL_PAY"}, 3: {"PARTIAL_PAY", "RATIO_DECLINE"}}


def test_a_reversed_payment_leaves_the_warnings_of_a_clean_history() -> None:
    """A payment that was booked by mistake and reversed: from then on the score decides as if it had never been, and
    the same warnings stand; what was cleared for it is raised again.
    """
    real = [stories.repaid("P1", 100_00, "2024-02-18"), stories.repaid("P2", 100_00, "2024-03-20")]
    mistake = [stories.repaid("X", 100_00, "2024-03-25"), stories.reversed_("X", "2024-04-02")]
    last = date(2024, 4, 13)
    clean = monthly(Bank(partitions=1), real, last)
    rewritten = monthly(Bank(partitions=1), real + mistake, last)
    after = date(2024, 4, 2).toordinal()
    wanted = [one for one in clean.decisions if one.date > after]
    assert any(one.raised for one in wanted)
    assert [one for one in rewritten.decisions if one.date > after] == wanted
    assert ("SCORE_LATE", "L1", "high", "3") in standing(clean)
    assert standing(rewritten) == standing(clean)


def test_a_returned_debit_brings_the_warnings_that_not_paying_would_have_brought() -> None:
    """Paid on the due date and reversed ten days later: the next day the same warnings stand as if never paid."""
    returned = [stories.repaid("X", 100_00, "2024-02-15"), stories.reversed_("X", "2024-02-25")]
    clean = monthly(Bank(partitions=1), [], date(2024, 2, 26))
    rewritten = monthly(Bank(partitions=1), returned, date(2024, 2, 26))
    standing = {
        name: {
            (one["code"], one["loan_id"], one["severity"])
            for one in bank.warnings()
            if one["kind"] != "early_warning.cleared" and one["code"] in ("EARLY_ARREARS", "FPD", "PARTIAL_PAY")
        }
        for name, bank in (("clean", clean), ("rewritten", rewritten))
    }
    assert ("EARLY_ARREARS", "L1", "high") in standing["clean"]
    assert clean.said("EARLY_ARREARS") == [("raised", "2024-02-20")]  # five days past due as that day opens
    assert ("FPD", "L1", "high") in standing["rewritten"]
    assert standing["rewritten"] == standing["clean"] - {("FPD", "L1", "medium")}  # seen first at ten days, not at one


def signals_of(days: int) -> list[tuple[str, dict[str, Any]]]:
    """Signals by the day on which they are recorded: a failed debit now and then, a bureau report a week."""
    told = []
    for number in range(days):
        day = (date(2024, 1, 16) + timedelta(number)).isoformat()
        if number % 3 == 0:
            data = {"borrower_id": "B-L1", "observation_date": day, "loan_id": "L1", "installment": 1}
            told.append(
                (
                    day,
                    stories.event(
                        "borrower.debit_failed", f"f{number}", stories.at(day), data | {"debit_id": f"D{number}"}
                    ),
                )
            )
        if number % 7 == 0:
            data = {"borrower_id": "B-L1", "observation_date": day, "queries_3m": number % 13}
            told.append((day, stories.event("borrower.bureau_reported", f"b{number}", stories.at(day), data)))
    return told


def test_a_signal_ahead_of_its_day_waits_and_is_judged_the_same() -> None:
    """All signals published before the first day opens, twice: each is judged when its day opens, once."""
    early = Bank(partitions=1)
    for _, event in signals_of(30) * 2:
        early.publish(event)
    monthly(early.settle(), [], date(2024, 2, 20))
    assert {one["code"] for one in early.warnings()} >= {"AUTOPAY_FAIL", "STACKING"}
    again = Bank(partitions=1)
    for _, event in signals_of(30):
        again.publish(event)
    again.restarts = True
    monthly(again, [], date(2024, 2, 20))
    assert by_id(again) == by_id(early)


def test_a_signal_is_judged_the_same_whether_it_waited_for_its_day_or_came_on_it() -> None:
    """Raised and cleared on one day, by signals that came before it opened or after: the same warnings, in order."""

    def told(*, early: bool) -> list[dict[str, Any]]:
        bank = Bank(partitions=1)
        monthly(bank, [], date(2024, 1, 19))
        signals = [
            stories.event(
                "borrower.bureau_reported",
                f"b{number}",
                stories.at("2024-01-21"),
                {"borrower_id": "B-L1", "observation_date": f"2024-01-{17 + number}", "queries_3m": queries},
            )
            for number, queries in enumerate((12, 0, 8))
        ]
        if early:
            bank.publish(*signals, signals[0]).settle().open("2024-01-21").settle()
        else:
            bank.open("2024-01-21").settle().publish(*signals, signals[0]).settle()
        return bank.open("2024-01-22").settle().warnings()

    kinds = [(one["kind"].removeprefix("early_warning."), one["severity"]) for one in told(early=True)]
    assert kinds[:3] == [("raised", "high"), ("raised", "high"), ("cleared", "high")]
    assert told(early=True) == told(early=False)


def test_misuse_that_servicing_found_is_warned_of_until_a_signal_clears_it() -> None:
    """`loan.misuse_found` of a loan raises MISUSE when its day is over; `borrower.misuse_cleared` clears it."""
    bank = Bank(partitions=1)
    monthly(bank, [stories.turned("misuse_found", "2024-01-20")], date(2024, 1, 22))
    assert bank.said("MISUSE") == [("raised", "2024-01-21")]
    assert bank.said("MISUSED_FUNDS") == []  # the loan is special mention already, by the policy's scheme
    data = {"borrower_id": "B-L1", "observation_date": "2024-01-22"}
    bank.publish(stories.event("borrower.misuse_cleared", "m1", stories.at("2024-01-22"), data)).settle()
    assert bank.said("MISUSE") == [("raised", "2024-01-21"), ("cleared", "2024-01-23")]  # 01-23 is open


def test_a_correction_of_a_day_stands_though_what_it_replaced_comes_again() -> None:
    """No queries, corrected to 12, then the first event once more: the warning stands."""
    bank = Bank(partitions=1)
    monthly(bank, [], date(2024, 1, 19))
    first, correction = (
        stories.event(
            "borrower.bureau_reported",
            f"b{queries}",
            stories.at("2024-01-20"),
            {"borrower_id": "B-L1", "observation_date": "2024-01-19", "queries_3m": queries},
        )
        for queries in (0, 12)
    )
    bank.publish(first, correction, first).settle()
    assert bank.said("STACKING") == [("raised", "2024-01-20")]


def test_every_warning_is_valid_against_its_contract() -> None:
    """What is sent passes the model of its type, with the fields of the contract and no other."""
    bank = portfolio_events(Bank())
    bank.publish(*(event for _, event in signals_of(30))).settle()
    assert bank.warnings()
    for one in bank.out:
        if one.topic == "loans.early-warnings":
            model = MODEL_OF_TYPE[dict(one.headers)["ce_type"].decode()]
            data = json.loads(one.value or b"")
            assert set(data) == set(model.model_fields)
            model.model_validate_json(one.value or b"")


def test_a_bad_signal_goes_to_the_dead_letters_and_leaves_the_others_alone() -> None:
    """A signal without its figure is refused with its reason; the next one is judged."""
    bank = Bank(partitions=1)
    data = {"borrower_id": "B9", "observation_date": "2024-01-16"}
    bank.publish(stories.event("borrower.income_reported", "i1", stories.at("2024-01-16"), data))
    bank.publish(
        stories.event("borrower.employment_changed", "e1", stories.at("2024-01-16"), data | {"status": "unemployed"})
    )
    monthly(bank, [], date(2024, 1, 20))
    (refused,) = [json.loads(one.value or b"") for one in bank.out if one.topic == "dead-letters"]
    assert refused["reason_code"] == "field_missing"
    assert bank.said("JOB_LOSS") == [("raised", "2024-01-16")]


def test_a_borrower_task_needs_the_marks_of_all_loan_tasks() -> None:
    """With two loan tasks a day is closed only when both have judged it."""
    bank = Bank(partitions=2)
    bank.publish(stories.disbursed([stories.an_installment(1, "2024-01-20", 100_00)], "2024-01-15")).settle()
    task = next(task for task in bank.borrower_tasks if task.store)
    marks: list[list[Any]] = []
    for day in ("2024-01-26", "2024-01-27"):
        bank.open(day)
    bank.queues, queues = {task: [] for task in bank.queues}, bank.queues
    for loan_task in bank.loan_tasks:
        marks += [
            [one for one in loan_task.run(tick=tick) if one.partition == task.partition] for tick in queues[loan_task]
        ]
    only_first = [one for sent in marks[:2] for one in sent if one.topic == "loans.standing"]
    task.run(only_first)
    assert task.context.business_date == 0
    said = task.run([one for batch in marks[2:] for one in batch if one.topic == "loans.standing"])
    assert task.context.business_date > 0
    assert any(one.topic == "loans.early-warnings" for one in said)
