"""What is compiled to C by mypyc, and `python -m stream.compile FOLDER`: a compiled copy of this program.

Optional: the same source runs without it. `OVERDUE_COMPILE=1 pip install .` installs the program compiled;
the copy is for comparing the two, with `PYTHONPATH=FOLDER`. Both need a C compiler, the copy also mypy (the dev extra).
Tracebacks keep file and line; replacing a function of a compiled module at run time has no effect.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

COMPILED = (
    "stream/engine",
    "stream/agents",
    "stream/faust_batch/raw_records.py",
    "stream/translate/earlier_state.py",
    "stream/translate/inbound.py",
    "stream/translate/layouts.py",
    "stream/translate/local_days.py",
    "stream/translate/outbound.py",
    "stream/translate/quick.py",
    "stream/translate/raw_headers.py",
    "stream/translate/standing.py",
    "stream/translate/standing_view.py",
    "stream/translate/state.py",
)
"""Folders and modules on the way of every event."""
OPTIONS = ("--config-file", "", "--ignore-missing-imports", "--follow-imports", "silent")
"""For mypy: the sources are checked elsewhere; of the libraries that they import a build needs msgspec alone."""
OUTPUT_SHOWN = 2_000
"""Last characters of a compiler that failed."""


def modules(root: Path) -> list[str]:
    """The files to compile, relative to the folder that holds the packages."""
    found: list[Path] = []
    for name in COMPILED:
        path = root / name
        found += sorted(path.glob("*.py")) if path.is_dir() else [path]
    return [str(path.relative_to(root)) for path in found if path.name != "__init__.py"]


def missing() -> str | None:
    """What is missing to compile, in one sentence; None: nothing."""
    if find_spec("mypyc") is None:
        return "mypyc is missing; install it with: pip install mypy"
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        return "a C compiler is missing; on Debian: apt-get install gcc python3-dev"
    return None


def compile_into(folder: Path) -> None:
    """Copy the packages into `folder` and compile the hot modules there.

    Raises:
        CalledProcessError: they do not compile; `output` says why.
    """
    root = Path(__file__).resolve().parent.parent
    for package in ("stream", "schemas"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(root / package, folder / package, dirs_exist_ok=True, ignore=ignored)
    command = [sys.executable, "-m", "mypyc", *OPTIONS, *modules(folder)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603  (our own arguments)
    shutil.rmtree(folder / "build", ignore_errors=True)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m stream.compile", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the compiled copy goes")
    folder: Path = parser.parse_args().folder
    if (sentence := missing()) is not None:
        print(sentence, file=sys.stderr)
        return 1
    print(f"compiling into {folder} (about half a minute) ...", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        compile_into(folder)
    except subprocess.CalledProcessError as error:
        end = (error.stdout + error.stderr)[-OUTPUT_SHOWN:]
        print(
            f"{end}\nnot compiled: the compiler ended with {error.returncode}, its last words are above",
            file=sys.stderr,
        )
        return 1
    print(f"done; run it with PYTHONPATH={folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
