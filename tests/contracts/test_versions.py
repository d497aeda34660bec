"""How an event type goes to version 2: both are published, both are accepted, and the checker judges the step."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from schemas.__main__ import main
from schemas.asyncapi import asyncapi
from schemas.catalogue import MODEL_OF_TYPE, TOPIC_OF_TYPE
from schemas.differences import breaks
from schemas.earlier import contract_at
from schemas.export import export
from schemas.overdue import LoanCured
from schemas.servicing import LoanChargePosted
from schemas.types import Contract, Id, IsoDate, PositiveMoney
from schemas.versions import versions_of
from stream.engine.facts import ChargePosted
from stream.translate.inbound import Inbound
from stream.translate.rejected import Rejected
from tests import stories
from tests.records import binary_record, structured_record

KIND = "loan.charge_posted"
V1 = {"loan_id": "L1", "charge_id": "C1", "kind": "fee", "due_date": "2024-03-15", "amount": 250}
V2 = {"loan_id": "L1", "charge_id": "C1", "what": "fee", "due_date": "2024-03-15", "amount": 250}


class ChargePostedV2(Contract):
    """A charge is owed; what version 1 calls `kind` is `what` here."""

    VERSION = 2
    EARLIER = LoanChargePosted

    loan_id: Id = Field(description="The loan; also the Kafka key.")
    charge_id: Id = Field(description="The charge; one whose id was seen before for this loan is dropped.")
    what: str = Field(description="What is charged: a fee or a penalty.")
    due_date: IsoDate = Field(description="Day by whose end it is to be paid.")
    amount: PositiveMoney = Field(description="Amount, minor units, at least 1.")

    @classmethod
    def of_earlier(cls, earlier: LoanChargePosted) -> ChargePostedV2:
        """The name of one field is another."""
        fields = earlier.model_dump(include={"loan_id", "charge_id", "due_date", "amount"})
        return cls(what=earlier.kind, **fields)


def fact_of_v2(event_id: str, recorded: int, data: ChargePostedV2) -> ChargePosted:
    """What the translation of version 2 would be."""
    day = data.due_date.toordinal()
    return ChargePosted(event_id, recorded, data.loan_id, data.charge_id, data.what, day, data.amount, None)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The contract as it was handed over before the step."""
    export(tmp_path / "before")
    return tmp_path / "before"


@pytest.fixture
def version_2(before: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step: the new model in the catalogue, and how it is told to the engine."""
    step(monkeypatch, KIND, ChargePostedV2)
    monkeypatch.setitem(__import__("stream.translate.facts", fromlist=["x"]).FACT_OF_TYPE, KIND, fact_of_v2)


def step(monkeypatch: pytest.MonkeyPatch, kind: str, model: type[Contract]) -> None:
    """Another model for a type."""
    monkeypatch.setitem(MODEL_OF_TYPE, kind, model)  # type: ignore[arg-type]
    monkeypatch.setitem(TOPIC_OF_TYPE[kind].types, kind, model)  # type: ignore[arg-type]


def charge(data: dict[str, Any], version: int | None) -> dict[str, Any]:
    """An event that names its version, or none."""
    event = stories.event(KIND, "E1", stories.at(date(2024, 3, 1)), data)
    event.pop("dataschema", None)
    return event if version is None else event | {"dataschema": f"urn:overdue-stream:schema:{KIND}:v{version}"}


@pytest.mark.usefixtures("version_2")
@pytest.mark.parametrize("make", [structured_record, binary_record])
def test_both_versions_are_accepted(make: Any) -> None:
    """Version 1, no version (its producer knows of no other) and version 2 tell the same fact, in any order, again."""
    inbound = Inbound("Asia/Shanghai")
    events = [charge(V1, 1), charge(V1, None), charge(V2, 2)]
    facts = [inbound.decode(make(event)) for event in [*events, *reversed(events)]]
    assert {(fact.loan_id, fact.kind, fact.amount) for fact in facts} == {("L1", "fee", 250)}
    assert len(set(facts)) == 1


@pytest.mark.usefixtures("version_2")
@pytest.mark.parametrize(
    ("data", "version", "reason"),
    [
        (V2, None, "field_missing"),
        (V2, 1, "field_missing"),
        (V1, 2, "field_missing"),
        (V2, 3, "dataschema_unknown"),
        (V2, 0, "dataschema_unknown"),
    ],
)
def test_each_version_is_held_to_its_own_schema(data: dict[str, Any], version: int | None, reason: str) -> None:
    """An event is judged by the version that it names; one that nobody has published is refused."""
    with pytest.raises(Rejected) as refused:
        Inbound("Asia/Shanghai").decode(structured_record(charge(data, version)))
    assert refused.value.reason_code == reason


@pytest.mark.usefixtures("version_2")
def test_both_versions_are_published(tmp_path: Path, before: Path) -> None:
    """Two schemas with ids of their own, the first one untouched; both in AsyncAPI and on the page."""
    export(tmp_path / "after")
    first, second = (tmp_path / "after" / "published" / f"{KIND}.v{n}.schema.json" for n in (1, 2))
    assert first.read_text() == (before / "published" / first.name).read_text()
    assert json.loads(second.read_text())["$id"] == f"urn:overdue-stream:schema:{KIND}:v2"
    messages = asyncapi()["components"]["messages"]
    assert messages[KIND]["headers"]["properties"]["ce_dataschema"]["const"].endswith(":v2")
    assert "ce_dataschema" in messages[KIND]["headers"]["required"]  # without it, it would be version 1
    assert messages[f"{KIND}.v1"]["headers"]["properties"]["ce_dataschema"]["const"].endswith(":v1")
    page = (tmp_path / "after" / "reference.md").read_text()
    assert f"[`{KIND}`](#loancharge_posted) (versions 1, 2)" in page
    assert "Version 1, `dataschema`" in page


def test_the_checker_takes_the_step_and_refuses_short_cuts(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 2 beside 1: nobody is broken. The same change inside version 1, or version 1 gone: it says who is."""

    def broken_by(model: type[Contract]) -> list[str]:
        step(monkeypatch, KIND, model)
        export(tmp_path / "after")
        found = breaks(contract_at(str(before)), contract_at(str(tmp_path / "after")))
        for path in (tmp_path / "after" / "published").glob(f"{KIND}.*"):
            path.unlink()
        return [one.sentence for one in found if one.name.startswith(KIND)]

    assert broken_by(ChargePostedV2) == []

    class InPlace(ChargePostedV2):
        """The change without a new version."""

        VERSION, EARLIER = 1, None

    assert any("make a new version" in sentence for sentence in broken_by(InPlace))

    class Alone(ChargePostedV2):
        """The new version without the old one."""

        EARLIER = None

    assert any("is gone" in sentence for sentence in broken_by(Alone))


def test_what_goes_out_gets_no_second_version(before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Consumers of today know version 1 of `loan.cured`: the checker says to make a new type beside it."""

    class CuredV2(LoanCured):
        """A cured loan, once more."""

        VERSION, EARLIER = 2, LoanCured

    step(monkeypatch, "loan.cured", CuredV2)
    export(tmp_path / "after")
    (found,) = breaks(contract_at(str(before)), contract_at(str(tmp_path / "after")))
    assert found.name == "loan.cured.v2.schema.json"
    assert "new type beside this one" in found.sentence


def test_today_every_type_is_at_version_1_and_the_check_is_part_of_the_command() -> None:
    """The versions of the catalogue, and `python -m schemas check`."""
    assert {tuple(versions_of(model)) for model in MODEL_OF_TYPE.values()} == {(1,)}
    assert main(["check"]) == 0
