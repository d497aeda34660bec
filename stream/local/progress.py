"""How the way to a running broker is told, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class BrokerError(RuntimeError):
    """The local broker cannot do what was asked; the message says what to do next."""


class Progress(NamedTuple):
    """How far the way to a running broker has come. One comes at least every second, as a sign of life."""

    stage: str
    """`download`, `format` or `start`."""
    done: int
    """Steps of the stage done: for `download`, jars."""
    total: int
    """Steps that the stage has; 0: not known yet."""
    name: str
    """What was done last: for `download`, the file's name."""
    seconds: float
    """Since the stage began."""


Report = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """A report that goes nowhere."""
