"""A published contract as it was: of a folder, or of a commit of git."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schemas.differences import SCHEMA_SUFFIX, Contract

HOME: Final = Path(__file__).parent
_ASYNCAPI: Final = "asyncapi.json"


class EarlierError(Exception):
    """There is no published contract there; the message says what was looked for."""


def contract_at(place: str) -> Contract:
    """The contract of a folder that was exported (or a copy of `schemas/`), else of a git commit, tag or branch.

    Raises:
        EarlierError: it is neither.
    """
    files = dict(_of_folder(Path(place)) if Path(place).is_dir() else _of_commit(place))
    schemas = {name: json.loads(text) for name, text in files.items() if name.endswith(SCHEMA_SUFFIX)}
    if not schemas:
        raise EarlierError(f"{place}: has no published/*{SCHEMA_SUFFIX}; name a folder that was exported, or a commit")
    return Contract(schemas, json.loads(files.get(_ASYNCAPI, "{}")))


def _of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    for path in (*folder.glob(f"**/*{SCHEMA_SUFFIX}"), *folder.glob(_ASYNCAPI)):
        yield path.name, path.read_text(encoding="utf-8")


def _of_commit(commit: str) -> Iterator[tuple[str, str]]:
    if commit.startswith("-"):
        raise EarlierError(f"{commit} is neither a folder nor a commit")
    command = ["git", "-C", str(HOME), "archive", "--format=tar", commit, "--", "."]
    try:
        archive = subprocess.run(command, capture_output=True, timeout=60, check=False)  # noqa: S603
    except OSError as error:
        raise EarlierError(f"{commit} is no folder, and git can't be run: {error.strerror}") from error
    if archive.returncode:
        raise EarlierError(f"{commit} is neither a folder nor a commit: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        for member in tar:
            name = Path(member.name).name
            if member.isfile() and (name.endswith(SCHEMA_SUFFIX) or name == _ASYNCAPI):
                content = tar.extractfile(member)
                yield name, content.read().decode() if content else ""
