"""A loan's story as one JSON document: what `overdue explain --json` prints and a worker's `/story` answers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

from schemas.catalogue import MODEL_OF_TYPE
from stream.engine import facts as told
from stream.engine import indications
from stream.engine.dates import iso
from stream.engine.entries import Charge, Chargeback, Ending, Flag, Revision, Waiver
from stream.engine.facts import Fact
from stream.engine.findings import Alert
from stream.engine.journal import MoneyFact
from stream.engine.loan import Loan
from stream.engine.payments import Payment
from stream.engine.policy import Rules
from stream.engine.story import Figures, Moment, Story, story_of
from stream.engine.story_money import Amounts, InstallmentStory, MoneyMoved
from stream.translate.outbound import alert_data, classes_of
from stream.translate.standing import standing_json

COMPONENTS: Final = ("principal", "interest", "fee", "penalty")
_TYPE_OF_FACT: Final[dict[type, str]] = {
    told.Disbursed: "loan.disbursed",
    told.DisbursementCancelled: "loan.disbursement_cancelled",
    told.Repaid: "loan.repaid",
    told.RepaymentReversed: "loan.repayment_reversed",
    told.ChargedBack: "loan.charged_back",
    told.ScheduleRevised: "loan.schedule_revised",
    told.ChargePosted: "loan.charge_posted",
    told.ChargeWaived: "loan.charge_waived",
    told.DelinquencyPaused: "loan.delinquency_paused",
    told.DelinquencyResumed: "loan.delinquency_resumed",
}
_KIND_OF_ENTRY: Final[dict[type, str]] = {
    Payment: "payment",
    Chargeback: "chargeback",
    Charge: "charge",
    Waiver: "waiver",
    Revision: "schedule",
    Ending: "ending",
    Flag: "flag",
}
_LEFT_OUT: Final = {
    *("event_id", "recorded", "loan_id", "borrower_id", "product", "segment", "currency", "schedule", "disbursed")
}
_LEFT_OUT_OF_DISBURSED: Final = {"annual_rate", "guarantor_ids"}


def story_json(loan: Loan, rules: Rules, until: int) -> dict[str, Any]:
    """The story of a loan up to a business date, ready for JSON; amounts in minor units, dates as ISO text."""
    story = story_of(loan, rules, until)
    return {
        "loan_id": loan.loan_id,
        "policy_version": rules.policy_version,
        "grace_days": rules.grace_days if loan.grace_days < 0 else loan.grace_days,
        "tolerance": rules.tolerance_amount,
        "disbursement_date": iso(loan.disbursement_date),
        "told_from": iso(loan.history_from) if loan.history_from else None,
        "standing": json.loads(standing_json(story.loan, rules)),
        "installments": [_installment(one, story) for one in story.installments],
        "money": [_moved(one) for one in story.money],
        "history": [_moment(one) for one in story.moments],
    }


def _installment(one: InstallmentStory, story: Story) -> dict[str, Any]:
    return {
        "number": one.number,
        "due_date": iso(one.due),
        "scheduled": one.scheduled,
        "on_top": one.on_top,
        "paid": one.paid,
        "unpaid": _amounts(one.unpaid),
        "settled_on": iso(one.settled_on) if one.settled_on else None,
        "ended_with_the_loan": one.ended,
        "days_late": max(0, (one.settled_on or story.loan.as_of) - one.due),
    }


def _amounts(amounts: Amounts) -> dict[str, int]:
    return dict(zip(COMPONENTS, amounts, strict=True)) | {"total": sum(amounts)}


def _moved(one: MoneyMoved) -> dict[str, Any]:
    """What a fact in the order of money did: `less_owed` by installment, below 0 where more is owed."""
    fact = one.fact
    return {
        "date": iso(fact[0]),
        "what": _KIND_OF_ENTRY[type(fact)],
        "id": str(fact[2]),
        "amount": getattr(fact, "amount", None),
        **_particulars(fact),
        "less_owed": [{"installment": number} | _amounts(amounts) for number, amounts in one.installments],
        "more_credit": one.credit,
    }


def _particulars(fact: MoneyFact) -> dict[str, Any]:
    if isinstance(fact, Payment):
        return {"kind": fact.kind, "meant_for": fact.installment, "allocation_given": fact.allocations is not None}
    if isinstance(fact, Chargeback):
        return {"payment_id": fact.payment_id}
    if isinstance(fact, Charge):
        return {"kind": _component(fact.component), "due_date": iso(fact.due)}
    if isinstance(fact, Waiver):
        return {"charge_id": fact.charge_id}
    if isinstance(fact, Ending | Flag):
        return {"kind": fact.status if isinstance(fact, Ending) else _words(fact.flag)}
    return {"kind": "eased" if fact.eased else "revised"}


def _words(flag: str) -> str:
    kind, about = indications.parts(flag)
    return f"{kind} {about}" if about.isidentifier() else kind


def _component(component: int) -> str:
    return COMPONENTS[component - 2]


def _moment(one: Moment) -> dict[str, Any]:
    return {
        "business_date": iso(one.business_date),
        "event": None if one.fact is None else _event(one.fact),
        "before": _figures(one.before),
        "after": _figures(one.after),
        "alerts": [_alert(alert) for alert in one.alerts],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "status": figures.status,
        "days_past_due": figures.days_past_due,
        "delinquent_days": figures.delinquent_days,
        "bucket": figures.bucket or None,
        "classifications": classes_of(figures.classes),
        "overdue": figures.overdue,
        "outstanding": figures.outstanding,
        "credit": figures.credit,
    }


def _event(fact: Fact) -> dict[str, Any]:
    """The event as it was told, without what says nothing of this loan's figures."""
    left_out = _LEFT_OUT | (_LEFT_OUT_OF_DISBURSED if isinstance(fact, told.Disbursed) else set())
    data = {name: _value(name, value) for name, value in fact._asdict().items() if name not in left_out}
    if isinstance(fact, told.Flagged):
        data = _flag_data(fact) or data
    return {"type": type_of(fact), "id": fact.event_id, "recorded": iso(fact.recorded), "data": data}


def _flag_data(fact: told.Flagged) -> dict[str, Any] | None:
    """What the contract has in the place of a flag of the indications; None for any other."""
    kind, about = indications.parts(fact.flag)
    if kind not in indications.KINDS:
        return None
    data: dict[str, Any] = {"effective_date": iso(fact.effective_date)}
    if kind in (indications.SET, indications.ENDED):
        return data | {"indication": about}
    if kind == indications.NOT_IMPAIRED:
        return data | {"credit_impaired": False}
    return data | {"credit_impaired": True, "expected_loss_percent": f"{Decimal(about) / 100:f}"}


def type_of(fact: Fact) -> str:
    """The CloudEvents type of a fact."""
    if isinstance(fact, told.StatusSet):
        return f"loan.{fact.status}"
    if isinstance(fact, told.Flagged):
        kind, _ = indications.parts(fact.flag)
        if kind in indications.KINDS:
            return f"loan.credit_{kind}" if kind.startswith("indication") else "loan.impairment_assessed"
        known = (f"loan.{fact.flag}", f"loan.{fact.flag}_flagged")
        return next((name for name in known if name in MODEL_OF_TYPE), known[0])
    return _TYPE_OF_FACT[type(fact)]


def _value(name: str, value: Any) -> Any:
    if name.endswith("_date") and isinstance(value, int):
        return iso(value)
    if name == "allocations" and value is not None:
        return [part._asdict() for part in value]
    return value


def _alert(alert: Alert) -> dict[str, Any]:
    return {"id": alert.id, "type": alert.kind, "data": alert_data(alert)}
