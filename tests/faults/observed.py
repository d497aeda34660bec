"""What is observed of an invented borrower from outside: signals around every threshold, late, corrected, or bad."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from schemas.rejections import RejectionCode as Code
from tests import stories
from tests.bad_messages import BadMessage, ce_headers

SIGNALS = "borrowers.signals"
Event = dict[str, Any]
Told = tuple[date, Event]
"""The day on which a signal is published, and the signal."""


def observed(borrower_id: str, loans: list[str], random: Random, first: date) -> list[Told]:
    """The signals of one borrower over some weeks; half of the borrowers have none.

    Args:
        borrower_id: The borrower.
        loans: Ids of the borrower's loans.
        random: Decides.
        first: Day on which the first is disbursed.
    """
    told: list[Told] = []
    if random.random() < 0.5:
        return told
    for _ in range(random.randint(1, 4)):
        day = first + timedelta(random.randint(0, 84))
        series = random.choice(SERIES)
        for published, seen, kind, data in series(random, day, loans):
            number = len(told)
            about = {"borrower_id": borrower_id, "observation_date": seen.isoformat(), **data}
            event = stories.event(f"borrower.{kind}", f"{borrower_id}-o{number}", stories.at(published), about)
            told.append((published, event))
    return told


Seen = Iterator[tuple[date, date, str, dict[str, Any]]]
"""Day published, day observed, kind, figures."""


def _late(random: Random, day: date) -> date:
    """The day that something is of which is told on a day: mostly the same or the one before."""
    return day - timedelta(random.choice((0, 0, 0, 1, 1, 3, 20)))


def _balance(random: Random, day: date, loans: list[str]) -> Seen:
    """Daily balances for a week, at times corrected on the day."""
    for number in range(7):
        today = day + timedelta(number)
        for _ in range(2 if random.random() < 0.2 else 1):
            balance = random.choice((0, 5_000, 10_299, 10_300, 10_320, 11_400, 90_000, -200))
            yield today, today - timedelta(random.randint(0, 1)), "balance_reported", {"balance": balance}


def _debits(random: Random, day: date, loans: list[str]) -> Seen:
    """Failed debits for one or two installments, and the mandate that goes and comes."""
    first = random.randint(1, 11)
    for number in range(random.randint(1, 3)):
        today = day + timedelta(number)
        data = {"debit_id": f"D{first}-{number}", "loan_id": random.choice(loans)}
        yield today, today, "debit_failed", data | {"installment": first + random.randint(0, 1)}
    yield day, _late(random, day), "mandate_changed", {"active": random.random() < 0.4}


def _cards(random: Random, day: date, loans: list[str]) -> Seen:
    """Four statements of a card, told at once, in any order."""
    used = [random.choice((300, 400, 500)) for _ in range(3)] + [random.choice((799, 800, 920))]
    months = list(enumerate(used))
    random.shuffle(months)
    for number, balance in months:
        data = {"card_id": "C1", "limit": 1_000, "balance": balance}
        data |= {"minimum_due": 100, "paid": random.choice((100, 109, 110))}
        yield day, day - timedelta(30 * (3 - number)), "card_usage_reported", data


def _months(random: Random, day: date, loans: list[str]) -> Seen:
    """Reports by the month, all told at once; the last three are higher, lower, or hardly."""
    kind, months = random.choice((("income", 9), ("spending", 9), ("turnover", 15), ("tax", 15)))
    last = random.choice((40, 50, 59, 60, 70, 71, 100, 180))
    for number in range(months):
        data: dict[str, Any] = {"amount": 100_000 if number < months - 3 else 1_000 * last}
        if kind == "spending":
            data |= {"gambling": random.choice((0, 0, 30_000)), "empty_before_payday": random.random() < 0.3}
        if kind == "tax" and random.random() < 0.5:
            data["last_invoice_date"] = (day - timedelta(random.choice((1, 59, 60)))).isoformat()
        yield day, day - timedelta(30 * (months - 1 - number)), f"{kind}_reported", data


def _bureau(random: Random, day: date, loans: list[str]) -> Seen:
    """Reports of the bureau, and its score."""
    band = 7
    for number in range(random.randint(1, 4)):
        today = day + timedelta(8 * number)
        data = {
            "queries_3m": random.choice((0, 5, 6, 7, 10, 11)),
            "open_lenders": random.choice((0, 2, 3)),
            "worst_status": random.choice((0, 0, 1, 3)),
            "overdue_months": random.choice((0, 0, 5, 6)),
            "debt": 1_000_000,
            "debt_over_90_days": random.choice((0, 0, 200_000, 200_001)),
            "bad_debt": random.random() < 0.1,
        }
        yield today, _late(random, today), "bureau_reported", data
        band -= random.randint(-1, 2)
        yield today, _late(random, today), "score_changed", {"band": band}


def _courts(random: Random, day: date, loans: list[str]) -> Seen:
    """A case, its end, and a guarantor in trouble."""
    kind = random.choice(("defendant", "enforcement", "dishonest", "bankruptcy"))
    yield day, _late(random, day), "legal_case_found", {"case_id": "K1", "kind": kind, "amount": 20_000}
    if random.random() < 0.5:
        end = day + timedelta(random.randint(1, 20))
        yield end, end, "legal_case_closed", {"case_id": "K1"}
    for number in range(2):
        today = day + timedelta(9 * number)
        data = {"guarantor_id": "G1", "status": random.choice(("current", "overdue", "defaulted"))}
        yield today, _late(random, today), "guarantor_reported", data


def _money(random: Random, day: date, loans: list[str]) -> Seen:
    """Deposits that go, expected losses, work that is lost."""
    for number, amount in enumerate((500_000, random.choice((25_000, 24_999, 300)), random.choice((400_000, 100)))):
        today = day + timedelta(10 * number)
        yield today, _late(random, today), "deposits_reported", {"amount": amount}
    loss = random.choice((49, 50, 89, 90))
    yield day, day, "impairment_reported", {"exposure": 100, "expected_loss": loss, "liquidation": loss == 89}
    for number, status in enumerate(("unemployed", random.choice(("employed", "retired")))):
        today = day + timedelta(12 * number)
        yield today, _late(random, today), "employment_changed", {"status": status}


def _service(random: Random, day: date, loans: list[str]) -> Seen:
    """Misuse found and settled, relief asked for and granted."""
    yield day, _late(random, day), "misuse_found", {"kind": random.choice(("banned_use", "refinance_to_repay"))}
    if random.random() < 0.5:
        end = day + timedelta(random.randint(1, 9))
        yield end, end, "misuse_cleared", {}
    yield day, _late(random, day), "relief_requested", {}
    if random.random() < 0.5:
        end = day + timedelta(random.randint(1, 9))
        yield end, _late(random, end), "relief_granted", {"kind": "extension"}


SERIES = (_balance, _debits, _cards, _months, _bureau, _courts, _money, _service)


def bad_signals(borrower_id: str, day: date) -> list[BadMessage]:
    """Signals that must be refused, each with its reason."""

    def bad(name: str, code: Code, kind: str, **data: Any) -> BadMessage:
        body = {"borrower_id": borrower_id, "observation_date": day.isoformat(), **data}
        headers = ce_headers(f"borrower.{kind}", time=stories.at(day).encode())
        return BadMessage(name, code, SIGNALS, borrower_id.encode(), json.dumps(body).encode(), headers)

    fine = bad("", Code.FIELD_MISSING, "relief_requested")
    return [
        bad("no figure", Code.FIELD_MISSING, "income_reported"),
        bad("unknown type", Code.TYPE_UNKNOWN, "weather_reported"),
        bad("a band too high", Code.NUMBER_OUT_OF_RANGE, "score_changed", band=1_001),
        bad("not JSON", Code.JSON_TRUNCATED, "relief_requested")._replace(value=b"{"),
        fine._replace(name="another's key", code=Code.KEY_IS_NOT_BORROWER_ID, key=borrower_id.encode() + b"x"),
    ]
