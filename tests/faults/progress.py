"""How far the workers are: committed offsets of the group, against the ends of the topics."""

from __future__ import annotations

import time

from confluent_kafka import Consumer, KafkaException, TopicPartition


class Progress:
    """Asks the broker, as an onlooker that takes no part in the group."""

    def __init__(self, bootstrap: str, group: str) -> None:
        """Name the group."""
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "log_level": 0}
        )

    def missing(self, ends: dict[tuple[str, int], int]) -> int | None:
        """How many records below those ends are not committed yet; None: the broker does not answer."""
        asked = [TopicPartition(topic, partition) for topic, partition in ends]
        try:
            answers = self._consumer.committed(asked, timeout=5)
        except KafkaException:
            return None
        if any(answer.error for answer in answers):
            return None
        committed = {(answer.topic, answer.partition): max(0, answer.offset) for answer in answers}
        return sum(max(0, end - int(committed[place])) for place, end in ends.items())

    def ends(self, topic: str, partitions: int) -> dict[tuple[str, int], int]:
        """Where each partition of a topic ends now."""
        return {(topic, number): self._end(topic, number) for number in range(partitions)}

    def _end(self, topic: str, partition: int) -> int:
        """Of one partition; asked again while its leader is not known, as just after the topic was made."""
        until = time.monotonic() + 60
        while True:
            try:
                found: int = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)[1]
                return found
            except KafkaException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()
