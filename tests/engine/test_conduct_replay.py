"""What a loan's conduct leaves behind does not depend on the order in which its facts arrive."""

from __future__ import annotations

from random import Random

import pytest

from stream.engine import step
from stream.engine.dates import Day, day_of, iso
from stream.engine.delinquency import next_check
from stream.engine.findings import Alert
from stream.engine.policy import Rules
from stream.translate import state
from tests.engine.policies import rules_of, shipped
from tests.engine.story import Story, installment, months_after
from tests.engine.test_classification import keep

END = "2025-06-30"
RULES = {
    "five classes": shipped("cn.toml"),
    "material arrears": shipped("crr_178.toml"),
    "first arrears": rules_of('count_from = "first_arrears"', 'schemes = ["rbi"]'),
}


def loan(rules: Rules) -> Story:
    """Twelve installments of 200.00 of a company."""
    schedule = [installment(n, months_after("2024-01-15", n), 200_00) for n in range(1, 13)]
    story = Story(schedule, rules=rules, on="2024-01-15")
    of_company = story.loan
    of_company.segment = "business"
    keep(story, of_company)
    return story


def payments(random: Random) -> list[tuple[str, int, str]]:
    """Value date, amount and id of some payments, by value date: regular, none for months, much at once."""
    days = sorted(random.sample(range(day_of("2024-02-01"), day_of(END)), random.randrange(3, 12)))
    return [(iso(day), random.choice((100_00, 200_00, 400_00, 900_00)), f"P{day}") for day in days]


def figures(story: Story) -> tuple[object, ...]:
    end = story.loan
    return (
        end.days_past_due,
        end.delinquent_days,
        end.bucket,
        end.classes,
        "" if end.extras is None else end.extras.memory,
        story.unpaid(),
    )


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", range(25))
def test_any_order_of_arrival_gives_the_same_days_and_classes(name: str, seed: int) -> None:
    """Told on their days, or all on the last day in any order: days, classes and memory are the same."""
    random = Random(seed)
    told = payments(random)
    in_time, late = loan(RULES[name]), loan(RULES[name])
    for day, amount, payment in told:
        in_time.open(day)
        in_time.pay(amount, payment=payment, event=f"E-{payment}")
    in_time.open(END)
    late.open(END)
    random.shuffle(told)
    for day, amount, payment in told:
        late.pay(amount, valued=day, payment=payment, event=f"E-{payment}")
    assert figures(in_time) == figures(late)


@pytest.mark.parametrize("name", RULES)
def test_a_reversed_payment_is_as_if_never_made(name: str) -> None:
    """The arrears were cleared by a payment that is reversed: days and classes are those of a loan without it."""
    paid, unpaid = loan(RULES[name]), loan(RULES[name])
    paid.open("2024-08-01")
    paid.pay(1_200_00, payment="P-back")
    paid.open("2024-08-10")
    paid.reverse("P-back")
    unpaid.open("2024-08-10")
    assert figures(paid) == figures(unpaid)


class Seldom(Story):
    """A loan that is looked at only on the days that it asks for, as a worker does."""

    def open(self, day: str) -> list[Alert]:
        """Open every business day up to and with `day`, skipping those that the loan does not ask for."""
        said: list[Alert] | None = []
        while self.today < day_of(day):
            self.today = Day(self.today + 1)
            if state.next_check_of(self.raw) <= self.today:
                loan = self.loan
                said = self._keep(loan, step.open_day(loan, self.rules, self.today))
        return said or []


QUARTERS = [months_after("2024-01-15", 3 * n) for n in range(1, 12)]


def late_then_good(random: Random) -> list[tuple[str, int]]:
    """Nothing for some quarters, then all arrears at once, then each installment on its due date."""
    missed = random.randrange(1, 4)
    cleared = iso(day_of(QUARTERS[missed - 1]) + random.randrange(1, 88))
    return [(cleared, missed * 200_00), *[(due, 200_00) for due in QUARTERS[missed:-1]]]


def tell(story: Story, told: list[tuple[str, int]]) -> Story:
    """Let payments arrive on their days."""
    of_company = story.loan
    of_company.segment = "business"
    story.raw = state.store(of_company, next_check(of_company, story.rules), 0)
    for day, amount in told:
        story.open(day)
        story.pay(amount)
    story.open("2026-12-31")
    return story


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", range(8))
def test_a_loan_asks_for_every_day_on_which_something_changes(name: str, seed: int) -> None:
    """Looked at every day, or only on the days that the loan asks for: the same alerts with the same ids."""
    told = late_then_good(Random(seed))
    schedule = [installment(n, due, 200_00) for n, due in enumerate(QUARTERS, start=1)]
    daily = tell(Story([list(row) for row in schedule], rules=RULES[name], on="2024-01-15"), told)
    seldom = tell(Seldom([list(row) for row in schedule], rules=RULES[name], on="2024-01-15"), told)
    assert [alert.id for alert in seldom.alerts] == [alert.id for alert in daily.alerts]
    assert seldom.loan.last_event_id == daily.loan.last_event_id
