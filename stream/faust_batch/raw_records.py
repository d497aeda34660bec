"""
Records read from the bytes of a record batch, their headers left as bytes until somebody asks for them.

Worth it only compiled (``python -m stream.compile``): as plain Python it is slower than aiokafka's reader, in C, and
fetched.py then uses that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

_HEAD: Final = Struct(">qiibIhiqqqhii").unpack_from
HEAD_BYTES: Final = 61
LOG_APPEND_TIME: Final = 0x08
"""Bit of a batch's attributes: its records carry the time of the broker, which is the batch's largest one."""


class RawRecord:
    """A fetched record; ``raw_headers`` are their number and the headers, as the record batch holds them."""

    __slots__ = ("key", "offset", "partition", "raw_headers", "timestamp", "topic", "value")

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        timestamp: int,
        key: bytes | None,
        value: bytes | None,
        raw_headers: bytes,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.raw_headers = raw_headers

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """
        Name and value in their order.

        Raises:
            ValueError: they are no headers.
        """
        return read_headers(self.raw_headers)


def read_records(topic: str, partition: int, batch: bytes) -> list[RawRecord]:
    """
    The records of one uncompressed batch of format 2.

    Raises:
        ValueError, IndexError: it is damaged.
    """
    base, _, _, _, _, attributes, _, first, largest, _, _, _, count = _HEAD(batch, 0)
    base_offset: int = base
    first_timestamp: int = first
    fixed_timestamp: int = largest if attributes & LOG_APPEND_TIME else -1
    number: int = count
    position = HEAD_BYTES
    found: list[RawRecord] = []
    for _ in range(number):
        length, position = _varint(batch, position)
        end = position + length
        timestamp, position = _varint(batch, position + 1)  # after one byte of attributes, which mean nothing yet
        offset, position = _varint(batch, position)
        key_length, position = _varint(batch, position)
        key: bytes | None = None
        if key_length >= 0:
            key = batch[position : position + key_length]
            position += key_length
        value_length, position = _varint(batch, position)
        value: bytes | None = None
        if value_length >= 0:
            value = batch[position : position + value_length]
            position += value_length
        if position >= end:
            raise ValueError(f"a record of {topic}[{partition}] ends within its value")
        record_time = first_timestamp + timestamp if fixed_timestamp < 0 else fixed_timestamp
        found.append(RawRecord(topic, partition, base_offset + offset, record_time, key, value, batch[position:end]))
        position = end
    if position != len(batch):
        raise ValueError(f"a record batch of {topic}[{partition}] is {len(batch) - position} bytes longer than it says")
    return found


def read_headers(raw: bytes) -> list[tuple[str, bytes | None]]:
    """
    The headers of a record.

    Raises:
        ValueError, IndexError: these are none.
    """
    count, position = _varint(raw, 0)
    if count < 0:
        raise ValueError(f"{count} headers")
    found: list[tuple[str, bytes | None]] = []
    for _ in range(count):
        name_length, position = _varint(raw, position)
        if name_length < 0:
            raise ValueError("a header without a name")
        name = raw[position : position + name_length].decode(errors="replace")
        value_length, position = _varint(raw, position + name_length)
        value: bytes | None = None
        if value_length >= 0:
            value = raw[position : position + value_length]
            position += value_length
        found.append((name, value))
    if position != len(raw):
        raise ValueError("the headers of a record do not end where the record does")
    return found


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A signed integer of variable length (zig-zag), and the position behind it."""
    byte = data[position]
    position += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), position
    raw = byte & 0x7F
    shift = 7
    while byte >= 0x80:
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
        byte = data[position]
        position += 1
        raw |= (byte & 0x7F) << shift
        shift += 7
    return (raw >> 1) ^ -(raw & 1), position
