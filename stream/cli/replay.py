"""`overdue replay`: what would have gone to Kafka, without Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import orjson
import typer

from stream.cli.app import app
from stream.cli.days import day_named
from stream.cli.errors import UsageError
from stream.cli.files import files_for_two_passes, opens_days, records
from stream.cli.options import PolicyFile, early_warning_of, policy_of, settings_with
from stream.cli.terminal import say, write
from stream.offline import replay as replay_events
from stream.offline_batch import Sent
from stream.translate.decisions import decision_json
from stream.translate.outbound import structured
from stream.warning.decisions import Decision

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

    def misrouted(self, topic: str, count: int) -> None:
        pass

    def sentence(self) -> str:
        events = self.events
        waiting = events["waiting"] - events["released"]
        arrived = events["applied"] + events["duplicate"] + events["rejected"] + waiting
        held = f", {events['day_held']} ticks held back" if events["day_held"] else ""
        days = f"{events['day_opened']} business days{held}"
        return (
            f"{arrived} events: {events['applied']} applied, {events['duplicate']} duplicates, {waiting} waiting, "
            f"{events['rejected']} to the dead letters; {days}; {self.alerts} alerts"
        )


@contextmanager
def _decision_file(path: Path | None) -> Iterator[Callable[[Decision], None] | None]:
    """Who writes decisions; None where nobody asked for them. The file is whole when the command exits with 0."""
    if path is None:
        yield None
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}; name a file in a folder that exists") from error
    with file:
        yield lambda made: _write_line(file, decision_json(made))


def _write_line(file: IO[bytes], line: bytes) -> None:
    file.write(line + b"\n")


@app.command()
def replay(
    files: Files,
    policy: PolicyFile = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Go on opening business days up to this date.")
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every decision of the early warning's score there, one a line."),
    ] = None,
) -> None:
    """Run events of files through the engine, without Kafka.

    Every record that would have gone to Kafka comes out as a line {"topic","key","value"}, the value as a structured
    CloudEvent, dead letters too. Business days open by themselves as event time passes, unless the files carry
    business_day.opened. Events are taken in the order of the files.
    """
    settings = settings_with(policy_file=policy)
    rules, early_warning = policy_of(settings), early_warning_of(settings)
    last = None if until is None else day_named(until)
    totals = _Totals()
    with files_for_two_passes(files) as paths, _decision_file(decisions) as on_decision:
        days_open_themselves = not opens_days(paths)
        for sent in replay_events(
            records(paths),
            rules,
            open_days=days_open_themselves,
            until=last,
            counts=totals,
            early_warning=early_warning,
            on_decision=on_decision,
        ):
            write(_line(sent))
    say(totals.sentence())
