"""An event loop whose time passes only while all wait, and then at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

CLOCKS = ("task", "opening", "restore")
"""Modules of the runtime that ask `time.monotonic`."""


class StuckError(AssertionError):
    """Everything waits for something that can't happen any more."""


class _Selector(selectors.SelectSelector):
    """Waits for nothing: there are no sockets in this world."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise StuckError("every coroutine waits, and no timer runs")
        self.loop.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps take no time; the order of everything is the same each time."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the loop began."""
        return self.now


@contextmanager
def virtual_time() -> Iterator[None]:
    """The runtime's clock is the running loop's."""

    def now() -> float:
        return asyncio.get_running_loop().time()

    patches = [patch(f"stream.faust_batch.{module}.monotonic", now) for module in CLOCKS]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def run(story: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a loop of its own; whatever is left is cancelled."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(story)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
