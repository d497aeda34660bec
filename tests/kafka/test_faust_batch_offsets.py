"""Committed offsets after a broker was killed: a moment of wrong answers that must not be believed."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import OffsetAndMetadata

from stream.faust_batch.producer import TaskProducer
from stream.faust_batch.settings import TaskSettings
from stream.local.broker import Broker

INPUT, CHANGELOG = TopicPartition("input", 0), TopicPartition("changelog", 0)
GROUP = "group"


async def commit(bootstrap: str, last: int) -> None:
    """Commit offsets up to `last`, one transaction each, as a task does."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="task")
    await producer.start()
    for offset in range(1, last + 1):
        async with producer.transaction():
            await producer.send_offsets_to_transaction({INPUT: OffsetAndMetadata(offset, "")}, GROUP)
    await producer.stop()


async def committed_after_settling(bootstrap: str) -> int | None:
    """What the group has committed, read right after a task's producer settled the offsets."""
    settings = TaskSettings()
    producer = TaskProducer("task", group_id=GROUP, connection={"bootstrap_servers": bootstrap}, settings=settings)
    await producer.start()
    await producer.settle_offsets(CHANGELOG)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=GROUP, enable_auto_commit=False)
    await consumer.start()
    try:
        return await consumer.committed(INPUT)
    finally:
        await consumer.stop()
        await producer.stop()


def test_what_is_committed_is_current_right_after_a_broker_was_killed(private_broker: Broker) -> None:
    """Killed and restarted three times: the offset read at once is the last one committed, never an older or none."""

    async def make_topics() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=private_broker.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("input", 1, 1), NewTopic("changelog", 1, 1)])
        await admin.close()

    asyncio.run(make_topics())
    for last in (30, 40, 50):
        asyncio.run(commit(private_broker.bootstrap, last))
        private_broker.kill()
        private_broker.start()
        assert asyncio.run(committed_after_settling(private_broker.bootstrap)) == last
