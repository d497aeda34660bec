"""What the demo finds out and tells at the end. Pure: the same for a run on Kafka and one in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from stream.cli.alerts import NO_BUCKET, kind_of


class Said(NamedTuple):
    """An alert that came."""

    kind: str
    """The CloudEvents type."""
    id: str
    alert: Mapping[str, Any]


@dataclass
class Story:
    """Everything that was published and said so far."""

    days: int = 0
    published: int = 0
    said: list[Said] = field(default_factory=list)
    """Alerts about loans."""
    signals: int = 0
    """Signals of borrowers that were published."""
    warnings: list[Said] = field(default_factory=list)
    """Early warnings."""
    borrowers: Counter[str] = field(default_factory=Counter)
    """What the borrower agent read, by outcome."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Events by outcome, as the loan agent counts them; alerts and rejects apart."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Dead letters by reason code."""
    standings: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Loan to its last standing."""

    @property
    def waiting(self) -> int:
        """Events that wait for their loan's disbursement now."""
        return self.outcomes["waiting"] - self.outcomes["released"]

    @property
    def arrived(self) -> int:
        """Events that the agent has dealt with, business days apart."""
        outcomes = self.outcomes
        return outcomes["applied"] + outcomes["duplicate"] + outcomes["rejected"] + self.waiting

    @property
    def signals_arrived(self) -> int:
        """Signals that the borrower agent has dealt with."""
        return self.borrowers["signal"] + self.borrowers["duplicate"] + self.borrowers["rejected"]

    def mistakes(self) -> list[str]:
        """What does not add up; nothing, if all is well."""
        wrong = []
        if self.arrived != self.published:
            wrong.append(f"{self.published} events were published, but {self.arrived} are accounted for")
        refused = self.outcomes["rejected"] + self.borrowers["rejected"]
        if sum(self.rejected.values()) != refused:
            wrong.append(f"{refused} were rejected, but {sum(self.rejected.values())} dead letters came")
        if self.signals_arrived != self.signals:
            wrong.append(f"{self.signals} signals were published, but {self.signals_arrived} are accounted for")
        doubled = len(self.said) - len({said.id for said in self.said})
        if doubled:
            wrong.append(f"{doubled} alerts came twice")
        return wrong


def account(story: Story) -> str:
    """The sum of the events, in one line."""
    outcomes = story.outcomes
    return (
        f"{story.published} = {outcomes['applied']} applied + {outcomes['duplicate']} duplicates"
        f" + {outcomes['rejected']} dead letters + {story.waiting} waiting"
    )


def alerts_by_kind(story: Story) -> list[tuple[str, int, str]]:
    """Words, count and style of each kind of alert, in the order of a loan's life."""
    kinds = Counter(kind_of(said.kind, said.alert) for said in story.said)
    order = ["overdue", "worse", "better", "cured", "corrected"]
    known = sorted(kinds, key=lambda kind: (order.index(kind.words) if kind.words in order else 9, kind.words))
    return [(kind.words, kinds[kind], kind.style) for kind in known]


def loans_at_the_end(story: Story) -> list[tuple[str, int]]:
    """Loans by bucket, and those that are not active by their status."""
    found = Counter(_place(standing) for standing in story.standings.values())
    return sorted(found.items(), key=lambda place: (_rank(place[0]), place[0]))


def corrections(story: Story) -> Iterator[str]:
    """Each correction in a sentence: what was said, what was true, and what told."""
    by_id = {said.id: said for said in story.said}
    for said in story.said:
        if (superseded := by_id.get(str(said.alert.get("supersedes")))) is None:
            continue
        day, alert = said.alert["as_of"], said.alert
        if (scheme := alert.get("scheme")) is not None:
            before, truth = f"{superseded.alert['classification']} ({scheme})", str(alert["classification"])
        else:
            before = str(superseded.alert["bucket"] or NO_BUCKET)
            truth = "not overdue" if alert["bucket"] is None else f"in {alert['bucket']}"
        yield f"{alert['loan_id']} on {day}: said {before}, was {truth}; told by {', '.join(alert['causes'])}"


def weekday(day: date) -> str:
    """The day as a heading has it: 2026-03-09 Mon."""
    return f"{day.isoformat()} {['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day.weekday()]}"


def _place(standing: Mapping[str, Any]) -> str:
    if standing["status"] != "active":
        return str(standing["status"])
    return str(standing["bucket"] or "not overdue")


def _rank(place: str) -> int:
    if place == "not overdue":
        return 0
    return 1 if place.startswith("M") else 2
