"""What `overdue doctor` looks at, one function per part; each gives findings and changes nothing."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream.agents.topics import Topics
from stream.cli import connect
from stream.cli.errors import CommandError
from stream.cli.misrouting import misrouted
from stream.cli.terminal import number_of
from stream.cli.topics import plan_of, sentence_of
from stream.kafka_rights import missing_rights
from stream.policy_file import PolicyError, load_policy
from stream.reach import trouble_with
from stream.rights import rights, sentence_of_right
from stream.settings import Settings


class Finding(NamedTuple):
    """One thing that was looked at."""

    state: Literal["ok", "note", "fault"]
    about: str
    said: str
    """What is so; for a note and a fault also what to do."""


async def examine(settings: Settings, *, producers: bool) -> list[Finding]:
    """Everything, in an order in which the first fault often explains the rest."""
    findings = [Finding("ok", "settings", "understood"), *_policy(settings), *_machine(settings)]
    if trouble := await trouble_with(settings):
        faults = [Finding("fault", "connection", sentence) for sentence in trouble]
        alive = len(settings.brokers.split(",")) > len(trouble) and ":" in trouble[0].split(" ")[0]
        findings += [fault._replace(state="note") if alive else fault for fault in faults]
        if not alive:
            return findings
    else:
        findings.append(Finding("ok", "connection", f"{settings.brokers} answers, {settings.security_protocol}"))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        async with connect.admin(settings) as client:
            for look in (_rights, _topics, _state):
                findings += await look(client, settings)
                if any(finding.state == "fault" for finding in findings):
                    return findings  # without rights topics can't be seen, and without topics there is no state
    except (CommandError, KafkaError) as error:
        findings.append(Finding("fault", "cluster", str(error)))
        return findings
    if producers:
        findings += await _producers(settings)
    return findings


def _policy(settings: Settings) -> Iterator[Finding]:
    try:
        policy = load_policy(settings.policy_file)
    except PolicyError as error:
        yield from (Finding("fault", "policy", line) for line in str(error).splitlines())
        return
    yield Finding("ok", "policy", f"{policy.version}, {policy.time_zone}, {len(policy.products)} products named")
    for product, rules in {"default": policy.default, **policy.products}.items():
        begins = {bucket.min_days for bucket in rules.buckets}
        if not {31, 91} <= begins:
            yield Finding(
                "note",
                "policy",
                f"product {product}: no bucket begins at day 31 or none at 91, so PAR 30 or NPL can't be shown for it",
            )


def _machine(settings: Settings) -> Iterator[Finding]:
    if settings.metrics_port and not _is_free(settings.metrics_port, settings.metrics_host):
        yield Finding(
            "note",
            "metrics port",
            f"{settings.metrics_host}:{settings.metrics_port} is taken, perhaps by a worker that runs; another worker"
            " here needs another OVERDUE_METRICS_PORT",
        )
    folder = settings.data_directory or Path(tempfile.gettempdir())
    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    if not os.access(there, os.W_OK):
        yield Finding("fault", "data directory", f"{folder} can't be written; set OVERDUE_DATA_DIRECTORY")
    password = settings.sasl_password_file
    if password is not None and password.exists() and password.stat().st_mode & 0o077:
        yield Finding("note", "password file", f"{password} can be read by others; chmod 600 it")


def _is_free(port: int, host: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


async def _rights(client: AIOKafkaAdminClient, settings: Settings) -> list[Finding]:
    missing = await missing_rights(client, rights("worker", settings.topic_prefix, settings.app_id))
    return [
        Finding(
            "fault",
            "rights",
            sentence_of_right(right),
        )
        for right in missing
    ] or [Finding("ok", "rights", "everything that a worker needs")]


async def _topics(client: AIOKafkaAdminClient, settings: Settings) -> list[Finding]:
    del client
    try:
        differing = await plan_of(settings)
    except CommandError as error:
        return [Finding("fault", "topics", str(error))]
    found = []
    for difference in differing:
        vital = difference.what in ("topic", "partitions")
        remedy = (
            "overdue topics apply"
            if difference.repairable
            else "set OVERDUE_PARTITIONS or OVERDUE_REPLICATION to what there is, or move to new topics"
        )
        found.append(Finding("fault" if vital else "note", "topics", f"{sentence_of(difference)}; {remedy}"))
    return found or [Finding("ok", "topics", "all are as the layout has them")]


async def _state(client: AIOKafkaAdminClient, settings: Settings) -> list[Finding]:
    """Who runs, how far behind, and whether what was committed can still be read."""
    topics = Topics(settings.topic_prefix)
    names = [*topics.inputs, topics.business_days]
    counts = await connect.partition_counts(client, names)
    committed = await client.list_consumer_group_offsets(settings.app_id)
    wanted = [TopicPartition(name, partition) for name in names for partition in range(counts[name])]
    async with connect.consumer(settings) as reader:
        starts: dict[TopicPartition, int] = await reader.beginning_offsets(wanted)
        ends: dict[TopicPartition, int] = await reader.end_offsets(wanted)
    offsets = {partition: found.offset for partition, found in committed.items() if found.offset >= 0}
    findings = []
    for partition in wanted:
        offset = offsets.get(partition)
        if offset is not None and not starts[partition] <= offset <= ends[partition]:
            findings.append(
                Finding(
                    "fault",
                    "state",
                    f"{partition.topic} partition {partition.partition}: offset {offset} is committed, but the log has"
                    f" {starts[partition]} to {ends[partition]}: records that were not judged are gone. See"
                    " deploy/runbook.md, 'A worker refuses to run'",
                )
            )
    behind = sum(max(0, ends[partition] - offsets.get(partition, starts[partition])) for partition in wanted)
    workers = await _members(client, settings.app_id)
    said = f"{number_of(workers, 'worker')} in the group {settings.app_id}, {number_of(behind, 'offset')} behind"
    findings.append(Finding("ok" if workers or not offsets else "note", "group", said))
    return findings


async def _members(client: AIOKafkaAdminClient, group: str) -> int:
    (answer,) = await client.describe_consumer_groups([group])
    groups: list[Any] = answer.to_object()["groups"]
    return sum(len(found["members"]) for found in groups)


async def _producers(settings: Settings) -> list[Finding]:
    found = await misrouted(settings)
    return [
        Finding(
            "fault",
            "producer",
            f"{source} sent {count} of its latest {seen} records on {topic} to another partition than murmur2 of the"
            " key gives; with librdkafka set partitioner=murmur2_random",
        )
        for (topic, source), (count, seen) in sorted(found.items())
    ] or [Finding("ok", "producers", "the latest records are on the partitions of their keys")]
