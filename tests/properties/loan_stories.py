"""Hypothesis draws a lender's policy and the story of one loan, in the order in which a task is told it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests import stories
from tests.stories import Event

FIRST_DAY = date(2024, 2, 20)  # a leap day lies ahead

BUCKETS = """[
    { code = "M1", min_days = 1, max_days = 3 },
    { code = "M2", min_days = 4, max_days = 8 },
    { code = "M3", min_days = 9 },
]"""
"""Narrow buckets, so that short stories cross them."""


@st.composite
def policies(draw: st.DrawFn) -> str:
    """A policy file: grace, tolerance, axis, component order, principal first, next due."""
    order = draw(st.permutations(["penalty", "fee", "interest", "principal"]))
    first = draw(st.sampled_from(["", "", ", principal_first_after_days = 0", ", principal_first_after_days = 4"]))
    percent = draw(st.sampled_from(["0", "0", "10", "2.5"]))
    return f"""
version = "drawn-1"
time_zone = "Asia/Shanghai"

[products.default]
grace_days = {draw(st.sampled_from([0, 0, 1, 3]))}
tolerance = {{ amount = {draw(st.sampled_from([0, 0, 1, 10]))}, percent = "{percent}" }}
allocation = {{ axis = "{draw(st.sampled_from(["horizontal", "vertical"]))}", order = {list(order)}{first} }}
advance_payment = {{ goodwill_credit = "{draw(st.sampled_from(["last_installment", "next_installment"]))}" }}
next_due = "{draw(st.sampled_from(["earliest_unpaid", "next_unpaid"]))}"
buckets = {BUCKETS}
"""


schedules = st.lists(
    st.tuples(st.integers(0, 9), *[st.sampled_from([0, 1, 7, 20, 100])] * 4),
    min_size=1,
    max_size=4,
).map(
    lambda drawn: [
        stories.an_installment(
            number, FIRST_DAY + timedelta(sum(gap for gap, *_ in drawn[:number])), *(parts if any(parts) else (50,))
        )
        for number, (_, *parts) in enumerate(drawn, 1)
    ]
)
"""One to four installments, some due on one day, some components zero."""


@dataclass
class Told:
    """A story as far as it has been told."""

    draw: st.DrawFn
    schedule: list[dict[str, Any]]
    today: date = FIRST_DAY
    events: list[Event] = field(default_factory=list)
    count: int = 0
    days_ahead: list[int] = field(default_factory=lambda: [1, 2, 5, 33])

    def amount(self) -> int:
        """A part of an installment, exactly one, several, or far too much."""
        totals = [sum(row[c] for c in ("principal", "interest", "fee", "penalty")) for row in self.schedule]
        return self.draw(
            st.sampled_from([*totals, sum(totals), sum(totals[:2]), sum(totals) + 30]) | st.integers(1, 60)
        )

    def recorded(self) -> date:
        """The local date of an event's time: mostly the business date, sometimes one that has not opened yet."""
        return self.today + timedelta(self.draw(st.sampled_from([0, 0, 0, 0, 1, 2, -1])))

    def open_days(self) -> None:
        """The next day opens, or several at once, or one that is open already."""
        step = self.draw(st.sampled_from([1, 1, 1, 2, 5, 0, -1]))
        self.events.append(stories.opened(self.today + timedelta(step)))
        self.today = max(self.today, self.today + timedelta(step))

    def pay(self) -> None:
        """Money of today, of days ago, or of days to come; mostly without a word on what it is for."""
        self.count += 1
        value_date = self.today + timedelta(self.draw(st.sampled_from([0, 0, 0, -1, -2, -7, *self.days_ahead])))
        meant: dict[str, Any] = self.draw(
            st.sampled_from([{}, {}, {}, {}, {"kind": "goodwill_credit"}, {"kind": "credit_balance_refund"}])
        )
        amount = self.amount()
        if self.draw(st.integers(0, 9)) == 0:
            meant = {"installment": self.draw(st.sampled_from([row["number"] for row in self.schedule]))}
        elif self.draw(st.integers(0, 9)) == 0:
            parts = {"principal": amount, "interest": 0, "fee": 0, "penalty": 0}
            meant = {"allocations": [{"installment": self.schedule[-1]["number"], **parts}]}
        # Ids in no order of arrival, so that payments of one day are allocated in another order than they come in.
        payment = f"P{self.draw(st.sampled_from('abc'))}{self.count}"
        self.events.append(stories.repaid(payment, amount, value_date, when=stories.at(self.recorded()), **meant))

    def reverse(self) -> None:
        """A payment that came, or one that may still come, counts as never made; sometimes it is said twice."""
        self.count += 1
        known = [event["data"]["payment_id"] for event in self.events if event["type"] == "loan.repaid"]
        payment = self.draw(st.sampled_from([*known, f"Pa{self.count + 1}", f"Pb{self.count + 2}"]))
        self.events.append(
            stories.reversed_(payment, self.today, reversal_id=f"R{self.count}", when=stories.at(self.recorded()))
        )

    def repeat(self) -> None:
        """An event comes again, as it was or as another event that says the same."""
        if self.events:
            again = self.draw(st.sampled_from(self.events))
            if again["type"] == "loan.repaid" and self.draw(st.booleans()):
                again = again | {"id": again["id"] + "-again"}
            self.events.append(again)

    def disburse(self) -> None:
        """The loan is paid out."""
        self.count += 1
        event = stories.disbursed(self.schedule, FIRST_DAY, when=stories.at(self.recorded()))
        self.events.append(event | {"id": f"disbursed-{self.count}"})

    def cancel(self) -> None:
        """The disbursement did not happen after all."""
        self.count += 1
        self.events.append(stories.cancelled(self.today, when=stories.at(self.recorded()), event_id=f"C{self.count}"))


@st.composite
def loan_stories(draw: st.DrawFn) -> list[Event]:
    """One loan: its disbursement, mostly first, and what happens to it."""
    told = Told(draw, draw(schedules))
    kinds = [*[told.open_days] * 6, *[told.pay] * 5, *[told.reverse] * 2, told.repeat, told.repeat]
    if draw(st.integers(0, 3)) == 0:
        kinds += [told.cancel, told.disburse]
        told.days_ahead = []  # a payment that waits over a cancellation and a new disbursement is nobody's story
    size = draw(st.integers(0, 25))
    steps: list[Callable[[], None]] = draw(st.lists(st.sampled_from(kinds), min_size=size, max_size=size))
    steps.insert(draw(st.sampled_from([0, 0, 0, 0, 1, 3, 6])), told.disburse)
    for step in steps:
        step()
    return told.events
