"""Java, Maven, and the jars of Apache Kafka: found, or resolved once into a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import queue
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

POM = Path(__file__).with_name("pom.xml")
JAVA_MINIMUM = 17
HEARTBEAT_SECONDS = 1.0
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"


class BrokerError(RuntimeError):
    """The local broker cannot do what was asked; the message says what to do next."""


class Progress(NamedTuple):
    """How far the way to a running broker has come. One comes at least every second, as a sign of life."""

    stage: str
    """`download`, `format` or `start`."""
    done: int
    """Steps of the stage done: for `download`, jars."""
    total: int
    """Steps that the stage has; 0: not known yet."""
    name: str
    """What was done last: for `download`, the file's name."""
    seconds: float
    """Since the stage began."""


Report = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """A report that goes nowhere."""


def java() -> str | None:
    """The path of a Java runtime of version 17 or later: JAVA_HOME's, or the path's; None: there is none."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home, "bin", "java"))] if home else []
    candidates += [found] if (found := shutil.which("java")) else []
    return next((path for path in candidates if (java_version(path) or 0) >= JAVA_MINIMUM), None)


def maven() -> str | None:
    """The path of Maven; None: there is none."""
    return shutil.which("mvn")


@lru_cache
def java_version(path: str) -> int | None:
    """The main version number of this Java runtime (17, 21); None: it does not run."""
    try:
        answer = subprocess.run(  # noqa: S603
            [path, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(found[1]) if found else None


def default_cache() -> Path:
    """The user's cache folder by the XDG rules: $XDG_CACHE_HOME/overdue-stream, else ~/.cache/overdue-stream."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "overdue-stream"


def pom_property(name: str) -> str:
    """The text of a property of the checked-in pom."""
    found = re.search(rf"<{re.escape(name)}>([^<]+)</", POM.read_text(encoding="utf-8"))
    if found is None:
        raise LookupError(f"{POM} has no property {name}")
    return found[1]


def jar_folder(cache: Path) -> Path:
    """The folder in the cache that this pom's jars belong in; it exists only when complete."""
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    return cache / f"kafka-{pom_property('kafka.version')}-{digest}"


def is_resolved(cache: Path) -> bool:
    """Whether the jars are all in the cache, so that neither Maven nor a network is needed."""
    return len(list(jar_folder(cache).glob("*.jar"))) == int(pom_property("jar.count"))


def resolve(cache: Path, report: Report = ignore) -> Path:
    """The folder with the jars; Maven fetches them at the first call, which takes seconds to a minute.

    Raises BrokerError where Maven is missing or fails.
    """
    if is_resolved(cache):
        return jar_folder(cache)
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "jars.lock"):
        if not is_resolved(cache):  # another process may have done it meanwhile
            _fetch(cache, report)
    return jar_folder(cache)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file among processes; the operating system gives it back when the holder ends."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(cache: Path, report: Report) -> None:
    program = maven()
    if program is None:
        raise BrokerError("Maven (mvn) is not on the path. Install Maven 3.6 or later and try again.")
    final = jar_folder(cache)
    work = final.with_suffix(".part")
    for leftover in (work, final):
        shutil.rmtree(leftover, ignore_errors=True)
    (work / "jars").mkdir(parents=True)
    shutil.copy(POM, work / "pom.xml")
    command = [program, "-B", "-f", str(work / "pom.xml"), COPY_GOAL, f"-DoutputDirectory={work / 'jars'}"]
    _run_maven(command, report)
    (work / "jars").rename(final)
    shutil.rmtree(work)
    if not is_resolved(cache):
        raise BrokerError(f"Maven left {len(list(final.glob('*.jar')))} jars in {final}; remove it and try again.")


def _run_maven(command: list[str], report: Report) -> None:
    began = time.monotonic()
    counter = MavenOutput(int(pom_property("jar.count")))
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
