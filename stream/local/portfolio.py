"""A sample portfolio: what a small lender's systems would publish in five weeks. Everything follows from the seed.

On the first morning the core banking system hands over its running loans with what is still to be paid of them; then
new loans are paid out, and borrowers pay in the ways that lenders know: on time, late, in part, not at all. Some of
it reaches the stream late, twice, in the wrong order, or damaged. Of some borrowers other systems tell what they
observe. Borrowers and amounts are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from random import Random
from typing import Any, NamedTuple

from stream.local import habits
from stream.local.habits import ZONE, Loan, Payment, Reversal
from stream.local.observations import Observation, observed
from stream.local.schedules import (
    Installment,
    annuity,
    bullet,
    equal_principal,
    interest_only,
    monthly_dates,
    pay_later,
)

Event = dict[str, Any]
"""A CloudEvent in structured mode, ready for JSON."""

FIRST_DAY = date(2026, 3, 2)
DAYS = 35
LOANS = 240
RUNNING_PERCENT = 70
"""The part of the loans that the lender already had on the first day."""

CURRENCY = "CNY"
SOURCE = "urn:sample:core-banking"
CANCELLED_LOANS = 2
LOANS_PAID_BEFORE_TOLD = 3
REDELIVER_EVERY = 37
"""Each so manieth payment is delivered twice."""


class Sample(NamedTuple):
    """The business days of the sample, and its events in the order of their time."""

    days: list[date]
    """Every calendar day of the five weeks: loans age on Sundays too."""
    events: list[Event]
    """Of loans."""
    time_zone: str
    signals: list[Event]
    """Of borrowers."""

    def by_day(self) -> Iterator[tuple[date, list[Event]]]:
        """Each business day, with the events of loans recorded on it (local date)."""
        yield from _by_day(self.days, self.events).items()

    def signals_by_day(self) -> dict[date, list[Event]]:
        """The signals of borrowers recorded on each business day."""
        return _by_day(self.days, self.signals)


def _by_day(days: list[date], events: list[Event]) -> dict[date, list[Event]]:
    of_day: dict[date, list[Event]] = {day: [] for day in days}
    for event in events:
        of_day[datetime.fromisoformat(event["time"]).astimezone(ZONE).date()].append(event)
    return of_day


def sample(seed: int = 7, loans: int = LOANS, first_day: date = FIRST_DAY, days: int = DAYS) -> Sample:
    """The sample portfolio: the same arguments give the same events.

    Args:
        seed: Chooses borrowers, amounts and moments.
        loans: How many loans, at least 60, so that every habit of `habits` occurs.
        first_day: The day of the hand-over.
        days: How many business days; 21 or more, so that a pay-later loan sees its second installment.
    """
    random = Random(seed)
    business_days = [first_day + timedelta(days=number) for number in range(days)]
    events = list(_running_loans(random, loans * RUNNING_PERCENT // 100, business_days))
    events += _new_loans(random, loans * RUNNING_PERCENT // 100, loans, business_days)
    events += _damaged(business_days[len(business_days) // 2])
    events.sort(key=lambda event: (datetime.fromisoformat(event["time"]), event["id"]))
    signals = [event for event in events if event["type"].startswith("borrower.")]
    return Sample(business_days, [event for event in events if event["type"].startswith("loan.")], ZONE.key, signals)


# --- loans ---


def _running_loans(random: Random, count: int, days: list[date]) -> Iterator[Event]:
    payments = 0
    months_unpaid = {habit: cycle(habits.MONTHS_UNPAID.get(habit, (0,))) for habit in habits.OF_RUNNING_LOANS}
    for number, habit in enumerate(habits.in_proportion(count, habits.OF_RUNNING_LOANS, random)):
        loan = _running_loan(random, number, next(months_unpaid[habit]), days)
        yield _disbursed(loan)
        for order, one in enumerate(observed(number, habit, loan, days[0], days[-1]), start=1):
            yield _observed(loan, order, one)
        for part in habits.story(habit, loan, random, days[0], days[-1]):
            event = _told(loan, part)
            yield event
            payments += 1
            if payments % REDELIVER_EVERY == 0:
                yield _delivered_again(event, payments)


def _new_loans(random: Random, first: int, end: int, days: list[date]) -> Iterator[Event]:
    assigned = habits.in_proportion(end - first, habits.OF_NEW_LOANS, random)
    for index, habit in enumerate(assigned):
        loan = _pay_later_loan(random, first + index, days[index * (len(days) - 14) // len(assigned)])
        yield _disbursed(loan)
        down_payment = loan.rows[0].total
        minutes = -4 if index < LOANS_PAID_BEFORE_TOLD else 3  # the payment gateway may be quicker than the core
        told = loan.told + timedelta(minutes=minutes)
        yield _told(loan, Payment(f"{loan.loan_id}-down", loan.disbursed, down_payment, told), "down_payment")
        if index % (len(assigned) // CANCELLED_LOANS) == 5:
            yield _cancelled(loan, told + timedelta(days=2))
            continue
        rest = loan._replace(rows=loan.rows[1:])
        for part in habits.story(habit, rest, random, days[0], days[-1]):
            yield _told(loan, part)


def _running_loan(random: Random, number: int, unpaid: int, days: list[date]) -> Loan:
    """A loan paid out months ago, of which the last `unpaid` installments before the first day are in arrears."""
    next_due = days[0] + timedelta(days=random.randrange(1, len(days) - 7))
    paid, term = random.randrange(1, 8), random.choice((12, 18, 24))
    start = _months_before(next_due, unpaid + paid + 1)
    rate = random.choice(("0.09", "0.12", "0.144"))
    amount = random.randrange(50, 600) * 10_000
    dates = monthly_dates(start, term)
    product, segment, principal, rows = _schedule(number, amount, rate, start, dates, dates[paid])
    still_owed = rows[paid:] if len(rows) > 1 else rows
    told = datetime.combine(days[0], time(8), ZONE) + timedelta(seconds=number * 15)
    loan_id = f"L{number + 1:04d}"
    return Loan(loan_id, _borrower(number), product, segment, principal, rate, start, still_owed, told)


def _schedule(
    number: int, amount: int, rate: str, start: date, dates: list[date], end: date
) -> tuple[str, str, int, list[Installment]]:
    """Product, segment, principal and schedule; four products in turn."""
    kind = number % 8
    if kind < 4:
        return "consumer_annuity", "retail", amount, annuity(amount, rate, dates)
    if kind < 6:
        return "renovation_equal_principal", "retail", amount, equal_principal(amount, rate, dates)
    if kind == 6:
        return "shop_interest_only", "micro_business", amount * 3, interest_only(amount * 3, rate, dates)
    return "farm_bullet", "micro_business", amount * 2, bullet(amount * 2, rate, start, end)


def _pay_later_loan(random: Random, number: int, bought: date) -> Loan:
    """A purchase paid in four parts: the first at once, then one every fortnight."""
    price = random.randrange(200, 6000) * 100
    rows = pay_later(price, [bought + timedelta(days=14 * part) for part in range(4)])
    told = habits.moment(bought, random)
    return Loan(f"P{number + 1:04d}", _borrower(number), "pay_later", "retail", price, "0", bought, rows, told)


def _borrower(number: int) -> str:
    """Every fifth borrower has two loans."""
    return f"B{number * 5 // 6 + 1:04d}"


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, 28))


# --- events ---


def _event(event_id: str, kind: str, told: datetime, data: dict[str, Any]) -> Event:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": kind,
        "subject": data.get("loan_id") or data["borrower_id"],
        "time": told.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "datacontenttype": "application/json",
        "dataschema": f"urn:overdue-stream:schema:{kind}:v1",
        "data": data,
    }


def _disbursed(loan: Loan) -> Event:
    data = {
        "loan_id": loan.loan_id,
        "borrower_id": loan.borrower_id,
        "product": loan.product,
        "segment": loan.segment,
        "currency": CURRENCY,
        "principal": loan.principal,
        "disbursement_date": loan.disbursed.isoformat(),
        "annual_rate": loan.annual_rate,
        "schedule": [{**row._asdict(), "due_date": row.due_date.isoformat()} for row in loan.rows],
    }
    return _event(f"{loan.loan_id}-disbursed", "loan.disbursed", loan.told, data)


def _cancelled(loan: Loan, told: datetime) -> Event:
    data = {"loan_id": loan.loan_id, "cancellation_date": told.date().isoformat()}
    return _event(f"{loan.loan_id}-cancelled", "loan.disbursement_cancelled", told, data)


def _told(loan: Loan, part: Payment | Reversal, kind: str = "repayment") -> Event:
    data: dict[str, Any] = {"loan_id": loan.loan_id, "payment_id": part.payment_id}
    if isinstance(part, Reversal):
        data |= {"reversal_id": f"{part.payment_id}-back", "reversal_date": part.told.date().isoformat()}
        return _event(f"{part.payment_id}-back", "loan.repayment_reversed", part.told, data)
    data |= {"value_date": part.value_date.isoformat(), "amount": part.amount, "kind": kind}
    return _event(part.payment_id, "loan.repaid", part.told, data)


def _observed(loan: Loan, number: int, one: Observation) -> Event:
    return _event(f"{loan.loan_id}-seen-{number}", one.kind, one.told, one.data)


def _delivered_again(event: Event, number: int) -> Event:
    """The same event some minutes later; every other time under a new event id, so that only the payment's id tells."""
    later = datetime.fromisoformat(event["time"]) + timedelta(minutes=7)
    new_id = event["id"] if number // REDELIVER_EVERY % 2 else f"{event['id']}-again"
    return {**event, "id": new_id, "time": later.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _damaged(day: date) -> Iterator[Event]:
    """Two payments that no stream can accept, and one for a loan that nobody has heard of."""
    noon = datetime.combine(day, time(12), ZONE)
    good = {"loan_id": "L0001", "payment_id": "damaged-1", "value_date": day.isoformat(), "amount": 100_00}
    yield _event("damaged-1", "loan.repaid", noon, good | {"amount": "100.00"})
    yield _event("damaged-2", "loan.repaid", noon, good | {"payment_id": "damaged-2", "value_date": "2026-02-30"})
    unknown = good | {"loan_id": "X9999", "payment_id": "unknown-1"}
    yield _event("unknown-1", "loan.repaid", noon, unknown)
