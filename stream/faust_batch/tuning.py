"""
Settings of the interpreter that the task runtime is measured with.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys

SWITCH_INTERVAL = 0.0005
GC_THRESHOLDS = (20_000_000, 50, 1000)
COLLECT_EVERY = 60.0

KEEP_FREE_BYTES = 256 << 20
MAPPED_ABOVE_BYTES = 32 << 20
"""The most that glibc takes."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h


def tune_interpreter() -> None:
    """
    Tune this process for a worker; for the caller to call, once, beside ``uvloop.install()``.

    The garbage collector does not run by itself: a fetched record is eight tracked objects that no cycle holds, and
    whenever a buffer of theirs had been drained and filled again, it looked through all of them: a twelfth of the
    worker's CPU, and 0.2 s in which nothing else ran. ``collect_garbage`` runs it instead. The consumer thread gets
    the interpreter within half a millisecond.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GC_THRESHOLDS)
    keep_memory()


def keep_memory() -> bool:
    """
    Have the C library keep what is freed for what comes next; whether it can (glibc can).

    Each record batch and each fetch of a megabyte would be mapped anew by the kernel, page by page, and given back at
    once: a sixth of what writing a record costs.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, MAPPED_ABOVE_BYTES)) and bool(mallopt(M_TRIM_THRESHOLD, KEEP_FREE_BYTES))


async def collect_garbage() -> None:
    """Look for garbage in cycles once a minute, but not among what is there now; until cancelled."""
    gc.collect()
    gc.freeze()
    while True:
        await asyncio.sleep(COLLECT_EVERY)
        gc.collect()
