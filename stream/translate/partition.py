"""The partition of a key: murmur2 as in Kafka's Java client, so that every producer that follows the contract agrees.

A librdkafka producer with default settings does not (its default is CRC32); it has to be told `murmur2_random`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_SEED: Final = 0x9747B28C
_FACTOR: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


@lru_cache(maxsize=1 << 16)
def partition_of(key: bytes, count: int) -> int:
    """The partition, 0 to `count` - 1, that Kafka's Java client gives a key on a topic of `count` partitions.

    Raises:
        ValueError: `count` is below 1.
    """
    if count < 1:
        raise ValueError("a topic has at least one partition")
    return (murmur2(key) & 0x7FFFFFFF) % count


def murmur2(data: bytes) -> int:
    """The 32-bit MurmurHash2 with the seed of Kafka's Java client, as an unsigned number."""
    length = len(data)
    found = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * _FACTOR & _MASK
        word = (word ^ (word >> 24)) * _FACTOR & _MASK
        found = (found * _FACTOR & _MASK) ^ word
    if length > whole:
        found = (found ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _MASK
    found = (found ^ (found >> 13)) * _FACTOR & _MASK
    return found ^ (found >> 15)
