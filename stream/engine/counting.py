"""What days past due are counted from: the product's convention (domain reference, section 1).

The oldest unpaid installment is the base rule. `first_arrears` goes on counting while anything is past due, whichever
installment it is. `first_material` counts the consecutive days on which the arrears are material (CRR art. 178).
"""

from __future__ import annotations

from collections.abc import Iterator

from stream.engine.chargebacks import excess_on, joined_rows
from stream.engine.loan import Loan
from stream.engine.memory import Memory
from stream.engine.money import DUE, FEE, INTEREST, PENALTY, PRINCIPAL, Money
from stream.engine.policy import FIRST_ARREARS, FIRST_MATERIAL, Rules
from stream.engine.schedule import past_due_rows
from stream.engine.uncovered import ages_from


def days_past_due(loan: Loan, past: Memory, day: int, rules: Rules, oldest: int) -> int:
    """Days past due on `day`; `oldest`: the oldest due date past due then."""
    if rules.plain:
        return day - oldest
    return counted_days(counted_since(loan, past, day, rules, oldest), day, rules)


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

    While nothing is paid, arrears only grow, so that is the day after some due date, or after a chargeback that ages.
    Exposure: the principal that is outstanding, and what else is past due.
    """
    arrears = other = 0
    for on, principal, besides in sorted([*_charged_back(loan, day, rules), *_fallen_due(loan, day, rules)]):
        arrears += principal + besides
        other += besides
        exposure = loan.owed[PRINCIPAL] + other
        if (
            arrears > rules.material_amount
            and arrears * rules.material_denominator > exposure * rules.material_numerator
        ):
            return on + 1
    return 0


def _fallen_due(loan: Loan, day: int, rules: Rules) -> Iterator[tuple[int, Money, Money]]:
    """Of the installments past due: the day they age from, unpaid principal and what else is unpaid.

    Without what was charged back with them before they fell due.
    """
    for row in past_due_rows(loan, day, rules):
        earlier = excess_on(loan, row) if ages_from(loan, row) < row[DUE] else 0
        yield max(row[DUE], ages_from(loan, row)), row[PRINCIPAL] - earlier, row[INTEREST] + row[FEE] + row[PENALTY]


def _charged_back(loan: Loan, day: int, rules: Rules) -> Iterator[tuple[int, Money, Money]]:
    """What was charged back with installments that were not due yet: it is in arrears from when it ages."""
    for row in joined_rows(loan):
        first = ages_from(loan, row)
        if first < min(day, row[DUE]) and not rules.met(row):
            yield first, excess_on(loan, row), 0
