"""Processes seen from outside: CPU of all threads, peak memory, and what they say on stdout."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from bisect import bisect_left
from pathlib import Path
from threading import Event, Thread
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_MARK: Final = re.compile(rb"MARK (\S+) (\d+) ([\d.]+)\n")
SAMPLE_SECONDS: Final = 0.02


class EngineError(Exception):
    """An engine ended, was too slow, or said something wrong; the text names its log."""


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children, all threads."""
    text = Path(f"/proc/{pid}/stat").read_text()
    fields = text.rsplit(")", 1)[1].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / _TICKS + sum(cpu_seconds(int(child)) for child in children)


def machine_seconds() -> float:
    """CPU time that the whole machine has spent, waiting not counted."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


class Meter:
    """The CPU of some processes over time, sampled every 20 ms by a thread of its own."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self._moments: list[float] = []
        self._samples: list[dict[str, float]] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            try:
                sample = {name: cpu_seconds(pid) for name, pid in self._pids.items()}
            except (FileNotFoundError, ProcessLookupError):
                continue
            sample["machine"] = machine_seconds()
            self._samples.append(sample)
            self._moments.append(time.monotonic())

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def spent(self, start: float, end: float) -> dict[str, float]:
        """CPU seconds of each process, and of the `machine`, between two moments of the monotonic clock."""
        first = min(bisect_left(self._moments, start), len(self._moments) - 1)
        last = min(bisect_left(self._moments, end), len(self._moments) - 1)
        return {name: self._samples[last][name] - self._samples[first][name] for name in self._samples[last]}


class Running:
    """A started engine: its log, its marks, its memory, its end."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        self.started = time.monotonic()
        self._file = log.open("wb")
        self.process = subprocess.Popen(
            command, env=os.environ | environment, cwd=log.parent, stdout=self._file, stderr=subprocess.STDOUT
        )

    def marks(self) -> dict[str, tuple[int, float]]:
        """What the engine said so far: name to count and moment."""
        return {name.decode(): (int(count), float(at)) for name, count, at in _MARK.findall(self.log.read_bytes())}

    def wait_for(self, mark: str, seconds: float) -> tuple[int, float]:
        """Wait until the engine has said a mark; returns its count and its moment."""
        deadline = time.monotonic() + seconds
        while mark not in (marks := self.marks()):
            self.check_alive()
            if time.monotonic() > deadline:
                raise EngineError(f"no {mark} within {seconds:.0f} s; said so far: {marks}; log: {self.log}")
            time.sleep(0.1)
        if "loan_unknown" in marks:
            raise EngineError(f"a repayment came before its loan; log: {self.log}")
        return marks[mark]

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            end = self.log.read_bytes()[-2000:].decode(errors="replace")
            raise EngineError(f"the engine ended with {self.process.returncode}; log: {self.log}\n{end}")

    def memory_mb(self, peak: bool = True) -> float:
        """Resident memory, its peak by default, in MB of 10^6 bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)" if peak else r"VmRSS:\s+(\d+)", status)
        return int(found[1]) * 1024 / 1e6 if found else 0.0

    def stop(self, seconds: float = 60) -> float:
        """SIGTERM, then SIGKILL if it does not end; returns the seconds that it took."""
        asked = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._file.close()
        return time.monotonic() - asked
