"""Processes of ours, told from others that got the same number later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

POLL_SECONDS = 0.02
LINUX = sys.platform == "linux"


class Identity(NamedTuple):
    """One process, not just its number: numbers are given out again."""

    pid: int
    started: str
    """When it started, as the operating system tells it; only compared, never read."""


def identify(pid: int) -> Identity | None:
    """The identity of the process that has this number now; None: there is none, or it has ended."""
    started = _started_linux(pid) if LINUX else _started_elsewhere(pid)
    return Identity(pid, started) if started else None


def is_alive(identity: Identity) -> bool:
    """Whether this very process still runs."""
    return identify(identity.pid) == identity


def send(identity: Identity, signum: signal.Signals) -> bool:
    """Send a signal to this very process; False: it no longer runs, and nothing was sent."""
    try:
        if LINUX:
            return _send_linux(identity, signum)
        if is_alive(identity):
            os.kill(identity.pid, signum)
            return True
    except ProcessLookupError:
        pass
    return False


def wait_gone(identity: Identity, seconds: float) -> bool:
    """Wait until this process has ended; False: it still runs after so many seconds."""
    deadline = time.monotonic() + seconds
    while is_alive(identity):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _send_linux(identity: Identity, signum: signal.Signals) -> bool:
    # The handle is opened first: what it points at cannot change between the check and the signal.
    handle = os.pidfd_open(identity.pid)
    try:
        if not is_alive(identity):
            return False
        signal.pidfd_send_signal(handle, signum)
        return True
    finally:
        os.close(handle)


def _started_linux(pid: int) -> str | None:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = status.rpartition(")")[2].split()  # after the program's name, which may hold anything
    state, ticks_since_boot = fields[0], fields[19]
    return None if state in "ZX" else f"{boot}:{ticks_since_boot}"


def _started_elsewhere(pid: int) -> str | None:
    answer = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()
