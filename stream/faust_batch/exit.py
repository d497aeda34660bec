"""
The last resort: a process that should be gone is ended from a thread, whatever the event loop does.
"""

from __future__ import annotations

import os
import threading

EXIT_HARD = 70
"""Exit code of a process that did not end by itself (EX_SOFTWARE)."""


def end_process_after(seconds: float) -> threading.Timer | None:
    """End this process hard after so many seconds; 0: never. The timer does not keep the process alive."""
    if not seconds:
        return None

    def end() -> None:
        os.write(2, b"worker ends hard: it did not stop by itself\n")
        os._exit(EXIT_HARD)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer
