"""
A produce request's bytes at less cost: aiokafka copies the record batches once for each level of the request.
"""

from __future__ import annotations

from aiokafka.protocol.produce import ProduceRequest_v7
from aiokafka.protocol.types import Int16, Int32, String

_text = String("utf-8").encode


def encode_at_once(request: ProduceRequest_v7) -> bytes:
    """The same bytes as the request's own ``encode``, with one copy instead of five."""
    pieces: list[bytes | bytearray] = [
        _text(request.transactional_id),
        Int16.encode(request.required_acks),
        Int32.encode(request.timeout),
        Int32.encode(len(request.topics)),
    ]
    for topic, partitions in request.topics:
        pieces += _text(topic), Int32.encode(len(partitions))
        for partition, messages in partitions:
            pieces += Int32.encode(partition), Int32.encode(len(messages)), messages
    return b"".join(pieces)


def encode_produce_requests_at_once() -> None:
    """From now on, in every producer of this process; a broker that speaks no version 7 gets the usual way."""
    ProduceRequest_v7.encode = encode_at_once
