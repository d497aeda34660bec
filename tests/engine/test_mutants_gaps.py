"""Claims that mutation testing, or a long run of the properties, found nobody to hold."""

from __future__ import annotations

import pytest

from stream.engine.interest import ACCELERATED, OVERDUE_INSTALLMENT, late_charges
from stream.engine.refused import Refused
from tests.engine.story import Story, installment
from tests.engine.test_interest import LOAN_A


def test_a_reversal_is_known_again_by_its_own_id() -> None:
    """The same reversal in another event is dropped, and is not the refusal of a second one."""
    story = Story([installment(1, "2024-03-08", 100)], on="2024-02-08")
    story.open("2024-03-08")
    story.pay(100, payment="P1")
    assert story.reverse("P1", reversal="R1") is not None
    assert story.reverse("P1", reversal="R1", event="again") is None
    assert story.unpaid()[1] == (100, 0, 0, 0)


def test_a_written_off_loan_cannot_be_charged_off() -> None:
    """A write-off comes after a charge-off, never before: the loan is not active any more."""
    story = Story([installment(1, "2024-03-08", 100)], on="2024-02-08")
    story.open("2024-03-10")
    story.set_status("written_off")
    with pytest.raises(Refused) as refused:
        story.set_status("charged_off")
    assert refused.value.reason_code == "loan_not_active"


def test_interest_is_not_charged_twice_where_penalty_is_on_the_whole_installment() -> None:
    """Base overdue installment: interest is in the base already, so nothing is compounded, however late it is."""
    rows = [installment(1, "2020-01-01", 1_000_00, 10_00)]
    [late] = late_charges(rows, rows[0][1] + 3_000, LOAN_A._replace(base=OVERDUE_INSTALLMENT))
    assert late.compound == 0


def test_an_accelerated_principal_counts_once() -> None:
    """Base accelerated: the whole principal is charged with the oldest row and not again, however late it is."""
    rows = [installment(1, "2020-01-01", 1_000_00), installment(2, "2020-01-02", 1_000_00)]
    first, second = late_charges(rows, rows[0][1] + 3_000, LOAN_A._replace(base=ACCELERATED))
    assert (first.penalty > 0, second.penalty) == (True, 0)


def test_a_charge_of_a_cancelled_life_cannot_be_waived_in_the_next() -> None:
    """Disbursed, charged, cancelled, disbursed anew: the new loan has no such charge."""
    story = Story([installment(1, "2024-03-08", 100)], on="2024-02-08")
    story.charge(5, due="2024-03-08", charge="H1")
    story.cancel()
    story.disburse_again("E-again")
    with pytest.raises(Refused) as refused:
        story.waive("H1")
    assert refused.value.reason_code == "charge_unknown"
