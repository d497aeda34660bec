"""Replay: the figures from the journal alone, and the alerts that turn out to have been wrong.

An alert is a statement: on its day the loan was in its bucket. It stands while that was true at some moment of that
day by the facts now known: at its opening, or after one of the day's facts. One that no longer stands is superseded by
a correction that says what was true at the end of that day.
"""

from __future__ import annotations

from stream.engine.delinquency import NOTHING_OWED, Situation, situation
from stream.engine.entries import Revision
from stream.engine.fold import Fold, fold
from stream.engine.journal import Entries, MoneyFact, Statement, counts_from
from stream.engine.loan import Loan
from stream.engine.policy import Rules

Wrong = tuple[Statement, Situation]
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
    statements = [said for said in entries.statements if said.as_of >= touched]
    wrong: list[Wrong] = []
    if statements:
        facts = entries.facts()
        if _in_order_of_days(facts):
            wrong = _check_in_one_pass(loan, entries, rules, statements, facts)
            if not entries.servicing:
                return wrong
        else:
            for said in statements:
                wrong += _check_one_day(loan, entries, rules, said, facts)
    rebuild(loan, entries, rules)
    return wrong


def all_delinquent(entries: Entries) -> list[Wrong]:
    """Of a cancelled loan, nothing was ever due: each statement that said otherwise is wrong."""
    return [(said, NOTHING_OWED) for said in entries.statements if said.delinquent]


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
    loan: Loan, entries: Entries, rules: Rules, statements: list[Statement], facts: list[MoneyFact]
) -> list[Wrong]:
    folded = Fold(loan, entries, rules)
    done = 0
    wrong: list[Wrong] = []
    index = 0
    while index < len(statements):
        day = statements[index].as_of
        end = index
        while end < len(statements) and statements[end].as_of == day:
            end += 1
        while done < len(facts) and counts_from(facts[done]) < day:
            folded.take(facts[done])
            done += 1
        moments = [situation(loan, day, rules)]
        while done < len(facts) and counts_from(facts[done]) == day:
            folded.take(facts[done])
            done += 1
            moments.append(situation(loan, day, rules))
        wrong += [(said, moments[-1]) for said in statements[index:end] if not _stands(said, moments, rules)]
        index = end
    for fact in facts[done:]:
        folded.take(fact)
    return wrong


def _check_one_day(loan: Loan, entries: Entries, rules: Rules, said: Statement, facts: list[MoneyFact]) -> list[Wrong]:
    day = said.as_of
    before = [fact for fact in facts if counts_from(fact) < day]
    of_the_day = [fact for fact in facts if counts_from(fact) == day]
    moments = []
    for count in range(len(of_the_day) + 1):
        known = sorted([*before, *of_the_day[:count]])
        versions = [fact for fact in known if isinstance(fact, Revision)]
        fold(loan, entries, rules, known, versions)
        moments.append(situation(loan, day, rules))
    return [] if _stands(said, moments, rules) else [(said, moments[-1])]


def _stands(said: Statement, moments: list[Situation], rules: Rules) -> bool:
    for moment in moments:
        delinquent = moment.delinquent_days > 0
        if delinquent == said.delinquent and rules.bucket(moment.delinquent_days, said.bucket) == said.bucket:
            return True
    return False
