"""Days on which the passing of time changes something about a loan besides its days past due."""

from __future__ import annotations

from stream.engine import chargebacks, pauses
from stream.engine.loan import Loan
from stream.engine.notices import next_notice
from stream.engine.policy import NEVER, Rules


def next_day(loan: Loan, rules: Rules) -> int:
    """The next day after `loan.as_of` on which one of these comes; NEVER where none does.

    A pause begins or is over, a chargeback begins to age, a restructuring or a flag takes effect, a notice is due.
    """
    today = loan.as_of
    found = next_notice(loan, rules) if rules.notices else NEVER
    if loan.extras is None:
        return found
    extras = loan.extras
    days = [effective for effective, _ in extras.restructured]
    days += [pauses.next_change(loan, today), extras.misuse_from, extras.technical_from]
    found = min([found, *[day for day in days if day > today]])
    uncovered = chargebacks.first_uncovered(loan)
    if uncovered >= today:
        found = min(found, uncovered + 1)
    return found
