"""What a loan's journal tells again: every fact with its days, and a folded loan from its horizon on."""

from __future__ import annotations

import json

import pytest

from stream.engine.as_known import as_known, counts_on
from stream.engine.dates import day_of
from stream.engine.facts import ChargePosted, ChargeWaived, DelinquencyPaused, Flagged, ScheduleRevised, StatusSet
from stream.engine.history import fold_before
from stream.engine.loan import Loan
from stream.engine.policy import Rules
from stream.engine.retold import told
from stream.engine.stamps import stamp, unstamped
from stream.offline import OfflineRun
from stream.policy_file import parse_policy
from stream.translate.lines import parse_line
from stream.translate.standing import standing_json
from stream.translate.state import load
from tests.stories import Event, an_installment, at, disbursed, event, repaid

POLICY = parse_policy(
    'version = "t"\ntime_zone = "Asia/Shanghai"\n[products.default]\nschemes = []\n'
    'buckets = [{ code = "M1", min_days = 1, max_days = 30 }, { code = "M2", min_days = 31 }]\n'
)


def a_loan(*events: Event, until: str = "2024-06-30") -> tuple[Loan, Rules]:
    """A loan of four installments of 100.00, due on the 15th from February on, after these events."""
    rows = [an_installment(number, f"2024-0{number + 1}-15", 100_00) for number in (1, 2, 3, 4)]
    run = OfflineRun(POLICY, open_days=True)
    for number, told_event in enumerate([disbursed(rows, "2024-01-15"), *events]):
        run.event(parse_line(json.dumps(told_event).encode(), number))
    run.open_until(day_of(until))
    loan = load(run.table[b"L1"])
    return loan, POLICY.rules(loan.product)


def test_a_stamp_is_left_out_where_both_days_are_usual() -> None:
    """A line ends with both days only where one of them is not what the line says anyway."""
    assert stamp(7, 7, 7) == ""
    assert unstamped("R 7 P R E" + stamp(7, 8, 7)) == ("R 7 P R E", 7, 8)
    assert unstamped("R 7 P R E" + stamp(8, 7, 7)) == ("R 7 P R E", 8, 7)
    assert unstamped("R 7 P R user@bank") == ("R 7 P R user@bank", 0, 0)


def test_a_reversal_is_told_with_the_days_it_was_recorded_and_taken_in() -> None:
    """A reversal dated 02-10 that was recorded on 02-25 is known from 02-25 on, not from 02-10."""
    back = {"loan_id": "L1", "payment_id": "P1", "reversal_id": "R1", "reversal_date": "2024-02-10"}
    loan, rules = a_loan(
        repaid("P1", 100_00, "2024-02-08"), event("loan.repayment_reversed", "e-r", at("2024-02-25"), back)
    )
    [_, _, reversal] = told(loan)
    assert (reversal.fact.recorded, reversal.booked) == (day_of("2024-02-25"), day_of("2024-02-25"))
    for known_by, days in (("2024-02-24", 0), ("2024-02-25", 5)):
        past = as_known(loan, rules, day_of("2024-02-20"), day_of(known_by))
        assert past is not None
        assert past.days_past_due == days  # due 02-15


def test_a_cancellation_takes_the_loan_back_for_all_days_once_it_is_known() -> None:
    """As known before the cancellation the loan was overdue; as known after it, nothing was ever due."""
    data = {"loan_id": "L1", "cancellation_date": "2024-03-01"}
    loan, rules = a_loan(event("loan.disbursement_cancelled", "e-c", at("2024-03-01"), data))
    for known_by, days, closed_as in (("2024-02-29", 5, ""), ("2024-03-01", 0, "cancelled")):
        past = as_known(loan, rules, day_of("2024-02-20"), day_of(known_by))
        assert past is not None
        assert (past.days_past_due, past.closed_as) == (days, closed_as)


DAY, BEFORE, AFTER = day_of("2024-03-10"), day_of("2024-03-09"), day_of("2024-03-11")


@pytest.mark.parametrize(
    ("fact", "counts"),
    [
        (StatusSet("e", AFTER, "L1", "written_off", AFTER), False),
        (StatusSet("e", AFTER, "L1", "written_off", DAY), True),
        (StatusSet("e", BEFORE, "L1", "written_off", AFTER), True),  # told already: as on the day itself
        (Flagged("e", AFTER, "L1", "misuse_found", AFTER), False),
        (Flagged("e", AFTER, "L1", "misuse_found", BEFORE), True),
        (ScheduleRevised("e", AFTER, "L1", 2, AFTER, "extension", False, []), False),
        (ScheduleRevised("e", AFTER, "L1", 2, DAY, "extension", False, []), True),
        (ChargePosted("e", AFTER, "L1", "C", "fee", BEFORE, 1, None), False),  # owed from when it was posted on
        (ChargePosted("e", DAY, "L1", "C", "fee", AFTER, 1, None), True),
        (ChargeWaived("e", AFTER, "L1", "C", "W", AFTER, None), False),
        (ChargeWaived("e", AFTER, "L1", "C", "W", BEFORE, None), True),
        (DelinquencyPaused("e", AFTER, "L1", AFTER, day_of("2024-03-20")), False),
        (DelinquencyPaused("e", AFTER, "L1", BEFORE, AFTER), True),
    ],
)
def test_a_servicing_fact_counts_from_its_own_day(fact: StatusSet, counts: bool) -> None:
    """What takes effect after a day, and was recorded after it, says nothing of that day."""
    assert counts_on(fact, DAY) is counts


@pytest.mark.parametrize("day", ["2024-05-01", "2024-05-20", "2024-06-30"])
def test_a_folded_loan_is_told_from_its_horizon_on(day: str) -> None:
    """Facts behind the horizon are balances: what comes after is told from there, with the same money and days."""
    events = (repaid("P1", 100_00, "2024-02-15"), repaid("P2", 60_00, "2024-03-20"), repaid("P3", 90_00, "2024-05-10"))
    loan, rules = a_loan(*events)
    asked = day_of(day)
    whole = as_known(loan, rules, asked, asked)
    fold_before(loan, rules, day_of("2024-04-20"))
    folded = as_known(loan, rules, asked, asked)
    assert whole is not None
    assert folded is not None
    names = (
        "days_past_due",
        "bucket",
        "overdue",
        "outstanding_total",
        "past_due_installments",
        "last_payment",
        "as_of",
    )
    theirs, ours = json.loads(standing_json(whole, rules)), json.loads(standing_json(folded, rules))
    assert [ours[name] for name in names] == [theirs[name] for name in names]


def test_behind_the_horizon_nothing_is_said() -> None:
    """A day before the horizon, or what was known by one, is refused: only balances are kept of it."""
    loan, rules = a_loan(repaid("P1", 100_00, "2024-02-15"))
    fold_before(loan, rules, day_of("2024-04-20"))
    for day, known_by in (("2024-04-19", "2024-06-01"), ("2024-06-01", "2024-04-19")):
        with pytest.raises(ValueError, match="folded"):
            as_known(loan, rules, day_of(day), day_of(known_by))
