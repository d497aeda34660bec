"""Whether producers use the contract's partitioner: a look at the latest records of the inputs."""

from __future__ import annotations

from typing import Final

from aiokafka import TopicPartition

from stream.agents.topics import Topics
from stream.cli import connect
from stream.settings import Settings
from stream.translate import records
from stream.translate.partition import partition_of

LATEST: Final = 50
"""Records looked at on each partition."""
WAIT_MS: Final = 1_000


async def misrouted(settings: Settings) -> dict[tuple[str, str], tuple[int, int]]:
    """By topic and CloudEvents source: records on a wrong partition, and records looked at; only where some are."""
    topics = Topics(settings.topic_prefix)
    names = [*topics.inputs, topics.signals]
    async with connect.admin(settings) as client:
        counts = await connect.partition_counts(client, names)
    places = [TopicPartition(name, partition) for name in counts for partition in range(counts[name])]
    wrong: dict[tuple[str, str], int] = {}
    seen: dict[tuple[str, str], int] = {}
    async with connect.consumer(settings) as reader:
        ends = await reader.end_offsets(places)
        starts = await reader.beginning_offsets(places)
        reader.assign(places)
        left = set()
        for place in places:
            begin = max(starts[place], ends[place] - LATEST)
            reader.seek(place, begin)
            if begin < ends[place]:
                left.add(place)
        while left:
            polled = await reader.getmany(*left, timeout_ms=WAIT_MS)
            if not polled:
                break  # what is left are markers of transactions
            for place, found in polled.items():
                for record in found:
                    if record.key is not None:
                        source = dict(record.headers).get(records.SOURCE, b"a producer without ce_source")
                        name = (place.topic, source.decode(errors="replace"))
                        seen[name] = seen.get(name, 0) + 1
                        if partition_of(record.key, counts[place.topic]) != place.partition:
                            wrong[name] = wrong.get(name, 0) + 1
                if found[-1].offset + 1 >= ends[place]:
                    left.discard(place)
    return {name: (count, seen[name]) for name, count in wrong.items()}
