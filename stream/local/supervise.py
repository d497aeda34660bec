"""Runs one command so that it cannot outlive its owner: `supervise.py owned|detached FOLDER COMMAND…`.

A script of its own, started by `broker.py`; it uses the standard library only and starts in a few milliseconds.

- `owned`: the command ends when this script's standard input closes, which happens when the owner ends in any way,
  `kill -9` included; with `--remove` the folder is then removed too. On Linux the command also ends when this script
  is killed.
- `detached`: the command goes on by itself.

Prints the number of the command's process, then nothing more. The command's output goes to FOLDER/console.log.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    mode, remove, folder, *command = arguments
    supervisor = os.getpid()

    def end_with_supervisor() -> None:
        if mode == "owned" and sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:  # it ended before the line above
                os.kill(os.getpid(), signal.SIGKILL)

    with Path(folder, "console.log").open("ab") as console:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
            preexec_fn=end_with_supervisor,  # noqa: PLW1509 (there is one thread)
        )
    sys.stdout.write(f"{process.pid}\n")
    sys.stdout.flush()
    if mode == "detached":
        return 0
    owner_gone = threading.Event()
    threading.Thread(target=_end_with_owner, args=(process, owner_gone), daemon=True).start()
    code = process.wait()
    if owner_gone.is_set() and remove == "--remove":
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _end_with_owner(process: subprocess.Popen[bytes], owner_gone: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    owner_gone.set()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
