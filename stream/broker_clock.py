"""The broker's clock as a second opinion, where workers open business days by their own.

A worker writes a business day with the moment at which its own clock opened it. Kafka refuses a record whose time is
further ahead of the broker's clock than `message.timestamp.after.max.ms` of the topic allows, so a machine whose clock
runs days ahead opens none of them. A clock that is behind opens days late, which an alert says and nothing undoes.
"""

from __future__ import annotations

from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

LIMIT: Final = "message.timestamp.after.max.ms"
"""The topic's entry; Kafka knows it from 3.6 on, and sets it to an hour by itself from 4.0 on."""


def limit_of(tolerance_minutes: int) -> dict[str, str]:
    """The entry for a topic, from the setting."""
    return {LIMIT: str(tolerance_minutes * 60_000)}


async def trouble_with_limit(client: AIOKafkaAdminClient, topic: str, tolerance_minutes: int) -> str | None:
    """What is wrong with a topic's limit, and what to do; None: the broker guards it at least as the setting says."""
    answers = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    for answer in answers:
        for error, message, _kind, _name, entries in answer.resources:
            if error:
                return (
                    f"With clock=wall the worker must see {LIMIT} of the topic {topic}, and Kafka does not show it "
                    f"({message or f'error {error}'}): grant DescribeConfigs on the topic, see deploy/acls.md"
                )
            return trouble_with({entry[0]: entry[1] for entry in entries}.get(LIMIT), topic, tolerance_minutes)
    return f"Kafka says nothing of the topic {topic}; see: overdue topics plan"


def trouble_with(value: str | None, topic: str, tolerance_minutes: int) -> str | None:
    """The same for the entry's value; None: there is no such entry."""
    if value is None:
        return (
            f"This Kafka knows no {LIMIT} (3.6 and later do), so nothing would keep a worker whose clock is wrong from "
            "opening days that have not come. Let an upstream system open the days: OVERDUE_CLOCK=topic"
        )
    if int(value) > int(limit_of(tolerance_minutes)[LIMIT]):
        return (
            f"{topic}: {LIMIT} is {value}, above the {tolerance_minutes} minutes of OVERDUE_CLOCK_TOLERANCE_MINUTES: a "
            "worker whose clock is wrong could open days that have not come. Set it with clock=wall and: "
            "overdue topics apply"
        )
    return None
