"""What a broker shows that was killed: a moment of older ends and offsets, which must not be believed."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.faust_batch.positions import POSITIONS_KEY, Positions, decode
from stream.faust_batch.producer import TaskProducer
from stream.faust_batch.restore import restore
from stream.faust_batch.settings import TaskSettings
from stream.faust_batch.state import PartitionStore
from stream.local.broker import Broker

INPUT, CHANGELOG = TopicPartition("input", 0), TopicPartition("changelog", 0)
SETTINGS = TaskSettings()


def connection(bootstrap: str) -> dict[str, Any]:
    return {"bootstrap_servers": bootstrap}


async def commit(bootstrap: str, last: int) -> None:
    """Commit positions up to `last`, one transaction each, as a task does."""
    producer = TaskProducer("task", connection=connection(bootstrap), settings=SETTINGS)
    await producer.start()
    for offset in range(1, last + 1):
        writer = producer.writer(*CHANGELOG)
        writer.append(POSITIONS_KEY, Positions({INPUT: offset}).encode(), None, [])
        await producer.commit([writer])
    await producer.stop()


async def restored(bootstrap: str) -> Positions | None:
    """What the next owner restores right after its first record."""
    producer = TaskProducer("task", connection=connection(bootstrap), settings=SETTINGS)
    await producer.start()
    store = PartitionStore()
    try:
        end = await producer.open_changelog(*CHANGELOG)
        await restore(
            {CHANGELOG: store},
            ends={CHANGELOG: end},
            connection=connection(bootstrap),
            settings=SETTINGS,
            progress=lambda *_: None,
        )
    finally:
        await producer.stop()
    assert dict(store) == {}  # the runtime's own records are not the table's
    return None if store.inputs is None else decode(store.inputs, 0)


def test_what_is_restored_is_current_right_after_a_broker_was_killed(private_broker: Broker) -> None:
    """Killed and restarted three times: the positions restored at once are the last ones committed, never older."""

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
        assert asyncio.run(restored(private_broker.bootstrap)) == Positions({INPUT: last})
