"""
Settings of the interpreter that the task runtime is measured with.
"""

from __future__ import annotations

import gc
import sys

SWITCH_INTERVAL = 0.0005
GC_THRESHOLDS = (500_000, 50, 1000)


def tune_interpreter() -> None:
    """
    Tune this process for a worker; for the caller to call, once, beside ``uvloop.install()``.

    The garbage collector runs seldom: a fetched record is a few tracked objects that no cycle holds, and
    with Python's default thresholds looking through them takes a third of the worker's CPU (with 100,000 a
    twentieth). The first threshold is above what the buffered records of four partitions are. The consumer
    thread gets the interpreter within half a millisecond.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GC_THRESHOLDS)
