"""Hypothesis draws a lender's policy and the story of one loan, in the order in which a task is told it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from hypothesis import strategies as st

from tests import stories
from tests.stories import Event

FIRST_DAY = date(2024, 2, 20)  # a leap day lies ahead

OWN_IDS = {"loan.repaid", "loan.repayment_reversed", "loan.charged_back", "loan.charge_posted", "loan.charge_waived"}
"""They are known again by an id of their own, whatever event brings them; while they wait, only payments are."""

BUCKETS = """[
    { code = "M1", min_days = 1, max_days = 3 },
    { code = "M2", min_days = 4, max_days = 8 },
    { code = "M3", min_days = 9 },
]"""
"""Narrow buckets, so that short stories cross them."""


CALENDAR = """
[calendars.lender]
country = "CN"
holidays = ["2024-02-23", "2024-02-27", "2024-02-28"]
workdays = ["2024-02-25", "2024-03-02"]
"""
"""With days off and make-up workdays where the stories are."""


@st.composite
def conventions(draw: st.DrawFn) -> str:
    """Keys of a product: how days are counted, due dates on days off, the hour at which a day ends."""
    if draw(st.booleans()):
        return ""
    keys = [
        draw(st.sampled_from(["", 'day_count = "from_due_date"'])),
        draw(st.sampled_from(["", 'due_date_roll = "following"\ncalendar = "lender"'])),
        draw(st.sampled_from(["", 'cut_off = "17:30"'])),
    ]
    counted = draw(st.sampled_from(["oldest_unpaid", "first_arrears", "first_material"]))
    keys.append(f'count_from = "{counted}"')
    if counted == "first_material":
        amount, percent = draw(st.sampled_from([(20, "0"), (0, "25"), (60, "10"), (6, "2.5")]))
        keys.append(f'materiality = {{ amount = {amount}, percent = "{percent}" }}')
    return "\n".join(keys)


@st.composite
def own_schemes(draw: st.DrawFn) -> str:
    """Schemes of narrow ranges, so that short stories reach, cure and bar them."""
    two_periods = [draw(st.sampled_from(["false", "true"])) for _ in range(2)]
    months = draw(st.sampled_from([0, 1, 2]))
    cure = draw(
        st.sampled_from(
            [
                "",
                f'cure = {{ from = "bad", months = {months}, two_periods = {two_periods[0]} }}',
                f'cure = {{ from = "bad", months = {months}, segments = ["business"] }}',
                f'cure = {{ from = "bad", months = {months}, restructured_months = 3 }}',
            ]
        )
    )
    floors = draw(
        st.sampled_from(
            [
                "",
                """floors = [
    { when = "misuse_found", code = "watch" },
    { when = "restructured", code = "watch" },
    { when = "restructured_twice", code = "bad" },
]""",
                """floors = [
    { when = "credit_impaired", code = "watch" },
    { when = "credit_impaired", code = "bad", expected_loss_percent = 50 },
    { when = "liquidation", code = "bad" },
]""",
            ]
        )
    )
    counter = draw(
        st.sampled_from(["delinquent_days", "days_once_grace_lapsed", "missed_payments", "months_mba", "months_ots"])
    )
    third = draw(st.sampled_from(["", ", by_month_end = true"]))
    return f"""
[schemes.narrow]
codes = ["good", "watch", "bad"]
ranges = [{{ code = "watch", min = 1, max = 3 }}, {{ code = "bad", min = 4 }}]
{cure}
{floors}
observation = {{ months = {draw(st.sampled_from([0, 1]))}, two_periods = {two_periods[1]} }}
technical_days = {draw(st.sampled_from([0, 2]))}
statuses = {draw(st.sampled_from(["{}", '{ settled = "over", charged_off = "bad" }']))}

[schemes.counted]
codes = ["0", "1", "2", "3"]
counter = "{counter}"
ranges = [{{ code = "1", min = 1, max = 1 }}, {{ code = "2", min = 2, max = 2 }}, {{ code = "3", min = 3{third} }}]
"""


SCHEMES = ("cn_five_class_2023", "pboc_bureau", "ifrs9", "crr_178", "rbi", "mba", "ots", "metro2", "cn_cards")


@st.composite
def policies(draw: st.DrawFn) -> str:
    """A policy file: grace, tolerance, axis, component order, principal first, next due, conventions, schemes."""
    order = draw(st.permutations(["penalty", "fee", "interest", "principal"]))
    first = draw(st.sampled_from(["", "", ", principal_first_after_days = 0", ", principal_first_after_days = 4"]))
    percent = draw(st.sampled_from(["0", "0", "10", "2.5"]))
    counting = draw(conventions())
    schemes = draw(
        st.sampled_from([[], ["cn_five_class_2023", "pboc_bureau", "ifrs9"], ["narrow", "counted"]])
        | st.lists(st.sampled_from([*SCHEMES, "narrow", "counted"]), unique=True, max_size=3)
    )
    return f"""
version = "drawn-1"
time_zone = "Asia/Shanghai"

[products.default]
grace_days = {draw(st.sampled_from([0, 0, 1, 3]))}
tolerance = {{ amount = {draw(st.sampled_from([0, 0, 1, 10]))}, percent = "{percent}" }}
allocation = {{ axis = "{draw(st.sampled_from(["horizontal", "vertical"]))}", order = {list(order)}{first} }}
advance_payment = {{ goodwill_credit = "{draw(st.sampled_from(["last_installment", "next_installment"]))}" }}
next_due = "{draw(st.sampled_from(["earliest_unpaid", "next_unpaid"]))}"
notices = {
        draw(
            st.sampled_from(
                ["{ due_soon_days = [], overdue_days = [] }"] * 2
                + ["{ due_soon_days = [2, 1], overdue_days = [1, 3] }"]
            )
        )
    }
schemes = {schemes}
{counting}
installment_level = {draw(st.sampled_from(["false", "true"]))}
buckets = {BUCKETS}
{draw(own_schemes()) if {"narrow", "counted"} & set(schemes) else ""}
{CALENDAR if "lender" in counting else ""}
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
    disbursed: date
    segment: str = "retail"
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
        step = self.draw(st.sampled_from([1, 1, 1, 1, 1, 1, 1, 2, 2, 5, 5, 5, 0, 33]))
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
        when = stories.at(
            self.recorded(), self.draw(st.sampled_from([time(12)] * 3 + [time(17, 29, 59), time(17, 30)]))
        )
        # Ids in no order of arrival, so that payments of one day are allocated in another order than they come in.
        payment = f"P{self.draw(st.sampled_from('abc'))}{self.count}"
        self.events.append(stories.repaid(payment, amount, value_date, when=when, **meant))

    def reverse(self) -> None:
        """A payment that came, or one that may still come, counts as never made; sometimes it is said twice."""
        self.count += 1
        known = [event["data"]["payment_id"] for event in self.events if event["type"] == "loan.repaid"]
        payment = self.draw(st.sampled_from([*known, f"Pa{self.count + 1}", f"Pb{self.count + 2}"]))
        self.events.append(
            stories.reversed_(payment, self.today, reversal_id=f"R{self.count}", when=stories.at(self.recorded()))
        )

    def charge_back(self) -> None:
        """Money is taken back: of a payment that came, or of one that nobody knows."""
        self.count += 1
        known = [event["data"]["payment_id"] for event in self.events if event["type"] == "loan.repaid"]
        if not self.days_ahead:  # the loan may begin anew: an id that only a chargeback named counts as seen then
            known = []
        back = {"payment_id": self.draw(st.sampled_from([*known, "Pz0"]))}
        amount, day = self.draw(st.integers(1, 60)), self.near()
        name = f"K{self.draw(st.sampled_from('abc'))}{self.count}"
        self.events.append(stories.charged_back(name, amount, day, when=stories.at(self.recorded()), **back))

    def charge(self) -> None:
        """A fee or a penalty is posted, for an installment or by its date."""
        self.count += 1
        kind = self.draw(st.sampled_from(["fee", "penalty"]))
        installment = self.draw(st.sampled_from([None, None, 1, 2, 9]))
        amount, day = self.draw(st.sampled_from([1, 5, 40])), self.near()
        self.events.append(
            stories.charged(f"H{self.count}", amount, day, kind, installment, when=stories.at(self.recorded()))
        )

    def waive(self) -> None:
        """A charge is waived, wholly or in part; sometimes one that nobody knows."""
        self.count += 1
        known = [event["data"]["charge_id"] for event in self.events if event["type"] == "loan.charge_posted"]
        amount = self.draw(st.sampled_from([None, 1, 30]))
        charge = self.draw(st.sampled_from([*known, *known, *known, "H0"]))
        self.events.append(
            stories.waived(f"W{self.count}", charge, self.near(), amount, when=stories.at(self.recorded()))
        )

    def revise(self) -> None:
        """The schedule is revised: dates move, rows go, rows come; sometimes by an old version."""
        self.count += 1
        rows = []
        for number in self.draw(st.lists(st.integers(1, 5), unique=True, max_size=3)):
            parts = self.draw(st.sampled_from([(50,), (0, 0, 0, 0), (20, 7), (100, 0, 1)]))
            due = self.today + timedelta(self.draw(st.sampled_from([-6, -1, 0, 1, 4, 9])))
            rows.append(stories.an_installment(number, due, *parts))
        rows.sort(key=lambda row: (row["due_date"], row["number"]))
        reason = self.draw(st.sampled_from(["extension", "extension", "restructuring"])) if rows else "prepayment"
        version = self.draw(st.sampled_from([self.count + 1] * 5 + [2]))
        self.events.append(
            stories.revised(
                version,
                self.near(),
                rows,
                when=stories.at(self.recorded()),
                event_id=f"revised-{self.count}",
                reason=reason,
            )
        )

    def pause(self) -> None:
        """A pause is granted: backdated, from today, or to come; sometimes a wrong one."""
        self.count += 1
        start = self.near()
        end = start + timedelta(self.draw(st.sampled_from([1, 2, 3, 5, 9, 0, -1])))
        wrong: tuple[date | None, date | None] = self.draw(
            st.sampled_from([(start, end)] * 8 + [(None, end), (start, None)])
        )
        self.events.append(
            stories.paused(*wrong, self.today, when=stories.at(self.recorded()), event_id=f"Z{self.count}")
        )

    def resume(self) -> None:
        """A pause ends today; sometimes on another day, which is refused."""
        self.count += 1
        recorded = self.recorded()
        day = recorded + timedelta(self.draw(st.sampled_from([0, 0, 0, 0, 0, 1])))
        end = self.draw(st.sampled_from([None] * 8 + [day]))
        self.events.append(
            stories.resumed(day, recorded, when=stories.at(recorded), event_id=f"U{self.count}", end=end)
        )

    def turn(self) -> None:
        """The loan's life takes a turn, or it is flagged."""
        self.count += 1
        kind = self.draw(
            st.sampled_from(
                ["charged_off", "written_off", "closed", "transferred", "misuse_found", "technical_overdue_flagged"]
            )
        )
        recorded = self.recorded()
        day = min(self.near(), recorded)
        self.events.append(stories.turned(kind, day, when=stories.at(recorded), event_id=f"X{self.count}"))

    def indicate(self) -> None:
        """Something is found out of the borrower's ability to pay, or is over."""
        self.count += 1
        recorded = self.recorded()
        names: dict[str, Any] = {"when": stories.at(recorded), "event_id": f"I{self.count}"}
        if self.draw(st.booleans()):
            indication = self.draw(
                st.sampled_from(["non_accrual", "distressed_restructuring", "liquidation", "refinanced_to_repay"])
            )
            ended = self.draw(st.booleans())
            self.events.append(stories.indicated(indication, self.near(), ended=ended, **names))
        else:
            impaired, loss = self.draw(st.booleans()), self.draw(st.sampled_from(["0", "49.99", "50", "90"]))
            self.events.append(stories.assessed(impaired, self.near(), loss, **names))

    def near(self) -> date:
        """A day at or about the business date."""
        return self.today + timedelta(self.draw(st.sampled_from([0, 0, 0, -1, -2, -5, 1, 3])))

    def repeat(self) -> None:
        """An event comes again, as it was or as another event that says the same."""
        if self.events:
            again = self.draw(st.sampled_from(self.events))
            waits = again["data"].get("value_date", "") > self.today.isoformat()
            waits |= all(event["type"] != "loan.disbursed" for event in self.events)
            known = again["type"] == "loan.repaid" or (again["type"] in OWN_IDS and not waits)
            if known and self.draw(st.booleans()):
                again = again | {"id": again["id"] + "-again"}
            self.events.append(again)

    def disburse(self) -> None:
        """The loan is paid out, sometimes with a grace of its own."""
        own: dict[str, Any] = self.draw(st.sampled_from([{}, {}, {}, {"grace_days": 2}]))
        own |= {"segment": self.segment}
        self.count += 1
        event = stories.disbursed(self.schedule, self.disbursed, when=stories.at(self.recorded()), **own)
        self.events.append(event | {"id": f"disbursed-{self.count}"})

    def cancel(self) -> None:
        """The disbursement did not happen after all."""
        self.count += 1
        self.events.append(stories.cancelled(self.today, when=stories.at(self.recorded()), event_id=f"C{self.count}"))


@st.composite
def loan_stories(draw: st.DrawFn, servicing: bool = True) -> list[Event]:
    """One loan: its disbursement, mostly first, and what happens to it."""
    told = Told(draw, draw(schedules), FIRST_DAY - timedelta(draw(st.sampled_from([0, 3, 20, 20]))))
    told.segment = draw(st.sampled_from(["retail", "business"]))
    kinds = [*[told.open_days] * 6, *[told.pay] * 4, told.reverse, told.repeat, told.repeat]
    if servicing:
        rare = [told.charge_back, told.charge, told.waive, told.revise, told.pause, told.resume, told.turn]
        rare += [told.charge_back, told.charge, told.waive, told.revise, told.pause, told.indicate]
        kinds += draw(st.lists(st.sampled_from(rare), min_size=1, max_size=6))
    if draw(st.integers(0, 3)) == 0:
        kinds += [told.cancel, told.disburse]
        told.days_ahead = []  # a payment that waits over a cancellation and a new disbursement is nobody's story
    size = draw(st.integers(0, 25))
    steps: list[Callable[[], None]] = draw(st.lists(st.sampled_from(kinds), min_size=size, max_size=size))
    steps.insert(draw(st.sampled_from([0, 0, 0, 0, 1, 3, 6])), told.disburse)
    for step in steps:
        step()
    return told.events
