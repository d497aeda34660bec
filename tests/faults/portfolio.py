"""What happens to an invented portfolio, day by day: mostly as it should, and in every way in which it should not.

A loan has weekly installments, so that many things happen to few loans in little time. Within a topic the order of
publication counts. Across topics it must not, or no reader of the log could know in which order a task took the
records: only a cancellation and what servicing does change what a payment means, so these come when all else of the
day is out, and no loan has both.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from tests import stories
from tests.faults.observed import SIGNALS, observed
from tests.faults.servicing import servicing

DISBURSEMENTS, REPAYMENTS, BUSINESS_DAYS = "loans.disbursements", "loans.repayments", "business-days"
SERVICING = "loans.servicing"

FIRST_DAY = date(2001, 1, 1)
"""Long ago: the story of a long run must not reach today, for a broker takes no record from beyond the next hour."""
INSTALLMENTS, EVERY_DAYS, PRINCIPAL, INTEREST = 12, 7, 10_000, 300

POLICY = """
version = "faults-1"
time_zone = "Asia/Shanghai"

[feed]
enabled = false

[products.default]
allocation = { axis = "horizontal", order = ["penalty", "fee", "interest", "principal"] }
buckets = [
    { code = "M1", min_days = 1, max_days = 5 },
    { code = "M2", min_days = 6, max_days = 15 },
    { code = "M3", min_days = 16 },
]

[products.with_grace]
grace_days = 3

[products.tolerant]
tolerance = { amount = 100, percent = "1.5" }

[products.principal_first]
allocation = { axis = "vertical", order = ["fee", "interest", "penalty", "principal"], principal_first_after_days = 10 }
"""
PRODUCTS = ("cash_loan", "with_grace", "tolerant", "principal_first")


@dataclass(frozen=True, slots=True)
class Planned:
    """An event to publish."""

    topic: str
    kind: str
    event_id: str
    data: dict[str, Any]


@dataclass
class Portfolio:
    """Plans loans as days need them; the same seed and the same asking give the same story."""

    seed: int
    loans: int = 0
    days: dict[int, list[Planned]] = field(default_factory=lambda: defaultdict(list))
    """Day number to its events, in any order."""
    last: dict[int, list[Planned]] = field(default_factory=lambda: defaultdict(list))
    """Day number to what is published last on it."""

    def add_loans(self, count: int, day: int) -> None:
        """Plan the whole life of so many new loans, paid out on a day."""
        for _ in range(count):
            self.loans += 1
            Life(self, Random(f"{self.seed}/{self.loans}"), f"L{self.loans}", day).plan()
            if self.loans % 2 == 0:
                self._observe(self.loans // 2, day)

    def _observe(self, number: int, day: int) -> None:
        """Plan what is observed of a borrower, who has two loans."""
        loans = [f"L{2 * number}", f"L{2 * number + 1}"]
        random = Random(f"{self.seed}/observed/{number}")
        for when, event in observed(f"B{number}", loans, random, FIRST_DAY + timedelta(day)):
            planned = Planned(SIGNALS, event["type"], event["id"], event["data"])
            self.days[(when - FIRST_DAY).days].append(planned)

    def take(self, day: int) -> tuple[list[Planned], list[Planned]]:
        """The events of a day, shuffled, and what is published last on it, in any order."""
        events = self.days.pop(day, [])
        Random(f"{self.seed}/day/{day}").shuffle(events)
        return events, self.last.pop(day, [])


@dataclass
class Life:
    """One loan from its disbursement to its last event."""

    book: Portfolio
    random: Random
    loan_id: str
    start: int
    payments: int = 0

    def plan(self) -> None:
        """Plan all of it."""
        if self.chance(0.01):  # never disbursed: its events wait, and are given up
            self.pay(self.start, 500)
            return
        self.disburse()
        owed_before = 0
        for number in range(1, INSTALLMENTS + 1):
            owed_before = self.installment(self.start + EVERY_DAYS * number, owed_before)
        if self.chance(0.01):
            end = self.start + EVERY_DAYS * INSTALLMENTS + 1
            self.pay(end, 50_000)
            self.pay(end + 2, 700, kind="credit_balance_refund")

    def disburse(self) -> None:
        """The disbursement, sometimes after the first money, sometimes twice, sometimes cancelled."""
        known = self.start
        if self.chance(0.02):
            self.pay(self.start, 500)
            known += self.random.choice([0, 1, 2])
        terms = self.terms()
        self.at(known, DISBURSEMENTS, "loan.disbursed", "d", terms)
        if self.chance(0.005):
            self.at(known + 3, DISBURSEMENTS, "loan.disbursed", "d2", self.terms())
        if self.chance(0.007):
            day = self.start + self.random.randint(3, 40)
            data = {"loan_id": self.loan_id, "cancellation_date": _iso(day)}
            cancelled = Planned(DISBURSEMENTS, "loan.disbursement_cancelled", f"{self.loan_id}-c", data)
            self.book.last[day].append(cancelled)
        elif self.chance(0.2):
            self.service(terms["schedule"])

    def service(self, schedule: list[dict[str, Any]]) -> None:
        """What the lender does beside the payments."""
        first = FIRST_DAY + timedelta(self.start)
        for day, event in servicing(self.loan_id, self.random, first, schedule):
            planned = Planned(SERVICING, event["type"], event["id"], event["data"])
            self.book.last[(day - FIRST_DAY).days].append(planned)

    def terms(self) -> dict[str, Any]:
        """Data of the disbursement."""
        borrower = int(self.loan_id[1:]) // 2
        schedule = [
            {
                "number": number,
                "due_date": _iso(self.start + EVERY_DAYS * number),
                "principal": PRINCIPAL,
                "interest": INTEREST,
                "fee": 20 if number % 3 == 0 else 0,
                "penalty": 0,
            }
            for number in range(1, INSTALLMENTS + 1)
        ]
        return {
            "loan_id": self.loan_id,
            "borrower_id": f"B{borrower}",
            "product": self.random.choice(PRODUCTS),
            "segment": "retail" if borrower % 3 else "business",
            "currency": "CNY",
            "principal": PRINCIPAL * INSTALLMENTS,
            "disbursement_date": _iso(self.start),
            "annual_rate": "0.18",
            "schedule": schedule,
        }

    def installment(self, due: int, owed_before: int) -> int:
        """How one installment is paid, or not; returns what is left for the next."""
        amount = PRINCIPAL + INTEREST + (20 if (due - self.start) // EVERY_DAYS % 3 == 0 else 0) + owed_before
        way = self.random.random()
        if way < 0.70:
            self.pay(due, amount)
        elif way < 0.78:
            self.pay(due - self.random.randint(1, 3), amount)
        elif way < 0.88:
            self.pay(due + self.random.randint(1, 10), amount)
        elif way < 0.93:
            part = self.random.choice([amount // 2, amount - 50, amount - 120])
            self.pay(due, part)
            self.pay(due + self.random.randint(1, 6), amount - part)
        elif way < 0.95:  # paid in time, booked late
            self.pay(due + self.random.randint(1, 4), amount, value_day=due - self.random.randint(0, 1))
        elif way < 0.97:  # announced
            self.pay(due - 2, amount, value_day=due + self.random.randint(0, 1))
        elif way < 0.98:
            self.pay(due, 2 * amount)
        else:
            return amount if self.chance(0.6) else 0
        return 0

    def pay(self, day: int, amount: int, value_day: int | None = None, kind: str = "repayment") -> None:
        """A payment, and what may happen to it."""
        self.payments += 1
        name = f"{self.loan_id}-{self.random.randrange(16**4):04x}-{self.payments}"
        data = {
            "loan_id": self.loan_id,
            "payment_id": name,
            "value_date": _iso(day if value_day is None else value_day),
            "amount": amount,
            "kind": kind,
        }
        self.at(day, REPAYMENTS, "loan.repaid", f"p-{name}", data)
        if self.chance(0.02):
            self.at(day + self.random.randint(0, 2), REPAYMENTS, "loan.repaid", f"p-{name}", data)
        if self.chance(0.01):
            self.at(day + self.random.randint(0, 2), REPAYMENTS, "loan.repaid", f"q-{name}", data)
        if self.chance(0.002):
            far = data | {"payment_id": f"{name}-far", "value_date": _iso(day + 40)}
            self.at(day, REPAYMENTS, "loan.repaid", f"p-{name}-far", far)
        if self.chance(0.015):
            self.reverse(name, day + self.random.randint(0, 5))
            if self.chance(0.5):
                self.pay(day + self.random.randint(5, 9), amount)
        elif self.chance(0.003):
            self.reverse(name, day - 1)
        elif self.chance(0.01):
            self.charge_back(name, day + self.random.randint(1, 8), amount)

    def reverse(self, payment: str, day: int) -> None:
        """A reversal; now and then a second one, which is refused."""
        for number in range(1, 3 if self.chance(0.1) else 2):
            data = {
                "loan_id": self.loan_id,
                "payment_id": payment,
                "reversal_id": f"{payment}-r{number}",
                "reversal_date": _iso(day),
            }
            self.at(day + number - 1, REPAYMENTS, "loan.repayment_reversed", f"r{number}-{payment}", data)

    def charge_back(self, payment: str, day: int, amount: int) -> None:
        """The payer's bank takes money back, all of it or a part."""
        part = self.random.choice((amount, max(1, amount // 3)))
        event = stories.charged_back(f"{payment}-k", part, FIRST_DAY + timedelta(day), self.loan_id, payment_id=payment)
        self.at(day, REPAYMENTS, event["type"], event["id"], event["data"])

    def at(self, day: int, topic: str, kind: str, name: str, data: dict[str, Any]) -> None:
        """Publish an event on a day, at the earliest on that of the disbursement."""
        event_id = f"{self.loan_id}-{name}" if topic == DISBURSEMENTS else name
        self.book.days[max(day, self.start)].append(Planned(topic, kind, event_id, data))

    def chance(self, share: float) -> bool:
        """True so often."""
        return self.random.random() < share


def _iso(day: int) -> str:
    return (FIRST_DAY + timedelta(day)).isoformat()
