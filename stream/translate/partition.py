"""Which partition a key belongs to: murmur2, as Kafka's Java client computes it.

librdkafka's default partitioner is another one: its users set `partitioner=murmur2_random`.
"""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=1 << 16)
def partition_of(key: bytes, count: int) -> int:
    """Partition of a key among `count`: (murmur2 & 0x7fffffff) % count."""
    return int((murmur2(key) & 0x7FFFFFFF) % count)
