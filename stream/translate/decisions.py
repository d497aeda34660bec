"""Decisions of the early warning as lines of JSON: what a risk officer validates a score with."""

from __future__ import annotations

import orjson

from stream.engine.dates import iso
from stream.warning.decisions import Decision


def decision_json(made: Decision) -> bytes:
    """One decision of one family, raised or not."""
    return orjson.dumps(
        {
            "loan_id": made.loan_id,
            "borrower_id": made.borrower_id,
            "decision": made.decision,
            "date": iso(made.date),
            "days_to_due": made.days_to_due,
            "installment": made.installment,
            "family": made.family,
            "points": made.points,
            "probability": made.probability,
            "outcomes": {"good": made.good, "bad": made.bad},
            "raised": made.raised,
            "reasons": [reason._asdict() for reason in made.reasons],
        }
    )
