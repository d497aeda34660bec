"""What a loan is classified as: pure look-ups in the policy's schemes, with the floors and bars that its past sets.

Sources: domain reference section 2 (2023 Measures for the risk classification of commercial banks' financial assets,
PBoC credit bureau, IFRS 9, CRR art. 178, FFIEC retail classification, RBI, Metro 2).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stream.engine import conduct, indications, journal
from stream.engine.calendars import month_end, months_after
from stream.engine.entries import Revision
from stream.engine.loan import Loan, counted_day, status
from stream.engine.memory import Memory, memory_of, restructurings
from stream.engine.money import DUE, FEE, INTEREST, PENALTY, PRINCIPAL, TOTAL, Money
from stream.engine.policy import NEVER, Rules
from stream.engine.revisions import in_force
from stream.engine.schedule import past_due_rows
from stream.engine.schemes import (
    DAYS_ONCE_GRACE_LAPSED,
    DAYS_PAST_DUE,
    DELINQUENT_DAYS,
    MISSED_PAYMENTS,
    MISUSE_FOUND,
    MONTHS_MBA,
    RESTRUCTURED,
    RESTRUCTURED_TWICE,
    Floor,
    Range,
    Scheme,
)

MAX_KNOWN: Final = 1 << 16


class Moment(NamedTuple):
    """What a classification looks at."""

    day: int
    days_past_due: int
    delinquent_days: int
    oldest_due: int


def classify(loan: Loan, rules: Rules) -> str:
    """The loan's classes as judged on `loan.as_of`: "scheme:code scheme:code ..."; "" where every scheme says its best.

    Call it after the loan was judged, and only where the policy has schemes.
    """
    if loan.extras is None and loan.rows and not loan.closed_as:
        if not loan.days_past_due:
            return ""
        if rules.by_days_alone:
            return _by_days(loan, rules)
    text = classes_at(loan, _as_judged(loan), rules)
    return "" if text == rules.normal_classes else text


def _as_judged(loan: Loan) -> Moment:
    return Moment(loan.as_of, loan.days_past_due, loan.delinquent_days, loan.oldest_due)


def _by_days(loan: Loan, rules: Rules) -> str:
    """The same where the two counts of days tell it all: most loans in arrears. Each answer is worked out once."""
    known = rules.classes_of_days
    days = (loan.days_past_due, loan.delinquent_days)
    text = known.get(days)
    if text is None:
        if len(known) >= MAX_KNOWN:
            known.clear()
        text = classes_at(loan, _as_judged(loan), rules)
        text = known[days] = "" if text == rules.normal_classes else text
    return text


def next_change(loan: Loan, rules: Rules) -> int:
    """The next day after `loan.as_of` on which time alone lifts a floor or a bar; NEVER where none does.

    Of a loan with nothing past due: one in arrears is looked at every day anyway.
    """
    past = memory_of(loan)
    if restructurings(loan):
        past = Memory(past.text())
        conduct.observe(loan, past, loan.as_of, rules)
    found = NEVER
    for scheme in rules.schemes:
        days = [conduct.observed_until(past, scheme.observation)]
        if scheme.cure is not None and scheme.name in past.cures:
            cleared, second = past.cures[scheme.name]
            days.append(conduct.upgrade_day(loan, scheme.cure, cleared, second) if cleared else 0)
        for day in days:
            if loan.as_of < day < found:
                found = day
    return found


def classes_at(loan: Loan, moment: Moment, rules: Rules) -> str:
    """The classes at any moment of the loan's present money figures, in full."""
    past = memory_of(loan)
    if restructurings(loan):
        past = Memory(past.text())
        conduct.observe(loan, past, moment.day, rules)
    state = status(loan)
    moment = moment._replace(day=counted_day(loan, moment.day))
    words = []
    for scheme, labels in zip(rules.schemes, rules.labels, strict=True):
        code = scheme.code_of_status(state)
        words.append(f"{scheme.name}:{code}" if code is not None else labels[_level(scheme, loan, moment, past, rules)])
    return " ".join(words)


def _level(scheme: Scheme, loan: Loan, moment: Moment, past: Memory, rules: Rules) -> int:
    level = _level_by_tables(scheme, loan, moment, rules)
    extras = loan.extras
    if extras is None or not loan.rows:
        return level
    if (
        0 < moment.days_past_due <= scheme.technical_days
        and moment.oldest_due
        and extras.technical_from >= moment.oldest_due
    ):
        level = 0
    for floor in scheme.floors:
        if floor.level > level and _holds(floor, loan, moment, past, scheme):
            level = floor.level
    cure = scheme.cure
    if cure is not None and level < cure.level and scheme.name in past.cures and conduct.bars(cure, loan):
        cleared, second = past.cures[scheme.name]
        upgrade = conduct.upgrade_day(loan, cure, cleared, second) if cleared else NEVER
        seen = moment.oldest_due if moment.days_past_due else moment.day
        if seen < upgrade:
            level = cure.level
    return level


def _level_by_tables(scheme: Scheme, loan: Loan, moment: Moment, rules: Rules) -> int:
    worst = 0
    for table in scheme.tables:
        count = _count(table.counter, loan, moment, rules)
        if not count:
            continue
        level = 0
        for part in table.ranges:
            if part.least > count:
                break
            if (part.most is None or count <= part.most) and _in_force(part, count, loan, moment, rules):
                level = part.level
        if level > worst:
            worst = level
    return worst


def _count(counter: str, loan: Loan, moment: Moment, rules: Rules) -> int:
    """What a scheme counts, on the moment's day."""
    if counter == DAYS_PAST_DUE:
        return moment.days_past_due
    if counter == DELINQUENT_DAYS:
        return moment.delinquent_days
    if counter == DAYS_ONCE_GRACE_LAPSED:
        return moment.days_past_due if moment.delinquent_days else 0
    if not moment.days_past_due:
        return 0
    if counter == MISSED_PAYMENTS:
        return len(past_due_rows(loan, moment.day, rules))
    return _months(moment.oldest_due, moment.day, 1 if counter == MONTHS_MBA else 0)


def _months(due: int, day: int, earlier: int) -> int:
    """Whole months from a due date; each is complete so many days before the same day of its month."""
    months = 0
    while months_after(due, months + 1) - earlier <= day:
        months += 1
    return months


def _in_force(part: Range, count: int, loan: Loan, moment: Moment, rules: Rules) -> bool:
    if part.by_month_end:
        reached = moment.day - count + part.least
        return moment.day >= month_end(reached)
    return not part.worth_days or _unpaid_worth(loan, moment, part.worth_days, rules)


def _unpaid_worth(loan: Loan, moment: Moment, days: int, rules: Rules) -> bool:
    """Whether what is past due comes to the installments that fell due in so many days (APRA, APS 220)."""
    unpaid = sum(
        row[PRINCIPAL] + row[INTEREST] + row[FEE] + row[PENALTY] for row in past_due_rows(loan, moment.day, rules)
    )
    return unpaid >= _fell_due(loan, moment.day - days, moment.day, rules)


def _fell_due(loan: Loan, first: int, day: int, rules: Rules) -> Money:
    """What the schedule asked for from `first` on and before `day`, paid or not."""
    known = journal.read(loan.journal)
    revisions = [fact for fact in known.servicing if isinstance(fact, Revision)]
    rows, _ = in_force(known.schedule, revisions, rules.order)
    return sum(row[TOTAL] for row in rules.rolled(rows) if first <= row[DUE] < day)


def _holds(floor: Floor, loan: Loan, moment: Moment, past: Memory, scheme: Scheme) -> bool:
    """Whether a floor's circumstance is so on the moment's day."""
    extras, when = loan.extras, floor.when
    if extras is None:
        return False
    if when == MISUSE_FOUND:
        return 0 < extras.misuse_from <= moment.day
    if not when.startswith(RESTRUCTURED):
        return indications.holds(floor, past)
    if not extras.restructured or extras.restructured[0][0] > moment.day:
        return False
    if when == RESTRUCTURED_TWICE and sum(begin <= moment.day for begin, _ in extras.restructured) < 2:
        return False
    return moment.day < conduct.observed_until(past, scheme.observation)
