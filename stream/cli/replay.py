"""`overdue replay`: what would have gone to Kafka, without Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import orjson
import typer

from stream.cli.app import app
from stream.cli.days import day_named
from stream.cli.files import files_for_two_passes, opens_days, records
from stream.cli.options import PolicyFile, policy_of, settings_with
from stream.cli.terminal import say, write
from stream.offline import Sent
from stream.offline import replay as replay_events
from stream.translate.outbound import structured

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="CloudEvents, one a line; .gz or - (stdin) too.")]


def _line(sent: Sent) -> bytes:
    """The record as a line; a tombstone's value is null."""
    if sent.value is None:
        return orjson.dumps({"topic": sent.topic, "key": (sent.key or b"").decode(), "value": None})
    return structured(sent.topic, sent.key, sent.value, sent.headers)


class _Totals:
    """What a replay did, for its last line on stderr."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.alerts = 0

    def batch(
        self, events: Mapping[str, int], alerts: Mapping[tuple[str, str], int], rejected: Mapping[str, int]
    ) -> None:
        self.events.update(events)
        self.alerts += sum(alerts.values())

    def day(self, partition: int, business_date: int) -> None:
        pass

    def sentence(self) -> str:
        events = self.events
        waiting = events["waiting"] - events["released"]
        arrived = events["applied"] + events["duplicate"] + events["rejected"] + waiting
        return (
            f"{arrived} events: {events['applied']} applied, {events['duplicate']} duplicates, {waiting} waiting, "
            f"{events['rejected']} to the dead letters; {events['day_opened']} business days; {self.alerts} alerts"
        )


@app.command()
def replay(
    files: Files,
    policy: PolicyFile = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Go on opening business days up to this date.")
    ] = None,
) -> None:
    """Run events of files through the engine, without Kafka.

    Every record that would have gone to Kafka comes out as a line {"topic","key","value"}, the value as a structured
    CloudEvent, dead letters too. Business days open by themselves as event time passes, unless the files carry
    business_day.opened. Events are taken in the order of the files.
    """
    rules = policy_of(settings_with(policy_file=policy))
    last = None if until is None else day_named(until)
    totals = _Totals()
    with files_for_two_passes(files) as paths:
        days_open_themselves = not opens_days(paths)
        for sent in replay_events(records(paths), rules, open_days=days_open_themselves, until=last, counts=totals):
            write(_line(sent))
    say(totals.sentence())
