"""Where a loan's money went, as it is known now: in the order of money, by installment and component."""

from __future__ import annotations

from typing import NamedTuple

from stream.engine import journal
from stream.engine.entries import Ending, Revision
from stream.engine.fold import Fold
from stream.engine.journal import Entries, MoneyFact
from stream.engine.loan import CANCELLED, Loan
from stream.engine.money import COMPONENTS, DUE, NUMBER, TOTAL, Money, Row
from stream.engine.payments import Payment
from stream.engine.policy import Rules
from stream.engine.schedule import open_all

Amounts = tuple[Money, Money, Money, Money]
"""Principal, interest, fee and penalty."""
NOTHING: Amounts = (0, 0, 0, 0)


class MoneyMoved(NamedTuple):
    """A fact in the order of money, and what it changed."""

    fact: MoneyFact
    installments: list[tuple[int, Amounts]]
    """By number: what is owed less after it; below 0: more."""
    credit: Money
    """What is more credit after it; below 0: less."""


class InstallmentStory(NamedTuple):
    """One installment at the end."""

    number: int
    due: int
    scheduled: Money
    on_top: Money
    """What charges and chargebacks added, less what was waived."""
    paid: Money
    unpaid: Amounts
    settled_on: int
    """Value date of the fact that left nothing owed; 0: something is owed."""
    ended: bool
    """It was closed or transferred with the loan, not paid."""


def money_story(loan: Loan, rules: Rules) -> tuple[list[MoneyMoved], list[InstallmentStory]]:
    """What each fact did to what is owed, and every installment at the end. Nothing is owed of a cancelled loan."""
    if loan.closed_as == CANCELLED:
        return [], []
    entries = journal.read(loan.journal)
    facts = entries.facts()
    apart = _apart(loan)
    folded = Fold(apart, entries, rules, [fact for fact in facts if isinstance(fact, Revision)])
    moved = []
    settled: dict[int, tuple[int, bool]] = {}
    paid: dict[int, Money] = {}
    before, credit = _owed(apart), apart.credit
    for fact in facts:
        folded.take(fact)
        after = _owed(apart)
        changes = _changes(before, after)
        moved.append(MoneyMoved(fact, changes, apart.credit - credit))
        for number, amounts in changes:
            if number in after:
                settled.pop(number, None)
            else:
                settled[number] = (fact[0], isinstance(fact, Ending))
            paid[number] = paid.get(number, 0) + (sum(amounts) if _pays(fact) else 0)
        before, credit = after, apart.credit
    return moved, _installments(folded, before, settled, paid, entries)


def _apart(loan: Loan) -> Loan:
    """A loan with the same terms, so that this one stays as it is."""
    apart = Loan()
    apart.closed_as, apart.replay_before, apart.history_from = loan.closed_as, 0, loan.history_from
    apart.segment, apart.disbursement_date, apart.grace_days = loan.segment, loan.disbursement_date, loan.grace_days
    apart.extras = None
    return apart


def _owed(loan: Loan) -> dict[int, Amounts]:
    open_all(loan)
    return {row[NUMBER]: _amounts(row) for row in loan.rows}


def _amounts(row: Row) -> Amounts:
    principal, interest, fee, penalty = [row[component] for component in COMPONENTS]
    return principal, interest, fee, penalty


def _changes(before: dict[int, Amounts], after: dict[int, Amounts]) -> list[tuple[int, Amounts]]:
    changes = []
    for number in sorted({*before, *after}):
        was, now = before.get(number, NOTHING), after.get(number, NOTHING)
        if was != now:
            changes.append((number, (was[0] - now[0], was[1] - now[1], was[2] - now[2], was[3] - now[3])))
    return changes


def _pays(fact: MoneyFact) -> bool:
    """Whether what is owed less after it was paid, not waived or ended."""
    return isinstance(fact, Payment)


def _installments(
    folded: Fold,
    owed: dict[int, Amounts],
    settled: dict[int, tuple[int, bool]],
    paid: dict[int, Money],
    entries: Entries,
) -> list[InstallmentStory]:
    extras = folded.loan.extras
    added = {} if extras is None else extras.added
    found = []
    for row in folded.schedule:
        number = row[NUMBER]
        unpaid = owed.get(number, NOTHING)
        on, ended = (0, False) if number in owed else settled.get(number, (0, False))
        if not row[TOTAL] and number not in added and number not in paid and not sum(unpaid):
            continue
        paid_there = paid.get(number, 0)
        if entries.opening is not None:
            paid_there = row[TOTAL] + added.get(number, 0) - sum(unpaid)
        found.append(
            InstallmentStory(number, row[DUE], row[TOTAL], added.get(number, 0), paid_there, unpaid, on, ended)
        )
    return found
