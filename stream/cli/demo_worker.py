"""A worker of its own for the demo: started as a child process, asked for its metrics, stopped."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path

import stream
from stream.cli.errors import CommandError
from stream.local import process
from stream.local.owned import Owned
from stream.local.ports import LOOPBACK, free_port
from stream.local.process import Identity
from stream.settings import PREFIX

STOP_SECONDS = 15.0
METRICS_SECONDS = 5.0
APP_ID = "overdue-demo"

Metrics = dict[str, Counter[str]]
"""Metric to its values by the value of its first label; "" where it has none."""

_VALUE = re.compile(r'^(loan_\w+)(?:\{\w+="([^"]*)"[^}]*\})? (\S+)$', re.MULTILINE)


class DemoWorker:
    """`overdue worker` as a child process that ends with this one."""

    def __init__(self, brokers: str) -> None:
        """Nothing is started yet."""
        self._brokers = brokers
        self._folder = Path(tempfile.mkdtemp(prefix="overdue-worker-"))
        self._owned = Owned(self._folder)
        self._identity: Identity | None = None
        self._port = free_port()

    def start(self) -> None:
        """Start it; it takes a second or two until it has its tasks."""
        command = [sys.executable, "-m", "stream.cli", "worker"]
        self._identity = self._owned.start(command, environment=self._environment(), remove_folder=True)

    def stop(self) -> None:
        """End it in order, by force where it does not, and remove its folder."""
        if self._identity is not None:
            process.send(self._identity, signal.SIGTERM)
            if not process.wait_gone(self._identity, STOP_SECONDS):
                process.send(self._identity, signal.SIGKILL)
            self._owned.reap()
        shutil.rmtree(self._folder, ignore_errors=True)

    def metrics(self) -> Metrics:
        """What it counts now; empty while it does not answer yet. Raises CommandError where it has ended."""
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self._port}/metrics", timeout=METRICS_SECONDS) as answer:
                text = answer.read().decode()
        except OSError:
            self._need_alive()
            return {}
        found: Metrics = {}
        for name, label, value in _VALUE.findall(text):
            found.setdefault(name, Counter())[label] += round(float(value))
        return found

    def _need_alive(self) -> None:
        if self._identity is None or not process.is_alive(self._identity):
            console = self._folder / "console.log"
            lines = console.read_text(encoding="utf-8", errors="replace").splitlines() if console.exists() else []
            raise CommandError("The worker ended by itself. It said: " + (" / ".join(lines[-3:]) or "nothing"))

    def _environment(self) -> dict[str, str]:
        """This process's environment, with the demo's settings in place of any others."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        parts = [str(Path(stream.__file__).parents[1]), *filter(None, [kept.get("PYTHONPATH")])]
        settings = {
            "BROKERS": self._brokers,
            "APP_ID": APP_ID,
            "METRICS_HOST": LOOPBACK,
            "METRICS_PORT": str(self._port),
            "DATA_DIRECTORY": str(self._folder / "data"),
            "LOG_LEVEL": "warning",
        }
        return (
            kept | {"PYTHONPATH": os.pathsep.join(parts)} | {PREFIX + name: value for name, value in settings.items()}
        )
