"""The reference data: loans of 12 installments and a backlog of repayments, the same for every engine.

All events are of one business date. Loans differ in how many installments are past due on it, and the repayments,
all paid on that day, bring them down through the buckets; a few are delivered twice. Everything follows from the seed:
two calls give the same events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

import orjson

AS_OF: Final = date(2026, 3, 16)
"""The business date that all loans are judged on."""

TIME_ZONE: Final = "Asia/Shanghai"
MIDNIGHT: Final = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
"""Local midnight of AS_OF."""

DISBURSED_AT: Final = MIDNIGHT + timedelta(hours=6)
REPAID_FROM: Final = MIDNIGHT + timedelta(hours=10)
REPAID_WITHIN: Final = timedelta(hours=12)
INSTALLMENTS: Final = 12
REDELIVERED: Final = 0.02
PAST_DUE_COUNTS: Final = (2, 3)
"""Installments past due of a loan in arrears, each as likely as the other; few, as in a lender's book."""

_TYPES: Final = {"disbursements": "loan.disbursed", "repayments": "loan.repaid"}


class Event(NamedTuple):
    """One event of the contract, ready to publish in CloudEvents binary mode."""

    topic: str
    """`loans.disbursements` or `loans.repayments`, without a prefix."""
    key: str
    event_id: str
    time: datetime
    data: bytes

    def headers(self) -> list[tuple[str, bytes]]:
        instant = self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return [
            ("ce_specversion", b"1.0"),
            ("ce_id", self.event_id.encode()),
            ("ce_source", b"urn:bench:core-banking"),
            ("ce_type", _TYPES[self.topic.removeprefix("loans.")].encode()),
            ("ce_subject", self.key.encode()),
            ("ce_time", instant.encode()),
            ("content-type", b"application/json"),
        ]


class Loan(NamedTuple):
    """A loan as it was paid out, and what is going to be paid back."""

    loan_id: str
    number: int
    disbursed: date
    rows: list[tuple[int, date, int, int]]
    """Number, due date, principal and interest of each installment."""
    total: int


class Payment(NamedTuple):
    """One payment, in the order of the log."""

    number: int
    loan: int
    amount: int


@dataclass(frozen=True)
class Portfolio:
    """How many loans and repayments, and the share of repayments that is to give an alert."""

    loans: int
    repayments: int
    alert_share: float = 0.05
    seed: int = 42

    def all_loans(self) -> Iterator[Loan]:
        random = Random(self.seed)
        alerts_of_loan_in_arrears = sum(min(count, 7) for count in PAST_DUE_COUNTS) / len(PAST_DUE_COUNTS)
        repayments_of_loan = self.repayments / self.loans
        stops_at_each_bucket = max(0.3, 0.94 - 2.5 / repayments_of_loan)  # few large payments jump over buckets
        arrears = self.alert_share * repayments_of_loan / (alerts_of_loan_in_arrears * stops_at_each_bucket)
        for number in range(self.loans):
            past_due = random.choice(PAST_DUE_COUNTS) if random.random() < arrears else 0
            yield _loan(number, past_due, random)

    def all_payments(self) -> Iterator[Payment]:
        """Each payment once per delivery, in the order of the log."""
        random = Random(self.seed + 1)
        average = self.repayments * (1 - REDELIVERED) / self.loans * 1.03
        moments: list[tuple[float, int, int]] = []
        for loan in self.all_loans():
            amounts = _amounts(loan.total, average, random)
            moments += [(random.random(), loan.number, amount) for amount in amounts]
        moments.sort()
        return _deliveries(moments, self.repayments, random)

    def disbursements(self) -> Iterator[Event]:
        for loan in self.all_loans():
            data = {
                "loan_id": loan.loan_id,
                "borrower_id": f"B{loan.number * 3 // 4:07d}",
                "product": ("cash", "car", "study")[loan.number % 3],
                "segment": "retail",
                "currency": "CNY",
                "principal": sum(row[2] for row in loan.rows),
                "disbursement_date": loan.disbursed.isoformat(),
                "annual_rate": "0.096",
                "schedule": [
                    {
                        "number": number,
                        "due_date": due.isoformat(),
                        "principal": principal,
                        "interest": interest,
                        "fee": 0,
                        "penalty": 0,
                    }
                    for number, due, principal, interest in loan.rows
                ],
            }
            time = DISBURSED_AT + timedelta(milliseconds=10 * loan.number)
            yield Event("loans.disbursements", loan.loan_id, f"D{loan.number:07d}", time, orjson.dumps(data))

    def repayment_events(self) -> Iterator[Event]:
        step = REPAID_WITHIN / self.repayments
        for payment in self.all_payments():
            loan_id = loan_id_of(payment.loan)
            data = {
                "loan_id": loan_id,
                "payment_id": f"P{payment.number:08d}",
                "value_date": AS_OF.isoformat(),
                "amount": payment.amount,
                "kind": "repayment",
            }
            time = REPAID_FROM + payment.number * step
            yield Event("loans.repayments", loan_id, event_id_of(payment), time, orjson.dumps(data))


def loan_id_of(number: int) -> str:
    return f"L{number:07d}"


def event_id_of(payment: Payment) -> str:
    return f"E{payment.number:08d}"


def _loan(number: int, past_due: int, random: Random) -> Loan:
    principal = random.randint(10, 600) * 12_000
    day_of_month = random.randint(1, 28)
    last_past_due = AS_OF.month if day_of_month < AS_OF.day else AS_OF.month - 1
    first = last_past_due - past_due + 1
    part = principal // INSTALLMENTS
    rows = [
        (k + 1, _month(first + k, day_of_month), part, max(1, (principal - part * k) * 8 // 1000))
        for k in range(INSTALLMENTS)
    ]
    return Loan(loan_id_of(number), number, _month(first - 1, day_of_month), rows, sum(row[2] + row[3] for row in rows))


def _month(month: int, day_of_month: int) -> date:
    """A day of the month counted from January of the year of AS_OF, which is 1; 0 and below lie before it."""
    return date(AS_OF.year + (month - 1) // 12, (month - 1) % 12 + 1, day_of_month)


def _amounts(total: int, average: float, random: Random) -> list[int]:
    """What a loan pays in the backlog, cut at random: most nearly all, a few too much, one in seven only some."""
    share = random.uniform(0.05, 0.4) if random.random() < 1 / 7 else random.uniform(0.75, 1.02)
    count = max(1, int(average * random.uniform(0.6, 1.4) + random.random()))
    paid = int(total * share)
    cuts = sorted(random.randint(1, paid - 1) for _ in range(count - 1))
    return [end - start for start, end in zip([0, *cuts], [*cuts, paid], strict=True) if end > start]


def _deliveries(moments: list[tuple[float, int, int]], limit: int, random: Random) -> Iterator[Payment]:
    """The first `limit` deliveries; some payments come a second time, 10 to 5,000 deliveries later."""
    again: dict[int, Payment] = {}
    delivered = 0
    for number, (_, loan, amount) in enumerate(moments):
        payment = Payment(number, loan, amount)
        if random.random() < REDELIVERED:
            again[delivered + random.randint(10, 5_000)] = payment
        for delivery in (payment, again.pop(delivered, None)):
            if delivery is None:
                continue
            if delivered == limit:
                return
            yield delivery
            delivered += 1
    if delivered < limit:
        raise ValueError(f"the portfolio gives {delivered} deliveries, not {limit}: raise the average of _amounts")
