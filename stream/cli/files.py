"""Event files: NDJSON, `.gz` accepted, `-` for stdin."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from stream.cli.errors import InputError
from stream.translate.lines import Line, parse_line

MAX_LINE_BYTES = 4 << 20
"""A longer line is no event; the contract allows 256 KiB."""
OPENS_A_DAY = b"business_day.opened"


@contextmanager
def files_for_two_passes(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The paths, with stdin copied to a temporary file so that it can be read twice."""
    with tempfile.TemporaryDirectory(prefix="overdue-") as folder:
        yield [_copy_of_stdin(Path(folder)) if str(path) == "-" else path for path in paths]


def _copy_of_stdin(folder: Path) -> Path:
    copy = folder / "stdin"
    with copy.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return copy


def opens_days(paths: Sequence[Path]) -> bool:
    """Whether the files open business days themselves."""
    return any(OPENS_A_DAY in line for path in paths for line in _lines(path))


def records(paths: Sequence[Path]) -> Iterator[Line]:
    """Every line that is not blank, as a record; its number is counted through all files."""
    number = 0
    for path in paths:
        for line in _lines(path):
            number += 1
            if not line.isspace():
                yield parse_line(line.rstrip(b"\r\n"), number)


def lines(paths: Sequence[Path]) -> Iterator[bytes]:
    """Every line of the files that is not blank."""
    with files_for_two_passes(paths) as copies:
        for path in copies:
            yield from (line for line in _lines(path) if not line.isspace())


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with _open(path) as file:
            while line := file.readline(MAX_LINE_BYTES):
                yield line
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: can't be read: {reason}; give a file of one event a line, or .gz of one") from error


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        magic = file.read(2)
    return gzip.open(path, "rb") if magic == b"\x1f\x8b" else path.open("rb")  # type: ignore[return-value]
