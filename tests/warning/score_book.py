"""A made-up book of short loans in chains: each borrower is late with a chance of their own, which nobody is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from stream.policy_file import parse_policy
from stream.scorecard_cases import cases
from stream.translate.lines import parse_line
from stream.translate.records import Record
from stream.warning.scorecard import Scorecard, load
from stream.warning.validation import Case
from stream.warning_policy import load_warning_policy

POLICY = parse_policy('time_zone = "UTC"')
START = date(2024, 1, 2)
TERM = timedelta(days=15)
PUNCTUAL, CARELESS = 0.08, 0.6
"""Chance to be late of one borrower in four, and of the others."""

Event = dict[str, Any]
LateDays = Callable[[Random, float], int]


def days_late(random: Random, chance: float) -> int:
    """Days late of one loan: with the borrower's chance 1 to 20 days late, else up to 8 days early."""
    return random.randint(1, 20) if random.random() < chance else -random.randint(0, 8)


def book(borrowers: int, loans: int, seed: int = 1, late: LateDays = days_late) -> list[Event]:
    """The events in the order of their time; each loan begins the day after the last one was repaid."""
    random = Random(seed)
    events: list[tuple[date, int, Event]] = []
    for number in range(borrowers):
        chance = CARELESS if number % 4 == 0 else PUNCTUAL
        day = START + timedelta(days=random.randint(0, 30))
        for loan in range(loans):
            due = day + TERM
            paid = max(day + timedelta(days=1), due + timedelta(days=late(random, chance)))
            loan_id = f"L{number:04}-{loan:02}"
            events.append((day, len(events), disbursed(loan_id, f"B{number:04}", day, [due])))
            events.append((paid, len(events), repaid(loan_id, paid, 1)))
            day = paid + timedelta(days=1)
    return [event for _, _, event in sorted(events, key=lambda found: found[:2])]


def disbursed(loan_id: str, borrower_id: str, day: date, due: Sequence[date]) -> Event:
    """A loan with an installment of 100.00 on each due date."""
    data = {
        "loan_id": loan_id,
        "borrower_id": borrower_id,
        "product": "short",
        "segment": "retail",
        "currency": "NGN",
        "principal": 10_000 * len(due),
        "disbursement_date": day.isoformat(),
        "annual_rate": "0",
        "schedule": [
            {"number": number, "due_date": on.isoformat(), "principal": 10_000} for number, on in enumerate(due, 1)
        ],
    }
    return _event("loan.disbursed", f"D-{loan_id}", loan_id, day, data)


def repaid(loan_id: str, day: date, number: int) -> Event:
    """100.00 came in; `number` tells the loan's payments apart."""
    data = {"loan_id": loan_id, "payment_id": f"P-{loan_id}-{number}", "value_date": day.isoformat(), "amount": 10_000}
    return _event("loan.repaid", f"R-{loan_id}-{number}", loan_id, day, data)


def _event(kind: str, identifier: str, loan_id: str, day: date, data: Event) -> Event:
    return {
        "specversion": "1.0",
        "id": identifier,
        "source": "urn:test",
        "type": kind,
        "subject": loan_id,
        "time": f"{day.isoformat()}T12:00:00Z",
        "data": data,
    }


def records(events: Iterable[Event]) -> list[Record]:
    """The events as lines of a file."""
    return [parse_line(json.dumps(event).encode(), number) for number, event in enumerate(events, 1)]


def cases_of(events: Iterable[Event], card: Scorecard | None = None) -> list[Case]:
    """Every decision about the book whose outcome is known."""
    return cases(records(events), POLICY, load_warning_policy(), card or load(), open_days=True)
