"""The partition rule, held to Kafka's own vectors."""

from __future__ import annotations

import json

import pytest
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas.export import HOME, PARTITIONING
from stream.translate.partition import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_the_hashes_of_kafkas_java_client(key: bytes, signed: int) -> None:
    """The hash of a key is that of Kafka's Java client (its UtilsTest.testMurmur2), as an unsigned number."""
    assert murmur2(key) == signed % 2**32


@given(st.binary(max_size=70))
def test_murmur2_agrees_with_another_implementation(key: bytes) -> None:
    """For any key the hash is the one that aiokafka's producer uses."""
    assert murmur2(key) == aiokafka_murmur2(key)


def test_a_partition_is_the_positive_hash_modulo_the_count() -> None:
    """The sign bit is masked off, not negated: -973932308 & 0x7fffffff = 1173551340, modulo 12 = 0."""
    assert partition_of(b"21", 12) == 1173551340 % 12
    assert partition_of(b"abc", 4) == 479470107 % 4


def test_a_topic_without_partitions_is_refused() -> None:
    """A count below 1 is a mistake of the caller, and said to be one."""
    with pytest.raises(ValueError, match="at least one partition"):
        partition_of(b"21", 0)


def test_the_published_vectors_hold() -> None:
    """What `schemas/partitioning.json` tells other teams is what the worker checks, letters beyond ASCII included."""
    vectors = json.loads((HOME / PARTITIONING).read_text(encoding="utf-8"))["vectors"]
    assert any(not vector["key"].isascii() for vector in vectors)
    for vector in vectors:
        key = vector["key"].encode()
        assert vector["murmur2"] == aiokafka_murmur2(key)
        assert (vector["partition_of_4"], vector["partition_of_12"]) == (partition_of(key, 4), partition_of(key, 12))
