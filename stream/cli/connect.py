"""Connections to Kafka for commands: the settings' security, and one clean sentence where nothing answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream.cli.errors import CommandError, LayoutError
from stream.connection import client_options
from stream.reach import trouble_with
from stream.settings import Settings

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it would log is said in one sentence here


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, connected."""
    client = AIOKafkaAdminClient(**client_options(settings))
    async with _connected(client.start, client.close, settings):
        yield client


@asynccontextmanager
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """An idempotent producer, connected; leaving flushes it."""
    client = AIOKafkaProducer(
        **client_options(settings),
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=1 << 17,
        request_timeout_ms=30_000,
    )
    async with _connected(client.start, client.stop, settings):
        yield client


@asynccontextmanager
async def consumer(settings: Settings, isolation: str = "read_committed") -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, connected; by default it reads what is committed only."""
    client = AIOKafkaConsumer(**client_options(settings), isolation_level=isolation, enable_auto_commit=False)
    async with _connected(client.start, client.stop, settings):
        yield client


@asynccontextmanager
async def offsets_reader(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer to ask for high watermarks: what open transactions have written counts as well."""
    async with consumer(settings, "read_uncommitted") as client:
        yield client


@asynccontextmanager
async def _connected(start: Any, stop: Any, settings: Settings) -> AsyncIterator[None]:
    try:
        await start()
    except (KafkaError, OSError) as error:
        await stop()
        raise CommandError(await _no_answer(settings, error)) from error
    await asyncio.sleep(0)  # a client stopped before its tasks have begun raises CancelledError
    try:
        yield
    except KafkaError as error:
        raise CommandError(f"Kafka at {settings.brokers} refused: {error}") from error
    finally:
        await stop()


async def _no_answer(settings: Settings, error: BaseException) -> str:
    """What keeps us from the brokers, each address with its own reason."""
    trouble = await trouble_with(settings) or [f"{settings.brokers}: {type(error).__name__}"]
    return (
        "No Kafka that we can use: " + "; ".join(trouble) + ". "
        "Start one with 'overdue kafka start', point at yours with --brokers HOST:PORT or OVERDUE_BROKERS=HOST:PORT, or"
        " see 'overdue doctor'."
    )


async def partition_counts(client: AIOKafkaAdminClient, topics: list[str]) -> dict[str, int]:
    """Partitions of those topics that exist."""
    described = await client.describe_topics(topics)
    return {found["topic"]: len(found["partitions"]) for found in described if found["error_code"] == 0}


def need_topics(found: dict[str, int], needed: list[str]) -> int:
    """The one number of partitions that the topics have. Raises LayoutError."""
    missing = [name for name in needed if name not in found]
    if missing:
        raise LayoutError(f"Topics are missing: {', '.join(missing)}. Make them with: overdue topics apply")
    counts = {found[name] for name in needed}
    if len(counts) != 1:
        listed = ", ".join(f"{name} {found[name]}" for name in needed)
        raise LayoutError(f"The topics differ in their number of partitions ({listed}). See: overdue topics plan")
    return counts.pop()


async def end_offsets(client: AIOKafkaConsumer, topics: list[str], partitions: int) -> dict[TopicPartition, int]:
    """The end offset (first offset not yet there) of each partition of each topic."""
    wanted = [TopicPartition(topic, partition) for topic in topics for partition in range(partitions)]
    found: dict[TopicPartition, int] = await client.end_offsets(wanted)
    return found
