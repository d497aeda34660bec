"""Whether the repayments of a day can be believed to be all there: a silent feed is not a default.

A day is judged by the installments that fell due on it and were not past due before: how many were met by the end of
that day (or in advance), and how many would turn late when the next day opens. Where far fewer were met than was usual
on the task's last days, the feed is taken for broken, and the next day is held: it does not open, and no loan ages.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stream.engine.dates import Day, iso
from stream.engine.findings import Reason, alert_id

HELD: Final = "feed.held"
RELEASED: Final = "feed.released"

ARRIVED: Final = "repayments_arrived"
COMPLETE: Final = "repayments_said_complete"
TOO_LONG: Final = "held_too_long"

DAYS_KEPT: Final = 28
"""How many past days tell what is usual."""
DAYS_AHEAD: Final = 45
"""An installment met more days before it is due says nothing about the feed of its due day."""


class FeedRules(NamedTuple):
    """When a day is held. Source: the design's rule for silent feeds; the figures are defaults to calibrate."""

    least_share: tuple[int, int] = (1, 2)
    """Held when fewer than this part of the usual share was met; numerator, denominator."""
    min_expected: int = 50
    """Days on which fewer installments of the task fell due are neither judged nor remembered."""
    min_days: int = 5
    """So many days must be remembered before any day is held."""
    max_held_days: int = 3
    """A held day opens after so many more business days, whatever is missing; 0: nothing is ever held."""


class Shortfall(NamedTuple):
    """What was due on a day, and what came."""

    due: int
    """Installments that fell due and were not past due before."""
    met: int
    usual: int
    """How many would have been met by the share of the days remembered, rounded down."""


class Feed:
    """What a task remembers of its repayment feed."""

    __slots__ = ("held", "late", "met", "past", "until")

    met: dict[int, int]  # due day, from the business date on: installments of it that are met already
    past: list[tuple[int, int]]  # met and late of the last days that count, oldest first
    late: int  # loans that turned late so far on the day that is being opened
    held: int  # the business day that is held, 0: none
    until: int  # the last business day that was asked for while one is held

    def __init__(self) -> None:
        self.met, self.past = {}, []
        self.late = self.held = self.until = 0


class FeedAlert(NamedTuple):
    """A day of one task is held, or was released."""

    id: str
    kind: str
    partition: int
    as_of: Day
    """The business day that does not open, or now opens."""
    due: int
    met: int
    usual: int
    reasons: tuple[Reason, ...]
    policy_version: str
    causes: tuple[str, ...]


def note_met(feed: Feed, due: int, today: int) -> None:
    """An installment due on `due` was met on the business date `today`, by its due date."""
    if today <= due <= today + DAYS_AHEAD:
        feed.met[due] = feed.met.get(due, 0) + 1


def measured(feed: Feed, day: int, late: int) -> Shortfall:
    """What is there, and what would be usual, if `late` loans would turn late when `day` opens."""
    met = feed.met.get(day - 1, 0)
    usual_met = sum(met for met, _ in feed.past)
    usual_due = sum(met + late for met, late in feed.past)
    due = met + late
    return Shortfall(due, met, due * usual_met // usual_due if usual_due else 0)


def falls_short(feed: Feed, rules: FeedRules, day: int, late: int) -> bool:
    """Whether too little was met to believe the feed, if `late` loans would turn late when `day` opens."""
    met = feed.met.get(day - 1, 0)
    due = met + late
    if due < rules.min_expected or len(feed.past) < rules.min_days:
        return False
    usual_met = sum(met for met, _ in feed.past)
    usual_due = sum(met + late for met, late in feed.past)
    numerator, denominator = rules.least_share
    return met * usual_due * denominator < numerator * due * usual_met


def note_opened(feed: Feed, rules: FeedRules, day: int) -> None:
    """`day` is opened and judged: what was met and what turned late is remembered.

    So it is after a day that was held in vain, too: where fewer pay in time for good, that becomes the usual.
    """
    met, late = feed.met.get(day - 1, 0), feed.late
    if met + late >= rules.min_expected:
        feed.past = [*feed.past[1 - DAYS_KEPT :], (met, late)]
    feed.met = {due: count for due, count in feed.met.items() if due >= day}
    feed.late = 0


def held(partition: int, day: int, found: Shortfall, rules: FeedRules, policy_version: str) -> FeedAlert:
    """That a day is held; its id is the same whenever it is said, so that it is one alert per task and day."""
    numerator, denominator = rules.least_share
    why = Reason("repayments_fall_short", found.met, found.usual * numerator // denominator)
    return _alert(HELD, partition, day, found, why, policy_version, None)


def released(
    partition: int, day: int, found: Shortfall, reason_code: str, held_days: int, policy_version: str, cause: str
) -> FeedAlert:
    """That a held day opens; `cause` is the event that released it, `found` what is there by now."""
    return _alert(RELEASED, partition, day, found, Reason(reason_code, held_days, None), policy_version, cause)


def _alert(
    kind: str, partition: int, day: int, found: Shortfall, why: Reason, policy_version: str, cause: str | None
) -> FeedAlert:
    return FeedAlert(
        alert_id(key_of(partition), kind, 0, None, Day(day), cause, None),
        kind,
        partition,
        Day(day),
        *found,
        (why,),
        policy_version,
        (cause or f"business-day:{iso(day)}",),
    )


def key_of(partition: int) -> str:
    """The Kafka key of what is said about a whole task."""
    return f"partition-{partition}"
