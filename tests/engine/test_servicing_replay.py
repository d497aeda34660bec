"""Whatever happens to a loan: its figures are those of a replay of its journal, and no money is lost."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from stream.engine import journal
from stream.engine.charges import WAIVED_OF
from stream.engine.corrections import rebuild
from stream.engine.dates import Day, iso
from stream.engine.delinquency import judge
from stream.engine.entries import Charge, Chargeback, Revision
from stream.engine.fold import fold
from stream.engine.history import fold_before
from stream.engine.loan import Loan
from stream.engine.policy import Rules
from stream.engine.refused import Refused
from stream.engine.revisions import in_force
from stream.engine.schedule import open_all
from stream.translate import state
from tests.engine.story import Story, cn_rules, installment

MONEY = ("owed", "credit", "lateness", "shortfalls", "worst", "last_payment_id", "last_value_date", "last_amount")


def money(loan: Loan) -> list[object]:
    """Every figure that is a fold over the journal."""
    open_all(loan)
    folded = None if loan.extras is None else loan.extras.folded()
    return [loan.rows, folded, *[getattr(loan, name) for name in MONEY]]


def judged(loan: Loan) -> tuple[int, int, int]:
    return loan.days_past_due, loan.delinquent_days, loan.oldest_due


def replayed(story: Story) -> Loan:
    """The loan with its money folded anew from its journal, judged today."""
    loan = story.loan
    rebuild(loan, journal.read(loan.journal), story.rules)
    judge(loan, story.today, story.rules)
    return loan


def not_accounted_for(story: Story) -> int:
    """What is owed less credit, against all that was asked for and all that came in; nothing was folded yet."""
    loan = story.loan
    entries = journal.read(loan.journal)
    facts = entries.facts()
    revisions = [fact for fact in facts if isinstance(fact, Revision)]
    rows, _ = in_force(entries.schedule, revisions, story.rules.order)
    asked = sum(row[6] for row in rows)
    asked += sum(fact.amount for fact in facts if isinstance(fact, Charge | Chargeback))
    waived = sum(charge[WAIVED_OF] for charge in fold(loan, entries, story.rules, facts, revisions).charges.values())
    received = sum(
        -payment.amount if payment.kind == "credit_balance_refund" else payment.amount for payment in entries.payments
    )
    return sum(loan.owed) - loan.credit - (asked - waived - received)


class Teller:
    """Tells a loan's story at random; the same seed tells the same story."""

    def __init__(self, seed: int, rules: Rules) -> None:
        self.random = Random(seed)
        schedule = [installment(k, iso(738_900 + 30 * k), self.random.randint(500, 1500), 100, 5) for k in range(1, 7)]
        self.story = Story(schedule, rules=rules, on=iso(738_900))
        self.version = 1
        self.told = 0
        self.revises = True
        self.paid_out = False
        """Credit was paid out; what later turns out not to have been credit is nobody's any more."""

    def past(self) -> str:
        return iso(max(738_900, self.story.today - self.random.choice([0, 0, 0, 1, 3, 20, 50])))

    def _pay(self) -> None:
        kind = self.random.choice(["repayment"] * 6 + ["goodwill_credit", "credit_balance_refund"])
        number = self.random.choice([None] * 5 + [2, 4])
        amount = self.random.choice([50, 400, 1100, 2500])
        self.paid_out = self.paid_out or kind == "credit_balance_refund"
        self.story.pay(amount, valued=self.past(), payment=f"P{self.told}", kind=kind, installment=number)

    def _reverse(self) -> None:
        self.story.reverse(f"P{self.random.randrange(self.told + 1)}")

    def _charge_back(self) -> None:
        payment = f"P{self.random.randrange(self.told + 1)}"
        self.story.charge_back(self.random.choice([30, 300, 1200]), payment, valued=self.past())

    def _charge(self) -> None:
        kind, number = self.random.choice(["fee", "penalty"]), self.random.choice([None, None, 1, 3, 6])
        due = iso(self.story.today + self.random.choice([-10, 0, 5, 40]))
        self.story.charge(self.random.choice([10, 77]), charge=f"C{self.told}", kind=kind, due=due, installment=number)

    def _waive(self) -> None:
        amount = self.random.choice([None, 5, 50])
        self.story.waive(f"C{self.random.randrange(self.told + 1)}", amount, waiver=f"W{self.told}")

    def _revise(self) -> None:
        if not self.revises:
            return
        self.version += self.random.choice([1, 1, 2, -1])
        first = self.random.randint(1, 6)
        rows = [
            installment(number, iso(738_900 + 30 * number + 15), self.random.choice([0, 700, 1400]))
            for number in range(first, self.random.randint(first, 8))
        ]
        self.story.revise(rows, effective=self.past(), version=self.version)

    def _pause(self) -> None:
        start = self.story.today + self.random.choice([-20, -3, 0, 4])
        self.story.pause(iso(start), iso(start + self.random.randint(1, 25)))

    def _resume(self) -> None:
        self.story.resume()

    def _days(self) -> None:
        self.story.open(iso(self.story.today + self.random.randint(1, 25)))

    def tell(self) -> None:
        """One more thing happens; what is refused changes nothing."""
        self.told += 1
        acts: list[Callable[[], None]] = [
            *[self._pay] * 6,
            *[self._days] * 4,
            *[self._charge] * 2,
            *(self._reverse, self._charge_back, self._waive, self._revise, self._pause, self._resume),
        ]
        try:
            self.random.choice(acts)()
        except Refused:
            return


@pytest.mark.parametrize("seed", range(60))
def test_every_step_equals_a_replay_and_loses_no_money(seed: int) -> None:
    """After each fact the figures and days are those of the whole journal folded anew; every cent is accounted for."""
    rules = cn_rules(
        vertical=seed % 3 == 0,
        tolerance_amount=20 if seed % 5 == 0 else 0,
        principal_first_after_days=20 if seed % 4 == 0 else None,
        due_soon_days=(3,) if seed % 2 else (),
    )
    teller = Teller(seed, rules)
    for _ in range(40):
        teller.tell()
        story = teller.story
        again = replayed(story)
        assert money(again) == money(story.loan)
        assert judged(again) == judged(story.loan)
        assert teller.paid_out or not_accounted_for(story) == 0


@pytest.mark.parametrize("seed", range(60))
def test_folding_old_facts_changes_nothing(seed: int) -> None:
    """A journal whose older half became opening balances gives the same figures, now and after a replay."""
    teller = Teller(seed, cn_rules(vertical=seed % 3 == 0))
    teller.revises = False
    for _ in range(30):
        teller.tell()
    story = teller.story
    loan = story.loan
    before, days = money(story.loan), judged(loan)
    fold_before(loan, story.rules, Day((738_900 + story.today) // 2))
    assert money(state.load(state.store(loan, 0, 0))) == before
    rebuild(loan, journal.read(loan.journal), story.rules)
    judge(loan, story.today, story.rules)
    assert money(loan) == before
    assert judged(loan) == days


@pytest.mark.parametrize("seed", range(60))
def test_a_new_schedule_over_folded_facts_loses_no_money(seed: int) -> None:
    """Where what was paid on a row is known no more, a revision of the row still leaves the borrower owing the same."""
    teller = Teller(seed, cn_rules())
    for _ in range(30):
        teller.tell()
    story = teller.story
    loan = story.loan
    owing = sum(loan.owed) - loan.credit
    fold_before(loan, story.rules, Day((738_900 + story.today) // 2))
    rebuild(loan, journal.read(loan.journal), story.rules)
    assert teller.paid_out or sum(loan.owed) - loan.credit == owing
