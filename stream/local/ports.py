"""Ports of the loopback address: free ones, taken ones, and whether Kafka answers there."""

from __future__ import annotations

import socket
import struct

from stream.local.progress import BrokerError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def need_free(port: int) -> None:
    """Raise BrokerError where something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise BrokerError(
                f"Port {port} of {LOOPBACK} is taken ({error.strerror}): give another one with --port, or use what"
                f" listens there, if it is Kafka, with --brokers {LOOPBACK}:{port}."
            ) from error


def kafka_answers(port: int) -> bool:
    """Whether Kafka answers an ApiVersions request (key 18, version 0) there: a bound port alone says little."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            return connection.recv(4) != b""
    except OSError:
        return False
