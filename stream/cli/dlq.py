"""`overdue dlq list|show|redrive`: what was refused, why, and sending it again once the cause is gone."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Annotated

import orjson
import typer

from stream.agents.topics import Topics
from stream.cli import connect
from stream.cli.app import app
from stream.cli.dead_letters import REDRIVEN, DeadLetter, dead_letters
from stream.cli.errors import CommandError, UsageError
from stream.cli.options import Brokers, Json, Prefix, settings_with
from stream.cli.terminal import clean, number_of, say, write
from stream.settings import Settings
from stream.translate.partition import partition_of

commands = typer.Typer(help="The dead letters: messages that were refused, with their reasons.", no_args_is_help=True)
app.add_typer(commands, name="dlq")

Reason = Annotated[str | None, typer.Option("--reason", metavar="CODE", help="Only those refused with this code.")]
Topic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Only those that came on this topic.")]


@commands.command("list")
def list_(
    brokers: Brokers = None,
    prefix: Prefix = None,
    reason: Reason = None,
    topic: Topic = None,
    count: Annotated[int, typer.Option("--count", min=1, help="The latest so many.")] = 100,
    as_json: Json = False,
) -> None:
    """Print the latest dead letters, one line each: id, reason, where the message lies, event id, what is wrong."""
    settings = settings_with(brokers=brokers, topic_prefix=prefix)
    found = [letter for letter in asyncio.run(_all(settings)) if _matches(letter, reason, topic)]
    for letter in found[-count:]:
        data = letter.data
        if as_json:
            write(json.dumps({"id": letter.id, **{name: data[name] for name in SHORT}}))
        else:
            event = f" {data['event_id']}" if data["event_id"] else ""
            write(clean(f"{letter.id} {letter.reason} {letter.place}{event}: {data['message']}"))
    reasons = Counter(letter.reason for letter in found)
    listed = ", ".join(f"{code} {number}" for code, number in reasons.most_common())
    say(f"{number_of(len(found), 'dead letter')}{': ' + listed if listed else ''}")


SHORT = ("reason_code", "message", "topic", "partition", "offset", "timestamp", "event_id")


@commands.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the dead letter, or how it begins.")],
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Print one dead letter as JSON: its reason, and the message's key, headers and value as they came.

    It may hold personal data that a producer sent by mistake: this is the only command that prints it.
    """
    settings = settings_with(brokers=brokers, topic_prefix=prefix)
    (letter,) = _chosen(asyncio.run(_all(settings)), [letter_id])
    write(orjson.dumps({"id": letter.id, "refused_at": letter.refused_at, **letter.data}, option=orjson.OPT_INDENT_2))


@commands.command()
def redrive(
    letter_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of dead letters, or how they begin.")
    ] = None,
    brokers: Brokers = None,
    prefix: Prefix = None,
    reason: Reason = None,
    topic: Topic = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
) -> None:
    """Send refused messages again, untouched, to the topics that they came from; name ids, --reason or --topic.

    Each message goes once, with its own event id: one that was accepted meanwhile is dropped as a duplicate, so a
    second redrive changes nothing. What is refused again comes back as a new dead letter.
    """
    if not letter_ids and reason is None and topic is None:
        raise UsageError("Name ids of dead letters, or --reason CODE, or --topic NAME: all of them is never meant.")
    settings = settings_with(brokers=brokers, topic_prefix=prefix)
    found = asyncio.run(_all(settings))
    if letter_ids:
        found = _chosen(found, letter_ids)
    messages = _each_once([letter for letter in found if _matches(letter, reason, topic)])
    if not messages:
        raise CommandError("No dead letter is like that; see overdue dlq list")
    if left_out := [letter for letter in messages if letter.data.get("left_out_bytes")]:
        say(f"{len(left_out)} messages are too large for a dead letter, so not sent again: {_places(left_out)}")
        messages = [letter for letter in messages if letter not in left_out]
    for letter in messages:
        write(f"{letter.id} {letter.reason} {letter.place}")
    if dry_run:
        say(f"{number_of(len(messages), 'message')} would be sent again.")
        return
    asyncio.run(_send(settings, messages))
    say(f"{number_of(len(messages), 'message')} sent again.")


def _places(letters: list[DeadLetter]) -> str:
    return ", ".join(letter.place for letter in letters[:5]) + (", ..." if len(letters) > 5 else "")


async def _all(settings: Settings) -> list[DeadLetter]:
    return [letter async for letter in dead_letters(settings)]


def _matches(letter: DeadLetter, reason: str | None, topic: str | None) -> bool:
    return (reason is None or letter.reason == reason) and (topic is None or letter.data["topic"] == topic)


def _chosen(found: list[DeadLetter], wanted: list[str]) -> list[DeadLetter]:
    """The letters whose ids begin like this. Raises CommandError where one is not there, or is not one."""
    chosen = []
    for beginning in wanted:
        like = [letter for letter in found if letter.id.startswith(beginning)]
        if len(like) != 1:
            what = "No dead letter's id begins" if not like else f"{len(like)} dead letters' ids begin"
            raise CommandError(f"{what} with {beginning!r}; see overdue dlq list")
        chosen += like
    return chosen


def _each_once(letters: list[DeadLetter]) -> list[DeadLetter]:
    """A message that was sent again and refused again has several dead letters; the first of them stands for it."""
    first: dict[str, DeadLetter] = {}
    for letter in letters:
        first.setdefault(letter.first, letter)
    return list(first.values())


async def _send(settings: Settings, letters: list[DeadLetter]) -> None:
    names = sorted({str(letter.data["topic"]) for letter in letters})
    async with connect.admin(settings) as client:
        counts = await connect.partition_counts(client, names)
    if missing := [name for name in names if name not in counts]:
        raise CommandError(f"There is no topic {', '.join(missing)} any more")
    days = Topics(settings.topic_prefix).business_days
    async with connect.producer(settings) as producer:
        for letter in letters:
            topic = str(letter.data["topic"])
            # A business day belongs to the partition that it was opened on; an event to that of its key.
            here = letter.key is None or topic == days
            partition = int(letter.data["partition"]) if here else partition_of(letter.key or b"", counts[topic])
            headers = [(name, value) for name, value in letter.headers if name != REDRIVEN]
            headers.append((REDRIVEN, letter.first.encode()))
            await producer.send_and_wait(topic, letter.value, letter.key, partition=partition, headers=headers)
