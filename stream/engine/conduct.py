"""How a loan's conduct is remembered: a fold over facts by value date, so that a replay remembers the same.

`before` and `after` go round every fact that moves money, where the rules remember anything.
"""

from __future__ import annotations

from stream.engine import indications
from stream.engine.ageing import oldest_past_due
from stream.engine.calendars import months_after
from stream.engine.counting import counted_days, counted_since
from stream.engine.loan import Loan
from stream.engine.memory import NOTHING, Memory, keep, memory_of, memory_text, restructurings, second_due_after
from stream.engine.money import DUE
from stream.engine.policy import FIRST_MATERIAL, OLDEST_UNPAID, Rules
from stream.engine.schedule import past_due_rows
from stream.engine.schemes import RESTRUCTURED, RESTRUCTURED_TWICE, Cure, Observation, Scheme


def before(loan: Loan, on: int, rules: Rules) -> None:
    """Remember what was so at the opening of `on`, before a fact of that value date takes effect."""
    if _stands_still(loan):
        return
    oldest = oldest_past_due(loan, on, rules)
    if not oldest and not restructurings(loan):
        return
    past = Memory(memory_text(loan))
    since = counted_since(loan, past, on, rules, oldest)
    if rules.count_from != OLDEST_UNPAID:
        past.since = since
    days = counted_days(since, on, rules)
    if days:
        for scheme in rules.schemes:
            if scheme.cure is not None and bars(scheme.cure, loan):
                _note_arrears(loan, past, scheme, scheme.cure, days, oldest)
    observe(loan, past, on, rules)
    keep(loan, past)


def after(loan: Loan, on: int, rules: Rules) -> None:
    """Remember what is so once a fact of value date `on` took effect."""
    text = memory_text(loan)
    if (not text and rules.count_from != FIRST_MATERIAL) or _stands_still(loan):
        return
    past = Memory(text)
    held = _held_by_floors(loan, past, rules)
    if not counted_since(loan, NOTHING, on, rules, oldest_past_due(loan, on, rules)):
        past.since = 0
        for name, (cleared, _) in past.cures.items():
            if not cleared and name not in held:
                past.cures[name] = (on, second_due_after(loan, on))
    elif rules.count_from == FIRST_MATERIAL and not past.since:
        past.since = on  # a charge or a chargeback made the arrears material
    keep(loan, past)


def _stands_still(loan: Loan) -> bool:
    """Whether the loan is written off: its days and classes stay as on that day, whatever is recovered."""
    return loan.extras is not None and loan.extras.frozen_due >= 0


def _held_by_floors(loan: Loan, past: Memory, rules: Rules) -> list[str]:
    """The schemes that an indication or impairment keeps at their cure's level: it bars the way back as arrears do."""
    found: list[str] = []
    if not past.indications and past.expected_loss < 0:
        return found
    for scheme in rules.schemes:
        cure = scheme.cure
        if cure is not None and bars(cure, loan):
            floors = [floor for floor in scheme.floors if floor.level >= cure.level]
            if any(indications.holds(floor, past) for floor in floors):
                past.cures[scheme.name] = (0, 0)
                found.append(scheme.name)
    return found


def _note_arrears(loan: Loan, past: Memory, scheme: Scheme, cure: Cure, days: int, oldest: int) -> None:
    """Arrears that reach the cure's level bar the way back; new ones before it was over bar it again."""
    if _level_of_days(scheme, days) >= cure.level:
        past.cures[scheme.name] = (0, 0)
    elif scheme.name in past.cures:
        cleared, second = past.cures[scheme.name]
        if cleared and oldest >= upgrade_day(loan, cure, cleared, second):
            del past.cures[scheme.name]
        else:
            past.cures[scheme.name] = (0, 0)


def _level_of_days(scheme: Scheme, days: int) -> int:
    """The level by the days past due alone."""
    level = 0
    for table in scheme.tables:
        for part in table.ranges:
            if part.level > level and part.least <= days:
                level = part.level
    return level


def bars(cure: Cure, loan: Loan) -> bool:
    """Whether the cure's conditions apply to the loan; else it improves by its days alone."""
    return not cure.segments or loan.segment in cure.segments


def upgrade_day(loan: Loan, cure: Cure, cleared: int, second_due: int) -> int:
    """The first day on which a loan may be better again, its arrears cleared on `cleared`."""
    restructured = restructurings(loan) or memory_of(loan).distressed
    months = cure.restructured_months if cure.restructured_months and restructured else cure.months
    day = months_after(cleared, months)
    return max(day, second_due) if cure.two_periods else day


def observe(loan: Loan, past: Memory, day: int, rules: Rules) -> None:
    """Begin the observation of a restructured loan, and begin it anew at the latest installment missed by `day`."""
    extras = loan.extras
    if extras is None or not extras.restructured:
        return
    first_due = extras.restructured[-1][1]
    if past.observed_from < first_due:
        past.observed_from, past.second_due = first_due, second_due_after(loan, first_due)
    for row in past_due_rows(loan, day, rules):
        watched = [observed_until(past, scheme.observation) for scheme in rules.schemes if _watches(scheme)]
        if past.observed_from < row[DUE] < max(watched, default=0):
            past.observed_from, past.second_due = row[DUE], second_due_after(loan, row[DUE])


def observed_until(past: Memory, observation: Observation) -> int:
    """The day on which the observation is over; 0 where there is none."""
    if not past.observed_from:
        return 0
    day = months_after(past.observed_from, observation.months)
    return max(day, past.second_due) if observation.two_periods else day


def _watches(scheme: Scheme) -> bool:
    """Whether a scheme cares for restructured loans."""
    return any(floor.when in {RESTRUCTURED, RESTRUCTURED_TWICE} for floor in scheme.floors)
