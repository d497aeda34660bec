"""What the lender does to an invented loan beside its payments, published last on a day; see portfolio.py."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from tests import stories

Event = dict[str, Any]

TURNS = ("charged_off", "written_off", "closed", "transferred")
FLAGS = ("misuse_found", "technical_overdue_flagged")


def servicing(loan_id: str, random: Random, first: date, schedule: list[dict[str, Any]]) -> list[tuple[date, Event]]:
    """Some events of `loans.servicing` in the life of one loan, with the day on which each is published.

    Args:
        loan_id: The loan.
        random: Decides.
        first: Day of its disbursement.
        schedule: Its installments.
    """
    told: list[tuple[date, Event]] = []
    for number in range(random.randint(1, 3)):
        day = first + timedelta(random.randint(3, 80))
        told += random.choice((_revised, _charged, _paused, _turned, _flagged))(loan_id, random, day, number, schedule)
    return told


def _revised(loan: str, random: Random, day: date, number: int, rows: list[dict[str, Any]]) -> list[tuple[date, Event]]:
    """All installments still to come move by a week or two; sometimes by a version that is not newer."""
    later = timedelta(random.choice((7, 14)))
    moved = [
        row | {"due_date": (date.fromisoformat(row["due_date"]) + later).isoformat()}
        for row in rows
        if row["due_date"] >= day.isoformat()
    ]
    version = random.choice((number + 2, number + 2, 1))
    hard = random.random() < 0.5
    event = stories.revised(
        version, day, moved, loan, event_id=f"{loan}-s{number}", financial_difficulty=hard, reason="extension"
    )
    return [(day, event)]


def _charged(loan: str, random: Random, day: date, number: int, rows: list[dict[str, Any]]) -> list[tuple[date, Event]]:
    """A charge; half of them are waived, wholly or in part; some waivers name a charge that nobody knows."""
    name = f"{loan}-h{number}"
    kind = random.choice(("fee", "penalty"))
    told = [
        (day, stories.charged(name, random.choice((50, 500)), day + timedelta(random.randint(-3, 9)), kind, None, loan))
    ]
    if random.random() < 0.5:
        known = name if random.random() < 0.7 else "nobody-knows"
        after = day + timedelta(random.randint(1, 12))
        part = random.choice((None, 30))
        told.append((after, stories.waived(f"{loan}-w{number}", known, after, part, loan)))
    return told


def _paused(loan: str, random: Random, day: date, number: int, rows: list[dict[str, Any]]) -> list[tuple[date, Event]]:
    """A pause, backdated, from now or to come; some end early."""
    start = day + timedelta(random.randint(-4, 3))
    end = start + timedelta(random.randint(2, 20))
    told = [(day, stories.paused(start, end, day, loan, event_id=f"{loan}-z{number}"))]
    if random.random() < 0.4:
        early = max(day, start) + timedelta(random.randint(0, 4))
        told.append((early, stories.resumed(early, early, loan, event_id=f"{loan}-u{number}")))
    return told


def _turned(loan: str, random: Random, day: date, number: int, rows: list[dict[str, Any]]) -> list[tuple[date, Event]]:
    """The loan's life takes a turn."""
    return [(day, stories.turned(random.choice(TURNS), day, loan, event_id=f"{loan}-t{number}"))]


def _flagged(loan: str, random: Random, day: date, number: int, rows: list[dict[str, Any]]) -> list[tuple[date, Event]]:
    """The loan is flagged."""
    return [(day, stories.turned(random.choice(FLAGS), day, loan, event_id=f"{loan}-f{number}"))]
