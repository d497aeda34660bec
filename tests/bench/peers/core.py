"""The job of the Python peers; `kstreams/LoanApp.java` has the same in Java.

A loan's installments are paid oldest first, interest before principal. Days past due are counted from the oldest
unpaid due date to one business date, `as_of`, that all engines get as a setting. An alert says that the bucket of the
loan changed. Payments that were seen before are dropped.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import date
from typing import Any

BUCKETS = (None, "M1", "M2", "M3", "M4", "M5", "M6", "M6+")
LAST_DAY_OF_BUCKET = (0, 30, 60, 90, 120, 150, 180)
REMEMBERED_PAYMENTS = 64

State = dict[str, Any]
Event = dict[str, Any]


def bucket_of(days_past_due: int) -> int:
    for bucket, last_day in enumerate(LAST_DAY_OF_BUCKET):
        if days_past_due <= last_day:
            return bucket
    return len(LAST_DAY_OF_BUCKET)


def disburse(event: Event, event_id: str, as_of: int) -> tuple[State, Event | None]:
    schedule = event["schedule"]
    state = {
        "d": [date.fromisoformat(row["due_date"]).toordinal() for row in schedule],
        "i": [row["interest"] for row in schedule],
        "p": [row["principal"] for row in schedule],
        "n": 0,
        "b": 0,
        "ids": [],
    }
    return state, judge(state, event["loan_id"], event_id, as_of)


def repay(state: State, event: Event, event_id: str, as_of: int) -> tuple[bool, Event | None]:
    """Change the state by one payment; returns whether it changed, and the alert, if one is due."""
    ids, payment_id = state["ids"], event["payment_id"]
    if payment_id in ids:
        return False, None
    ids.append(payment_id)
    if len(ids) > REMEMBERED_PAYMENTS:
        del ids[0]
    left, current, interest, principal = event["amount"], state["n"], state["i"], state["p"]
    while current < len(principal):
        paid = left if left < interest[current] else interest[current]
        interest[current] -= paid
        left -= paid
        paid = left if left < principal[current] else principal[current]
        principal[current] -= paid
        left -= paid
        if interest[current] or principal[current]:
            break
        current += 1
    state["n"] = current
    return True, judge(state, event["loan_id"], event_id, as_of)


def judge(state: State, loan_id: str, event_id: str, as_of: int) -> Event | None:
    due, current = state["d"], state["n"]
    days_past_due = as_of - due[current] if current < len(due) and due[current] < as_of else 0
    bucket, previous = bucket_of(days_past_due), state["b"]
    if bucket == previous:
        return None
    state["b"] = bucket
    overdue = 0
    while current < len(due) and due[current] < as_of:
        overdue += state["i"][current] + state["p"][current]
        current += 1
    return {
        "loan_id": loan_id,
        "cause": event_id,
        "days_past_due": days_past_due,
        "previous_bucket": BUCKETS[previous],
        "bucket": BUCKETS[bucket],
        "overdue_total": overdue,
    }


class Meter:
    """Says on stdout when the first and the last of the expected events were done: `MARK name count monotonic`."""

    def __init__(self, disbursements: int, repayments: int) -> None:
        self.expected = {"disbursements": disbursements, "repayments": repayments}
        self.done = {"disbursements": 0, "repayments": 0}
        self.unknown = 0

    def say(self, name: str, count: int) -> None:
        os.write(1, f"MARK {name} {count} {time.monotonic():.6f}\n".encode())

    def disbursed(self) -> None:
        self._count("disbursements")

    def repaid(self) -> None:
        self._count("repayments")

    def loan_unknown(self) -> None:
        """A payment came before its loan: the run is not valid."""
        self.unknown += 1
        if self.unknown == 1:
            self.say("loan_unknown", 1)

    def _count(self, what: str) -> None:
        self.done[what] += 1
        count = self.done[what]
        if count == 1:
            self.say(what + "_first", 1)
        if count == self.expected[what]:
            self.say(what + "_last", count)


class Arguments:
    """BOOTSTRAP PREFIX APP [name=value ...]"""

    def __init__(self, argv: list[str]) -> None:
        self.bootstrap, self.prefix, self.app = argv[1:4]
        self.settings = dict(argument.split("=", 1) for argument in argv[4:])
        self.as_of = date.fromisoformat(self.settings["as_of"]).toordinal()
        self.disbursements = self.prefix + "loans.disbursements"
        self.repayments = self.prefix + "loans.repayments"
        self.alerts = self.prefix + "loans.overdue." + self.app

    def meter(self) -> Meter:
        return Meter(int(self.settings.get("disbursements", 0)), int(self.settings.get("repayments", 0)))


def arguments() -> Arguments:
    return Arguments(sys.argv)
