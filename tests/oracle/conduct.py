"""What a loan's past means for its days and its classes: looked at on every day, and after every movement of money.

Arrears that began once go on counting (first arrears, first material amount); a loan that was bad stays barred from
better classes for a time; a restructured loan is watched, and a miss begins the time anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.oracle.calendar import months_after
from tests.oracle.history import Fact, Revision
from tests.oracle.policy import Product
from tests.oracle.schemes import Cure, Scheme

if TYPE_CHECKING:
    from tests.oracle.money import Balance

A_DAY = timedelta(1)


@dataclass(frozen=True)
class Restructuring:
    """Terms were eased for financial difficulty."""

    effective: date
    first_due: date
    """The first adjusted due date."""


def restructurings(facts: Iterable[Fact], product: Product) -> list[Restructuring]:
    """All of a loan, in the order in which they took effect."""
    eased = sorted((f for f in facts if isinstance(f, Revision) and f.eased), key=lambda f: f.place)
    found = []
    for revision in eased:
        dues = [product.effective_due(date.fromisoformat(row["due_date"])) for row in revision.schedule]
        found.append(Restructuring(revision.day, min((d for d in dues if d >= revision.day), default=revision.day)))
    return found


@dataclass
class Conduct:
    """What is remembered of the past."""

    since: date | None = None
    """The first day of the present run of arrears, where days are counted from it."""
    bars: dict[str, date | None] = field(default_factory=dict)
    """By scheme that the loan is barred in: the day on which its arrears were cleared; None: not yet."""
    watched_from: dict[str, date] = field(default_factory=dict)
    """By scheme: the day from which a restructured loan is watched."""

    def copy(self) -> Conduct:
        """One to go on with, that leaves this one as it is."""
        return Conduct(self.since, dict(self.bars), dict(self.watched_from))


def look(now: Balance, past: Conduct, day: date) -> None:
    """Note what is so at a moment of a day."""
    if now.written_off or day < now.disbursed:
        return
    _look_at_arrears(now, past, day)
    for name, scheme in now.product.schemes.items():
        if scheme.cure:
            _look_at_bar(now, past, day, name, scheme, scheme.cure)
        if scheme.watches:
            _look_at_misses(now, past, day, name, scheme)


def _look_at_arrears(now: Balance, past: Conduct, day: date) -> None:
    oldest = now.ageing_from(day)
    if now.product.count_from == "first_arrears":
        past.since = (past.since or oldest + A_DAY) if oldest else None
    elif now.product.count_from == "first_material":
        past.since = (past.since or day) if now.material(day) else None
    else:
        past.since = oldest + A_DAY if oldest else None


def _look_at_bar(now: Balance, past: Conduct, day: date, name: str, scheme: Scheme, cure: Cure) -> None:
    bad = scheme.codes.index(cure.code)
    if any(scheme.codes.index(floor.code) >= bad and now.is_indicated(floor) for floor in scheme.floors):
        past.bars[name] = None
    elif not past.since or past.since > day:
        if name in past.bars and past.bars[name] is None:
            past.bars[name] = day
    elif scheme.level_of_days(now.days_since(past.since, day)) >= bad:
        past.bars[name] = None
    elif name in past.bars:
        upgrade = upgrade_day(now, past, cure, name, day)
        if upgrade and past.since > upgrade:
            del past.bars[name]
        else:
            past.bars[name] = None


def upgrade_day(now: Balance, past: Conduct, cure: Cure, name: str, day: date) -> date | None:
    """The first day on which a loan that was bad may be better again; None while its arrears are not cleared."""
    cleared = past.bars[name]
    if cleared is None:
        return None
    eased = now.distressed or any(r.effective <= day for r in now.restructured)
    months = cure.restructured_months if cure.restructured_months and eased else cure.months
    second = now.second_due_after(cleared) if cure.two_periods else None
    return max(months_after(cleared, months), second or cleared)


def _look_at_misses(now: Balance, past: Conduct, day: date, name: str, scheme: Scheme) -> None:
    known = [r for r in now.restructured if r.effective <= day]
    if not known:
        return
    past.watched_from[name] = max(past.watched_from.get(name, date.min), known[-1].first_due)
    for row in now.past_due(day):
        if past.watched_from[name] < row.due_date < watched_until(now, past, name, scheme):
            past.watched_from[name] = row.due_date


def watched_until(now: Balance, past: Conduct, name: str, scheme: Scheme) -> date:
    """The day on which the observation is over: the longer of its months and, if asked for, two periods."""
    start = past.watched_from[name]
    second = now.second_due_after(start) if scheme.watched_two_periods else None
    return max(months_after(start, scheme.watched_months), second or start)
