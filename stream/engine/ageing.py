"""Which date a loan ages from."""

from __future__ import annotations

from stream.engine.chargebacks import ageing_from
from stream.engine.extras import Extras
from stream.engine.loan import CANCELLED, Loan
from stream.engine.money import DUE, NUMBER
from stream.engine.policy import Rules
from stream.engine.schedule import past_due_row, past_due_rows


def oldest_past_due(loan: Loan, day: int, rules: Rules) -> int:
    """Due date of the oldest installment past due on `day`, or of an older chargeback; 0 where there is none."""
    if loan.extras is not None:
        return _with_extras(loan, loan.extras, day, rules)
    rows = loan.rows
    if not rows or rows[0][DUE] >= day or day < loan.disbursement_date or loan.closed_as == CANCELLED:
        return 0
    if rules.exact:
        return rows[0][DUE]
    row = past_due_row(loan, day, rules)
    return 0 if row is None else row[DUE]


def _with_extras(loan: Loan, extras: Extras, day: int, rules: Rules) -> int:
    """A written-off loan keeps what it aged from; a chargeback that is not covered ages from its value date."""
    if extras.frozen_due >= 0:
        return extras.frozen_due
    if loan.closed_as == CANCELLED or day < loan.disbursement_date:
        return 0
    if not extras.chargebacks:
        row = past_due_row(loan, day, rules)
        return 0 if row is None else row[DUE]
    since = ageing_from(loan, day, rules)
    joined = {number for number, _, _ in extras.chargebacks}
    due = next((row[DUE] for row in past_due_rows(loan, day, rules) if row[NUMBER] not in joined), 0)
    return min([found for found in (since, due) if found], default=0)
