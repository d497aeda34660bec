"""One borrower to tell stories of: loans as they stand, signals, and days that open."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from stream.warning import step
from stream.warning.borrower import Borrower
from stream.warning.calibration import Portfolio
from stream.warning.decisions import Scorer, Speak
from stream.warning.loan_view import LoanView
from stream.warning.outcomes import Tally
from stream.warning.policy import WarningPolicy
from stream.warning.signals import Signal
from stream.warning.warnings import EarlyWarning
from stream.warning_policy import warning_policy_of

DAY = date(2024, 3, 12).toordinal()
"""The day that stories turn around."""

GOOD = LoanView(
    loan_id="L1",
    borrower_id="B1",
    product="cash",
    segment="retail",
    currency="CNY",
    status="active",
    as_of=DAY,
    days_past_due=0,
    delinquent_days=0,
    bucket="",
    classifications={},
    overdue=(0, 0, 0, 0),
    outstanding_principal=1_000_000,
    outstanding_total=1_000_000,
    oldest_due=0,
    past_due=(),
    installment=5,
    due=DAY + 20,
    unpaid=100_000,
    scheduled=100_000,
    days_late=(0, 0, 0, 0),
    paid_on=DAY - 10,
    payment_id="P1",
    grace_days=3,
    max_days_past_due=0,
    schedule_version=1,
    episode_id="",
    last_event_id="E1",
)
"""A loan that nothing is wrong with."""


class Signalled(NamedTuple):
    """A signal, its day counted from the story's day."""

    kind: str
    day: int
    figures: dict[str, Any]
    about: str = ""
    ago: int = 0
    """Days between the observation and the day on which it is told."""


class Loan(NamedTuple):
    """A loan as it stands on a day counted from the story's day."""

    day: int
    changes: dict[str, Any]


def sign(kind: str, day: int, about: str = "", /, **figures: Any) -> Signalled:
    return Signalled(kind, day, figures, about)


def loan(day: int = 0, **changes: Any) -> Loan:
    return Loan(day, changes)


def late(number: int, days: int, day: int = 0, **changes: Any) -> Loan:
    """A loan whose installment of this number is so many days past due."""
    return Loan(
        day,
        {
            "past_due": ((number, 100_000),),
            "installment": number + 1,
            "days_past_due": days,
            "delinquent_days": days,
            "oldest_due": DAY + day - days,
            "overdue": (100_000, 0, 0, 0),
        }
        | changes,
    )


class Person:
    """A borrower and the policy that judges; without the score, unless asked for."""

    def __init__(self, policy: WarningPolicy | None = None) -> None:
        self.policy = policy or warning_policy_of()
        scorer = Scorer(self.policy.scorecard, Speak(kinds=frozenset()))
        self.task = step.Task(self.policy, scorer, Portfolio(), Tally())
        self.borrower = Borrower("B1")
        self.said: list[EarlyWarning] = []
        self.number = 0

    def live(self, *story: Signalled | Loan, until: int = 0) -> list[EarlyWarning]:
        """Open the days of a story one after the other, up to `until`; what was said, on all of them."""
        first = min((one.day for one in story), default=until)
        for day in range(min(first, until), until + 1):
            today = [one for one in story if one.day == day]
            views = [self._view(one) for one in today if isinstance(one, Loan)]
            said = step.open_day(self.task, self.borrower, DAY + day, (), views)
            self.said += said.warnings
            for one in today:
                if isinstance(one, Signalled):
                    self.said += step.take_signal(self.task, self.borrower, DAY + day, self._signal(one)) or ()
        return self.said

    def standing(self) -> dict[str, str]:
        """Codes of the warnings that stand, without the watch list, and their severities."""
        return {one.code: one.severity for one in self.borrower.standing.values() if one.code != "WATCH_LIST"}

    def _view(self, told: Loan) -> LoanView:
        self.number += 1
        known = self.borrower.loans.get(told.changes.get("loan_id", "L1"))
        base = known.view if known is not None else GOOD
        return base._replace(as_of=DAY + told.day, last_event_id=f"E{self.number}", **told.changes)

    def _signal(self, told: Signalled) -> Signal:
        self.number += 1
        observed = DAY + told.day - told.ago
        return Signal(f"S{self.number}", DAY + told.day, "B1", told.kind, observed, told.about, told.figures)
