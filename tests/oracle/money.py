"""What is left unpaid of a schedule after all that happened: from the first fact on each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.oracle.conduct import Conduct, Restructuring, look, restructurings
from tests.oracle.history import (
    Charge,
    Chargeback,
    Ending,
    Fact,
    Impairment,
    Indication,
    Payment,
    Waiver,
    schedule_in_force,
)
from tests.oracle.policy import COMPONENTS, Product
from tests.oracle.schemes import UNLIKELY, Floor
from tests.oracle.waterfall import allocate


@dataclass(slots=True, eq=False)
class Installment:
    """A row of the schedule and what is still unpaid of it."""

    number: int
    due_date: date
    scheduled: int
    tolerated: int
    unpaid: dict[str, int]
    owed: int
    """All that it ever came to: scheduled, charged, charged back, less what was waived."""
    charged_back: int = 0
    """What its chargebacks came to, after credit took its part."""
    parts: list[tuple[date, int]] = field(default_factory=list)
    """Value date and amount of each of those."""

    @property
    def total(self) -> int:
        """Unpaid in all components."""
        return sum(self.unpaid.values())

    @property
    def excess(self) -> int:
        """What was charged back here beyond what is paid here."""
        return max(0, self.charged_back - (self.owed - self.total))

    @property
    def ages_from(self) -> date:
        """The first chargeback that is not covered by what is paid here, else the due date."""
        covered = self.owed - self.total
        for day, amount in self.parts:
            covered -= amount
            if covered < 0:
                return day
        return self.due_date

    @property
    def met(self) -> bool:
        """Whether no more than the tolerance is unpaid."""
        return self.total <= self.tolerated or not self.total


@dataclass
class Balance:
    """The installments, oldest first, and the credit, after some facts."""

    installments: list[Installment]
    product: Product
    disbursed: date
    restructured: list[Restructuring] = field(default_factory=list)
    remembers: bool = False
    """Days or classes depend on more than what is unpaid now."""
    conduct: Conduct = field(default_factory=Conduct)
    looked: date = date.min
    """The day of the last look at the conduct."""
    credit: int = 0
    openings: list[tuple[date, int]] = field(default_factory=list)
    """Value date of each payment, and the days past due at the opening of that day, before the payment counts."""
    last_payment: Payment | None = None
    """The last one in order that brought money in."""
    charges: dict[str, tuple[Installment, Charge]] = field(default_factory=dict)
    waived: dict[str, int] = field(default_factory=dict)
    indications: set[str] = field(default_factory=set)
    """Those in force."""
    expected_loss: Fraction | None = None
    """Percent, of a credit-impaired loan."""
    distressed: bool = False
    """There was a distressed restructuring once."""
    life: str | None = None
    """How the loan has ended, in the words of its status."""
    chargeback_row: Installment | None = None
    """The extra one that a chargeback after maturity opened."""
    written_off: tuple[date, date | None] | None = None
    """Day of the write-off, and what the loan was ageing from then: its days past due stay as they were."""

    def ageing_from(self, day: date) -> date | None:
        """The oldest date that something unmet counts from, of those before the day."""
        return min((row.ages_from for row in self.installments if not row.met and row.ages_from < day), default=None)

    def past_due(self, day: date) -> list[Installment]:
        """The installments that were due before the day and are not met."""
        return [row for row in self.installments if row.due_date < day and row.ages_from < day and not row.met]

    def days_past_due(self, day: date) -> int:
        """Days past due on a day that the conduct has been looked at, by the product's way of counting."""
        return self._days(day, self.conduct)

    def judged(self, day: date) -> tuple[int, date | None]:
        """Days past due, and the oldest date that something unmet counts from."""
        oldest = self.written_off[1] if self.written_off else self.ageing_from(day)
        return self._days(day, self.conduct_on(day)), oldest

    def _days(self, day: date, past: Conduct) -> int:
        oldest = self.ageing_from(day)
        if self.written_off:  # days stand still
            day, oldest = min(day, self.written_off[0]), self.written_off[1]
        if not oldest or day < self.disbursed:
            return 0
        since = oldest + timedelta(1) if self.product.count_from == "oldest_unpaid" else past.since
        return self.days_since(since, day)

    def days_since(self, since: date | None, day: date) -> int:
        """The days that count, `since` being the first; one more where the due date itself counts."""
        if not since or since > day:
            return 0
        return (day - since).days + (2 if self.product.counts_due_date else 1)

    def material(self, day: date) -> bool:
        """Whether arrears exceed both an amount and a part of the exposure.

        What was charged back with an installment that is not due yet is in arrears too, once it ages.
        """
        rows = self.past_due(day)
        excess = sum(row.excess for row in self.installments if row.ages_from < day <= row.due_date and not row.met)
        besides = sum(row.total - row.unpaid["principal"] for row in rows)
        arrears, exposure = sum(row.total for row in rows) + excess, besides + self.outstanding_principal
        part = Fraction(arrears * 100, exposure) if exposure else 0
        return arrears > self.product.material_amount and part > self.product.material_percent

    def is_indicated(self, floor: Floor) -> bool:
        """Whether what was found out of the ability to pay is so."""
        if floor.when == "credit_impaired":
            return self.expected_loss is not None and self.expected_loss >= floor.least_loss
        return bool(self.indications & (UNLIKELY if floor.when == "unlikely_to_pay" else {floor.when}))

    @property
    def outstanding_principal(self) -> int:
        """Unpaid principal, due or not."""
        return sum(row.unpaid["principal"] for row in self.installments)

    def second_due_after(self, day: date) -> date | None:
        """The second due date of the schedule after a day, paid or not."""
        dues = [row.due_date for row in self.installments if row.scheduled and row.due_date > day]
        return dues[1] if len(dues) > 1 else None

    def fell_due(self, first: date, day: date) -> int:
        """What the schedule asked for from `first` on and before `day`, paid or not."""
        return sum(row.scheduled for row in self.installments if first <= row.due_date < day)

    def pass_to(self, day: date) -> None:
        """Look at the opening of every day up to this one."""
        if self.remembers:
            self.conduct, self.looked = _passed(self, day), max(day, self.looked)

    def conduct_on(self, day: date) -> Conduct:
        """The conduct up to a day, without changing what is known up to the last fact."""
        return _passed(self, day) if self.remembers else self.conduct

    def look(self, day: date) -> None:
        """Look at the moment after a fact of this day."""
        if self.remembers:
            look(self, self.conduct, day)


def _passed(now: Balance, day: date) -> Conduct:
    past = now.conduct.copy()
    opening = max(now.looked + timedelta(1), now.disbursed) if now.looked > date.min else now.disbursed
    while opening <= day:
        look(now, past, opening)
        opening += timedelta(1)
    return past


def balance(schedule: list[dict[str, Any]], facts: Iterable[Fact], product: Product, disbursed: date) -> Balance:
    """Let the facts take effect, in their order, on the schedule that they leave in force."""
    facts = list(facts)
    rows = [_installment(row, product) for row in schedule_in_force(schedule, facts)]
    now = Balance(rows, product, disbursed, restructurings(facts, product))
    now.remembers = product.remembers or (bool(now.restructured) and product.watches)
    for fact in sorted(facts, key=lambda fact: fact.place):
        if isinstance(fact, MOVES):
            now.pass_to(fact.day)
            _take(now, fact)
            now.look(fact.day)
    return now


def _take(now: Balance, fact: Fact) -> None:
    if isinstance(fact, Charge):
        _charge(now, fact)
    elif isinstance(fact, Waiver):
        _waive(now, fact)
    elif isinstance(fact, Payment):
        _pay(now, fact, now.product)
    elif isinstance(fact, Chargeback):
        _charge_back(now, fact)
    elif isinstance(fact, Ending):
        _end(now, fact)
    elif isinstance(fact, Indication):
        now.indications -= {fact.indication}
        now.indications |= set() if fact.ended else {fact.indication}
        now.distressed |= fact.indication == "distressed_restructuring"
    elif isinstance(fact, Impairment):
        now.expected_loss = fact.expected_loss


def _end(now: Balance, ending: Ending) -> None:
    """Closed or transferred, nothing is owed any more; written off, days stand still."""
    now.life = "settled" if ending.status == "closed" else ending.status
    if ending.status == "written_off":
        now.written_off = (ending.day, now.ageing_from(ending.day))
    elif ending.status != "charged_off":
        for row in now.installments:
            row.unpaid = dict.fromkeys(COMPONENTS, 0)
        now.written_off = None


MOVES = (Charge, Waiver, Payment, Chargeback, Ending, Indication, Impairment)
"""The facts that change on their day what is owed, or what is thought of it."""


def _installment(row: dict[str, Any], product: Product) -> Installment:
    unpaid = {component: row[component] for component in COMPONENTS}
    total = sum(unpaid.values())
    due = product.effective_due(date.fromisoformat(row["due_date"]))
    return Installment(row["number"], due, total, product.tolerated(total), unpaid, total)


def _pay(now: Balance, payment: Payment, product: Product) -> None:
    days = now.days_past_due(payment.day)
    now.openings.append((payment.day, days))
    if payment.kind == "credit_balance_refund":
        now.credit -= min(now.credit, payment.amount)
        return
    now.credit += allocate(now.installments, payment, days, product)
    now.last_payment = payment


def _charge(now: Balance, charge: Charge) -> None:
    """On the row it names, else on the first due on or after its date, else on an extra one; credit pays first."""
    named = [row for row in now.installments if row.number == charge.installment]
    joined = named or [row for row in now.installments if row.due_date >= charge.due_date]
    row = joined[0] if joined else _extra(now, charge.due_date)
    absorbed = min(now.credit, charge.amount)
    now.credit -= absorbed
    row.unpaid[charge.component] += charge.amount - absorbed
    row.owed += charge.amount - absorbed
    now.charges[charge.charge_id] = (row, charge)


def _waive(now: Balance, waiver: Waiver) -> None:
    if waiver.charge_id not in now.charges:
        return
    row, charge = now.charges[waiver.charge_id]
    left = charge.amount - now.waived.get(waiver.charge_id, 0)
    part = min(left, row.unpaid[charge.component], left if waiver.amount is None else waiver.amount)
    row.unpaid[charge.component] -= part
    row.owed -= part
    now.waived[waiver.charge_id] = now.waived.get(waiver.charge_id, 0) + part


def _charge_back(now: Balance, chargeback: Chargeback) -> None:
    """Credit takes it first; the rest is owed again with the next installment, or with an extra one after the last.

    A loan that was closed lives on if anything is owed again.
    """
    absorbed = min(now.credit, chargeback.amount)
    now.credit -= absorbed
    rest = chargeback.amount - absorbed
    if not rest:
        return
    later = [row for row in now.installments if row.due_date > chargeback.day]
    row = later[0] if later else now.chargeback_row
    if row is None:
        row = now.chargeback_row = _extra(now, chargeback.day)
    row.unpaid["principal"] += rest
    row.owed += rest
    row.charged_back += rest
    now.life = None if now.life == "settled" else now.life
    row.parts.append((chargeback.day, rest))


def _extra(now: Balance, due_date: date) -> Installment:
    number = max((row.number for row in now.installments), default=0) + 1
    row = Installment(number, due_date, 0, now.product.tolerated(0), dict.fromkeys(COMPONENTS, 0), 0)
    now.installments.append(row)
    now.installments.sort(key=lambda row: (row.due_date, row.number))
    return row
