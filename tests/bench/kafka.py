"""What the measurements need of Kafka: topics, the backlog, offsets of a group, and what was said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.bench.portfolio import Event

EVERLASTING = {"retention.ms": "-1"}  # the events carry the clock of the portfolio, not of the machine


class Kafka:
    """One broker, and the number of partitions that all topics get."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self.bootstrap = bootstrap
        self.partitions = partitions
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        self._ends = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-ends"})

    def close(self) -> None:
        self._ends.close()

    def create(self, topics: Iterable[str], compacted: Iterable[str] = ()) -> None:
        new = [NewTopic(topic, self.partitions, 1, config=EVERLASTING) for topic in topics]
        new += [NewTopic(topic, self.partitions, 1, config={"cleanup.policy": "compact"}) for topic in compacted]
        for created in self.admin.create_topics(new).values():
            created.result()
        wanted = {topic.topic for topic in new}
        _until(lambda: wanted <= self.topics(), 30, f"topics {sorted(wanted)} do not appear")

    def topics(self) -> set[str]:
        return set(self.admin.list_topics(timeout=10).topics)

    def delete(self, topics: Iterable[str]) -> None:
        present = self.topics()
        doomed = [topic for topic in topics if topic in present]
        if not doomed:
            return
        for deleted in self.admin.delete_topics(doomed).values():
            deleted.result()
        _until(lambda: not self.topics() & set(doomed), 60, f"topics {doomed} do not go away")

    def publish(self, prefix: str, events: Iterable[Event]) -> int:
        """Publish all as fast as it goes; returns their number."""
        producer = self.producer(linger=50)
        count = 0
        for event in events:
            send(producer, prefix, event)
            count += 1
        producer.flush()
        return count

    def producer(self, linger: int) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "partitioner": "murmur2_random",
                "linger.ms": linger,
                "enable.idempotence": True,
                "queue.buffering.max.messages": 200_000,
            }
        )

    def ends(self, topic: str) -> list[int]:
        """The end offset of each partition."""
        return [
            self._ends.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1]
            for number in range(self.partitions)
        ]

    def committed(self, group: str, topic: str) -> list[int]:
        """The committed offset of each partition; 0 where there is none."""
        asked = [TopicPartition(topic, number) for number in range(self.partitions)]
        request = ConsumerGroupTopicPartitions(group, asked)
        answer = self.admin.list_consumer_group_offsets([request], require_stable=False)[group].result()
        return [max(0, one.offset) for one in answer.topic_partitions]

    def members(self, group: str) -> int:
        """How many members of a group have partitions."""
        described = self.admin.describe_consumer_groups([group])[group].result()
        return sum(bool(member.assignment.topic_partitions) for member in described.members)

    def set_offsets(self, group: str, topic: str, offsets: list[int]) -> None:
        """Move the group; waits until its last member has left."""
        moved = [TopicPartition(topic, number, offset) for number, offset in enumerate(offsets)]
        request = ConsumerGroupTopicPartitions(group, moved)

        def move() -> bool:
            try:
                answer = self.admin.alter_consumer_group_offsets([request])[group].result()
            except KafkaException:
                return False
            return all(one.error is None for one in answer.topic_partitions)

        _until(move, 90, f"the offsets of group {group} cannot be moved: it still has members")

    def read_all(self, topic: str) -> list[Message]:
        """Every committed record of a topic, up to its end."""
        consumer = self.reader(topic)
        consumer.assign([TopicPartition(topic, number, 0) for number in range(self.partitions)])
        records: list[Message] = []
        at_end: set[int] = set()
        deadline = time.monotonic() + 120
        while len(at_end) < self.partitions:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic} was not read to its end: a transaction may be open")
            for message in consumer.consume(2000, 0.5):
                if message.error() is None:
                    records.append(message)
                else:
                    at_end.add(message.partition())
        consumer.close()
        return records

    def reader(self, topic: str) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"bench-reader-{topic}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
            }
        )


def send(producer: Producer, prefix: str, event: Event, **options: Any) -> None:
    """Hand one event to the producer, waiting while its buffer is full."""
    while True:
        try:
            producer.produce(
                prefix + event.topic,
                event.data,
                event.key,
                headers=event.headers(),
                timestamp=round(event.time.timestamp() * 1000),
                **options,
            )
        except BufferError:
            producer.poll(0.05)
        else:
            return


def _until(true: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.2)
