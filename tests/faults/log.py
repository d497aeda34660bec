"""The log, read back from Kafka by another client than the worker's, in the order in which a task takes it."""

from __future__ import annotations

import json
import time
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, NamedTuple

from confluent_kafka import Consumer, TopicPartition

CLOCK_SKEW_MS = 60_000


class Record(NamedTuple):
    """A record of a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent in structured form, from either mode."""
        body = json.loads(self.value or b"")
        if self.headers["content-type"].startswith(b"application/cloudevents"):
            return dict(body)
        attributes = {name[3:]: text.decode() for name, text in self.headers.items() if name.startswith("ce_")}
        return attributes | {"data": body}


def read(bootstrap: str, topics: Iterable[str], partitions: int, *, committed: bool = True) -> dict[str, list[Record]]:
    """All records of some topics, each topic by partition and offset.

    `committed` leaves out what aborted transactions wrote, as a read-committed consumer does. Raises TimeoutError.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "faults-log",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "enable.partition.eof": True,
        }
    )
    found: dict[str, list[Record]] = {topic: [] for topic in topics}
    open_ends = {(topic, partition) for topic in found for partition in range(partitions)}
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in open_ends])
    until = time.monotonic() + 300
    while open_ends:
        if time.monotonic() > until:
            raise TimeoutError(f"the end of {sorted(open_ends)} was not reached: a transaction may be left open")
        for message in consumer.consume(10_000, 0.5):
            if message.error():
                open_ends.discard((message.topic(), message.partition()))
            else:
                found[message.topic()].append(_record(message))
    consumer.close()
    return {topic: sorted(records, key=lambda r: (r.partition, r.offset)) for topic, records in found.items()}


def _record(message: Any) -> Record:
    headers = dict(message.headers() or [])
    _, timestamp = message.timestamp()
    return Record(
        message.topic(), message.partition(), message.offset(), timestamp, message.key(), message.value(), headers
    )


def in_task_order(inputs: list[list[Record]], ticks: list[Record]) -> list[Record]:
    """One partition's records as its task takes them: in time order, each tick behind its barrier.

    Args:
        inputs: The partition's records by topic, in the order in which the topics are declared.
        ticks: The partition's ticks.
    """
    taken: list[Record] = []
    done = [0] * len(inputs)
    for tick in ticks:
        barriers = [_barrier(records, tick) for records in inputs]
        taken += _merged(inputs, done, barriers)
        taken.append(tick)
        done = [max(a, b) for a, b in zip(done, barriers, strict=True)]
    return taken + _merged(inputs, done, [len(records) for records in inputs])


def _barrier(records: list[Record], tick: Record) -> int:
    """How many of a topic's records come before a tick."""
    carried = tick.event["data"].get("input_end_offsets")
    if carried is not None:
        return (
            bisect_left(records, carried.get(records[0].topic, 0), key=lambda record: record.offset) if records else 0
        )
    late = tick.timestamp + CLOCK_SKEW_MS
    return next((place for place, record in enumerate(records) if record.timestamp >= late), len(records))


def _merged(inputs: list[list[Record]], start: list[int], end: list[int]) -> list[Record]:
    """The lowest timestamp at the heads first; of equal ones the topic that is declared first."""
    heads = list(start)
    taken: list[Record] = []
    while True:
        ready = [topic for topic, records in enumerate(inputs) if heads[topic] < end[topic]]
        if not ready:
            return taken
        first = min(ready, key=lambda topic: (inputs[topic][heads[topic]].timestamp, topic))
        taken.append(inputs[first][heads[first]])
        heads[first] += 1
