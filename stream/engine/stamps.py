"""When a fact was recorded and taken in: ` @recorded:booked` at the end of a journal line that does not tell itself.

`recorded` is the date of the event, `booked` the business date on which it was taken in. Ids never begin with `@`.
"""

from __future__ import annotations


def stamp(recorded: int, booked: int, usual: int) -> str:
    """The end of a line; nothing where both days are the usual one, which the line has anyway."""
    return "" if recorded == usual == booked else f" @{recorded}:{booked}"


def unstamped(line: str) -> tuple[str, int, int]:
    """The line without its stamp, and both days of it; 0 and 0 where there is none."""
    head, mark, days = line.rpartition(" @")
    if not mark:
        return line, 0, 0
    recorded, _, booked = days.partition(":")
    return head, int(recorded), int(booked)
