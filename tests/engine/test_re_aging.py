"""Re-aging by the Uniform Retail Credit Classification policy: 9 months, 3 payments, once in 12, twice in 60."""

from __future__ import annotations

import pytest

from stream.engine.refused import Refused
from tests.engine.policies import shipped
from tests.engine.story import Story, installment, months_after
from tests.engine.test_classification import code

US = shipped("ffiec_metro2.toml", "credit_card")
CN = shipped("cn.toml")
BEGIN = "2022-01-05"
DUES = [months_after(BEGIN, n) for n in range(1, 101)]


class Card(Story):
    """100.00 a month from 2022-02-05; two payments are missed, all others are made on their due dates."""

    def __init__(self, rules: object = US) -> None:
        super().__init__([installment(n, due, 100_00) for n, due in enumerate(DUES, 1)], rules=rules, on=BEGIN)  # type: ignore[arg-type]
        self.version = 1

    def pays(self, first: int, last: int) -> None:
        """The payments of installments `first` to `last`, each on its due date."""
        for n in range(first, last + 1):
            self.open(DUES[n - 1])
            self.pay(100_00)

    def re_age(self, on: str) -> None:
        """What is past due is put behind the last installment."""
        self.open(on)
        self.version += 1
        unpaid = sum(sum(parts) for n, parts in self.unpaid().items() if DUES[n - 1] < on)
        late = [n for n in self.unpaid() if DUES[n - 1] < on]
        rows = [installment(n, months_after(BEGIN, 100), 0) for n in late[1:]]
        rows += [installment(late[0], months_after(BEGIN, 100), unpaid)] if late else []
        kept = [installment(n, DUES[n - 1], 100_00) for n in range(1, 101) if DUES[n - 1] >= on]
        self.revise(rows + kept, effective=on, version=self.version, reason="re_age")


def two_missed(paid: int = 12) -> Card:
    """Installments 1 to `paid` are paid, the next two are not, then three are."""
    card = Card()
    card.pays(1, paid)
    card.pays(paid + 3, paid + 5)
    return card


def test_a_re_age_after_three_payments_makes_the_loan_current() -> None:
    """15 months on the books, three payments in a row: re-aged, nothing is past due any more."""
    card = two_missed()
    assert card.days()[0] > 30
    card.re_age("2023-06-10")
    assert card.days() == (0, 0, "")
    assert code(card.loan, US, "metro2") == "11"


def test_nine_months_on_the_books() -> None:
    """Disbursed 2022-01-05: a re-age on 2022-10-04 is a day too early, on 10-05 it is not."""
    card = two_missed(paid=3)
    card.pays(9, 9)
    with pytest.raises(Refused, match="re_age_too_early"):
        card.re_age("2022-10-04")
    card.re_age("2022-10-05")
    assert card.days()[0] == 0


def test_three_consecutive_payments_or_the_equivalent() -> None:
    """Two payments in the last three months are not enough; one of 100.00 more makes up for the third."""
    card = Card()
    card.pays(1, 12)
    card.pays(15, 16)  # 13 and 14 are missed
    with pytest.raises(Refused, match="re_age_without_payments"):
        card.re_age("2023-06-01")
    card.pay(99_99)
    with pytest.raises(Refused, match="re_age_without_payments"):
        card.re_age("2023-06-01")
    card.pay(1)
    card.re_age("2023-06-01")
    assert card.days()[0] == 0


def again(card: Card, first: int) -> None:
    """Two more installments are missed from `first` on, and four paid."""
    card.pays(first + 2, first + 5)


def test_no_more_than_once_in_twelve_months() -> None:
    """Re-aged on 2023-06-10: again on 2024-06-09 is refused, on 2024-06-10 it is not."""
    card = two_missed()
    card.re_age("2023-06-10")
    card.pays(18, 23)
    again(card, 24)
    with pytest.raises(Refused, match="re_age_too_often"):
        card.re_age("2024-06-09")
    card.re_age("2024-06-10")
    assert card.days()[0] == 0


def test_no_more_than_twice_in_five_years() -> None:
    """Re-aged 2023-06-10 and 2024-06-10: a third time not before 2028-06-10, five years after the first."""
    card = two_missed()
    card.re_age("2023-06-10")
    card.pays(18, 23)
    again(card, 24)
    card.re_age("2024-06-10")
    card.pays(30, 71)
    again(card, 72)  # 2028-01 and 02 missed, 03 to 06 paid
    with pytest.raises(Refused, match="re_age_too_often"):
        card.re_age("2028-06-09")
    card.re_age("2028-06-10")
    assert card.days()[0] == 0


def test_a_refused_re_age_leaves_the_days_as_they_are() -> None:
    """What the rule forbids does not make the loan look current: days past due go on from the missed installment."""
    card = two_missed(paid=3)
    before = card.days()
    with pytest.raises(Refused):
        card.re_age("2022-10-02")
    assert card.days()[0] == before[0] + (card.today - before_day(card))
    assert code(card.loan, US, "metro2") != "11"


def before_day(card: Card) -> int:
    """The day of the last of the three payments."""
    return card.loan.last_value_date


def test_without_the_rule_upstream_decides() -> None:
    """A policy that names no re_aging takes a re-age as any revision: three months on the books, no payment."""
    card = Card(CN)
    card.re_age("2022-04-10")
    assert card.days()[0] == 0


def test_a_re_age_for_financial_difficulty_is_a_restructuring_too() -> None:
    """2023 Measures, art. 17: eased because of financial difficulty is restructured, whatever the reason is called."""
    story = Story([installment(1, "2024-03-15", 100_00)], rules=CN, on="2024-01-15")
    story.open("2024-03-20")
    story.revise([installment(1, "2024-06-15", 100_00)], effective="2024-03-20", reason="re_age", difficulty=True)
    assert code(story.loan, CN, "cn_five_class_2023") == "special_mention"
    assert story.days()[0] == 0


@pytest.mark.parametrize(("on", "allowed"), [("2023-06-04", True), ("2023-06-05", False)])
def test_the_payments_are_those_of_the_last_three_months(on: str, allowed: bool) -> None:
    """Paid on 03-05, 04-05 and 05-05: all three lie in the three months up to 06-04, two in those up to 06-05."""
    card = Card()
    card.pays(1, 12)
    card.pays(14, 16)  # 13 is missed
    if allowed:
        card.re_age(on)
        assert card.days()[0] == 0
    else:
        with pytest.raises(Refused, match="re_age_without_payments"):
            card.re_age(on)
