"""Starts a process that ends with this one, or one that goes on by itself, by way of `supervise.py`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stream.local import process
from stream.local.process import Identity

REAP_SECONDS = 30
SUPERVISOR = Path(__file__).with_name("supervise.py")


class Owned:
    """A process in a folder of its own: it runs there, and its output goes to `console.log` there."""

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet."""
        self._folder = folder
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        detached: bool = False,
        remove_folder: bool = False,
    ) -> Identity | None:
        """Start the command; None: it ended at once.

        Args:
            command: Program and arguments.
            environment: All of its environment; by default this process's.
            detached: It goes on when this process has ended.
            remove_folder: The folder is removed where this process ended first.
        """
        self.reap()
        mode = ["detached" if detached else "owned", "--remove" if remove_folder else "--keep", str(self._folder)]
        supervisor = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(SUPERVISOR), *mode, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is for this process, which then stops the other in order
        )
        self._supervisor = supervisor
        pid = int((supervisor.stdout.readline() if supervisor.stdout else b"") or 0)
        identity = process.identify(pid) if pid else None
        if detached:
            self.reap()
        return identity

    def reap(self) -> None:
        """Take leave of the supervisor, which has ended with the process.

        Its input stays open until then: closed earlier, it would take this process for gone and remove the folder.
        Closing it is the last resort, where the process does not end.
        """
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            try:
                supervisor.wait(REAP_SECONDS)
            except subprocess.TimeoutExpired:
                supervisor.communicate()
            for pipe in (supervisor.stdin, supervisor.stdout):
                if pipe is not None:
                    pipe.close()
