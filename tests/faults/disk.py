"""Small disks: a broker's that fills up, and a worker's without room for a folder."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stream.local.broker import Broker
from tests.faults.crew import COMMAND
from tests.faults.small import small_book

BROKER_MIB = 512
LIMIT_SECONDS = 120.0


@contextmanager
def small_disk(options: str) -> Iterator[Path]:
    """A file system of its own in memory. Raises PermissionError where this user may not mount one."""
    folder = Path(tempfile.mkdtemp(prefix="overdue-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        raise PermissionError(f"a small disk can't be mounted, which needs root: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()


@contextmanager
def broker_on_a_small_disk() -> Iterator[Broker]:
    """A running broker; what it keeps is gone afterwards."""
    with small_disk(f"size={BROKER_MIB}m") as folder, Broker(folder / "kafka") as broker:
        yield broker


def worker_without_room(say: Callable[[str], None]) -> tuple[str, ...]:
    """A worker keeps its state in Kafka, but Faust makes a folder: where there is no room, the worker says so.

    Returns what is wrong with that.
    """
    with small_book() as book, small_disk("size=64k,nr_inodes=1") as folder:
        settings = {"OVERDUE_DATA_DIRECTORY": str(folder / "data"), "OVERDUE_APP_ID": "without-room"}
        started = time.monotonic()
        try:
            ended = subprocess.run(
                COMMAND,
                env=os.environ | book.settings | settings,
                check=False,
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return (f"a worker without room goes on for {LIMIT_SECONDS:.0f} s",)
        say(f"no room for the worker's folder: exit code {ended.returncode} after {time.monotonic() - started:.1f} s")
        named = f"No space left on device: '{folder / 'data'}'" in ended.stderr
        return () if ended.returncode and named else (f"exit code {ended.returncode}: {ended.stderr[-400:]}",)
