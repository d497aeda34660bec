"""`overdue watch`: follow the alerts as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.text import Text

from stream.agents.topics import Topics
from stream.cli import connect
from stream.cli.alerts import kind_of, line
from stream.cli.app import app
from stream.cli.options import Brokers, Json, Prefix, settings_with
from stream.cli.terminal import output, say, write
from stream.settings import Settings
from stream.translate import records

POLL_MS = 500


@app.command()
def watch(
    brokers: Brokers = None,
    prefix: Prefix = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Begin with the oldest alert kept.")] = False,
    loan: Annotated[str | None, typer.Option("--loan", metavar="ID", help="Alerts of this loan only.")] = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="End after so many alerts.")] = None,
    as_json: Json = False,
) -> None:
    """Follow the alerts that are committed, one line each, until Ctrl-C.

    With --json each line is the alert as a structured CloudEvent. An alert is never shown twice.
    """
    settings = settings_with(brokers=brokers, topic_prefix=prefix)
    asyncio.run(_watch(settings, from_beginning=from_beginning, loan=loan, count=count, as_json=as_json))


async def _watch(
    settings: Settings, *, from_beginning: bool, loan: str | None, count: int | None, as_json: bool
) -> None:
    topic = Topics(settings.topic_prefix).overdue
    async with connect.admin(settings) as client:
        partitions = connect.need_topics(await connect.partition_counts(client, [topic]), [topic])
    shown = 0
    async with connect.consumer(settings) as consumer:
        await assign(consumer, [topic], partitions, from_beginning=from_beginning)
        say(f"Watching {topic} at {settings.brokers}; Ctrl-C ends.")
        async for record in follow(consumer):
            if loan is not None and record.key != loan.encode():
                continue
            _show(record, as_json=as_json)
            shown += 1
            if shown == count:
                return


async def assign(consumer: AIOKafkaConsumer, topics: list[str], partitions: int, *, from_beginning: bool) -> None:
    """Read these topics from their beginning, or from their end."""
    assigned = [TopicPartition(topic, partition) for topic in topics for partition in range(partitions)]
    consumer.assign(assigned)
    if from_beginning:
        await consumer.seek_to_beginning(*assigned)
    else:
        await consumer.seek_to_end(*assigned)


async def follow(consumer: AIOKafkaConsumer) -> AsyncIterator[Any]:
    """Records as they come, without end; those of one poll in the order of their timestamps."""
    while True:
        polled = await consumer.getmany(timeout_ms=POLL_MS)
        found = [record for batch in polled.values() for record in batch]
        for record in sorted(found, key=lambda record: record.timestamp):
            yield record


def event_type(record: Any) -> str:
    """The CloudEvents type of a record in binary mode."""
    found: bytes = dict(record.headers).get(records.TYPE, b"")
    return found.decode(errors="replace")


def _show(record: Any, *, as_json: bool) -> None:
    if as_json:
        write(structured_event(record))
        return
    alert = orjson.loads(record.value)
    kind = event_type(record)
    output().print(Text(line(kind, alert), style=kind_of(kind, alert).style), soft_wrap=True)


def structured_event(record: Any) -> bytes:
    """The record as one CloudEvent in structured mode."""
    event: dict[str, Any] = {
        name.removeprefix(records.PREFIX): value.decode(errors="replace")
        for name, value in record.headers
        if name.startswith(records.PREFIX)
    }
    return orjson.dumps({**event, "data": orjson.Fragment(record.value)})
