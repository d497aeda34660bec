"""Where in a TOML text a key stands: the standard library's reader does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_HEADING: Final = re.compile(r"^\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_PART: Final = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_KEY: Final = re.compile(rf"^\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, from 1, of the deepest part of `path` that is found; 0 where nothing of it is.

    Tables by heading, keys at the start of a line, and in a list the element of that number.
    """
    wanted = [str(step) for step in path]
    best, depth, table = 0, 0, []
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if heading := _HEADING.match(line):
            table = _parts(heading[1])
            here = table
        elif key := _KEY.match(line):
            here = table + _parts(key[1])
        else:
            continue
        common = _common(here, wanted)
        if common == len(here) and common > depth:
            best, depth = number, common
    if depth and depth < len(path) and isinstance(path[depth], int):
        return _element(lines, best, int(path[depth])) or best
    return best


def _parts(name: str) -> list[str]:
    return [part.strip().strip("\"'") for part in name.split(".")]


def _common(here: Sequence[str], wanted: Sequence[str]) -> int:
    """How many parts from the left are equal."""
    for index, (left, right) in enumerate(zip(here, wanted, strict=False)):
        if left != right:
            return index
    return min(len(here), len(wanted))


def _element(lines: Sequence[str], first: int, wanted: int) -> int:
    """The line of an element of the list that begins on line `first`; 0 if it isn't found."""
    depth, index, quoted = 0, 0, ""
    for number in range(first, len(lines) + 1):
        line = lines[number - 1]
        if number == first:
            line = line[line.index("=") + 1 :] if "=" in line else line
        for sign in line:
            if quoted:
                quoted = "" if sign == quoted else quoted
            elif sign in "\"'":
                quoted = sign
            elif sign == "#":
                break
            elif sign in "[{":
                if depth == 1 and index == wanted:
                    return number
                depth += 1
            elif sign in "]}":
                depth -= 1
                if depth == 0:
                    return 0
            elif sign == "," and depth == 1:
                index += 1
            elif depth == 1 and index == wanted and not sign.isspace():
                return number
    return 0
