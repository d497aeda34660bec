"""`python -m schemas export` writes the published JSON Schemas, `check` says which are out of date."""

from __future__ import annotations

import sys

from schemas.export import drift, export

USAGE = "usage: python -m schemas export | check"


def main(arguments: list[str]) -> int:
    """0: done, or nothing to do; 1: out of date; 2: not understood."""
    match arguments:
        case ["export"]:
            print(f"{len(export())} schemas written to schemas/published", file=sys.stderr)
        case ["check"]:
            changed = drift()
            for name in changed:
                print(
                    f"schemas/published/{name} is not what the models say; run: python -m schemas export",
                    file=sys.stderr,
                )
            return int(bool(changed))
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
