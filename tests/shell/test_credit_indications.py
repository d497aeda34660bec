"""Indications, impairments, re-ages and corrected classes from the wire to the alerts, and in a loan's story."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.catalogue import MODEL_OF_TYPE
from stream.cli.app import run
from stream.policy_file import load_policy
from tests.agent_table import Table, alerts_of, paid, rejected_of, serviced
from tests.shell.test_servicing import revised, row, three_installments
from tests.stories import Event, an_installment, at, disbursed, event

INDICATION = {"effective_date": "2024-02-01", "indication": "bankruptcy_protection"}


def classes(sent: list[tuple]) -> list[tuple[str, str, str]]:  # type: ignore[type-arg]
    """Kind, scheme and class of the alerts about classes; each satisfies the contract."""
    found = []
    for kind, data in alerts_of(sent):
        MODEL_OF_TYPE[kind].model_validate_json(json.dumps(data))
        if "scheme" in data:
            found.append((kind.removeprefix("loan.classification_"), data["scheme"], data["classification"]))
    return found


def test_an_indication_and_its_end_are_classified() -> None:
    """CRR: default by an indication alone; its end begins three months in which the loan stays in default."""
    table = Table(load_policy(Path("crr_178.toml")))
    table.batch(three_installments())
    table.open("2024-02-01")
    sent = table.batch(serviced("credit_indication_set", "2024-02-01", **INDICATION))
    assert classes(sent) == [("changed", "crr_178", "default"), ("changed", "ifrs9", "stage_3")]
    sent = table.batch(serviced("credit_indication_ended", "2024-02-01", **INDICATION))
    assert classes(sent) == [("changed", "ifrs9", "stage_1")]


def test_an_end_without_its_beginning_is_a_dead_letter() -> None:
    """`indication_unknown` says what to do; the loan stays as it is."""
    table = Table(load_policy(Path("crr_178.toml")))
    table.batch(three_installments())
    sent = table.batch(serviced("credit_indication_ended", "2024-02-01", **INDICATION))
    assert rejected_of(sent) == ["indication_unknown"]


@pytest.mark.parametrize(("percent", "expected"), [("49.99", "substandard"), ("50", "doubtful"), ("90.00", "loss")])
def test_an_assessed_impairment_is_classified_by_its_expected_loss(percent: str, expected: str) -> None:
    """C4: half of the book balance expected to be lost is doubtful, nine tenths is loss; it ends by an assessment."""
    table = Table(load_policy(Path("cn.toml")))
    table.batch(three_installments())
    table.open("2024-02-01")
    told = {"effective_date": "2024-02-01", "credit_impaired": True, "expected_loss_percent": percent}
    sent = table.batch(serviced("impairment_assessed", "2024-02-01", **told))
    assert ("changed", "cn_five_class_2023", expected) in classes(sent)
    sent = table.batch(
        serviced("impairment_assessed", "2024-02-02", effective_date="2024-02-02", credit_impaired=False)
    )
    assert ("changed", "cn_five_class_2023", "normal") in classes(sent)


def test_a_re_age_against_the_rule_is_a_dead_letter() -> None:
    """FFIEC: two months on the books are fewer than nine: `re_age_too_early`, and the loan stays past due."""
    table = Table(load_policy(Path("ffiec_metro2.toml")))
    table.batch(three_installments())
    table.open("2024-03-20")
    re_aged = revised("2024-03-20", "2024-03-20", row(1, "2024-09-15", 100_00), reason="re_age")
    assert rejected_of(table.batch(re_aged)) == ["re_age_too_early"]


def test_a_class_that_was_never_true_is_corrected_on_the_wire() -> None:
    """Paid on 02-15, told on 02-18: special mention of 02-16 is corrected, with the id that it supersedes."""
    table = Table(load_policy(Path("cn.toml")))
    table.batch(three_installments())
    opened = table.open("2024-02-18")
    wrong = {
        headers["ce_id"].decode()
        for _, _, _, data, headers in opened
        if data.get("classification") == "special_mention"
    }
    sent = table.batch(paid("2024-02-18", 100_00, valued="2024-02-15"))
    assert ("corrected", "cn_five_class_2023", "normal") in classes(sent)
    assert wrong < {data.get("supersedes") for _, data in alerts_of(sent)}


def test_explain_tells_indications_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The story names the indication, when it was in force, and the class that it led to; as JSON by the contract."""
    told: list[Event] = [
        disbursed([an_installment(n, f"2024-0{n + 5}-15", 900_00, 100_00) for n in (1, 2)], "2024-01-15"),
        event("loan.credit_indication_set", "e1", at("2024-02-01"), {"loan_id": "L1", **INDICATION}),
        event("loan.credit_indication_ended", "e2", at("2024-02-10"), {"loan_id": "L1", **INDICATION}),
        event(
            "loan.impairment_assessed",
            "e3",
            at("2024-02-12"),
            {
                "loan_id": "L1",
                "effective_date": "2024-02-12",
                "credit_impaired": True,
                "expected_loss_percent": "52.5",
            },
        ),
    ]
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in told))
    assert run(["explain", "L1", "--events", str(path), "--as-of", "2024-02-20"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "indication bankruptcy protection: in force from 2024-02-01 on" in words
    assert "52.5 % of it expected to be lost" in words
    assert "class stage_3, was stage_1" in words
    assert run(["explain", "L1", "--events", str(path), "--as-of", "2024-02-20", "--json"]) == 0
    story = json.loads(capsys.readouterr().out)
    events = [moment["event"] for moment in story["history"] if moment["event"] is not None]
    assert [one["type"] for one in events[1:]] == [one["type"] for one in told[1:]]
    for one in events[1:]:
        MODEL_OF_TYPE[one["type"]].model_validate_json(json.dumps({"loan_id": "L1", **one["data"]}))
