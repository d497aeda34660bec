"""What is generated from the models: a JSON Schema per event type and version, AsyncAPI, and the page to read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from schemas.asyncapi import asyncapi
from schemas.catalogue import MODEL_OF_TYPE
from schemas.envelope import Envelope, dataschema_of
from schemas.reference import reference
from schemas.types import Contract
from schemas.versions import versions_of

HOME: Final = Path(__file__).resolve().parent
PUBLISHED: Final = HOME / "published"
ASYNCAPI: Final = "asyncapi.json"
REFERENCE: Final = "reference.md"
PARTITIONING: Final = "partitioning.json"
"""Test vectors of the partition rule, written by hand."""
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ENVELOPE: Final = "cloudevent"


def schema_of(event_type: str, model: type[Contract]) -> dict[str, Any]:
    """The JSON Schema of the data of one version of an event type; its `$id` is the event's `dataschema`."""
    return {"$schema": _DIALECT, "$id": dataschema_of(event_type, model.VERSION), **model.model_json_schema()}


def published() -> dict[str, str]:
    """File name to content of everything under `published/`."""
    models: dict[str, type[Contract]] = {_ENVELOPE: Envelope, **MODEL_OF_TYPE}
    return {
        f"{event_type}.v{version}.schema.json": json.dumps(schema_of(event_type, model), indent=2, ensure_ascii=False)
        + "\n"
        for event_type, newest in models.items()
        for version, model in versions_of(newest).items()
    }


def generated() -> dict[str, str]:
    """Path below `schemas/` to content of everything that is generated."""
    files = {f"{PUBLISHED.name}/{name}": content for name, content in published().items()}
    files[ASYNCAPI] = json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n"
    files[REFERENCE] = reference()
    return files


def export(folder: Path = HOME) -> list[Path]:
    """Write them, and return what was written; into another folder than `schemas/` what goes with them is copied too.

    A released version is never edited incompatibly: `python -m schemas check --against` says what is.
    """
    written = []
    for name, content in generated().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        written.append(path)
    if folder.resolve() != HOME:
        shutil.copytree(HOME / "examples", folder / "examples", dirs_exist_ok=True)
        shutil.copy(HOME / PARTITIONING, folder)
    return written


def drift(folder: Path = HOME) -> list[str]:
    """Paths of files that are missing, superfluous or not what the models say."""
    wanted = generated()
    paths = [*(folder / PUBLISHED.name).glob("*.json"), folder / ASYNCAPI, folder / REFERENCE]
    found = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
