"""Runs Maven and reads its progress from what it prints."""

from __future__ import annotations

import queue
import re
import subprocess
import threading
import time
from collections.abc import Iterator

from stream.local.progress import BrokerError, Progress, Report

HEARTBEAT_SECONDS = 1.0


def run(command: list[str], jar_count: int, report: Report) -> None:
    """Run Maven and report its progress to so many jars. Raises BrokerError where it fails."""
    began = time.monotonic()
    counter = MavenOutput(jar_count)
    last: list[str] = []
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            for line in _lines_or_heartbeats(process):
                if line is not None:
                    counter.read(line)
                    last = [*last[-7:], line.rstrip()]
                report(Progress("download", counter.done, counter.total, counter.name, time.monotonic() - began))
        except BaseException:  # Ctrl-C too: Maven must not go on by itself
            process.kill()
            raise
    if process.returncode:
        errors = [line for line in last if line.startswith("[ERROR]")] or last
        raise BrokerError(
            "Maven could not fetch Apache Kafka's jars: "
            + (errors[0].removeprefix("[ERROR]").strip() if errors else f"exit status {process.returncode}")
            + "\nCheck the network, or set your mirror in Maven's settings.xml, and try again."
        )


def _lines_or_heartbeats(process: subprocess.Popen[str]) -> Iterator[str | None]:
    """The lines that the process prints, and None after each second without one."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert process.stdout is not None  # noqa: S101
    source = process.stdout

    def read() -> None:
        for line in source:
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=HEARTBEAT_SECONDS)
        except queue.Empty:
            yield None
            continue
        if not line:
            return
        yield line


class MavenOutput:
    """Counts Kafka's jars in what Maven prints: fetched first, and copied at the end where they were there before.

    Maven names a jar twice (fetched, copied); its own parts, fetched after the goal has begun, are not counted.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.name = "Maven starts"
        self._fetched: set[str] = set()
        self._copied: set[str] = set()
        self._goal_began = False

    @property
    def done(self) -> int:
        """Jars there so far: never more than the total, never fewer than before."""
        return min(self.total, max(len(self._fetched), len(self._copied)))

    def read(self, line: str) -> None:
        """Take in one line of Maven's output."""
        if ":copy-dependencies" in line:
            self._goal_began = True
        elif fetched := re.search(r"Downloaded from \S+: \S*/([^/\s]+)", line):
            self.name = fetched[1]
            if self.name.endswith(".jar") and not self._goal_began and "plugin" not in self.name:
                self._fetched.add(self.name)
        elif copied := re.search(r"Copying (\S+\.jar) to ", line):
            self.name = copied[1]
            self._copied.add(self.name)
