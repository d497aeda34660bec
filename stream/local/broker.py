"""A real Apache Kafka broker on this machine, without Docker.

Maven resolves the jars once (`pom.xml`), a KRaft folder is formatted, and the broker runs as a child process that
listens on the loopback address only. Two kinds of life:

- *owned* (demo, tests): the broker ends with the process that started it, `kill -9` included;
- *detached* (`overdue kafka start`): it runs until `stop`.

    with Broker.temporary() as broker:
        print(broker.bootstrap)

This module and its neighbours know nothing of lending and import nothing else of the project.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from stream.local import jars, kraft, process
from stream.local.owned import Owned
from stream.local.ports import free_port, kafka_answers, need_free
from stream.local.progress import BrokerError, Progress, Report, ignore
from stream.local.state import BrokerState

__all__ = ["Broker", "BrokerError", "Progress", "Report", "Status", "missing", "resolve"]

START_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.02
REPORT_SECONDS = 0.5
resolve = jars.resolve


class Status(NamedTuple):
    """What a broker's folder says about it now."""

    running: bool
    answers: bool
    """Whether it answers requests: a stopped (SIGSTOP) or starting broker runs but does not answer."""
    pid: int | None
    bootstrap: str | None
    folder: Path


def missing(cache: Path | None = None) -> str | None:
    """One sentence: what this machine lacks for a local broker, and what to do instead; None: nothing."""
    lacking = []
    if jars.java() is None:
        lacking.append(f"Java {jars.JAVA_MINIMUM} or later")
    if jars.maven() is None and not jars.is_resolved(cache or jars.default_cache()):
        lacking.append("Maven")
    if not lacking:
        return None
    verb = "is" if len(lacking) == 1 else "are"
    return (
        f"A local Kafka broker needs Java {jars.JAVA_MINIMUM} and Maven, and {' and '.join(lacking)} {verb} not on this"
        " machine: install them, or point at a Kafka of yours with --brokers HOST:PORT or OVERDUE_BROKERS=HOST:PORT."
    )


class Broker:
    """One broker, known by its folder: a second object with the same folder speaks of the same broker."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        controller_port: int = 0,
        heap: str = "768m",
        cache: Path | None = None,
        more: str = "",
        cluster_id: str = "",
    ) -> None:
        """Name a broker; nothing is started.

        Args:
            folder: Where its data, configuration and logs are; made at the first start.
            port: On the loopback address; 0 takes the port of the last start, else a free one.
            controller_port: Of the controller in the same process; 0 takes a free one at each start.
            heap: Upper bound of the Java heap, as Java writes it.
            cache: Where the jars are kept; by default the user's cache folder.
            more: Lines of Kafka's configuration that are added to ours, or take the place of ours.
            cluster_id: Of the cluster that it belongs to; by default one of its own.
        """
        self.folder = folder.resolve()
        self.cache = cache or jars.default_cache()
        self._heap = heap
        self._more = more
        self._port = port
        self._controller_port = controller_port
        self._cluster_id = cluster_id
        self._temporary = False
        self._owned = Owned(self.folder)
        self._state = BrokerState(self.folder / "broker.json")

    @classmethod
    def temporary(cls, *, port: int = 0, heap: str = "768m", cache: Path | None = None, more: str = "") -> Broker:
        """A broker in a new temporary folder, which `close` removes, as does the end of this process."""
        broker = cls(Path(tempfile.mkdtemp(prefix="overdue-kafka-")), port=port, heap=heap, cache=cache, more=more)
        broker._temporary = True
        return broker

    @property
    def bootstrap(self) -> str:
        """The address for clients, host:port. Raises BrokerError before the first start."""
        port = self._port or self._state.port()
        if not port:
            raise BrokerError(f"The broker of {self.folder} was never started.")
        return f"127.0.0.1:{port}"

    def start(self, report: Report = ignore, *, detached: bool = False) -> str:
        """Start the broker unless it runs, wait until it answers, and return its address.

        A broker that was stopped or killed starts again on its data and port. Raises BrokerError.
        """
        if (sentence := missing(self.cache)) is not None:
            raise BrokerError(sentence)
        folder = jars.resolve(self.cache, report)
        self.folder.mkdir(parents=True, exist_ok=True)
        with jars.locked(self.folder / "broker.lock"):
            if not self.status().running:
                self._launch(folder, report, detached)
        self._wait_until_it_answers(report)
        return self.bootstrap

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """End the broker in order, by force after so many seconds; False: it did not run. The data stays."""
        identity = self._state.identity()
        if identity is None or not process.send(identity, signal.SIGTERM):
            return False
        process.send(identity, signal.SIGCONT)  # a paused one cannot hear
        if not process.wait_gone(identity, seconds):
            process.send(identity, signal.SIGKILL)
            process.wait_gone(identity, seconds)
        self._owned.reap()
        return True

    def kill(self) -> bool:
        """End the broker at once (SIGKILL), as a power cut would; False: it did not run. The data stays."""
        return self._signal(signal.SIGKILL, wait=True)

    def pause(self) -> bool:
        """Stop the broker's process where it is (SIGSTOP), as a long pause would."""
        return self._signal(signal.SIGSTOP)

    def resume(self) -> bool:
        """Let a paused broker go on (SIGCONT)."""
        return self._signal(signal.SIGCONT)

    def status(self) -> Status:
        """Whether it runs and answers, and where."""
        identity = self._state.identity()
        port = self._state.port()
        bootstrap = f"127.0.0.1:{port}" if port else None
        answers = identity is not None and port != 0 and kafka_answers(port)
        return Status(identity is not None, answers, identity.pid if identity else None, bootstrap, self.folder)

    def close(self) -> None:
        """Stop the broker; a temporary one also loses its folder."""
        self.stop()
        self._owned.reap()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- inside ---

    def _launch(self, jar_folder: Path, report: Report, detached: bool) -> None:
        java = jars.java() or "java"
        self._port = self._port or self._state.port() or free_port()
        need_free(self._port)
        kraft.write_files(self.folder, self._port, self._controller_port or free_port(), self._more)
        if not kraft.is_formatted(self.folder):
            report(Progress("format", 0, 1, str(self.folder), 0.0))
            kraft.format_folder(java, jar_folder, self.folder, self._cluster_id)
        command = kraft.java_command(java, jar_folder, self._heap, self.folder)
        (self.folder / "console.log").unlink(missing_ok=True)
        identity = self._owned.start(command, detached=detached, remove_folder=self._temporary)
        if identity is None:
            raise BrokerError(f"The broker ended at once.{self._last_words()}")
        self._state.write(identity, self._port)

    def _wait_until_it_answers(self, report: Report) -> None:
        began = time.monotonic()
        reported = 0.0
        while True:
            status = self.status()
            if status.answers:
                return
            waited = time.monotonic() - began
            if not status.running:
                raise BrokerError(f"The broker ended while starting.{self._last_words()}")
            if waited > START_SECONDS:
                raise BrokerError(f"The broker does not answer after {waited:.0f} s.{self._last_words()}")
            if waited - reported > REPORT_SECONDS or not reported:
                reported = waited
                report(Progress("start", 0, 1, "", waited))
            time.sleep(POLL_SECONDS)

    def _signal(self, signum: signal.Signals, *, wait: bool = False) -> bool:
        identity = self._state.identity()
        sent = identity is not None and process.send(identity, signum)
        if sent and wait and identity is not None:
            process.wait_gone(identity, STOP_SECONDS)
            self._owned.reap()
        return sent

    def _last_words(self) -> str:
        for name in ("console.log", "broker.log"):
            path = self.folder / name
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
            errors = [line for line in lines if "ERROR" in line or "Exception" in line] or lines[-3:]
            if errors:
                return f" It said: {errors[0].strip()[:400]}\nMore in {path}."
        return f" Nothing was logged in {self.folder}."
