"""What warnings came to: precision, recall, burden and lead time of each rule, from what a replay says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, Final, NamedTuple

from stream.engine.dates import day_of
from stream.warning.loan_view import ENDED

ALL: Final = "all"
"""The band of a rule's line over all its bands."""
DAYS_OF_MONTH: Final = 365.25 / 12


class Line(NamedTuple):
    """What the warnings of one code, or one band of it, came to."""

    code: str
    band: str
    """Probability in tenths for a score, severity for a rule, or ALL."""
    raised: int
    came_true: int
    did_not: int
    pending: int
    """Raised, and not decided when the records end."""
    precision: float | None
    recall: float | None
    """Share of the loans that went bad of which it had warned; None: none went bad."""
    per_thousand_loan_months: float
    median_lead_days: float | None
    """From the raise to the outcome, of those that came true."""


class _Warning(NamedTuple):
    code: str
    band: str
    loan_id: str | None
    borrower_id: str
    day: int


class Report:
    """Fed with the records of a replay in their order."""

    def __init__(self, days_past_due: int, within_days: int) -> None:
        """A warning comes true if its loan, or a loan of its borrower, reaches `days_past_due` in so many days."""
        self._outcome = days_past_due
        self._within = within_days
        self._warnings: list[_Warning] = []
        self._bad: dict[str, list[int]] = defaultdict(list)
        """Days on which a loan reached the outcome."""
        self._days_past_due: dict[str, int] = {}
        self._runs: dict[str, tuple[int, int]] = {}
        """First day of a loan, and its last; 0: it runs."""
        self._loans_of: dict[str, set[str]] = defaultdict(set)
        self._last_day = 0

    def standing(self, data: Mapping[str, Any]) -> None:
        """Take notice of a loan's standing."""
        loan_id, day, days = data["loan_id"], day_of(data["as_of"]), data["days_past_due"]
        self._last_day = max(self._last_day, day)
        self._loans_of[data["borrower_id"]].add(loan_id)
        if self._days_past_due.get(loan_id, 0) < self._outcome <= days:
            self._bad[loan_id].append(day)
        self._days_past_due[loan_id] = days
        first, _ = self._runs.get(loan_id, (day, 0))
        self._runs[loan_id] = (first, day if data["status"] in ENDED else 0)

    def raised(self, data: Mapping[str, Any]) -> None:
        """Take notice of a warning; one about a loan that is as bad already is not counted."""
        loan_id, day = data["loan_id"], day_of(data["as_of"])
        self._last_day = max(self._last_day, day)
        loans = [loan_id] if loan_id else self._loans_of[data["borrower_id"]]
        if any(self._days_past_due.get(loan, 0) >= self._outcome for loan in loans):
            return
        self._warnings.append(_Warning(data["code"], _band(data), loan_id, data["borrower_id"], day))

    def lines(self) -> list[Line]:
        """A line per code and band, and one per code over all of them; by code."""
        groups: dict[tuple[str, str], list[_Warning]] = defaultdict(list)
        for warning in self._warnings:
            groups[warning.code, ALL].append(warning)
            groups[warning.code, warning.band].append(warning)
        went_bad = sum(map(len, self._bad.values()))
        loan_days = sum([(last or self._last_day) - first for first, last in self._runs.values()])
        loan_months = max(loan_days / DAYS_OF_MONTH, 1e-9)
        keys = sorted(groups, key=lambda key: (key[0], key[1] != ALL, key[1]))
        return [self._line(*key, groups[key], went_bad, loan_months) for key in keys]

    def _line(self, code: str, band: str, warnings: Iterable[_Warning], went_bad: int, loan_months: float) -> Line:
        leads: list[int] = []
        did_not = pending = raised = 0
        caught: set[tuple[str, int]] = set()
        for warning in warnings:
            raised += 1
            came = self._outcomes(warning)
            caught.update(came)
            if came:
                leads.append(min([day for _, day in came]) - warning.day)
            elif self._open(warning) and warning.day + self._within > self._last_day:
                pending += 1
            else:
                did_not += 1
        known = len(leads) + did_not
        return Line(
            code,
            band,
            raised,
            len(leads),
            did_not,
            pending,
            len(leads) / known if known else None,
            len(caught) / went_bad if went_bad else None,
            1000 * raised / loan_months,
            median(leads) if leads else None,
        )

    def _outcomes(self, warning: _Warning) -> list[tuple[str, int]]:
        last = warning.day + self._within
        return [
            (loan, day) for loan in self._loans(warning) for day in self._bad.get(loan, ()) if warning.day < day <= last
        ]

    def _open(self, warning: _Warning) -> bool:
        return any(self._runs.get(loan, (0, 1))[1] == 0 for loan in self._loans(warning))

    def _loans(self, warning: _Warning) -> Iterable[str]:
        return [warning.loan_id] if warning.loan_id else sorted(self._loans_of[warning.borrower_id])


def _band(data: Mapping[str, Any]) -> str:
    probability = data.get("probability")
    if probability is None:
        return str(data["severity"])
    tenth = min(9, int(10 * probability))
    return f"{10 * tenth}-{10 * tenth + 10}%"


def lines_of_counts(
    raised: Mapping[str, float],
    came_true: Mapping[str, float],
    did_not: Mapping[str, float],
    caught: Mapping[str, float],
    lead_days: Mapping[str, float],
    went_bad: float,
    loan_days: float,
) -> list[Line]:
    """The same from a worker's counters, by code; the lead time is the mean, since counters know no median."""
    loan_months = max(loan_days / DAYS_OF_MONTH, 1e-9)
    lines = []
    for code in sorted(raised):
        true, false = came_true.get(code, 0.0), did_not.get(code, 0.0)
        known = true + false
        lines.append(
            Line(
                code,
                ALL,
                round(raised[code]),
                round(true),
                round(false),
                round(max(0.0, raised[code] - known)),
                true / known if known else None,
                caught.get(code, 0.0) / went_bad if went_bad else None,
                1000 * raised[code] / loan_months,
                lead_days.get(code, 0.0) / true if true else None,
            )
        )
    return lines
