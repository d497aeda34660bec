"""Two versions in one group: workers of an earlier commit of this repository and of this tree, in any mixture."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parents[2]
REFUSED = "can't be read"
"""What an older version says of state that a newer one has written."""


def latest_other_version() -> str:
    """The last commit whose worker differs from that of the tree as it is now. Raises LookupError."""
    for commit in _git("log", "--format=%h", "-n", "50", "--", "stream", "schemas").split():
        if subprocess.run(
            ["git", "diff", "--quiet", commit, "--", "stream", "schemas"], cwd=HERE, check=False
        ).returncode:
            return commit
    raise LookupError("the last fifty commits have no other worker than this one")


@contextmanager
def version(commit: str) -> Iterator[Path]:
    """The package as it was, in a folder of its own; put it on PYTHONPATH."""
    folder = Path(tempfile.mkdtemp(prefix=f"overdue-{commit}-"))
    archive = subprocess.Popen(["git", "archive", commit, "stream", "schemas"], cwd=HERE, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(folder)], stdin=archive.stdout, check=True)
    if archive.wait():
        raise LookupError(f"there is no commit {commit} here")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _git(*command: str) -> str:
    return subprocess.run(["git", *command], cwd=HERE, check=True, capture_output=True, text=True).stdout
