"""`overdue tick`: open business days by hand."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from stream.agents.topics import Topics
from stream.cli import connect
from stream.cli.app import app
from stream.cli.days import Days, day_named
from stream.cli.errors import UsageError
from stream.cli.options import Brokers, PolicyFile, Prefix, policy_of, settings_with
from stream.cli.terminal import say
from stream.engine.dates import Day, iso
from stream.engine.policy import Policy
from stream.settings import Settings
from stream.translate.outbound import Outbound


@app.command()
def tick(
    first: Annotated[str, typer.Argument(metavar="DATE", help="The business day to open.")],
    last: Annotated[
        str | None, typer.Argument(metavar="[TO]", help="Open every day up to this one, inclusive.")
    ] = None,
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Say that the repayments of the day before may not all be there.")
    ] = False,
) -> None:
    """Open a business day: one record to each partition, which judges the day after all that is published so far.

    A day that is open already is counted as a duplicate and changes nothing. A day that is held, because its repayments
    fall far short, opens: you say that they are complete (unless --incomplete).
    """
    days = range(day_named(first), day_named(last or first) + 1)
    if not days:
        raise UsageError(f"{last} is before {first}")
    settings = settings_with(brokers=brokers, topic_prefix=prefix, policy_file=policy)
    asyncio.run(_open(days, settings, policy_of(settings), complete=not incomplete))


async def _open(days: range, settings: Settings, policy: Policy, *, complete: bool) -> None:
    topics = Topics(settings.topic_prefix)
    needed = [*topics.inputs, topics.business_days]
    async with connect.admin(settings) as client:
        partitions = connect.need_topics(await connect.partition_counts(client, needed), needed)
    async with connect.producer(settings) as producer, connect.offsets_reader(settings) as consumer:
        outbound = Outbound(policy.time_zone, settings.source)
        opener = Days(producer, consumer, topics, partitions, outbound)
        for day in days:
            await opener.open(Day(day), repayments_complete=complete)
            say(f"{iso(day)} opened on {partitions} partitions")
