"""A loan told again from its journal, fact by fact and day by day, by the same steps as the first time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stream.engine import journal, servicing, step
from stream.engine.corrections import rebuild
from stream.engine.delinquency import judge, next_check
from stream.engine.extras import ensure
from stream.engine.facts import Disbursed, DisbursementCancelled, Fact, Repaid, RepaymentReversed
from stream.engine.findings import Alert
from stream.engine.journal import digest
from stream.engine.loan import ACTIVE, Loan
from stream.engine.policy import NO_BUCKET, Rules
from stream.engine.refused import Refused

_STEPS: Final[dict[type, Callable[..., list[Alert] | None]]] = {
    Repaid: step.repay,
    RepaymentReversed: step.reverse,
    DisbursementCancelled: step.cancel,
    **servicing.STEPS,
}
OPENING_MARKS: Final = "BEJSDF"
"""Lines that a folded journal begins with."""


class Retelling:
    """The loan as far as it has been told again.

    Of a loan whose older facts are folded, the telling begins on `history_from`, with the balances of that day.
    """

    def __init__(self, loan: Loan, rules: Rules) -> None:
        """`loan`: as it is now; it is only read."""
        self._source = loan
        self._rules = rules
        self.loan: Loan | None = None

    def take(self, fact: Fact, today: int) -> list[Alert] | None:
        """Let a fact take effect on a business date; None where it says nothing new, or is refused without the
        facts that are left out."""
        if isinstance(fact, Disbursed):
            if self._source.history_from:
                self.loan = _opening(self._source, self._rules)
                return []
            begun = step.disburse(None, fact, self._rules, today)
            if begun is None:
                return None
            self.loan, alerts = begun
            return alerts
        if self.loan is None:
            return None
        try:
            return _STEPS[type(fact)](self.loan, fact, self._rules, today)
        except Refused:
            return None

    def open_until(self, day: int) -> Iterator[tuple[int, list[Alert]]]:
        """Open the days up to `day` on which time alone changes something; each with what there is to say."""
        if self.loan is None:
            return
        while (today := max(next_check(self.loan, self._rules), self.loan.as_of + 1)) <= day:
            alerts = step.open_day(self.loan, self._rules, today)
            if alerts is not None:
                yield today, alerts

    def judge(self, day: int) -> None:
        """Judge the loan on a day before which nothing is left to open."""
        if self.loan is not None and self.loan.as_of < day:
            judge(self.loan, day, self._rules)


def _opening(loan: Loan, rules: Rules) -> Loan:
    """The loan at the opening of `history_from`, from the balances that its older facts are folded into."""
    opening = Loan()
    opening.loan_id, opening.borrower_id, opening.product = loan.loan_id, loan.borrower_id, loan.product
    opening.segment, opening.currency = loan.segment, loan.currency
    opening.disbursement_date, opening.grace_days = loan.disbursement_date, loan.grace_days
    opening.history_from, opening.replay_before, opening.classes, opening.extras = loan.history_from, 0, "", None
    lines = loan.journal.decode("ascii").split("\n")[:-1]
    opening.journal = "".join([line + "\n" for line in lines if line[0] in OPENING_MARKS]).encode()
    opening.seen = b"".join(
        [digest(identifier) for line in lines if line[0] in OPENING_MARKS for identifier in journal.identifiers(line)]
    )
    opening.last_event_id = next((line.split(" ")[1] for line in lines if line[0] == "D"), loan.last_event_id)
    marks = {line[0] for line in lines}
    opening.closed_as = loan.closed_as if loan.closed_as and not marks & {"X", "C"} else ACTIVE
    if loan.extras is not None:
        _set_opening_extras(opening, loan, lines)
    entries = journal.read(opening.journal)
    rebuild(opening, entries, rules)
    opening.bucket, opening.bucket_history = NO_BUCKET, ""
    opening.episode = opening.episode_start = opening.episode_worst = 0
    judge(opening, loan.history_from, rules)
    if opening.delinquent_days:
        opening.episode, opening.episode_start = 1, loan.history_from
        opening.episode_worst = opening.days_past_due
        opening.bucket_history = f"{opening.bucket} {loan.history_from} 0\n" if opening.bucket else ""
    return opening


def _set_opening_extras(opening: Loan, loan: Loan, lines: list[str]) -> None:
    now, extras = loan.extras, ensure(opening)
    if now is None:
        return
    extras.pauses = [list(pause) for pause in now.pauses if pause[0] < loan.history_from]
    versions = [int(line.split(" ")[3]) for line in lines if line[0] == "V"]
    extras.schedule_version = min(versions) - 1 if versions else now.schedule_version
    if opening.closed_as:
        extras.status_day = now.status_day
