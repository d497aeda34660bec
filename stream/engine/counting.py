"""What days past due are counted from: the product's convention (domain reference, section 1).

The oldest unpaid installment is the base rule. `first_arrears` goes on counting while anything is past due, whichever
installment it is. `first_material` counts the consecutive days on which the arrears are material (CRR art. 178).
"""

from __future__ import annotations

from stream.engine.loan import Loan
from stream.engine.memory import Memory
from stream.engine.money import DUE, FEE, INTEREST, PENALTY, PRINCIPAL
from stream.engine.policy import FIRST_ARREARS, FIRST_MATERIAL, Rules
from stream.engine.schedule import past_due_rows


def counted_since(loan: Loan, past: Memory, day: int, rules: Rules, oldest: int) -> int:
    """The first of the days that count as past due on `day`; 0: none counts.

    `oldest` is the oldest due date past due then, 0 where nothing is.
    """
    if not oldest:
        return 0
    if rules.count_from == FIRST_MATERIAL:
        return past.since or _material_since(loan, day, rules)
    if rules.count_from == FIRST_ARREARS and past.since:
        return past.since
    return oldest + 1


def counted_days(since: int, day: int, rules: Rules) -> int:
    """Days past due on `day`, the first of them being `since`; one more where the due date itself counts (RBI)."""
    if not since or since > day:
        return 0
    return day - since + (2 if rules.counts_due_date else 1)


def _material_since(loan: Loan, day: int, rules: Rules) -> int:
    """The first day up to `day` on which the arrears exceed both the amount and the part of the exposure.

    While nothing is paid, arrears only grow, so that is the day after some due date. Exposure: the principal that is
    outstanding, and what else is past due.
    """
    arrears = other = 0
    for row in past_due_rows(loan, day, rules):
        besides = row[INTEREST] + row[FEE] + row[PENALTY]
        arrears += row[PRINCIPAL] + besides
        other += besides
        exposure = loan.owed[PRINCIPAL] + other
        if (
            arrears > rules.material_amount
            and arrears * rules.material_denominator > exposure * rules.material_numerator
        ):
            return row[DUE] + 1
    return 0
