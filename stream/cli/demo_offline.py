"""The demo without Kafka: the same sample through the same agents, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple

import orjson

from schemas.catalogue import EARLY_WARNINGS, OVERDUE, STANDING
from stream.agents.borrower_counts import NoBorrowerCounts
from stream.cli.demo_story import Said, Story
from stream.engine.dates import Day
from stream.engine.policy import Policy
from stream.local.portfolio import Sample
from stream.offline import OfflineRun
from stream.offline_batch import Sent
from stream.translate import records
from stream.translate.lines import parse_line
from stream.warning.policy import WarningPolicy


class _Counts:
    """Adds what the agent counts to the story."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        del alerts
        self._story.outcomes.update(events)
        self._story.rejected.update(rejected)

    def day(self, partition: int, business_date: int) -> None:
        """Business dates are the sample's."""

    def misrouted(self, topic: str, count: int) -> None:
        """The sample has one partition."""


class _BorrowerCounts(NoBorrowerCounts):
    """Adds what the borrower agent counts to the story."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def batch(
        self,
        records: Mapping[str, int],
        warnings: Mapping[tuple[str, str, str], int],
        decisions: Mapping[tuple[str, str, bool], int],
        rejected: Mapping[str, int],
    ) -> None:
        del warnings, decisions
        self._story.borrowers.update(records)
        self._story.rejected.update(rejected)


class Ears(NamedTuple):
    """Who is told what happens, as it does."""

    begin_day: Callable[[date, int], None]
    """Told the day, and how many events it has."""
    alert: Callable[[Said], None]
    warning: Callable[[Said], None]


def tell(sample: Sample, policy: Policy, early_warning: WarningPolicy, ears: Ears | None = None) -> Story:
    """Run the sample; tell each day's beginning, each alert and each early warning."""
    story = Story()
    run = OfflineRun(
        policy,
        open_days=True,
        counts=_Counts(story),
        early_warning=early_warning,
        borrower_counts=_BorrowerCounts(story),
    )
    number = 0
    signals = sample.signals_by_day()
    for day, events in sample.by_day():
        if ears is not None:
            ears.begin_day(day, len(events))
        _hear(run.open_until(Day(day.toordinal())), story, ears)
        for event in [*events, *signals[day]]:
            number += 1
            _hear(run.event(parse_line(orjson.dumps(event), number)), story, ears)
        story.days += 1
        story.published += len(events)
        story.signals += len(signals[day])
    return story


def _hear(sent: Iterable[Sent], story: Story, ears: Ears | None) -> None:
    for record in sent:
        if record.value is None:
            continue
        if record.topic in (OVERDUE, EARLY_WARNINGS):
            headers = dict(record.headers)
            said = Said(headers[records.TYPE].decode(), headers[records.ID].decode(), orjson.loads(record.value))
            is_alert = record.topic == OVERDUE
            (story.said if is_alert else story.warnings).append(said)
            if ears is not None:
                (ears.alert if is_alert else ears.warning)(said)
        elif record.topic == STANDING:
            standing = orjson.loads(record.value)
            story.standings[standing["loan_id"]] = standing
