"""JSON Schemas from the models, one file per event type and version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from schemas.catalogue import MODEL_OF_TYPE, VERSION
from schemas.envelope import Envelope, dataschema_of
from schemas.types import Contract

PUBLISHED: Final = Path(__file__).parent / "published"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ENVELOPE: Final = "cloudevent"


def schema_of(event_type: str, model: type[Contract]) -> dict[str, Any]:
    """The JSON Schema of the data of an event type; its `$id` is the event's `dataschema`."""
    return {"$schema": _DIALECT, "$id": dataschema_of(event_type, VERSION), **model.model_json_schema()}


def published() -> dict[str, str]:
    """File name to content of everything under `published/`."""
    models: dict[str, type[Contract]] = {_ENVELOPE: Envelope, **MODEL_OF_TYPE}
    return {
        f"{event_type}.v{VERSION}.schema.json": json.dumps(schema_of(event_type, model), indent=2, ensure_ascii=False)
        + "\n"
        for event_type, model in models.items()
    }


def export(folder: Path = PUBLISHED) -> list[Path]:
    """Write them, and return what was written. A released version is never edited: a change needs a new one."""
    folder.mkdir(exist_ok=True)
    written = []
    for name, content in published().items():
        path = folder / name
        path.write_text(content, encoding="utf-8")
        written.append(path)
    return written


def drift(folder: Path = PUBLISHED) -> list[str]:
    """Names of files that are missing, superfluous or not what the models say."""
    wanted = published()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
