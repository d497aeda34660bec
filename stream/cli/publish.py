"""`overdue publish`: events of files to their topics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from schemas.catalogue import BUSINESS_DAYS, TOPICS
from stream.agents.topics import Topics
from stream.cli import connect
from stream.cli.app import app
from stream.cli.days import Days, day_named
from stream.cli.errors import InputError, UsageError
from stream.cli.files import files_for_two_passes, records
from stream.cli.options import Brokers, Prefix, policy_of, settings_with
from stream.cli.publication import Publication, as_it_stands, in_binary_mode
from stream.cli.publisher import Publisher
from stream.cli.stamps import Stamps
from stream.cli.terminal import progress, say
from stream.engine.dates import Day
from stream.settings import Settings
from stream.translate.inbound import Inbound
from stream.translate.lines import Line
from stream.translate.local_days import LocalDays
from stream.translate.outbound import Outbound
from stream.translate.rejected import Rejected

MOST_ERRORS_SHOWN = 20
INPUTS = [topic.name for topic in TOPICS if topic.is_input]


class Located(NamedTuple):
    """A line, and where it stands."""

    place: str
    """`file:line`."""
    line: Line


@app.command()
def publish(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CloudEvents, one a line; .gz or - too.")],
    brokers: Brokers = None,
    prefix: Prefix = None,
    open_days: Annotated[
        bool, typer.Option("--open-days", help="Open each business day as the events' time passes it.")
    ] = False,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="With --open-days: go on opening days up to this one.")
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Leave bad lines out and publish the others; exit status 3 even so.")
    ] = False,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Publish every line as it stands, bad ones too (structured mode).")
    ] = False,
    topic: Annotated[
        str | None, typer.Option("--topic", metavar="NAME", help="With --no-check: where lines of no known type go.")
    ] = None,
) -> None:
    """Publish events of files to Kafka, in their order; the key is the loan's id, of a signal the borrower's.

    Every line is checked against the contract before anything is sent. An event that was published before is dropped by
    the worker, so publishing again does no harm.
    """
    settings = settings_with(brokers=brokers, topic_prefix=prefix)
    last = None if until is None else day_named(until)
    if last is not None and not open_days:
        raise UsageError("--until needs --open-days")
    if topic is not None and topic not in INPUTS:
        raise UsageError(f"--topic is one of {', '.join(INPUTS)}")
    with files_for_two_passes(files) as paths:
        bad = set() if no_check else _check(files, paths, settings, keep_going)
        lines = (located for located in _located(files, paths) if located.place not in bad)
        outgoing = _as_they_stand(lines, topic) if no_check else map(in_binary_mode, (found.line for found in lines))
        published = asyncio.run(_publish(outgoing, settings, open_days, last))
    say(_summary(published))
    if bad:
        raise InputError(f"{len(bad)} bad lines were left out.")


def _located(files: Sequence[Path], paths: Sequence[Path]) -> Iterator[Located]:
    """Every line of the files with its place; `paths` are where the files can be read."""
    for file, path in zip(files, paths, strict=True):
        name = "stdin" if str(file) == "-" else str(file)
        for line in records([path]):
            yield Located(f"{name}:{line.offset}", line)


def _check(files: Sequence[Path], paths: Sequence[Path], settings: Settings, keep_going: bool) -> set[str]:
    """Judge every line by the contract; the places of bad ones. Raises InputError unless told to keep going."""
    decode = Inbound(policy_of(settings).time_zone).decode
    bad: dict[str, str] = {}
    with progress() as bar:
        task = bar.add_task("Checking", total=None, name="")
        for number, (place, line) in enumerate(_located(files, paths), start=1):
            try:
                decode(line)
            except Rejected as refused:
                bad[place] = f"{place}: {refused.message} ({refused.reason_code})"
            if number % 1000 == 0:
                bar.update(task, completed=number)
    for message in islice(bad.values(), MOST_ERRORS_SHOWN):
        say(message)
    if len(bad) > MOST_ERRORS_SHOWN:
        say(f"… and {len(bad) - MOST_ERRORS_SHOWN} more.")
    if bad and not keep_going:
        raise InputError(
            f"{len(bad)} bad lines; nothing was published. Correct them, or leave them out with --keep-going,"
            " or publish them as they stand with --no-check."
        )
    return set(bad)


def _as_they_stand(lines: Iterator[Located], topic: str | None) -> Iterator[Publication]:
    for place, line in lines:
        outgoing = as_it_stands(line, topic)
        if outgoing is None:
            raise InputError(f"{place}: type is none of the catalogue's; say with --topic where such lines go.")
        yield outgoing


async def _publish(outgoing: Iterator[Publication], settings: Settings, open_days: bool, last: Day | None) -> Publisher:
    topics = Topics(settings.topic_prefix)
    async with connect.admin(settings) as client:
        needed = [settings.topic_prefix + name for name in INPUTS]
        partitions = connect.need_topics(await connect.partition_counts(client, needed), needed)
    async with connect.producer(settings) as producer, connect.offsets_reader(settings) as consumer:
        zone = LocalDays(policy_of(settings).time_zone)
        outbound = Outbound(zone.zone.key, settings.source)
        stamps = Stamps()
        days = Days(producer, consumer, topics, partitions, outbound, stamps)
        publisher = Publisher(producer, days, stamps, zone, settings.topic_prefix, open_days=open_days)
        await _send_all(publisher, outgoing)
        if last is not None:
            await publisher.open_until(last)
        await publisher.finish()
    return publisher


async def _send_all(publisher: Publisher, outgoing: Iterator[Publication]) -> None:
    with progress() as bar:
        task = bar.add_task("Publishing", total=None, name="")
        for number, record in enumerate(outgoing, start=1):
            await publisher.publish(record)
            if number % 500 == 0:
                bar.update(task, completed=number)


def _summary(published: Publisher) -> str:
    counts = {name: count for name, count in published.sent.items() if name != BUSINESS_DAYS}
    parts = ", ".join(f"{count} to {name}" for name, count in sorted(counts.items()))
    days = f"; {published.opened} business days opened" if published.opened else ""
    return f"{sum(counts.values())} events published{': ' + parts if parts else ''}{days}."
