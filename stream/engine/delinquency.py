"""From what is unpaid to days past due, delinquent days and a bucket.

Source: domain base rule: U(t) = installments due before t and unpaid beyond the tolerance; days past due =
t - the oldest due date in U(t), else 0. Delinquent days are those less the grace days, never below 0.
Other ways of counting (domain reference section 1) are in counting.py.
"""

from __future__ import annotations

from typing import NamedTuple

from stream.engine import agenda
from stream.engine.ageing import oldest_past_due
from stream.engine.classification import next_change
from stream.engine.counting import days_past_due
from stream.engine.loan import CANCELLED, CHARGED_OFF, WRITTEN_OFF, Loan, counted_day
from stream.engine.memory import memory_of
from stream.engine.money import DUE, FEE, INTEREST, PENALTY, PRINCIPAL, Money
from stream.engine.pauses import deducted
from stream.engine.policy import NEVER, NO_BUCKET, Rules
from stream.engine.schedule import open_next, past_due_rows

Overdue = tuple[Money, Money, Money, Money]


class Situation(NamedTuple):
    """What was true of a loan at some moment of a day."""

    days_past_due: int
    delinquent_days: int
    oldest_due: int
    overdue: Overdue
    outstanding_principal: Money


NOTHING_OWED = Situation(0, 0, 0, (0, 0, 0, 0), 0)


def grace_days(loan: Loan, rules: Rules) -> int:
    """The loan's own grace days, else the product's."""
    return rules.grace_days if loan.grace_days < 0 else loan.grace_days


def judge(loan: Loan, today: int, rules: Rules) -> None:
    """Set the days and the bucket of `today`."""
    oldest = oldest_past_due(loan, today, rules)
    loan.as_of = today
    loan.oldest_due = oldest
    if not oldest:
        loan.days_past_due = loan.delinquent_days = 0
        loan.bucket = NO_BUCKET
        return
    extras = loan.extras
    counted = today if extras is None else counted_day(loan, today)
    days = counted - oldest if rules.plain else days_past_due(loan, memory_of(loan), counted, rules, oldest)
    delinquent = days - (rules.grace_days if loan.grace_days < 0 else loan.grace_days)
    if extras is not None and extras.pauses:
        delinquent -= deducted(loan, counted)
    loan.days_past_due = days
    loan.delinquent_days = delinquent if delinquent > 0 else 0
    loan.bucket = rules.bucket(loan.delinquent_days, loan.bucket)


def situation(loan: Loan, day: int, rules: Rules) -> Situation:
    """What the loan's present money figures mean on `day`, without changing the judgement."""
    oldest = oldest_past_due(loan, day, rules)
    counted = counted_day(loan, day)
    days = days_past_due(loan, memory_of(loan), counted, rules, oldest) if oldest else 0
    delinquent = max(0, days - grace_days(loan, rules) - deducted(loan, counted))
    return Situation(days, delinquent, oldest, overdue(loan, day, rules), loan.owed[PRINCIPAL])


def overdue(loan: Loan, day: int, rules: Rules) -> Overdue:
    """Unpaid principal, interest, fee and penalty of the installments past due on `day`."""
    day = counted_day(loan, day)
    if not loan.rows or loan.rows[0][DUE] >= day or day < loan.disbursement_date or loan.closed_as == CANCELLED:
        return (0, 0, 0, 0)
    principal = interest = fee = penalty = 0
    for row in past_due_rows(loan, day, rules):
        principal += row[PRINCIPAL]
        interest += row[INTEREST]
        fee += row[FEE]
        penalty += row[PENALTY]
    return (principal, interest, fee, penalty)


def next_check(loan: Loan, rules: Rules) -> int:
    """The next business day on which the passing of time alone can change something about the loan.

    A loan past due changes every day; one that is not, on the day after its next due date; one that has not begun,
    on its disbursement date; one that has ended is forgotten once its facts are behind the replay horizon.
    """
    if loan.closed_as and loan.closed_as != CHARGED_OFF:
        ages = loan.closed_as == WRITTEN_OFF and loan.extras is not None and loan.as_of < loan.extras.status_day
        return loan.as_of + (1 if ages else rules.replay_horizon_days)
    if loan.oldest_due:
        return loan.as_of + 1
    if loan.as_of < loan.disbursement_date:
        return loan.disbursement_date
    if loan.extras is not None or rules.notices:
        return min(
            _next_due_check(loan, rules),
            agenda.next_day(loan, rules),
            next_change(loan, rules) if rules.schemes and loan.extras is not None else NEVER,
        )
    return _next_due_check(loan, rules)


def _next_due_check(loan: Loan, rules: Rules) -> int:
    """The day after the next due date; where nothing is due any more, the day on which the loan is forgotten."""
    rows = loan.rows
    if not rows:
        return loan.as_of + rules.replay_horizon_days
    index = 0
    while rows[index][DUE] < loan.as_of:  # within the tolerance
        index += 1
        if index == len(rows) and not open_next(loan):
            return loan.as_of + rules.replay_horizon_days
    return rows[index][DUE] + 1
