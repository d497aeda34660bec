"""The HTTP server of loan queries, on threads of its own: a bounded number of requests at a time, and of bytes each."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from time import perf_counter
from typing import Any, Final

from stream.observe.query import Answer, Queries

MAX_AT_A_TIME: Final = 4
"""Further requests are told to come again: answering takes time from the worker's own work."""
SILENCE_SECONDS: Final = 5.0
Answered = Callable[[int, float], None]


class QueryServer(ThreadingHTTPServer):
    """Answers one request per connection."""

    daemon_threads = True
    request_queue_size = 16

    def __init__(self, queries: Queries, host: str, port: int, answered: Answered) -> None:
        """Bind; raises OSError where the port is taken. `answered` is told each status and its seconds."""
        self.queries = queries
        self.answered = answered
        self.slots = BoundedSemaphore(MAX_AT_A_TIME)
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on a thread; at once with 503 where too many are being answered."""
        if self.slots.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        self.answered(503, 0.0)
        try:
            request.settimeout(SILENCE_SECONDS)
            request.sendall(b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            pass
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the slot back, whatever happens."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: QueryServer
    server_version = "overdue"
    sys_version = ""
    timeout = SILENCE_SECONDS

    def _answer(self) -> None:
        began = perf_counter()
        try:
            answer = self.server.queries.answer(self.command, self.path, self.headers.get("Authorization"))
        except Exception:
            logging.getLogger("overdue").exception("a loan query could not be answered")
            answer = Answer(500, {"error": "failed", "message": "the worker's log says why"})
        self.server.answered(answer.status, perf_counter() - began)
        body = json.dumps(answer.body).encode() + b"\n"
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815  (their names there)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  (its name there)
        """Who asks for which loan is no part of the log."""


def serve_queries(queries: Queries, host: str, port: int, answered: Answered = lambda status, seconds: None) -> int:
    """Answer until the process ends; the port, which 0 leaves to the system. Raises OSError if it is taken."""
    if ":" in host:
        QueryServer.address_family = socket.AF_INET6
    server = QueryServer(queries, host, port, answered)
    Thread(target=server.serve_forever, name="queries", daemon=True).start()
    return int(server.server_address[1])
