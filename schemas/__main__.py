"""`python -m schemas export` writes what is generated; `check` says what is out of date, or breaks somebody."""

from __future__ import annotations

import sys
from pathlib import Path

from schemas.differences import Break, Contract, breaks
from schemas.earlier import HOME, EarlierError, contract_at
from schemas.export import drift, export

USAGE = """\
usage: python -m schemas export [FOLDER]
       python -m schemas check [--against FOLDER_OR_COMMIT]...
"""


def main(arguments: list[str]) -> int:
    """0: done, or nothing to do; 1: out of date, or incompatible; 2: not understood."""
    match arguments:
        case ["export"]:
            _say(f"{len(export())} files written to schemas")
        case ["export", folder] if not folder.startswith("-"):
            _say(f"{len(export(Path(folder)))} files and the examples written to {folder}")
        case ["check", *rest] if len(rest) % 2 == 0 and set(rest[::2]) <= {"--against"}:
            return _check(rest[1::2])
        case _:
            _say(USAGE.rstrip())
            return 2
    return 0


def _check(places: list[str]) -> int:
    changed = drift()
    for name in changed:
        _say(f"schemas/{name} is not what the models say; run: python -m schemas export")
    found = []
    for place in places:
        try:
            earlier = contract_at(place)
        except EarlierError as error:
            _say(str(error))
            return 2
        for name, sentence in breaks_since(earlier):
            found.append(name)
            _say(f"{place}: {name}: {sentence}")
    return int(bool(changed or found))


def breaks_since(earlier: Contract) -> list[Break]:
    """What the contract of this installation breaks of an earlier one."""
    return breaks(earlier, contract_at(str(HOME)))


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
