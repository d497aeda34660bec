"""The AsyncAPI document is valid, complete, and says of every record what its consumer finds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from schemas.asyncapi import asyncapi
from schemas.catalogue import MODEL_OF_TYPE, TOPICS
from schemas.reference import reference
from schemas.rejections import RejectionCode
from stream.local.jars import default_cache, locked
from tests.contracts.test_examples import VALID, read
from tests.contracts.test_outbound import AN_ALERT

DOCUMENT = asyncapi()
PARSER = "@asyncapi/parser@3.6.6"
JUDGE = """
const { Parser } = require("@asyncapi/parser");
new Parser().parse(require("fs").readFileSync(0, "utf8")).then(({ document, diagnostics }) => console.log(
  JSON.stringify({ parsed: !!document, found: diagnostics.map((one) => one.severity + " " + one.message) })));
"""


def resolved(reference: str) -> Any:
    """What a reference inside the document points to; KeyError where it points nowhere."""
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(part: Any) -> list[str]:
    """All references in a part of the document."""
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for inner in part.values() for found in references(inner)]
    return [found for inner in part for found in references(inner)] if isinstance(part, list) else []


def test_every_reference_leads_somewhere() -> None:
    """No reference points outside the document or to nothing."""
    for found in references(DOCUMENT):
        assert resolved(found) is not None


def test_every_topic_and_type_is_there() -> None:
    """Channels are the catalogue's topics, messages its types; each has a key schema and an example."""
    assert set(DOCUMENT["channels"]) == {topic.name for topic in TOPICS}
    assert set(DOCUMENT["components"]["messages"]) == set(MODEL_OF_TYPE)
    for message in DOCUMENT["components"]["messages"].values():
        assert message["bindings"]["kafka"]["key"]["type"] == "string"
        assert message["examples"]
        assert message["summary"]


def test_the_worker_receives_inputs_and_sends_outputs() -> None:
    """Each input topic has an operation that receives, each output one that sends; ticks and standings have both."""
    actions = {
        topic.name: {
            operation["action"]
            for operation in DOCUMENT["operations"].values()
            if operation["channel"]["$ref"].endswith(f"/{topic.name}")
        }
        for topic in TOPICS
    }
    both = {"receive", "send"}
    assert actions == {
        "loans.disbursements": {"receive"},
        "loans.servicing": {"receive"},
        "loans.repayments": {"receive"},
        "borrowers.signals": {"receive"},
        "business-days": both,
        "loans.standing": both,
        "loans.overdue": {"send"},
        "loans.early-warnings": {"send"},
        "dead-letters": {"send"},
    }


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parts[-4]}/{path.stem}")
def test_headers_of_an_example_satisfy_the_header_schema(path: Path) -> None:
    """Header schema and data schema, references resolved in the document, accept each example as it is shown."""
    message = DOCUMENT["components"]["messages"][path.parts[-4]]
    (shown,) = [example for example in message["examples"] if example["name"] == path.stem]
    assert shown["payload"] == read(path)["data"]
    Draft7Validator(message["headers"]).validate(shown["headers"])
    Draft7Validator({**message["payload"], "components": DOCUMENT["components"]}).validate(shown["payload"])


def test_an_alert_as_it_is_sent_satisfies_the_header_schema() -> None:
    """The headers of an alert that the worker encodes are those that the document promises."""
    from stream.translate.outbound import Outbound

    headers = {name: value.decode() for name, value in Outbound("Asia/Shanghai").alert(AN_ALERT).headers}
    schema = DOCUMENT["components"]["messages"][headers["ce_type"]]["headers"]
    Draft7Validator(schema).validate(headers)
    assert set(headers) <= set(schema["properties"])


def test_the_page_names_everything() -> None:
    """The page to read has every topic, type, field of an event and reason code, and links that lead somewhere."""
    page = reference()
    for topic in TOPICS:
        assert f"### `{topic.name}`" in page
    for kind, model in MODEL_OF_TYPE.items():
        part = page[page.index(f"### {kind}\n") :].partition("\n### ")[0]
        assert all(f"| `{name}` |" in part for name in model.model_fields)
        assert f"(#{kind.replace('.', '')})" in page
    for code in RejectionCode:
        assert f"| `{code}` |" in page


def folder_with_the_parser() -> Path:
    """The folder where npm has put the official parser; fetched once into the user's cache."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("node and npm are not installed")
        pytest.skip("node and npm are not installed")
    folder = default_cache() / PARSER.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "npm.lock"):
        if not (folder / "complete").exists():
            command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), PARSER]
            subprocess.run(command, check=True, timeout=240, capture_output=True)
            (folder / "complete").touch()
    return folder


def judged(document: Any) -> tuple[bool, list[str]]:
    """What the official parser says: whether it is a document, and what is wrong with it."""
    answer = subprocess.run(
        ["node", "-e", JUDGE],
        cwd=folder_with_the_parser(),
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = json.loads(answer.stdout)
    return found["parsed"], found["found"]


@pytest.mark.slow
def test_the_official_parser_has_nothing_to_say() -> None:
    """AsyncAPI's own parser takes the document, without error, warning or hint."""
    assert judged(DOCUMENT) == (True, [])


@pytest.mark.slow
def test_the_official_parser_would_have_something_to_say() -> None:
    """The same parser refuses the document where a binding is wrong, and where a reference leads nowhere."""
    changed = json.loads(json.dumps(DOCUMENT))
    changed["channels"]["loans.overdue"]["bindings"]["kafka"]["partitions"] = "many"
    changed["operations"]["send.loans.overdue"]["channel"]["$ref"] = "#/channels/nowhere"
    parsed, found = judged(changed)
    assert not parsed
    assert any("partitions" in sentence for sentence in found)
    assert any("nowhere" in sentence for sentence in found)
