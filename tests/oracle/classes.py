"""The classes of a loan under the policy's schemes, from its days, its flags, its past and its status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from tests.oracle.calendar import month_end, months_after
from tests.oracle.conduct import Conduct, upgrade_day, watched_until
from tests.oracle.figures import Figures
from tests.oracle.history import Fact, Flag
from tests.oracle.money import Balance
from tests.oracle.schemes import Floor, Scheme, Step


def best_classes(schemes: dict[str, Scheme], status: str) -> dict[str, str]:
    """The classes of a loan with nothing owed."""
    return {name: scheme.statuses.get(status, scheme.codes[0]) for name, scheme in schemes.items()}


def classes(balance: Balance, facts: Iterable[Fact], day: date, now: Figures, status: str) -> dict[str, str]:
    """Class by scheme on a day."""
    flags = [f for f in facts if isinstance(f, Flag)]
    if balance.written_off:  # days and classes stay as on that day
        day = min(day, balance.written_off[0])
    past = balance.conduct_on(day)
    found = {}
    for name, scheme in balance.product.schemes.items():
        if status in scheme.statuses:
            found[name] = scheme.statuses[status]
        else:
            found[name] = scheme.codes[_level(name, scheme, balance, past, flags, day, now)]
    return found


def _level(
    name: str, scheme: Scheme, balance: Balance, past: Conduct, flags: list[Flag], day: date, now: Figures
) -> int:
    level = max((_level_by_steps(scheme, *table, balance, day, now) for table in scheme.tables), default=0)
    if not now.outstanding_total:
        return level
    oldest, technical = now.oldest_due_date, [f for f in flags if f.flag == "technical_overdue"]
    if 0 < now.days_past_due <= scheme.technical_days and any(oldest and f.day >= oldest for f in technical):
        level = 0
    for floor in scheme.floors:
        if _holds(floor, name, scheme, balance, past, flags, day):
            level = max(level, scheme.codes.index(floor.code))
    if scheme.cure and name in past.bars:
        upgrade = upgrade_day(balance, past, scheme.cure, name, day)
        seen = past.since - timedelta(1) if now.days_past_due and past.since else day
        if upgrade is None or seen < upgrade:
            level = max(level, scheme.codes.index(scheme.cure.code))
    return level


def _holds(
    floor: Floor, name: str, scheme: Scheme, balance: Balance, past: Conduct, flags: list[Flag], day: date
) -> bool:
    """Whether a circumstance is so."""
    when = floor.when
    if when == "misuse_found":
        return any(f.flag == when and f.day <= day for f in flags)
    if not when.startswith("restructured"):
        return balance.is_indicated(floor)
    times = sum(r.effective <= day for r in balance.restructured)
    if times < (2 if when == "restructured_twice" else 1) or name not in past.watched_from:
        return False
    return day < watched_until(balance, past, name, scheme)


def _level_by_steps(
    scheme: Scheme, counter: str, steps: tuple[Step, ...], balance: Balance, day: date, now: Figures
) -> int:
    count = _count(counter, day, now)
    holding = [
        step
        for step in steps
        if step.least <= count
        and (step.most is None or count <= step.most)
        and (not step.by_month_end or day >= month_end(day - timedelta(count - step.least)))
        and (not step.worth_days or now.overdue["total"] >= balance.fell_due(day - timedelta(step.worth_days), day))
    ]
    return max((scheme.codes.index(step.code) for step in holding), default=0)


def _count(counter: str, day: date, now: Figures) -> int:
    """What a scheme counts."""
    if counter == "days_past_due":
        return now.days_past_due
    if counter == "delinquent_days":
        return now.delinquent_days
    if counter == "days_once_grace_lapsed":
        return now.days_past_due if now.delinquent_days else 0
    if not now.days_past_due or not now.oldest_due_date:
        return 0
    if counter == "missed_payments":
        return len(now.past_due)
    # a month is complete on the next due date (OTS), or on the day before it (MBA)
    seen = day + timedelta(1 if counter == "months_mba" else 0)
    return sum(months_after(now.oldest_due_date, months) <= seen for months in range(1, 400))
