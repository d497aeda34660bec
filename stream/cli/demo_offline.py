"""The demo without Kafka: the same sample through the same loan agent, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

import orjson

from schemas.catalogue import OVERDUE, STANDING
from stream.cli.demo_story import Said, Story
from stream.engine.dates import Day
from stream.engine.policy import Policy
from stream.local.portfolio import Event, Sample
from stream.offline import OfflineRun
from stream.offline_batch import Sent
from stream.translate import records
from stream.translate.lines import parse_line


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


def tell(sample: Sample, policy: Policy, begin_day: Callable[[date, int], None], said: Callable[[Said], None]) -> Story:
    """Run the sample; call back at each day's beginning and for each alert."""
    story = Story()
    run = OfflineRun(policy, open_days=True, counts=_Counts(story))
    number = 0
    for day, events in sample.by_day():
        begin_day(day, len(events))
        _hear(run.open_until(Day(day.toordinal())), story, said)
        for event in events:
            number += 1
            _hear(run.event(parse_line(orjson.dumps(event), number)), story, said)
        story.days += 1
        story.published += len(events)
    return story


def alert_ids(events: Iterable[Event], policy: Policy) -> set[str]:
    """The ids of the alerts that these events give."""
    run = OfflineRun(policy, open_days=True)
    story = Story()
    for number, event in enumerate(events, start=1):
        _hear(run.event(parse_line(orjson.dumps(event), number)), story, lambda _: None)
    return {said.id for said in story.said}


def _hear(sent: Iterable[Sent], story: Story, said: Callable[[Said], None]) -> None:
    for record in sent:
        if record.value is None:
            continue
        if record.topic == OVERDUE:
            headers = dict(record.headers)
            alert = Said(headers[records.TYPE].decode(), headers[records.ID].decode(), orjson.loads(record.value))
            story.said.append(alert)
            said(alert)
        elif record.topic == STANDING:
            standing = orjson.loads(record.value)
            story.standings[standing["loan_id"]] = standing
