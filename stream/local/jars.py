"""Java, Maven, and the jars of Apache Kafka: found, or resolved once into a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from stream.local import maven as maven_run
from stream.local.progress import BrokerError, Report, ignore

POM = Path(__file__).with_name("pom.xml")
JAVA_MINIMUM = 17
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"


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
    maven_run.run(command, int(pom_property("jar.count")), report)
    (work / "jars").rename(final)
    shutil.rmtree(work)
    if not is_resolved(cache):
        raise BrokerError(f"Maven left {len(list(final.glob('*.jar')))} jars in {final}; remove it and try again.")
