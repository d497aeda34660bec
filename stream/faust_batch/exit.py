"""
The last resort: a process that should be gone is ended from a thread, whatever the event loop does.
"""

from __future__ import annotations

import os
import threading

EXIT_HARD = 70
"""Exit code of a process that was to end with an error and did not end by itself (EX_SOFTWARE)."""
EXIT_ASKED = 0
"""Exit code of one that was asked to end: what it had not committed, the next owner does again, exactly."""

_HUNG = "worker ends hard: it did not stop by itself"
_UNANSWERED = (
    "worker ends without a farewell: it was asked to stop, and the broker has not answered for {:.0f} s. What was not "
    "committed will be done again; its partitions move on when the session timeout is over"
)


def end_process_after(seconds: float) -> threading.Timer | None:
    """End this process hard after so many seconds; 0: never. The timer does not keep the process alive."""
    return _end_after(seconds, EXIT_HARD, _HUNG)


def end_asked_process_after(seconds: float) -> threading.Timer | None:
    """The same for a process that was asked to end: the broker's silence is no fault of its own."""
    return _end_after(seconds, EXIT_ASKED, _UNANSWERED.format(seconds))


def _end_after(seconds: float, code: int, sentence: str) -> threading.Timer | None:
    if not seconds:
        return None

    def end() -> None:
        os.write(2, sentence.encode() + b"\n")
        os._exit(code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer
