"""Metrics and probes over HTTP, on threads of their own: they answer when the event loop does not.

`/livez`: the event loop turns; a broker that is away is no reason to restart. `/startupz`: the first assignment was
restored. `/readyz`: assigned (or standing by) and restored. `/metrics`: the metrics. Nothing else is there.
"""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from stream.observe.metrics import Metrics

LIVE_STALL_SECONDS = 30.0
"""A loop that has been silent for longer is not alive; the worker ends itself later (stall_timeout_seconds)."""

PLAIN = "text/plain; charset=utf-8"
Answer = tuple[int, str, bytes]


class Probes:
    """What each path answers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.paths: dict[str, Callable[[], Answer]] = {
            "/metrics": self._all,
            "/livez": self._live,
            "/readyz": self._ready,
            "/startupz": self._started,
        }

    def answer(self, path: str) -> Answer:
        """Status, content type and body for a path."""
        asked = self.paths.get(path.partition("?")[0])
        return asked() if asked else (404, PLAIN, b"not found; there is: " + " ".join(self.paths).encode() + b"\n")

    def _all(self) -> Answer:
        return 200, CONTENT_TYPE_LATEST, generate_latest(self._metrics.registry)

    def _live(self) -> Answer:
        seconds = self._metrics.moments.stall_seconds()
        return _said(seconds <= LIVE_STALL_SECONDS, f"the event loop has not turned for {seconds:.0f} s")

    def _ready(self) -> Answer:
        if self._metrics.moments.stall_seconds() > LIVE_STALL_SECONDS:
            return self._live()
        return _said(self._metrics.moments.ready, "tasks are being assigned or restored")

    def _started(self) -> Answer:
        return _said(self._metrics.moments.started, "the first assignment is not restored yet")


def _said(well: bool, trouble: str) -> Answer:
    return (200, PLAIN, b"ok\n") if well else (503, PLAIN, f"{trouble}\n".encode())


def serve(metrics: Metrics, host: str, port: int) -> int:
    """Answer until the process ends; the port, which 0 leaves to the system. Raises OSError if it is taken."""
    probes = Probes(metrics)

    class Handler(BaseHTTPRequestHandler):
        server_version = "overdue"
        sys_version = ""
        timeout = 10  # a client that sends nothing does not keep its thread

        def do_GET(self) -> None:
            status, kind, body = probes.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002  (its name there)
            """A probe every few seconds is no news."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A scraper that went away is no news, and its traceback is none of the log's."""

    server = Server((host, port), Handler)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return int(server.server_address[1])
