"""The same facts, told in any order on any days, leave a loan in the same standing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests import stories
from tests.properties.loan_stories import FIRST_DAY, policies, schedules
from tests.properties.size import sized
from tests.properties.tellers import last_standing, said_by_the_product
from tests.stories import Event

LAST_DAY = FIRST_DAY + timedelta(30)
OF_THE_WAY = {"as_of", "bucket_history", "episode", "last_event_id"}
"""What a standing says of the way to it: these tell on which business dates it was judged, and by what.

So does the worst of a revised loan: arrears last until the day on which the revision that puts them off was known.
"""


@dataclass
class Facts:
    """Facts that may be told in any order: none of them is refused for what another one did."""

    draw: st.DrawFn
    schedule: list[dict[str, Any]]

    def day(self, first: int = 0) -> date:
        """Some day of the story."""
        return FIRST_DAY + timedelta(self.draw(st.integers(first, 25)))

    def payment(self, name: str) -> list[Event]:
        """Money of some day; perhaps never made after all."""
        amount = self.draw(st.sampled_from([1, 7, 20, 50, 100, 130]))
        kind = self.draw(st.sampled_from(["repayment", "repayment", "goodwill_credit", "refund"]))
        value_date = self.day()
        told = [stories.repaid(f"P{name}", amount, value_date, when=stories.at(value_date), kind=kind)]
        if self.draw(st.integers(0, 3)) == 0:
            told.append(stories.reversed_(f"P{name}", value_date, when=stories.at(value_date)))
        return told

    def chargeback(self, name: str) -> list[Event]:
        """Money of a payment that nobody told of is taken back."""
        return [stories.charged_back(f"K{name}", self.draw(st.integers(1, 60)), self.day())]

    def charge(self, name: str) -> list[Event]:
        """A fee or a penalty."""
        day, posted = self.day(), self.day()
        kind = self.draw(st.sampled_from(["fee", "penalty"]))
        return [stories.charged(f"H{name}", self.draw(st.sampled_from([1, 5, 40])), day, kind, when=stories.at(posted))]


@st.composite
def two_orders(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """One set of facts in two orders; at most one revision, and pauses that do not meet."""
    facts = Facts(draw, draw(schedules))
    kinds = draw(st.lists(st.sampled_from([facts.payment] * 3 + [facts.chargeback, facts.charge]), max_size=6))
    told = [event for number, kind in enumerate(kinds) for event in kind(f"{'cab'[number % 3]}{number}")]
    if draw(st.booleans()):
        start = facts.day()
        told.append(stories.paused(start, start + timedelta(draw(st.integers(1, 4))), start))  # over by the last day
    if draw(st.integers(0, 2)) == 0:
        rows = [stories.an_installment(n, facts.day(), 50) for n in draw(st.sampled_from([[1], [2, 5], []]))]
        told.append(stories.revised(2, facts.day(), rows))
    begun = stories.disbursed(facts.schedule, FIRST_DAY - timedelta(3), when=stories.at(FIRST_DAY - timedelta(3)))
    return _told(draw, begun, told), _told(draw, begun, told)


def _told(draw: st.DrawFn, begun: Event, told: list[Event]) -> list[Event]:
    """The facts in an order of their own, days opening between them; some of them come twice."""
    days: list[Event] = stories.days(FIRST_DAY, LAST_DAY)
    story, left = [begun], draw(st.permutations(told))
    for event in left:
        count = draw(st.sampled_from([0, 0, 1, 3, 10]))
        story, days = [*story, *days[:count], event], days[count:]
        if draw(st.integers(0, 5)) == 0:
            story.append(event)
    return [*story, *(days or [stories.opened(LAST_DAY)])]


DRAWN = {"policy": policies(), "orders": two_orders()}


def check(policy: str, orders: tuple[list[Event], list[Event]]) -> None:
    """Two orders of the same facts end in one standing, but for the history of buckets and the episode."""
    one, other = (said_by_the_product(story, policy) for story in orders)
    assume(not one["dead-letters"] and not other["dead-letters"])  # a settled loan takes no pause
    first, second = last_standing(one), last_standing(other)
    revised = any(event["type"] == "loan.schedule_revised" for event in orders[0])
    for name in OF_THE_WAY | ({"max_days_past_due_ever"} if revised else set()):
        first.pop(name)
        second.pop(name)
    for behaviour in (first["behaviour"], second["behaviour"]):
        for name in [name for name in behaviour if name.startswith("upcoming_")]:  # as of the day last judged
            behaviour.pop(name)
    assert first == second


@sized(100)
@given(**DRAWN)
def test_the_order_of_arrival_leaves_no_trace(policy: str, orders: tuple[list[Event], list[Event]]) -> None:
    """Facts that come in another order, on other days, twice, leave a loan in the same standing."""
    check(policy, orders)
