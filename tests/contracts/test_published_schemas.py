"""The published schemas are what the models say, and say it well."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.__main__ import main
from schemas.catalogue import MODEL_OF_TYPE, TOPIC_OF_TYPE, TOPICS
from schemas.envelope import dataschema_of
from schemas.export import PUBLISHED, drift, export
from schemas.rejections import RejectionCode
from schemas.types import MAX_AMOUNT
from stream.translate.reasons import MONEY_FIELDS

FILES = sorted(PUBLISHED.glob("*.json"))


def test_published_schemas_are_up_to_date() -> None:
    """What lies under schemas/published is what the models generate (else: python -m schemas export)."""
    assert drift() == []


def test_a_changed_missing_or_superfluous_file_is_drift(tmp_path: Path) -> None:
    """Drift names a file that was edited, one that is missing and one that is not of the catalogue."""
    written = export(tmp_path)
    assert drift(tmp_path) == []
    written[0].write_text(written[0].read_text() + " ")
    written[1].unlink()
    (tmp_path / "reference.md").write_text("")
    (tmp_path / "published" / "stray.v1.schema.json").write_text("{}")
    changed = ["reference.md", "published/stray.v1.schema.json"]
    changed += [str(path.relative_to(tmp_path)) for path in written[:2]]
    assert drift(tmp_path) == sorted(changed)


def test_an_export_is_a_contract_to_hand_over(tmp_path: Path) -> None:
    """A folder that was exported has schemas, AsyncAPI, the page, every example and the test vectors of partitions."""
    export(tmp_path)
    for name in ("published", "examples", "asyncapi.json", "reference.md", "partitioning.json"):
        assert (tmp_path / name).exists()
    examples = [str(path.relative_to(PUBLISHED.parent)) for path in PUBLISHED.parent.glob("examples/**/*.json")]
    assert sorted(examples) == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("examples/**/*.json"))


def test_the_command_line_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m schemas` without a word it knows says how to use it and returns 2; `check` returns 0."""
    assert main([]) == 2
    assert "export" in capsys.readouterr().err
    assert main(["check"]) == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_published_schema_is_valid_and_described(path: Path) -> None:
    """A published schema is valid JSON Schema 2020-12, and every field in it has a description."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    kind, _, version = path.name.removesuffix(".schema.json").rpartition(".v")
    assert schema["$id"] == dataschema_of(kind, int(version))
    for model in [schema, *schema.get("$defs", {}).values()]:
        assert model["description"]
        for name, field in model["properties"].items():
            assert len(field.get("description", "")) > 10, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_pattern_means_the_same_in_ecma_and_python(path: Path) -> None:
    """Patterns are anchored and plain, so that every validator reads them alike."""
    for pattern in re.findall(r'"pattern": "(.*)"', path.read_text(encoding="utf-8")):
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        assert "\\d" not in pattern
        assert "\\w" not in pattern


def test_no_type_is_on_two_topics() -> None:
    """Each event type belongs on exactly one topic."""
    assert sum(len(topic.types) for topic in TOPICS) == len(TOPIC_OF_TYPE)


def test_every_topic_says_how_it_is_kept_and_partitioned() -> None:
    """Each topic names owner, key, partitioning, producers, consumers, clean-up and its timestamps."""
    for topic in TOPICS:
        assert all((topic.owner, topic.key, topic.partitioning, topic.producers, topic.consumers, topic.meaning))
        assert topic.config["message.timestamp.type"] == "CreateTime"
        assert ("retention.ms" in topic.config) == (topic.config["cleanup.policy"] == "delete")


def test_every_reason_code_is_a_word_with_a_sentence() -> None:
    """A reason code is a lower-case word, and its meaning a sentence."""
    for code in RejectionCode:
        assert re.fullmatch(r"[a-z][a-z0-9_]+", code)
        assert code.meaning.endswith(".")


def test_every_amount_of_an_input_counts_as_money_for_the_reasons() -> None:
    """An input field bounded like money is one of the fields that get the reason codes of amounts."""
    bounded: set[str] = set()
    for topic in TOPICS:
        if topic.is_input:
            for model in topic.types.values():
                bounded |= fields_up_to(model.model_json_schema(), MAX_AMOUNT)
    assert bounded == MONEY_FIELDS


def fields_up_to(schema: dict[str, Any], limit: int) -> set[str]:
    """Names of the fields whose maximum is `limit`."""
    found = {name for name, field in schema["properties"].items() if field.get("maximum") == limit}
    for definition in schema.get("$defs", {}).values():
        found |= fields_up_to(definition, limit)
    return found


def test_models_ignore_unknown_fields_and_cannot_be_changed() -> None:
    """Every model ignores unknown fields, refuses coercion and is frozen."""
    for model in MODEL_OF_TYPE.values():
        assert model.model_config["extra"] == "ignore"
        assert model.model_config["strict"]
        assert model.model_config["frozen"]
