"""Replay: the figures from the journal alone, and the alerts that turn out to have been wrong.

An alert is a statement: on its day the loan was in its bucket, or in its class. It stands while that was true at some
moment of that day by the facts now known: at its opening, or after one of the day's facts. One that no longer stands is
superseded by a correction that says what was true at the end of that day. A notice is no statement of a state but a
request to act on its day, which was followed or not: it is not corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stream.engine.class_statements import ClassStatement, class_in, life_after, standing
from stream.engine.classification import Moment, classes_at
from stream.engine.delinquency import NOTHING_OWED, Situation, situation
from stream.engine.entries import Ending, Revision
from stream.engine.fold import Fold, fold
from stream.engine.journal import Entries, MoneyFact, Statement, counts_from
from stream.engine.loan import ACTIVE, CANCELLED, Loan
from stream.engine.policy import Rules


class Look(NamedTuple):
    """What was true at a moment of a day; the classes only where something was said of them."""

    situation: Situation
    classes: str


Said = Statement | ClassStatement
Wrong = tuple[Said, Look]
"""A statement that no longer stands, and the end of its day as now known."""


def rebuild(loan: Loan, entries: Entries, rules: Rules) -> None:
    """Set the money figures of the loan to a fold over all facts that stand."""
    facts = entries.facts()
    revisions = [fact for fact in facts if isinstance(fact, Revision)] if entries.servicing else []
    worst = _worst_before(loan, entries, rules, facts, revisions) if revisions else 0
    fold(loan, entries, rules, facts, revisions, worst_from=max(map(counts_from, revisions), default=0))
    if worst > loan.worst:
        loan.worst = worst


def _worst_before(loan: Loan, entries: Entries, rules: Rules, facts: list[MoneyFact], revisions: list[Revision]) -> int:
    """The most days past due up to the day from which the last revision counts.

    A revision does not undo that the loan was past due: each day is judged by the versions in force before it.
    """
    worst = last = 0
    for day in sorted({counts_from(revision) for revision in revisions}):
        versions = [revision for revision in revisions if counts_from(revision) < day]
        earlier = [fact for fact in facts if fact[0] < day and (not isinstance(fact, Revision) or fact in versions)]
        fold(loan, entries, rules, earlier, versions, worst_from=last)
        worst = max(worst, loan.worst)
        opening = [fact for fact in facts if counts_from(fact) < day]
        fold(loan, entries, rules, opening, versions)
        worst = max(worst, situation(loan, day, rules).days_past_due)
        last = day
    return worst


def rebuild_and_check(loan: Loan, entries: Entries, rules: Rules, touched: int) -> list[Wrong]:
    """Rebuild, and find the statements about days from `touched` on that no longer stand, oldest first."""
    days = _said_by_day(loan, entries, rules, touched)
    wrong: list[Wrong] = []
    if days:
        facts = entries.facts()
        if _in_order_of_days(facts):
            wrong = _check_in_one_pass(loan, entries, rules, days, facts)
            if not entries.servicing:
                return wrong
        else:
            for day, said in days.items():
                wrong += _wrong(said, _looks_of_day(loan, entries, rules, day, said, facts), rules)
    rebuild(loan, entries, rules)
    return wrong


def all_untrue(loan: Loan, entries: Entries, rules: Rules) -> list[Wrong]:
    """Of a cancelled loan, nothing was ever due: each statement that said otherwise is wrong."""
    classes = classes_at(loan, Moment(loan.as_of, 0, 0, 0), rules)
    nothing = Look(NOTHING_OWED, classes)
    days = _said_by_day(loan, entries, rules, 0)
    return [one for said in days.values() for one in _wrong(said, [nothing], rules)]


def _said_by_day(loan: Loan, entries: Entries, rules: Rules, first: int) -> dict[int, list[Said]]:
    """What was said of each day from `first` on and stands, oldest day first: of the bucket, then of the classes."""
    said: list[Said] = [one for one in entries.statements if one.as_of >= first]
    if entries.classes_said:
        place = {scheme.name: index for index, scheme in enumerate(rules.schemes)}
        classed = standing(loan.loan_id, entries.classes_said, first)
        classed.sort(key=lambda one: place.get(one.scheme, len(place)))
        said += classed
    days: dict[int, list[Said]] = {}
    for one in sorted(said, key=lambda one: one.as_of):
        days.setdefault(one.as_of, []).append(one)
    return days


def _in_order_of_days(facts: list[MoneyFact]) -> bool:
    """Whether the order of money is also the order of the days from which the facts count; a revision changes all."""
    last = 0
    for fact in facts:
        if isinstance(fact, Revision):
            return False
        first_day = counts_from(fact)
        if first_day < last:
            return False
        last = first_day
    return True


def _check_in_one_pass(
    loan: Loan, entries: Entries, rules: Rules, days: dict[int, list[Said]], facts: list[MoneyFact]
) -> list[Wrong]:
    folded = Fold(loan, entries, rules)
    done, life = 0, _first_life(loan, entries)
    wrong: list[Wrong] = []
    for day, said in days.items():
        classed = _of_classes(said)
        while done < len(facts) and counts_from(facts[done]) < day:
            folded.take(facts[done])
            life = life_after(life, facts[done], loan)
            done += 1
        moments = [_look(loan, day, rules, life, classed)]
        while done < len(facts) and counts_from(facts[done]) == day:
            folded.take(facts[done])
            life = life_after(life, facts[done], loan)
            done += 1
            moments.append(_look(loan, day, rules, life, classed))
        wrong += _wrong(said, moments, rules)
    for fact in facts[done:]:
        folded.take(fact)
    return wrong


def _looks_of_day(
    loan: Loan, entries: Entries, rules: Rules, day: int, said: list[Said], facts: list[MoneyFact]
) -> list[Look]:
    before = [fact for fact in facts if counts_from(fact) < day]
    of_the_day = [fact for fact in facts if counts_from(fact) == day]
    moments = []
    for count in range(len(of_the_day) + 1):
        known = sorted([*before, *of_the_day[:count]])
        versions = [fact for fact in known if isinstance(fact, Revision)]
        fold(loan, entries, rules, known, versions)
        life = _first_life(loan, entries)
        for fact in known:
            life = life_after(life, fact, loan)
        moments.append(_look(loan, day, rules, life, _of_classes(said)))
    return moments


def _first_life(loan: Loan, entries: Entries) -> str:
    """How the loan's life stood before the first fact of the journal."""
    ended = any(isinstance(fact, Ending) for fact in entries.servicing)
    return ACTIVE if ended or loan.closed_as == CANCELLED else loan.closed_as


def _of_classes(said: Sequence[Said]) -> bool:
    return any(isinstance(one, ClassStatement) for one in said)


def _look(loan: Loan, day: int, rules: Rules, life: str, classed: bool) -> Look:
    """What the loan's present money figures mean on a day of its life."""
    now = situation(loan, day, rules)
    if not classed:
        return Look(now, "")
    as_of, closed_as = loan.as_of, loan.closed_as
    loan.as_of, loan.closed_as = day, life
    classes = classes_at(loan, Moment(day, now.days_past_due, now.delinquent_days, now.oldest_due), rules)
    loan.as_of, loan.closed_as = as_of, closed_as
    return Look(now, classes)


def _wrong(said: Sequence[Said], moments: list[Look], rules: Rules) -> list[Wrong]:
    return [(one, moments[-1]) for one in said if not any(_stands(one, moment, rules) for moment in moments)]


def _stands(said: Said, moment: Look, rules: Rules) -> bool:
    """Whether a statement was true at a moment; a scheme that the policy has no more says nothing of it."""
    if isinstance(said, ClassStatement):
        return class_in(moment.classes, said.scheme) in (said.code, None)
    days = moment.situation.delinquent_days
    return (days > 0) == said.delinquent and rules.bucket(days, said.bucket) == said.bucket
