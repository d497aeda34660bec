"""Every example is held to the model, to the published schema, and to what the worker decodes."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from schemas.catalogue import MODEL_OF_TYPE, TOPIC_OF_TYPE
from schemas.envelope import Envelope
from schemas.export import PUBLISHED
from schemas.types import Contract
from schemas.versions import versions_of
from stream.translate.inbound import Inbound
from stream.translate.reasons import rejected_data
from stream.translate.rejected import Rejected
from tests.records import binary_record, structured_record

EXAMPLES = PUBLISHED.parent / "examples"
VALID = sorted(EXAMPLES.glob("*/v*/valid/*.json"))
INVALID = sorted(EXAMPLES.glob("*/v*/invalid/*.json"))


def name_of(path: Path) -> str:
    """Type and file name, for the test's id."""
    return f"{path.parts[-4]}/{path.stem}"


def read(path: Path) -> dict[str, Any]:
    """The event of an example."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def schema(name: str, version: str = "v1") -> Draft202012Validator:
    """A validator of a published schema, formats checked."""
    found = json.loads((PUBLISHED / f"{name}.{version}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(found, format_checker=FormatChecker())


def model_of(path: Path) -> type[Contract]:
    """The model of the version that the example's folder is of."""
    return versions_of(MODEL_OF_TYPE[path.parts[-4]])[int(path.parts[-3][1:])]


def schema_of(path: Path) -> Draft202012Validator:
    """The published schema of the version that the example's folder is of."""
    return schema(path.parts[-4], path.parts[-3])


def is_input(path: Path) -> bool:
    """Whether the example's folder is of an input topic."""
    return TOPIC_OF_TYPE[path.parts[-4]].is_input


def test_every_type_has_a_valid_and_an_invalid_example() -> None:
    """No version of an event type is without examples, and none has examples without being in the catalogue."""
    every = {(kind, f"v{version}") for kind, model in MODEL_OF_TYPE.items() for version in versions_of(model)}
    for examples in (VALID, INVALID):
        assert {path.parts[-4:-2] for path in examples} == every


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_a_valid_example_satisfies_model_and_schema(path: Path) -> None:
    """Envelope and data of a valid example satisfy the models and the published schemas."""
    event = read(path)
    assert event["type"] == path.parts[-4]
    Envelope.model_validate(event)
    model_of(path).model_validate(event["data"])
    schema("cloudevent").validate(event)
    schema_of(path).validate(event["data"])


@pytest.mark.parametrize("make", [structured_record, binary_record])
@pytest.mark.parametrize("path", [path for path in VALID if is_input(path)], ids=name_of)
def test_a_valid_input_example_is_decoded_in_both_modes(path: Path, make: Any) -> None:
    """The worker decodes a valid example in binary as in structured mode, at first sight and later."""
    inbound, event = Inbound("Asia/Shanghai"), read(path)
    first = inbound.decode(make(event))
    assert first.event_id == event["id"]
    assert inbound.decode(make(event)) == first
    assert Inbound("Asia/Shanghai").decode(structured_record(event)) == first


@pytest.mark.parametrize("path", [path for path in INVALID if is_input(path)], ids=name_of)
def test_an_invalid_input_example_is_refused_for_its_reason(path: Path) -> None:
    """The worker refuses an invalid example under the code that its file is named after."""
    topic = TOPIC_OF_TYPE[path.parts[-4]].name
    with pytest.raises(Rejected) as refused:
        Inbound("Asia/Shanghai").decode(structured_record(read(path), topic))
    assert refused.value.reason_code == path.name.split(".")[0]


@pytest.mark.parametrize("path", [path for path in INVALID if not is_input(path)], ids=name_of)
def test_an_invalid_output_example_fails_model_and_schema(path: Path) -> None:
    """An invalid example of an output topic fails the model for its reason, and the published schema."""
    event = read(path)
    with pytest.raises(ValidationError) as failed:
        model_of(path).model_validate(event["data"])
    assert rejected_data(failed.value).reason_code == path.name.split(".")[0]
    assert not schema_of(path).is_valid(event["data"])


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_each_required_field_is_required_by_model_and_schema_alike(path: Path) -> None:
    """Leaving out a field fails the model exactly where it fails the published schema."""
    event = read(path)
    model, validator = model_of(path), schema_of(path)
    for name in event["data"]:
        data = copy.deepcopy(event["data"])
        del data[name]
        try:
            model.model_validate(data)
        except ValidationError:
            assert not validator.is_valid(data), name
        else:
            assert validator.is_valid(data), name
