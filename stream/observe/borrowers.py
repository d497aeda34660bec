"""What the borrower agent counts, as metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from stream.observe.metrics import Metrics
from stream.warning.outcomes import CAME_TRUE, CAUGHT, DID_NOT, LEAD_DAYS, WARNED, Tally

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_SECONDS = 86_400
AGENT = "borrowers"
_OUTCOMES = (("warned", WARNED), ("true", CAME_TRUE), ("false", DID_NOT), ("caught", CAUGHT))


class BorrowerMetrics:
    """The counts of all borrower tasks of a worker."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._tallies: dict[int, Tally] = {}
        self._newest: dict[str, int] = {}
        metrics.when_revoked.append(self.forget)

    def batch(
        self,
        records: Mapping[str, int],
        warnings: Mapping[tuple[str, str, str], int],
        decisions: Mapping[tuple[str, str, bool], int],
        rejected: Mapping[str, int],
    ) -> None:
        """Add a batch's counts."""
        metrics = self._metrics
        for outcome, count in records.items():
            metrics.borrower_records.labels(outcome).inc(count)
        for (kind, code, severity), count in warnings.items():
            metrics.early_warnings.labels(kind, code, severity).inc(count)
        for (decision, family, raised), count in decisions.items():
            metrics.warning_decisions.labels(decision, family, str(raised).lower()).inc(count)
        for reason, count in rejected.items():
            metrics.dead_letters.labels(reason).inc(count)

    def misrouted(self, topic: str, count: int) -> None:
        """Count signals that another partition should have had."""
        self._metrics.misrouted.labels(topic).inc(count)

    def day(self, partition: int, business_date: int, tally: Tally) -> None:
        """Show a task's business date, and what the warnings of this worker's tasks have come to, all added up."""
        metrics = self._metrics
        metrics.business_date.labels(AGENT, partition).set((business_date - _EPOCH_DAY) * _DAY_SECONDS)
        self._tallies[partition] = tally
        outcomes: Counter[tuple[str, str]] = Counter()
        lead_days: Counter[str] = Counter()
        for one in self._tallies.values():
            for code, counts in one.codes.items():
                for outcome, place in _OUTCOMES:
                    outcomes[code, outcome] += counts[place]
                lead_days[code] += counts[LEAD_DAYS]
        for (code, outcome), count in outcomes.items():
            metrics.warning_outcomes.labels(code, outcome).set(count)
        for code, days in lead_days.items():
            metrics.warning_lead.labels(code).set(days * _DAY_SECONDS)
        metrics.warning_went_bad.set(sum(one.went_bad for one in self._tallies.values()))
        loan_days = sum(one.loan_days for one in self._tallies.values())
        metrics.warning_loan_time.set(loan_days * _DAY_SECONDS)

    def signal(self, kind: str, observed: int) -> None:
        """Show the newest observation of a kind of signal: a feed that falls silent stays behind."""
        if observed > self._newest.get(kind, 0):
            self._newest[kind] = observed
            self._metrics.signal_newest.labels(kind).set((observed - _EPOCH_DAY) * _DAY_SECONDS)

    def forget(self) -> None:
        """All tasks of this worker were revoked."""
        self._tallies.clear()
        self._newest.clear()
        for gauge in (self._metrics.warning_outcomes, self._metrics.warning_lead, self._metrics.signal_newest):
            gauge.clear()
        self._metrics.warning_went_bad.set(0)
        self._metrics.warning_loan_time.set(0)
