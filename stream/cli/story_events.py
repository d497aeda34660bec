"""An event of a loan in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Json = Mapping[str, Any]
Money = Callable[[int], str]


def event_words(event: Json, money: Money) -> str:
    """What an event told; `money` writes an amount."""
    words = _WORDS.get(event["type"])
    data = event["data"]
    told = words(data, money) if words is not None else str(event["type"]).removeprefix("loan.").replace("_", " ")
    return f"{told} [{event['id']}]"


def _repaid(data: Json, money: Money) -> str:
    kind = str(data["kind"]).replace("_", " ")
    said = f"{kind} {data['payment_id']} of {money(data['amount'])}, value date {data['value_date']}"
    if data["installment"] is not None:
        said += f", meant for no. {data['installment']}"
    return said + (", allocation given" if data["allocations"] is not None else "")


def _charge(data: Json, money: Money) -> str:
    joins = "" if data["installment"] is None else f" on no. {data['installment']}"
    return f"{data['kind']} {data['charge_id']} of {money(data['amount'])} charged{joins}, due {data['due_date']}"


def _waiver(data: Json, money: Money) -> str:
    sum_of = "all" if data["amount"] is None else money(data["amount"])
    return f"{sum_of} of charge {data['charge_id']} waived from {data['waiver_date']} on"


def _revised(data: Json, _: Money) -> str:
    eased = ", terms eased for a borrower in difficulty" if data["financial_difficulty"] else ""
    return f"schedule version {data['schedule_version']} ({data['reason']}) from {data['effective_date']} on{eased}"


def _code(data: Json) -> str:
    return "indication " + str(data["indication"]).replace("_", " ")


def _impairment(data: Json, _: Money) -> str:
    if not data["credit_impaired"]:
        return f"not credit-impaired any more from {data['effective_date']} on"
    return (
        f"credit-impaired from {data['effective_date']} on, {data['expected_loss_percent']} % of it expected to be lost"
    )


def _effective(what: str) -> Callable[[Json, Money], str]:
    return lambda data, _: f"{what} from {data['effective_date']} on"


_WORDS: Final[Mapping[str, Callable[[Json, Money], str]]] = {
    "loan.disbursed": lambda data, money: f"disbursed {money(data['principal'])} on {data['disbursement_date']}",
    "loan.disbursement_cancelled": lambda _data, _money: "the disbursement was cancelled: nothing was ever due",
    "loan.repaid": _repaid,
    "loan.repayment_reversed": lambda data, _: (
        f"payment {data['payment_id']} reversed ({data['reversal_id']}): as if never made"
    ),
    "loan.charged_back": lambda data, money: (
        f"{money(data['amount'])} of payment {data['payment_id']} charged back ({data['chargeback_id']}),"
        f" value date {data['value_date']}"
    ),
    "loan.schedule_revised": _revised,
    "loan.charge_posted": _charge,
    "loan.charge_waived": _waiver,
    "loan.delinquency_paused": lambda data, _: f"delinquency paused from {data['start_date']} to {data['end_date']}",
    "loan.delinquency_resumed": lambda data, _: f"the pause ends on {data['resume_date']}",
    "loan.charged_off": _effective("charged off"),
    "loan.written_off": _effective("written off: days stand still, money that comes is a recovery"),
    "loan.closed": _effective("closed: nothing is owed any more"),
    "loan.transferred": _effective("transferred to another lender"),
    "loan.credit_indication_set": lambda data, _: f"{_code(data)}: in force from {data['effective_date']} on",
    "loan.credit_indication_ended": lambda data, _: f"{_code(data)}: ended on {data['effective_date']}",
    "loan.impairment_assessed": _impairment,
    "loan.misuse_found": _effective("funds found misused"),
    "loan.technical_overdue_flagged": _effective("overdue for a technical cause only"),
}
