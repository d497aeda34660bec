"""Raise, escalate, clear: one warning per code, loan or borrower, and cycle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from stream.warning.borrower import Borrower, Standing
from stream.warning.case import Found
from stream.warning.levels import NONE, SEVERITY_OF_LEVEL, WATCH_LIST, level_of, points_of, threshold_of, worse
from stream.warning.months import month_text
from stream.warning.policy import WarningPolicy
from stream.warning.warnings import CLEARED, ENDED, ESCALATED, RAISED, EarlyWarning, Reason, causes_of, warning_id


class Sight(NamedTuple):
    """A condition that holds now, about a loan ("": about the borrower)."""

    code: str
    loan_id: str
    severity: str
    found: Found
    cycle: str
    reasons: tuple[Reason, ...] = ()
    """Of a score; a rule's reason is its finding."""
    probability: float | None = None
    outcomes: tuple[float, float] | None = None


class Gone(NamedTuple):
    """The condition of a standing warning does not hold any more."""

    code: str
    loan_id: str
    because: str
    looks: int
    """Looks in a row that it takes; 1: cleared at once."""
    evidence: tuple[str, ...] = ()


def reopen(borrower: Borrower, loan_id: str, owed: int) -> None:
    """A payment was taken back, and installment `owed` is owed again: its cycle is open as if it had not been paid."""
    for key, cycle in list(borrower.ended.items()):
        if key[1] == loan_id and int(cycle) >= owed:
            del borrower.ended[key]
    for standing in borrower.standing.values():
        if standing.loan_id == loan_id and int(standing.cycle) > owed:
            standing.cycle = str(owed)


class Watch:
    """What one look at a borrower changes."""

    def __init__(self, borrower: Borrower, day: int, policy: WarningPolicy) -> None:
        self._borrower = borrower
        self._day = day
        self._policy = policy
        self.said: list[EarlyWarning] = []

    def take(self, sights: Iterable[Sight], gone: Iterable[Gone]) -> None:
        """Take over what holds and what does not, then see to the watch list."""
        for one in gone:
            self._let_go(one)
        for sight in sights:
            self._see(sight)
        self._see_watch_list()
        points = points_of(self._borrower.standing.values(), self._day, self._policy.levels)
        level = level_of(points, self._policy.levels)
        self.said = [one._replace(points=points, level=level) for one in self.said]

    def _see(self, sight: Sight) -> None:
        key = (sight.code, sight.loan_id)
        standing = self._borrower.standing.get(key)
        if standing is None:
            if self._borrower.ended.get(key) == sight.cycle:
                return
            self._raise(sight)
            return
        standing.absent = 0
        if worse(sight.severity, standing.severity):
            previous, standing.severity, standing.since = standing.severity, sight.severity, self._day
            self._say(ESCALATED, standing, sight, previous)

    def _raise(self, sight: Sight) -> None:
        day, borrower = self._day, self._borrower
        identifier = warning_id(
            borrower.borrower_id, sight.loan_id, sight.code, RAISED, sight.severity, sight.cycle, day
        )
        standing = Standing(sight.code, sight.loan_id, sight.cycle, sight.severity, day, identifier)
        borrower.standing[sight.code, sight.loan_id] = standing
        self._say(RAISED, standing, sight, None)

    def _let_go(self, gone: Gone) -> None:
        key = (gone.code, gone.loan_id)
        standing = self._borrower.standing[key]
        standing.absent += 1
        if standing.absent < gone.looks:
            return
        del self._borrower.standing[key]
        if gone.because != ENDED:
            self._borrower.ended[key] = standing.cycle
        found = Found(gone.because, None, gone.evidence)
        sight = Sight(gone.code, gone.loan_id, standing.severity, found, standing.cycle)
        self._say(CLEARED, standing, sight, None, gone.because)

    def _see_watch_list(self) -> None:
        levels, borrower = self._policy.levels, self._borrower
        points = points_of(borrower.standing.values(), self._day, levels)
        level = level_of(points, levels)
        standing = borrower.standing.get((WATCH_LIST, ""))
        if level != NONE:
            severity = SEVERITY_OF_LEVEL[level]
            evidence = tuple(cause for one in self.said for cause in one.causes)
            found = Found(points, threshold_of(level, levels), evidence)
            cycle = standing.cycle if standing else month_text(self._day)
            borrower.ended.pop((WATCH_LIST, ""), None)  # a level is a state, not a cycle's alert
            self._see(Sight(WATCH_LIST, "", severity, found, cycle))
        elif standing is not None and points < levels.yellow - levels.margin:
            self._let_go(Gone(WATCH_LIST, "", "condition_gone", 1))

    def _say(
        self, kind: str, standing: Standing, sight: Sight, previous: str | None, because: str | None = None
    ) -> None:
        borrower, day, found = self._borrower, self._day, sight.found
        loan = borrower.loans.get(sight.loan_id)
        view = loan.view if loan is not None else None
        reasons = sight.reasons or (Reason(sight.code, found.observed, found.threshold),)
        identifier = (
            standing.warning_id
            if kind == RAISED
            else warning_id(borrower.borrower_id, sight.loan_id, sight.code, kind, sight.severity, sight.cycle, day)
        )
        upcoming = view if view is not None and view.installment >= 0 else None
        self.said.append(
            EarlyWarning(
                id=identifier,
                kind=kind,
                warning_id=standing.warning_id,
                borrower_id=borrower.borrower_id,
                loan=view,
                code=sight.code,
                severity=sight.severity,
                previous_severity=previous,
                as_of=day,
                cycle=standing.cycle,
                installment=upcoming.installment if upcoming else None,
                days_to_due=max(0, upcoming.due - day) if upcoming else None,
                points=0,
                level=NONE,
                probability=sight.probability,
                outcomes=sight.outcomes,
                minimum_class=found.minimum_class or None,
                cleared_because=because,
                reasons=reasons,
                policy_version=self._policy.policy_version,
                causes=causes_of(found.evidence, day),
            )
        )
