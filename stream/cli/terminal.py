"""What a person sees: words and progress on stderr, data on stdout. NO_COLOR is respected.

Nothing that comes from data is ever read as markup, and its control characters can't reach the terminal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@cache
def errors() -> Console:
    """The console on stderr."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False)


@cache
def output() -> Console:
    """The console on stdout, for what a person reads; data for programs goes to `write`."""
    return Console(markup=False, highlight=False, emoji=False)


def say(message: str, style: str | None = None) -> None:
    """Words for a person, on stderr."""
    for line in message.split("\n"):
        errors().print(clean(line), style=style, soft_wrap=not errors().is_terminal)


def number_of(count: int, one: str, many: str = "") -> str:
    """`1 fault`, `2 faults`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def write(line: str | bytes) -> None:
    """One line of data on stdout."""
    sys.stdout.buffer.write(line if isinstance(line, bytes) else line.encode())
    sys.stdout.buffer.write(b"\n")


def clean(text: str) -> str:
    """The text with control characters made visible, newlines too: data can't move the cursor or fake a line."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def progress() -> Progress:
    """A progress bar on stderr, shown only where a person watches; the task's field `name` says what is at hand."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[name]}", markup=False, style="dim"),
        console=errors(),
        transient=True,
        disable=not errors().is_terminal,
    )


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show that something of unknown length is going on: a spinner where a person watches, a line else."""
    if not errors().is_terminal:
        say(what + " …")
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=errors(), transient=True) as bar:
        bar.add_task(what, total=None)
        yield
