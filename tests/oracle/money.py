"""What is left unpaid of a schedule after all that happened: from the first fact on each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.oracle.history import Charge, Chargeback, Ending, Fact, Payment, Waiver, schedule_in_force
from tests.oracle.policy import COMPONENTS, Product
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
    credit: int = 0
    openings: list[tuple[date, int]] = field(default_factory=list)
    """Value date of each payment, and the days past due at the opening of that day, before the payment counts."""
    last_payment: Payment | None = None
    """The last one in order that brought money in."""
    charges: dict[str, tuple[Installment, Charge]] = field(default_factory=dict)
    waived: dict[str, int] = field(default_factory=dict)
    chargeback_row: Installment | None = None
    """The extra one that a chargeback after maturity opened."""
    written_off: tuple[date, date | None] | None = None
    """Day of the write-off, and what the loan was ageing from then: its days past due stay as they were."""
    extra_tolerated: int = 0

    def ageing_from(self, day: date) -> date | None:
        """The oldest date that something unmet counts from, of those before the day."""
        return min((row.ages_from for row in self.installments if not row.met and row.ages_from < day), default=None)

    def days_past_due(self, day: date) -> int:
        """Days since then; 0 if there is none."""
        since = self.ageing_from(day)
        if self.written_off:
            day, since = min(day, self.written_off[0]), self.written_off[1]
        return (day - since).days if since else 0


def balance(schedule: list[dict[str, Any]], facts: Iterable[Fact], product: Product) -> Balance:
    """Let the facts take effect, in their order, on the schedule that they leave in force."""
    facts = list(facts)
    rows = [_installment(row, product) for row in schedule_in_force(schedule, facts)]
    now = Balance(rows, extra_tolerated=product.tolerated(0))
    for fact in sorted(facts, key=lambda fact: fact.place):
        if isinstance(fact, Charge):
            _charge(now, fact)
        elif isinstance(fact, Waiver):
            _waive(now, fact)
        elif isinstance(fact, Payment):
            _pay(now, fact, product)
        elif isinstance(fact, Chargeback):
            _charge_back(now, fact)
        elif isinstance(fact, Ending) and fact.status in {"closed", "transferred"}:
            for row in now.installments:
                row.unpaid = dict.fromkeys(COMPONENTS, 0)
            now.written_off = None
        elif isinstance(fact, Ending) and fact.status == "written_off":
            now.written_off = (fact.day, now.ageing_from(fact.day))
    return now


def _installment(row: dict[str, Any], product: Product) -> Installment:
    unpaid = {component: row[component] for component in COMPONENTS}
    total = sum(unpaid.values())
    return Installment(
        row["number"], date.fromisoformat(row["due_date"]), total, product.tolerated(total), unpaid, total
    )


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
    row = (named or [row for row in now.installments if row.due_date >= charge.due_date] or [None])[0]
    row = row or _extra(now, charge.due_date)
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
    """Credit takes it first; the rest is owed again with the next installment, or with an extra one after the last."""
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
    row.parts.append((chargeback.day, rest))


def _extra(now: Balance, due_date: date) -> Installment:
    number = max((row.number for row in now.installments), default=0) + 1
    row = Installment(number, due_date, 0, now.extra_tolerated, dict.fromkeys(COMPONENTS, 0), 0)
    now.installments.append(row)
    now.installments.sort(key=lambda row: (row.due_date, row.number))
    return row
