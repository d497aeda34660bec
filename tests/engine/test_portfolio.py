"""The sample portfolio: right schedules, the whole variety of lending life, and the same at every run."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from schemas.catalogue import MODEL_OF_TYPE
from schemas.envelope import Envelope
from stream.local.portfolio import Event, Sample, sample
from stream.local.schedules import annuity, bullet, equal_principal, interest_only, monthly_dates, pay_later

LOAN_A = monthly_dates(date(2024, 1, 15), 12)


@pytest.fixture(scope="module")
def portfolio() -> Sample:
    return sample()


def events_of(portfolio: Sample, kind: str) -> list[Event]:
    return [event for event in portfolio.events if event["type"] == kind]


# --- schedules: the examples of the domain reference, part 3 ---


def test_annuity_of_loan_a() -> None:
    """12,000.00 at 12% over 12 months: 1,066.19 a month, the last 1,066.14, interest 794.23 in all."""
    rows = annuity(12_000_00, "0.12", LOAN_A)
    assert [(row.principal, row.interest) for row in rows[:2]] == [(946_19, 120_00), (955_65, 110_54)]
    assert [row.total for row in rows] == [1_066_19] * 11 + [1_066_14]
    assert sum(row.interest for row in rows) == 794_23
    assert sum(row.principal for row in rows) == 12_000_00


def test_equal_principal() -> None:
    """12,000.00 at 12% over 12 months: 1,120.00, 1,110.00 down to 1,010.00, interest 780.00 in all."""
    rows = equal_principal(12_000_00, "0.12", LOAN_A)
    assert [row.total for row in rows] == [1_120_00 - 10_00 * month for month in range(12)]
    assert sum(row.interest for row in rows) == 780_00


def test_equal_principal_is_repaid_in_full() -> None:
    """A principal that the months do not divide is repaid to the cent: the last installment takes up the rounding."""
    rows = equal_principal(100_00, "0.12", LOAN_A[:3])
    assert [row.principal for row in rows] == [33_33, 33_33, 33_34]


def test_interest_only() -> None:
    """100,000.00 at 7.2%: 600.00 a month, and the last time the principal with it."""
    rows = interest_only(100_000_00, "0.072", LOAN_A)
    assert [row.total for row in rows] == [600_00] * 11 + [100_600_00]


@pytest.mark.parametrize(("year_days", "interest"), [(360, 766_67), (365, 756_16)])
def test_bullet(year_days: int, interest: int) -> None:
    """50,000.00 at 6% for the 92 days from 2024-03-01 to 2024-06-01: 766.67 by 360 days a year, 756.16 by 365."""
    (row,) = bullet(50_000_00, "0.06", date(2024, 3, 1), date(2024, 6, 1), year_days)
    assert (row.principal, row.interest, row.due_date) == (50_000_00, interest, date(2024, 6, 1))


def test_month_ends_keep_their_anchor_day() -> None:
    """A loan of 2024-01-31 falls due on 02-29, 03-31, 04-30, 05-31 (W04)."""
    dues = [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]
    assert monthly_dates(date(2024, 1, 31), 4) == dues


def test_pay_later_parts_add_up_to_the_price() -> None:
    """A price that four does not divide is paid in full: the last part takes up the rounding."""
    rows = pay_later(100_02, LOAN_A[:4])
    assert [row.total for row in rows] == [25_01, 25_01, 25_01, 24_99]
    assert [row.number for row in rows] == [0, 1, 2, 3]


# --- the sample ---


def test_same_seed_same_sample(portfolio: Sample) -> None:
    """The sample follows from its seed: two calls agree, another seed differs."""
    assert sample() == portfolio
    assert sample(seed=8) != portfolio


def test_events_are_in_time_order_on_business_days(portfolio: Sample) -> None:
    """Times never fall, and every event was recorded on one of the five weeks' days."""
    times = [datetime.fromisoformat(event["time"]) for event in portfolio.events]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert len(portfolio.days) == 35
    assert all((later - earlier).days == 1 for earlier, later in pairwise(portfolio.days))
    zone = ZoneInfo(portfolio.time_zone)
    assert {time.astimezone(zone).date() for time in times} <= set(portfolio.days)
    assert [event for _, events in portfolio.by_day() for event in events] == portfolio.events


def test_every_event_but_the_damaged_ones_keeps_the_contract(portfolio: Sample) -> None:
    """Exactly the two damaged messages are refused by the contract."""
    refused = []
    for event in portfolio.events:
        try:
            Envelope.model_validate_json(_json(event))
            MODEL_OF_TYPE[event["type"]].model_validate_json(_json(event["data"]))
        except ValidationError:
            refused.append(event["id"])
    assert refused == ["damaged-1", "damaged-2"]


def test_several_products_and_kinds_of_borrower(portfolio: Sample) -> None:
    """Five products of retail and micro-business borrowers, some of whom have two loans."""
    loans = [event["data"] for event in events_of(portfolio, "loan.disbursed")]
    assert len(loans) == 240
    assert len({loan["product"] for loan in loans}) == 5
    assert {loan["segment"] for loan in loans} == {"retail", "micro_business"}
    assert max(Counter(loan["borrower_id"] for loan in loans).values()) == 2


def test_some_loans_are_far_in_arrears_at_the_hand_over(portfolio: Sample) -> None:
    """Some loans come with an installment more than 30 days past due, some with one more than 60."""
    first = portfolio.days[0]
    oldest = [
        date.fromisoformat(event["data"]["schedule"][0]["due_date"]) for event in events_of(portfolio, "loan.disbursed")
    ]
    past_due = [(first - due).days for due in oldest if due < first]
    assert sum(30 < days <= 60 for days in past_due) >= 3
    assert sum(60 < days for days in past_due) >= 3


def test_payments_late_in_part_posted_late_and_dated_ahead(portfolio: Sample) -> None:
    """All that makes overdue detection hard occurs: late, partial, posted late, dated ahead."""
    due_of_loan = {
        event["data"]["loan_id"]: {row["due_date"]: row for row in event["data"]["schedule"]}
        for event in events_of(portfolio, "loan.disbursed")
    }
    zone = ZoneInfo(portfolio.time_zone)
    seen: Counter[str] = Counter()
    for event in events_of(portfolio, "loan.repaid"):
        data = event["data"]
        told = datetime.fromisoformat(event["time"]).astimezone(zone).date().isoformat()
        row = due_of_loan.get(data["loan_id"], {}).get(data["value_date"])
        seen["posted late"] += data["value_date"] < told
        seen["dated ahead"] += data["value_date"] > told
        seen["off the due day"] += row is None
        seen["in part"] += row is not None and data["amount"] == _total(row) // 2
    assert all(seen[what] >= 3 for what in ("posted late", "dated ahead", "off the due day", "in part")), seen


def test_reversals_cancellations_and_deliveries_out_of_order(portfolio: Sample) -> None:
    """Returned debits, cancelled loans, deliveries repeated (event id, payment id), payments before their loan."""
    assert len(events_of(portfolio, "loan.repayment_reversed")) >= 5
    assert len(events_of(portfolio, "loan.disbursement_cancelled")) == 2
    ids = Counter(event["id"] for event in portfolio.events)
    assert any(count == 2 for count in ids.values())
    payments = events_of(portfolio, "loan.repaid")
    event_ids = Counter((event["data"]["payment_id"], event["id"]) for event in payments)
    assert any(count > 1 for count in Counter(payment for payment, _ in event_ids).values())
    position = {event["id"]: index for index, event in enumerate(portfolio.events)}
    early = [event for event in payments if position[event["id"]] < position.get(f"{event['subject']}-disbursed", -1)]
    assert len(early) == 3


def _json(value: object) -> str:
    return json.dumps(value)


def _total(row: dict[str, int]) -> int:
    return row["principal"] + row["interest"] + row["fee"] + row["penalty"]


def test_signals_keep_the_contract_and_change_nothing_else(portfolio: Sample) -> None:
    """What is observed of borrowers is told on business days, as the contract has it, of borrowers with loans."""
    assert len(portfolio.signals) > 100
    borrowers = {event["data"]["borrower_id"] for event in portfolio.events if event["type"] == "loan.disbursed"}
    for event in portfolio.signals:
        Envelope.model_validate_json(_json(event))
        MODEL_OF_TYPE[event["type"]].model_validate_json(_json(event["data"]))
        assert event["data"]["borrower_id"] in borrowers
    told = portfolio.signals_by_day()
    assert [event for day in portfolio.days for event in told[day]] == portfolio.signals
