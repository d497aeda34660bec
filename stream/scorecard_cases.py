"""A file of events as cases: every decision that would have been made, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from schemas.catalogue import STANDING
from stream.engine.policy import Policy
from stream.offline import replay
from stream.translate.records import Record
from stream.translate.standing_view import read_standing
from stream.warning.bands import KINDS
from stream.warning.decisions import Decision
from stream.warning.policy import WarningPolicy
from stream.warning.scorecard import Scorecard
from stream.warning.validation import LATE_DAYS, Case


class _Outcomes:
    """What the standings of a file show of each installment."""

    def __init__(self) -> None:
        self.last_day = 0
        self._past_due: dict[tuple[str, int], int] = {}
        """The last day on which an installment was past due."""
        self._paid: dict[str, set[int]] = defaultdict(set)
        """Value dates of a loan's payments."""

    def watch(self, value: bytes) -> None:
        found = read_standing(value)
        day = found.as_of.toordinal()
        self.last_day = max(self.last_day, day)
        for row in found.past_due_installments:
            self._past_due[found.loan_id, row.number] = day
        if found.last_payment is not None:
            self._paid[found.loan_id].add(found.last_payment.value_date.toordinal())

    def case(self, made: Decision) -> Case | None:
        """The decision with its outcome; None: nothing was foretold, or the file ends before it is known."""
        if made.installment is None or made.days_to_due is None:
            return None
        due = made.date + made.days_to_due
        if due + LATE_DAYS >= self.last_day:
            return None
        past_due = self._past_due.get((made.loan_id, made.installment), 0)
        money_from = made.date + (made.decision != "due_minus")
        paid = any(money_from <= day <= due for day in self._paid.get(made.loan_id, ()))
        return Case(made, past_due > due, past_due > due + LATE_DAYS, not paid)


def cases(
    records: Iterable[Record], policy: Policy, early_warning: WarningPolicy, card: Scorecard, *, open_days: bool
) -> list[Case]:
    """Every decision with a known outcome, in the order in which they were made."""
    decisions: list[Decision] = []
    outcomes = _Outcomes()
    asked = early_warning._replace(
        enabled=True, rules=(), scorecard=card, speak=early_warning.speak._replace(kinds=frozenset(KINDS))
    )
    for sent in replay(records, policy, open_days=open_days, early_warning=asked, on_decision=decisions.append):
        if sent.topic == STANDING and sent.value is not None:
            outcomes.watch(sent.value)
    return [case for made in decisions if (case := outcomes.case(made)) is not None]
