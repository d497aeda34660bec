"""Figures of a whole book (domain reference, section 5), by the worked examples W27 to W29."""

from __future__ import annotations

import pytest

from stream.engine.dates import day_of
from stream.engine.portfolio import (
    Position,
    Share,
    at_risk,
    cures,
    first_payment_default,
    months_on_book,
    non_performing,
    rolls,
    vintage,
)
from tests.engine.story import CN, CN_BUCKETS, Story, cn_rules, installment

BUCKETS = [bucket.code for bucket in CN_BUCKETS]


def loan(name: str, bucket: str, principal: int, days: int = 0, **changes: object) -> Position:
    """A loan of the book, disbursed in 2024-01; principal in yuan."""
    plain = Position(name, "2024-01", bucket, days, principal * 100, True, frozenset(), False)
    return plain._replace(**changes)  # type: ignore[arg-type]


def test_w27_overdue_par_and_non_performing() -> None:
    """W27: 100k at 0 days, 50k at 12, 30k at 45, 20k at 95: overdue 50 %, PAR30 25 %, PAR60 and PAR90 and NPL 10 %."""
    book = [
        loan("a", "", 100_000),
        loan("b", "M1", 50_000, 12),
        loan("c", "M2", 30_000, 45),
        loan("d", "M4", 20_000, 95, classes=frozenset({"substandard"})),
    ]
    assert at_risk(book, 0).ratio == 0.50
    assert [at_risk(book, days).ratio for days in (30, 60, 90)] == [0.25, 0.10, 0.10]
    assert non_performing(book).ratio == 0.10


def test_par_30_begins_past_thirty_days() -> None:
    """PAR x counts loans past due for more than x days: 30 days do not count for PAR 30, 31 do."""
    assert at_risk([loan("a", "M1", 10, 30), loan("b", "M2", 30, 31)], 30) == Share(30_00, 40_00)


JANUARY = [loan("current", "", 9_750_000), loan("x", "", 90_000), loan("y", "", 100_000), loan("z", "", 60_000)]
FEBRUARY = [
    loan("current", "", 9_000_000),
    loan("x", "M1", 90_000, 9),
    loan("y", "M1", 100_000, 9),
    loan("z", "M1", 60_000, 9),
]
MARCH = [
    loan("current", "", 8_000_000),
    loan("x", "", 80_000),
    loan("y", "M2", 100_000, 40),
    loan("z", "M1", 60_000, 30),
]


def test_w28_roll_and_cure_by_balance() -> None:
    """W28: M0 Jan 10,000,000, M1 Feb 250,000, of it 90,000 cured and 100,000 to M2 in Mar: 2.50 %, 36 %, 40 %."""
    assert rolls(JANUARY, FEBRUARY, BUCKETS)[("", "M1")] == Share(250_000_00, 10_000_000_00)
    assert rolls(JANUARY, FEBRUARY, BUCKETS)[("", "M1")].ratio == 0.025
    after = {one.loan_id: one for one in MARCH}
    assert cures(FEBRUARY, after)["M1"] == Share(90_000_00, 250_000_00)
    assert cures(FEBRUARY, after)["M1"].ratio == 0.36
    assert rolls(FEBRUARY, MARCH, BUCKETS)[("M1", "M2")] == Share(100_000_00, 250_000_00)
    assert rolls(FEBRUARY, MARCH, BUCKETS)[("M1", "M2")].ratio == 0.40


@pytest.mark.parametrize(
    ("now", "cured"),
    [
        (loan("x", "", 0, in_book=False), True),  # repaid in full
        (loan("x", "", 90_000, in_book=False, left=True), False),  # transferred: gone, not cured
        (loan("x", "M2", 90_000, 45), False),
        (None, False),
    ],
)
def test_a_loan_repaid_in_full_is_cured_and_one_that_left_is_not(now: Position | None, cured: bool) -> None:
    """Cure counts loans that owe nothing past due any more, and no loan that left the book otherwise."""
    after = {} if now is None else {"x": now}
    assert cures([loan("x", "M1", 90_000, 9)], after)["M1"] == Share(90_000_00 if cured else 0, 90_000_00)


def test_w29_vintage_by_months_on_book() -> None:
    """W29: cohort 2024-01 disbursed 5,000,000, 30+ balance 60,000 in 2024-04: MOB 3, 1.20 %."""
    book = [loan("a", "M2", 60_000, 35), loan("b", "M1", 40_000, 29), loan("c", "", 3_000_000)]
    assert months_on_book("2024-01", day_of("2024-04-30")) == 3
    assert months_on_book("2024-01", day_of("2024-01-31")) == 0
    assert vintage(book, {"2024-01": 5_000_000_00}, 30) == {"2024-01": Share(60_000_00, 5_000_000_00)}
    assert vintage(book, {"2024-01": 5_000_000_00}, 30)["2024-01"].ratio == 0.012


def test_thirty_days_are_30_plus_and_a_written_off_loan_stays_in_its_vintage() -> None:
    """30+ begins at 30 days; what was written off counts on, or a vintage would look better for its losses."""
    book = [loan("a", "M1", 1_000, 30), loan("b", "M4", 2_000, 95, in_book=False, left=True)]
    assert vintage(book, {"2024-01": 100_000_00}, 30)["2024-01"].part == 3_000_00


def first_payment(paid: str | None, seen: str, days: int, **rules: object) -> bool | None:
    """FPD of a loan whose first installment of 100.00 is due 2024-02-15 and paid on a day."""
    by = cn_rules(**rules) if rules else CN
    story = Story([installment(n, f"2024-{n + 1:02}-15", 100_00) for n in (1, 2, 3)], rules=by)
    if paid:
        story.open(paid)
        story.pay(100_00)
    story.open(seen)
    return first_payment_default(story.loan, by, day_of(seen), days)


@pytest.mark.parametrize(
    ("paid", "expected"),
    [("2024-02-15", False), ("2024-02-21", False), ("2024-02-22", True), ("2024-03-20", True), (None, True)],
)
def test_w29_first_payment_default_is_the_first_installment_so_many_days_late(paid: str | None, expected: bool) -> None:
    """FPD7: installment 1 at 7 days past due or more: paid on the 7th day (02-22) it was, on the 6th it was not."""
    assert first_payment(paid, "2024-03-25", 7) is expected


def test_a_first_installment_too_young_is_not_counted() -> None:
    """FPD7 is over loans whose installment 1 is 7 days old or more: on 02-21 it is 6 days old."""
    assert first_payment(None, "2024-02-21", 7) is None
    assert first_payment(None, "2024-02-22", 7) is True


def test_later_payments_do_not_undo_a_first_payment_default() -> None:
    """What counts is the state on the 7th day, whatever is paid or missed afterwards."""
    assert first_payment("2024-02-22", "2024-05-30", 7) is True
    assert first_payment("2024-02-15", "2024-05-30", 7) is False  # later installments are unpaid


def test_a_first_installment_met_within_the_tolerance_is_no_default() -> None:
    """With a tolerance of 100.00 the unpaid first installment counts as met."""
    assert first_payment(None, "2024-03-25", 7, tolerance_amount=100_00) is False


def test_an_extension_before_the_due_date_moves_the_first_payment() -> None:
    """Installment 1 moved from 02-15 to 03-15 before it fell due: on 03-21 it is 6 days late, on 03-22 it is 7."""
    story = Story([installment(1, "2024-02-15", 100_00), installment(2, "2024-04-15", 100_00)])
    story.open("2024-02-01")
    moved = [installment(1, "2024-03-15", 100_00), installment(2, "2024-04-15", 100_00)]
    story.revise(moved, effective="2024-02-01", reason="extension")
    story.open("2024-03-22")
    assert first_payment_default(story.loan, CN, day_of("2024-03-21"), 7) is None
    assert first_payment_default(story.loan, CN, day_of("2024-03-22"), 7) is True


def test_a_loan_handed_over_later_has_no_first_payment() -> None:
    """A schedule that begins with installment 4 says nothing of installment 1."""
    story = Story([installment(n, f"2024-0{n}-15", 100_00) for n in (4, 5)])
    story.open("2024-06-01")
    assert first_payment_default(story.loan, CN, day_of("2024-06-01"), 7) is None
