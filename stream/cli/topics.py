"""`overdue topics plan|apply`: the topics beside the layout that the worker needs."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream.agents.topics import Topics
from stream.broker_clock import limit_of
from stream.cli import connect
from stream.cli.app import app
from stream.cli.errors import CommandError, LayoutError
from stream.cli.layout import Difference, Topic, differences, wanted
from stream.cli.options import Brokers, Json, Prefix, settings_with
from stream.cli.terminal import clean, say, write
from stream.settings import Settings

TOPIC_EXISTS = 36
CREATE_TIMEOUT_MS = 30_000
SEEN_SECONDS = 30.0
POLL_SECONDS = 0.05
ON_THE_TOPIC = 1
"""Source of a configuration entry that was set for the topic itself."""

commands = typer.Typer(
    help="The topics: what the layout asks for, what there is, and making it so.", no_args_is_help=True
)
app.add_typer(commands, name="topics")

Partitions = Annotated[
    int | None, typer.Option("--partitions", min=1, help="Of every topic; else OVERDUE_PARTITIONS, else 12.")
]
Replication = Annotated[
    int | None, typer.Option("--replication", min=1, help="Copies of each record; else OVERDUE_REPLICATION, else 1.")
]
KeepForever = Annotated[
    bool,
    typer.Option(
        "--keep-forever",
        help="No retention: for old events, which Kafka would delete at once, since a record's time is its event's.",
    ),
]


@commands.command()
def plan(
    brokers: Brokers = None,
    prefix: Prefix = None,
    partitions: Partitions = None,
    replication: Replication = None,
    keep_forever: KeepForever = False,
    as_json: Json = False,
) -> None:
    """Show what differs from the layout; change nothing. Exit status 4 if something does."""
    settings = settings_with(brokers=brokers, topic_prefix=prefix, partitions=partitions, replication=replication)
    differing = asyncio.run(plan_of(settings, keep_forever))
    for difference in differing:
        write(json.dumps(difference._asdict()) if as_json else sentence_of(difference))
    if differing:
        raise LayoutError(_advice(differing))
    say(f"All {len(_layout(settings, keep_forever))} topics are as the layout has them.")


@commands.command()
def apply(
    brokers: Brokers = None,
    prefix: Prefix = None,
    partitions: Partitions = None,
    replication: Replication = None,
    keep_forever: KeepForever = False,
    as_json: Json = False,
) -> None:
    """Make missing topics and repair configuration; print each change. Never deletes anything."""
    settings = settings_with(brokers=brokers, topic_prefix=prefix, partitions=partitions, replication=replication)
    differing = asyncio.run(apply_layout(settings, keep_forever))
    done = [difference for difference in differing if difference.repairable]
    for difference in done:
        write(json.dumps(difference._asdict()) if as_json else sentence_of(difference))
    left = [difference for difference in differing if not difference.repairable]
    if left:
        raise LayoutError("\n".join([*(sentence_of(difference) for difference in left), _advice(left)]))
    say(f"Done: {len(done)} changes." if done else "Nothing to do: all topics are as the layout has them.")


async def apply_layout(settings: Settings, keep_forever: bool = False) -> list[Difference]:
    """Repair what can be repaired; return all differences found before."""
    layout = _layout(settings, keep_forever)
    async with connect.admin(settings) as client:
        found = await _found(client, layout)
        differing = differences(layout, found)
        await _create(client, [topic for topic in layout if topic.name not in found])
        changed = {difference.topic for difference in differing if difference.repairable}
        await _configure(client, [topic for topic in layout if topic.name in changed & found.keys()])
        await _until_seen(client, layout)
    return differing


async def _until_seen(client: AIOKafkaAdminClient, layout: list[Topic]) -> None:
    """Wait until the brokers tell clients of the repairs: they learn of them a moment after they were made."""
    deadline = asyncio.get_running_loop().time() + SEEN_SECONDS
    while any(left.repairable for left in differences(layout, await _found(client, layout))):
        if asyncio.get_running_loop().time() > deadline:
            raise CommandError(f"Kafka took the changes but does not show them within {SEEN_SECONDS:.0f} s; see: plan")
        await asyncio.sleep(POLL_SECONDS)


def _layout(settings: Settings, keep_forever: bool) -> list[Topic]:
    topics = wanted(settings.topic_prefix, settings.app_id, settings.partitions, settings.replication, keep_forever)
    if settings.clock != "wall":
        return topics
    days, limit = Topics(settings.topic_prefix).business_days, limit_of(settings.clock_tolerance_minutes)
    return [topic._replace(config={**topic.config, **limit}) if topic.name == days else topic for topic in topics]


async def plan_of(settings: Settings, keep_forever: bool = False) -> list[Difference]:
    """What differs from the layout."""
    layout = _layout(settings, keep_forever)
    async with connect.admin(settings) as client:
        return differences(layout, await _found(client, layout))


async def _found(client: AIOKafkaAdminClient, layout: list[Topic]) -> dict[str, Topic]:
    """Those topics of the layout that exist."""
    described = await client.describe_topics([topic.name for topic in layout])
    existing = {topic["topic"]: topic["partitions"] for topic in described if topic["error_code"] == 0}
    configs = await _configs(client, list(existing))
    return {
        name: Topic(name, len(partitions), min(len(partition["replicas"]) for partition in partitions), configs[name])
        for name, partitions in existing.items()
    }


async def _configs(client: AIOKafkaAdminClient, names: list[str], only_own: bool = False) -> dict[str, dict[str, str]]:
    """Configuration of the topics: all entries, or only those set for the topic itself."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs: dict[str, dict[str, str]] = {}
    for answer in await client.describe_configs(resources):
        for _error, _message, _kind, name, entries in answer.resources:
            configs[name] = {entry[0]: entry[1] for entry in entries if not only_own or entry[3] == ON_THE_TOPIC}
    return configs


async def _create(client: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    if not topics:
        return
    new = [NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=topic.config) for topic in topics]
    answer: Any = await client.create_topics(new, timeout_ms=CREATE_TIMEOUT_MS)
    for name, error, message in answer.topic_errors:
        if error not in (0, TOPIC_EXISTS):
            raise CommandError(f"Kafka did not make the topic {name}: {message or f'error {error}'}.")


async def _configure(client: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    """Set the entries of the layout; Kafka replaces a topic's own entries as a whole, so the others are sent along."""
    own = await _configs(client, [topic.name for topic in topics], only_own=True)
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=own[topic.name] | dict(topic.config))
        for topic in topics
    ]
    if not resources:
        return
    for answer in await client.alter_configs(resources):
        for error, message, _kind, name in answer.resources:
            if error:
                raise CommandError(f"Kafka did not change the topic {name}: {message or f'error {error}'}.")


def sentence_of(difference: Difference) -> str:
    """A difference in words."""
    if difference.is_now is None and difference.what == "topic":
        return clean(f"{difference.topic}: make it, with {difference.should_be}")
    now = difference.is_now or "not set"
    return clean(f"{difference.topic}: {difference.what} is {now}, the layout says {difference.should_be}")


def _advice(differing: list[Difference]) -> str:
    if all(difference.repairable for difference in differing):
        return "Repair this with: overdue topics apply"
    return (
        "The number of partitions or copies of a topic that exists is not changed: it would send loans to other tasks."
        " Name the number there is (--partitions, --replication), take another --prefix, or delete the topic yourself."
    )
