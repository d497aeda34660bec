"""The dead letters as a person handles them: read to the end, told apart, and sent again."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.agents.topics import Topics
from stream.cli import connect
from stream.settings import Settings
from stream.translate import records

REDRIVEN: Final = "overdue-redriven"
"""Header of a message that was sent again: the id of the dead letter that it was first refused with."""
WAIT_MS: Final = 1_000


@dataclass(frozen=True)
class DeadLetter:
    """A refused message with its reason."""

    id: str
    refused_at: str
    data: dict[str, Any]

    @property
    def reason(self) -> str:
        """Reason code."""
        return str(self.data["reason_code"])

    @property
    def place(self) -> str:
        """Where the refused record lies."""
        return f"{self.data['topic']}[{self.data['partition']}]@{self.data['offset']}"

    @property
    def first(self) -> str:
        """Id of the first dead letter of this message: its own, or the one that it was sent again from."""
        return next((value.decode() for name, value in self.headers if name == REDRIVEN and value), self.id)

    @property
    def key(self) -> bytes | None:
        """Key of the refused record."""
        return _raw(self.data, "key")

    @property
    def value(self) -> bytes | None:
        """Value of the refused record."""
        return _raw(self.data, "value")

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Headers of the refused record."""
        return [(header["name"], _raw(header, "value") or b"") for header in self.data["headers"]]


def _raw(data: dict[str, Any], name: str) -> bytes | None:
    if data.get(f"{name}_base64") is not None:
        return b64decode(data[f"{name}_base64"])
    text = data.get(name)
    return None if text is None else str(text).encode()


async def dead_letters(settings: Settings) -> AsyncIterator[DeadLetter]:
    """Every dead letter that is there now, oldest first in each partition; each id once."""
    topic = Topics(settings.topic_prefix).dead_letters
    async with connect.admin(settings) as client:
        partitions = connect.need_topics(await connect.partition_counts(client, [topic]), [topic])
    async with connect.consumer(settings) as reader:
        seen: set[str] = set()
        async for record in _until_now(reader, [TopicPartition(topic, number) for number in range(partitions)]):
            headers = dict(record.headers)
            letter = DeadLetter(
                headers.get(records.ID, b"").decode(errors="replace"),
                headers.get(records.TIME, b"").decode(errors="replace"),
                orjson.loads(record.value),
            )
            if letter.id not in seen:
                seen.add(letter.id)
                yield letter


async def _until_now(reader: AIOKafkaConsumer, places: list[TopicPartition]) -> AsyncIterator[Any]:
    ends = await reader.end_offsets(places)
    reader.assign(places)
    await reader.seek_to_beginning(*places)
    left = {place for place in places if ends[place]}
    while left:
        for place, found in (await reader.getmany(*left, timeout_ms=WAIT_MS)).items():
            for record in found:
                if record.offset < ends[place]:
                    yield record
        for place in list(left):
            if await reader.position(place) >= ends[place]:
                left.discard(place)
