"""Money: where a payment goes, and that none is lost."""

from __future__ import annotations

import pytest

from stream.engine.facts import Allocation
from stream.engine.loan import status
from stream.engine.step import Refused
from tests.engine.story import Story, cn_rules, installment, loan_a, said


def two() -> list[list[int]]:
    return [installment(1, "2024-02-15", 80_00, 20_00), installment(2, "2024-03-15", 90_00, 10_00)]


def test_paying_more_than_everything_leaves_credit() -> None:
    """What is left after the last installment is credit, and the loan is overpaid."""
    story = Story(two())
    story.pay(250_00)
    assert (story.loan.credit, status(story.loan)) == (50_00, "overpaid")


def test_paying_everything_to_the_cent_settles() -> None:
    """Exactly what is owed settles the loan without credit."""
    story = Story(two())
    story.pay(200_00)
    assert (story.loan.credit, status(story.loan)) == (0, "settled")


def test_credit_that_is_paid_out_settles_an_overpaid_loan() -> None:
    """A credit balance refund takes an overpaid loan to settled (design, finer point 4)."""
    story = Story(two())
    story.pay(250_00)
    story.pay(50_00, kind="credit_balance_refund")
    assert (story.loan.credit, status(story.loan)) == (0, "settled")


def test_more_credit_than_there_is_is_not_paid_out() -> None:
    """A credit balance refund above the credit is refused."""
    story = Story(two())
    with pytest.raises(Refused, match="credit_balance_too_small"):
        story.pay(1, kind="credit_balance_refund")


def test_goodwill_in_advance_goes_to_the_last_installment() -> None:
    """A goodwill credit before anything is due lessens the last installment (policy default)."""
    story = Story(two())
    story.pay(30_00, kind="goodwill_credit")
    assert story.unpaid() == {1: (80_00, 20_00, 0, 0), 2: (70_00, 0, 0, 0)}


def test_a_payment_meant_for_an_installment_pays_that_one_first() -> None:
    """Meant for installment 2, what is left of it follows the ordinary order (design, finer point 15)."""
    story = Story(two())
    story.pay(130_00, installment=2)
    assert story.unpaid() == {1: (70_00, 0, 0, 0)}


def test_a_given_allocation_is_used_as_it_stands() -> None:
    """Upstream's allocation wins over the waterfall."""
    story = Story(two())
    story.pay(50_00, allocations=(Allocation(1, 50_00, 0, 0, 0),))
    assert story.unpaid()[1] == (30_00, 20_00, 0, 0)


@pytest.mark.parametrize(
    ("shortfall", "days"), [(10_00, (0, 0)), (10_01, (10, 10))], ids=["at the tolerance", "a cent above it"]
)
def test_a_tolerated_shortfall_counts_as_met(shortfall: int, days: tuple[int, int]) -> None:
    """Tolerance 10.00: exactly 10.00 short is met, 10.01 short is past due."""
    story = Story([installment(1, "2024-02-15", 1_000_00)], rules=cn_rules(tolerance_amount=10_00))
    story.pay(1_000_00 - shortfall)
    story.open("2024-02-25")
    assert story.days()[:2] == days


def test_tolerance_in_percent_is_of_the_scheduled_installment() -> None:
    """1 % of 1,000.00 tolerates 10.00 and not 10.01."""
    rules = cn_rules(tolerance_percent=(1, 100))
    for shortfall, days in ((10_00, 0), (10_01, 10)):
        story = Story([installment(1, "2024-02-15", 1_000_00)], rules=rules)
        story.pay(1_000_00 - shortfall)
        story.open("2024-02-25")
        assert story.days()[0] == days


def test_the_same_payment_twice_counts_once() -> None:
    """A payment id, or an event id, seen before is a duplicate: nothing changes."""
    story = Story(loan_a())
    story.pay(100_00, payment="P1", event="X1")
    before = story.raw
    assert story.pay(100_00, payment="P1", event="X2") is None
    assert story.pay(100_00, payment="P2", event="X1") is None
    assert story.raw == before


def test_a_reversal_before_its_payment_makes_it_as_if_never_paid() -> None:
    """Reversal first, payment second: nothing was paid."""
    story = Story(two())
    story.reverse("P1")
    story.pay(100_00, payment="P1")
    assert sum(map(sum, story.unpaid().values())) == 200_00


def test_a_payment_is_reversed_once() -> None:
    """A second reversal with an id of its own is refused; the same one again is a duplicate."""
    story = Story(two())
    story.pay(100_00, payment="P1")
    story.reverse("P1", reversal="R1", event="X1")
    assert story.reverse("P1", reversal="R1", event="X1") is None
    with pytest.raises(Refused, match="payment_already_reversed"):
        story.reverse("P1", reversal="R2")


def test_a_payment_booked_late_but_valued_in_time_corrects_the_alert() -> None:
    """Valued on the due date, booked five days later: overdue was never true; it is corrected, then cured."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.open("2024-02-20")
    wrong = story.alerts[0]
    alerts = story.pay(100_00, valued="2024-02-15")
    assert said(alerts) == [("loan.alert_corrected", "2024-02-16", 0, None), ("loan.cured", "2024-02-20", 0, None)]
    assert alerts is not None
    assert alerts[0].supersedes == wrong.id
    assert story.loan.worst == 0


def test_a_payment_one_day_late_leaves_the_alert_standing() -> None:
    """Valued one day after the due date and booked then: overdue was true that morning; only a cure follows."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.open("2024-02-16")
    assert said(story.pay(100_00)) == [("loan.cured", "2024-02-16", 0, None)]


def test_a_correction_can_be_wrong_itself() -> None:
    """The late payment that corrected an alert is reversed: the correction is corrected."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.open("2024-02-20")
    corrected = story.pay(100_00, valued="2024-02-15", payment="P1")
    assert corrected is not None
    story.open("2024-02-22")
    alerts = story.reverse("P1")
    assert alerts is not None
    assert ("loan.alert_corrected", "2024-02-16", 1, "M1") in said(alerts)
    assert corrected[0].id in {alert.supersedes for alert in alerts}


def test_a_cancelled_disbursement_takes_back_what_was_said() -> None:
    """Cancelled while overdue: the alert is corrected, the loan counts zeros, and takes no more payments."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.open("2024-02-20")
    assert said(story.cancel()) == [
        ("loan.alert_corrected", "2024-02-16", 0, None),
        ("loan.cured", "2024-02-20", 0, None),
    ]
    assert (story.days(), status(story.loan)) == ((0, 0, ""), "cancelled")
    with pytest.raises(Refused, match="loan_not_active"):
        story.pay(1)


def test_facts_behind_the_horizon_are_refused_and_state_stays_bounded() -> None:
    """A loan paid every day for four years keeps about 800 days of facts, and refuses older ones."""
    story = Story([installment(1, "2030-01-15", 1_000_000_00)], on="2024-01-15")
    for day in range(4 * 365):
        story.open(_day_after("2024-01-15", day))
        story.pay(1_00)
    assert len(story.raw) < 70_000
    assert story.unpaid()[1][0] == 1_000_000_00 - 4 * 365 * 1_00
    with pytest.raises(Refused, match="older_than_replay_horizon"):
        story.pay(1_00, valued="2024-02-01")


def _day_after(start: str, days: int) -> str:
    from datetime import date, timedelta

    return (date.fromisoformat(start) + timedelta(days=days)).isoformat()


def test_an_installment_settled_out_of_order_is_no_longer_past_due() -> None:
    """Vertical: the younger installment is fully paid while the older one still owes; only the older is past due."""
    schedule = [installment(1, "2024-02-15", 0, penalty=1), installment(2, "2024-02-16", 50)]
    story = Story(schedule, rules=cn_rules(vertical=True))
    story.open("2024-02-20")
    story.pay(50, allocations=(Allocation(2, 50, 0, 0, 0),))
    assert story.unpaid() == {1: (0, 0, 0, 1)}
    by_component = Story(
        [installment(1, "2024-02-15", 50), installment(2, "2024-02-16", 0, penalty=50)], rules=cn_rules(vertical=True)
    )
    by_component.open("2024-02-20")
    by_component.pay(50)
    assert by_component.unpaid() == {1: (50, 0, 0, 0)}


def test_a_payment_of_a_cancelled_life_does_not_count_in_the_next() -> None:
    """Disbursed, paid, cancelled, disbursed anew: the old payment delivered again is a duplicate."""
    story = Story([installment(1, "2024-02-15", 100_00)])
    story.pay(40_00, payment="P1", event="X1")
    story.cancel()
    story.disburse_again("E-again")
    assert story.pay(40_00, payment="P1", event="X1") is None
    assert sum(map(sum, story.unpaid().values())) == 100_00
