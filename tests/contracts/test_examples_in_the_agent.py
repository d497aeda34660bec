"""Every valid example about a loan takes effect in the agent, and what is said of it satisfies the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import DISBURSEMENTS, MODEL_OF_TYPE, REPAYMENTS, SERVICING, TOPIC_OF_TYPE
from tests.agent_table import Table, paid, rejected_of, serviced
from tests.contracts.test_examples import EXAMPLES, VALID, name_of, read

LOAN = "L-2024-000017"
DISBURSED = EXAMPLES / "loan.disbursed/v1/valid/three_installments.json"
BEFORE: dict[str, list[dict[str, Any]]] = {
    "loan.charge_waived": [
        serviced(
            "charge_posted", "2024-03-13", LOAN, charge_id="CH-1", kind="penalty", due_date="2024-03-12", amount=2000
        )
    ],
    "loan.delinquency_resumed": [
        serviced("delinquency_paused", "2024-03-14", LOAN, start_date="2024-03-14", end_date="2024-04-30")
    ],
    "loan.credit_indication_ended": [
        serviced("credit_indication_set", "2024-03-14", LOAN, effective_date="2024-03-14", indication="non_accrual")
    ],
    "loan.charged_back": [paid("2024-02-15", 408035, LOAN, "P-5501")],
}
"""What an example needs to have happened before."""


OF_LOANS = [path for path in VALID if TOPIC_OF_TYPE[path.parts[-4]].name in (DISBURSEMENTS, SERVICING, REPAYMENTS)]


@pytest.mark.parametrize("path", OF_LOANS, ids=name_of)
def test_a_valid_example_takes_effect(path: Path) -> None:
    """The event of a valid example is applied, to its loan a month late, and not refused."""
    event = read(path)
    table = Table()
    sent = []
    if event["type"] != "loan.disbursed":
        sent += table.batch(read(DISBURSED))
        sent += table.open("2024-03-16")
        sent += table.batch(*BEFORE.get(event["type"], []))
    before = table.counted.events["applied"]
    sent += table.batch(event)
    assert rejected_of(sent) == []
    assert table.counted.events["applied"] == before + 1
    for topic, _, _, data, headers in sent:
        assert topic in ("loans.overdue", "loans.standing")
        MODEL_OF_TYPE[headers["ce_type"].decode()].model_validate_json(json.dumps(data))
