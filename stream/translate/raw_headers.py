"""The headers of a record as Kafka writes them, and the shape that those of one producer's events have.

The worker's reader leaves headers as bytes. Of an event whose layout is known only the values that vary are taken out
of them; all that lies between must be, byte for byte, what it was when the judge read such an event by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from stream.translate.records import Headers

ONE_BYTE = 64
"""Lengths below take one byte; a longer value is left to the slower way."""


def shape_of(headers: Headers, varying: Sequence[int]) -> list[bytes]:
    """What lies before each varying value, its length left out, and behind the last one; `varying` are places."""
    between = [b""]
    between[-1] += _number(len(headers))
    for index, (name, value) in enumerate(headers):
        encoded = name.encode()
        between[-1] += _number(len(encoded)) + encoded
        if index in varying:
            between.append(b"")
        else:
            between[-1] += _number(len(value)) + value
    return between


def varying_values(raw: bytes, shape: list[bytes]) -> list[bytes] | None:
    """The values that vary, in their order; None: the headers have another shape, or a value is long."""
    found: list[bytes] = []
    position = 0
    last = len(shape) - 1
    for index in range(last):
        before = shape[index]
        end = position + len(before)
        if raw[position:end] != before or end >= len(raw):
            return None
        length = raw[end]
        if length >= 2 * ONE_BYTE or length & 1:  # twice the length; odd: none, or less than none
            return None
        position = end + 1 + (length >> 1)
        found.append(raw[end + 1 : position])
    rest = shape[last]
    if position + len(rest) != len(raw) or raw[position:] != rest:
        return None
    return found


def _number(number: int) -> bytes:
    """Not negative, as a signed integer of variable length (zig-zag)."""
    doubled = number << 1
    found = bytearray()
    while doubled >= 0x80:
        found.append(doubled & 0x7F | 0x80)
        doubled >>= 7
    found.append(doubled)
    return bytes(found)
