"""What counts as a break between two published contracts, and that this one breaks none before it."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from schemas.__main__ import main
from schemas.catalogue import TOPICS
from schemas.differences import Contract, breaks
from schemas.earlier import HOME, EarlierError, contract_at
from schemas.export import export

NOW = contract_at(str(HOME))
REPAID, CURED = "loan.repaid.v1.schema.json", "loan.cured.v1.schema.json"
OPENED, STANDING = "business_day.opened.v1.schema.json", "loan.standing.v1.schema.json"


def changed(name: str, **fields: Any) -> Contract:
    """The contract of today with fields of one type added, replaced, or with None left out."""
    schemas = copy.deepcopy(dict(NOW.schemas))
    schema = schemas[name]
    for field, definition in fields.items():
        schema["properties"].pop(field, None)
        schema["required"] = [one for one in schema["required"] if one != field]
        if definition is not None:
            required = definition.pop("required", False)
            schema["properties"][field] = definition
            schema["required"] += [field] if required else []
    return Contract(schemas, copy.deepcopy(dict(NOW.asyncapi)))


@pytest.mark.parametrize(
    ("topic", "asked"),
    [
        ("loans.disbursements", "BACKWARD_TRANSITIVE"),
        ("borrowers.signals", "BACKWARD_TRANSITIVE"),
        ("loans.overdue", "FORWARD_TRANSITIVE"),
        ("dead-letters", "FORWARD_TRANSITIVE"),
        ("business-days", "FULL_TRANSITIVE"),
        ("loans.standing", "FULL_TRANSITIVE"),
    ],
)
def test_what_is_asked_follows_from_who_reads_and_writes(topic: str, asked: str) -> None:
    """Inputs stay readable, outputs stay readable for others, and what workers tell each other stays both."""
    assert {one.name: one.compatibility for one in TOPICS}[topic] == asked


NOTE = {"type": "string", "description": "A note."}


@pytest.mark.parametrize(
    ("name", "field", "definition", "who"),
    [
        (REPAID, "note", NOTE, None),  # producers may begin to send it
        (REPAID, "note", NOTE | {"required": True}, "new worker"),  # those that don't send it yet are refused
        (REPAID, "kind", None, "new worker"),  # what they send is ignored
        (REPAID, "amount", {"type": "integer", "minimum": 1, "required": True}, None),  # more is accepted
        (REPAID, "amount", {"type": "integer", "minimum": 100, "required": True}, "new worker"),
        (CURED, "note", NOTE | {"required": True}, None),  # consumers pass over it
        (CURED, "bucket", None, "consumers of today"),  # they rely on it
        (CURED, "days_past_due", {"type": "integer", "minimum": 0, "required": True}, "consumers of today"),
        (CURED, "days_past_due", {"type": "integer", "minimum": 0, "maximum": 9, "required": True}, None),
        (OPENED, "note", NOTE, None),
        (OPENED, "note", NOTE | {"required": True}, "new worker"),
        (OPENED, "repayments_complete", None, "consumers of today"),
        (STANDING, "note", NOTE | {"required": True}, "new worker"),  # standings of the old worker lack it
        (STANDING, "bucket", None, "consumers of today"),
    ],
)
def test_a_break_names_who_is_broken(name: str, field: str, definition: Any, who: str | None) -> None:
    """A change of a field is a break exactly where somebody who is not deployed yet would stumble over it."""
    found = breaks(NOW, changed(name, **{field: definition and dict(definition)}))
    if who is None:
        assert found == []
    else:
        assert {one.name for one in found} == {name}
        assert any(who in one.sentence and field in one.sentence for one in found)


def test_a_new_type_is_no_break_and_a_lost_one_is() -> None:
    """An event type may be added to a topic; one that is gone is a break in its schema and on its topic."""
    schemas = {name: schema for name, schema in NOW.schemas.items() if name != CURED}
    document = copy.deepcopy(dict(NOW.asyncapi))
    del document["channels"]["loans.overdue"]["messages"]["loan.cured"]
    less = Contract(schemas, document)
    assert breaks(less, NOW) == []
    assert [one.name for one in breaks(NOW, less)] == [CURED, "loans.overdue"]


def test_a_topic_keeps_its_key_partitioning_and_clean_up() -> None:
    """Another key, partition rule or clean-up policy of a topic is a break, and so is a topic that is gone."""
    document = copy.deepcopy(dict(NOW.asyncapi))
    channels = document["channels"]
    channels["loans.overdue"]["x-key"] = "borrower_id"
    channels["loans.standing"]["x-partitioning"] = "murmur2(loan_id)"
    channels["loans.repayments"]["x-cleanup-policy"] = "compact"
    del channels["dead-letters"]
    found = breaks(NOW, Contract(NOW.schemas, document))
    assert {one.name for one in found} == {"loans.overdue", "loans.standing", "loans.repayments", "dead-letters"}


def test_a_keyword_that_is_not_understood_is_a_break() -> None:
    """What the checker can't judge is reported, not passed over."""
    (found,) = breaks(NOW, changed(REPAID, note={"not": {"type": "null"}}))
    assert "can't be judged" in found.sentence


def test_a_folder_is_judged_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check --against` passes a contract that is kept, returns 1 and the field for one that is broken, 2 for none."""
    export(tmp_path)
    assert main(["check", "--against", str(tmp_path)]) == 0
    path = tmp_path / "published" / REPAID
    schema = json.loads(path.read_text())
    schema["properties"]["amount"]["maximum"] *= 10
    path.write_text(json.dumps(schema))
    assert main(["check", "--against", str(tmp_path)]) == 1
    assert f"{REPAID}: events of today break the new worker ($.amount: maximum is" in capsys.readouterr().err
    assert main(["check", "--against", str(tmp_path / "none")]) == 2
    assert "neither a folder nor a commit" in capsys.readouterr().err
    assert main(["check", "--against"]) == 2


def test_the_contract_of_the_last_commit_is_kept() -> None:
    """Nothing in the working tree breaks who relies on what was committed last."""
    if not (HOME.parent / ".git").exists():
        pytest.skip("not a git checkout")
    head = subprocess.run(["git", "-C", str(HOME), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert breaks(contract_at(head.stdout.strip()), NOW) == []


def test_an_option_is_no_commit() -> None:
    """A place that begins with a dash is never handed to git."""
    with pytest.raises(EarlierError):
        contract_at("--output=/tmp/x")
