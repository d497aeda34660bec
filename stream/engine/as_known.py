"""As of and as known by: what was true of a loan on one day, by what was known on another.

A fact is known from the day on which it was recorded (the date of its event); it counts on a day if it is valued,
or takes effect, on or before it. That a payment or a disbursement was taken back counts for all days.
"""

from __future__ import annotations

from collections import deque

from stream.engine.facts import (
    ChargedBack,
    ChargePosted,
    ChargeWaived,
    DelinquencyPaused,
    DelinquencyResumed,
    Disbursed,
    DisbursementCancelled,
    Fact,
    Flagged,
    Repaid,
    RepaymentReversed,
    ScheduleRevised,
    StatusSet,
)
from stream.engine.loan import Loan
from stream.engine.policy import Rules
from stream.engine.retelling import Retelling
from stream.engine.retold import told


def counts_on(fact: Fact, day: int) -> bool:
    """Whether a fact says something about `day`, once it is known."""
    if isinstance(fact, Repaid | ChargedBack):
        return fact.value_date <= day
    if isinstance(fact, Disbursed):
        return fact.disbursement_date <= day
    if isinstance(fact, RepaymentReversed | DisbursementCancelled):
        return True
    return fact.recorded <= day or _effective(fact) <= day


def _effective(
    fact: ScheduleRevised | ChargePosted | ChargeWaived | DelinquencyPaused | DelinquencyResumed | StatusSet | Flagged,
) -> int:
    """The day from which a servicing fact has an effect, whenever it was recorded; a charge has none before that."""
    if isinstance(fact, ScheduleRevised | StatusSet | Flagged):
        return fact.effective_date
    if isinstance(fact, ChargeWaived):
        return fact.waiver_date
    if isinstance(fact, DelinquencyPaused):
        return fact.start_date or fact.recorded
    return fact.recorded


def as_known(loan: Loan, rules: Rules, day: int, known_by: int) -> Loan | None:
    """The loan at the end of `day`, by what was recorded up to the end of `known_by`; None: it was not known, or had
    not begun.

    Raises:
        ValueError: `day` or `known_by` lies before `loan.history_from`, behind which facts are folded.
    """
    if min(day, known_by) < loan.history_from:
        raise ValueError("facts of before that day are folded into balances")
    known = [one.fact for one in told(loan) if one.fact.recorded <= known_by and counts_on(one.fact, day)]
    telling = Retelling(loan, rules)
    begun = next((fact.recorded for fact in known if isinstance(fact, Disbursed)), 0)  # what came before waited for it
    known.sort(key=lambda fact: 0 if isinstance(fact, Disbursed) else max(_takes_effect(fact), begun))
    for fact in known:
        today = min(_takes_effect(fact), day)
        deque(telling.open_until(today), maxlen=0)
        if telling.loan is not None:
            today = max(today, telling.loan.as_of)
        telling.take(fact, today)
    deque(telling.open_until(day), maxlen=0)
    telling.judge(day)
    return telling.loan


def _takes_effect(fact: Fact) -> int:
    """The business date on which it takes effect where events come on their day; money of a later value date waits."""
    return max(fact.recorded, fact.value_date) if isinstance(fact, Repaid | ChargedBack) else fact.recorded
