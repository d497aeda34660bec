"""Servicing events from the wire to the standing and the alerts, and what a loan's history forbids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.catalogue import MODEL_OF_TYPE
from schemas.rejections import RejectionCode
from stream.engine.dates import day_of
from stream.policy_file import parse_policy
from stream.translate.inbound import Inbound
from tests import stories
from tests.agent_table import POLICY, Table, alerts_of, disbursed, kinds, paid, rejected_of, serviced, standing_of
from tests.records import structured_record

ROW = {"interest": 0, "fee": 0, "penalty": 0}


def row(number: int, due_date: str, principal: int) -> dict[str, Any]:
    return {"number": number, "due_date": due_date, "principal": principal, **ROW}


def three_installments(day: str = "2024-01-15") -> dict[str, Any]:
    """100.00 due on the 15th of February, March and April each."""
    event = disbursed(day=day)
    event["data"]["schedule"] = [row(number, f"2024-0{number + 1}-15", 100_00) for number in (1, 2, 3)]
    return event


def overdue(day: str = "2024-03-20") -> Table:
    """A loan of three installments of which none is paid, on a day: 34 days past due, M2."""
    table = Table()
    table.batch(three_installments())
    table.open(day)
    return table


def revised(day: str, effective: str, *rows: dict[str, Any], version: int = 2, **data: Any) -> dict[str, Any]:
    return serviced(
        "schedule_revised",
        day,
        schedule_version=version,
        effective_date=effective,
        schedule=list(rows),
        **{"reason": "extension", "financial_difficulty": False} | data,
    )


def test_an_extension_clears_and_corrects() -> None:
    """The past-due installment gets a date ahead, from before it was due: cured, and the alerts of before corrected."""
    table = overdue()
    sent = table.batch(revised("2024-03-20", "2024-02-10", *[row(n, f"2024-0{n + 5}-15", 100_00) for n in (1, 2, 3)]))
    said = alerts_of(sent)
    assert [(kind, data["as_of"], data["bucket"]) for kind, data in said] == [
        ("loan.alert_corrected", "2024-02-16", None),
        ("loan.alert_corrected", "2024-03-17", None),
        ("loan.cured", "2024-03-20", None),
    ]
    standing = standing_of(sent)
    assert (standing["days_past_due"], standing["schedule_version"]) == (0, 2)
    assert standing["next_due_date"] == "2024-06-15"


def test_an_older_version_is_dropped_and_counted() -> None:
    """A schedule whose version is not above the present one changes nothing and is no dead letter."""
    table = overdue()
    table.batch(revised("2024-03-20", "2024-03-20", row(3, "2024-05-15", 100_00), version=5))
    assert table.batch(revised("2024-03-21", "2024-03-20", row(3, "2024-06-15", 100_00), version=4)) == []
    assert table.counted.events["duplicate"] == 1


def test_a_charge_is_owed_and_its_waiver_cures() -> None:
    """A fee of 5.00 on the installment of February keeps the loan overdue until it is waived."""
    table = overdue("2024-02-20")
    charge = serviced(
        "charge_posted", "2024-02-20", charge_id="C1", kind="fee", due_date="2024-02-16", amount=5_00, installment=1
    )
    standing = standing_of(table.batch(charge))
    assert standing["overdue"] == {"principal": 100_00, "interest": 0, "fee": 5_00, "penalty": 0, "total": 105_00}
    standing = standing_of(table.batch(paid("2024-02-20", 100_00)))
    assert (standing["days_past_due"], standing["overdue"]["total"]) == (5, 5_00)
    sent = table.batch(serviced("charge_waived", "2024-02-20", charge_id="C1"))
    assert [kind for kind, _ in alerts_of(sent)] == ["loan.cured"]
    assert standing_of(sent)["outstanding_total"] == 200_00


def test_a_pause_stops_the_delinquent_days_and_a_resume_lets_them_go_on() -> None:
    """Paused from the 20th, resumed on the 25th: five days do not count, days past due go on."""
    table = overdue("2024-02-20")
    sent = table.batch(serviced("delinquency_paused", "2024-02-20", start_date="2024-02-20", end_date="2024-03-31"))
    [(kind, data)] = alerts_of(sent)
    assert kind == "loan.pause_changed"
    assert data["pause"] == {"start_date": "2024-02-20", "end_date": "2024-03-31", "active": True}
    assert standing_of(sent)["pauses"] == [{"start_date": "2024-02-20", "end_date": "2024-03-31", "active": True}]
    table.open("2024-02-25")
    sent = table.batch(serviced("delinquency_resumed", "2024-02-25", resume_date="2024-02-25"))
    assert standing_of(sent)["pauses"] == [{"start_date": "2024-02-20", "end_date": "2024-02-25", "active": True}]
    standing = standing_of(table.open("2024-02-28"))
    assert (standing["days_past_due"], standing["delinquent_days"]) == (13, 8)
    assert standing["pauses"][0]["active"] is False


def test_a_chargeback_is_owed_again() -> None:
    """100.00 paid for February, taken back on 1 March: owed with the next installment, and aged from 1 March."""
    table = Table()
    table.batch(three_installments(), paid("2024-01-20", 100_00))
    table.open("2024-03-01")
    back = serviced(
        "charged_back", "2024-03-01", chargeback_id="B1", payment_id="P1", value_date="2024-03-01", amount=100_00
    )
    sent = table.batch(back)
    standing = standing_of(sent)
    assert (standing["days_past_due"], standing["outstanding_total"]) == (0, 300_00)
    sent = table.open("2024-03-02")
    assert [kind for kind, _ in alerts_of(sent)] == ["loan.overdue_started"]
    standing = standing_of(sent)
    assert (standing["days_past_due"], standing["oldest_due_date"]) == (1, "2024-03-01")
    assert (standing["overdue"]["total"], standing["delinquent_amount"]) == (0, 100_00)
    assert standing["past_due_installments"] == []


def test_a_post_dated_chargeback_waits_for_its_value_date() -> None:
    """Told on the 1st for the 3rd, it waits; more than 31 days ahead it is a dead letter."""
    table = Table()
    table.batch(three_installments(), paid("2024-01-20", 100_00))
    table.open("2024-03-01")
    later = serviced(
        "charged_back", "2024-03-01", chargeback_id="B1", payment_id="P1", value_date="2024-03-03", amount=40_00
    )
    assert table.batch(later) == []
    assert standing_of(table.open("2024-03-03"))["outstanding_total"] == 240_00
    far = serviced(
        "charged_back",
        "2024-03-03",
        "L1",
        "far",
        chargeback_id="B2",
        payment_id="P1",
        value_date="2024-04-04",
        amount=1,
    )
    assert rejected_of(table.batch(far)) == ["value_date_too_far_ahead"]


@pytest.mark.parametrize(
    ("kind", "status", "days"),
    [
        ("charged_off", "charged_off", 35),
        ("written_off", "written_off", 34),
        ("closed", "settled", 0),
        ("transferred", "transferred", 0),
    ],
)
def test_a_turn_in_the_loans_life(kind: str, status: str, days: int) -> None:
    """A day later a charged-off loan is a day older, a written-off one stands still, the others count zeros."""
    table = overdue()
    sent = table.batch(serviced(kind, "2024-03-20", effective_date="2024-03-20"))
    assert standing_of(sent)["status"] == status
    sent = [*sent, *table.open("2024-03-21")]
    standing = standing_of(sent)
    assert standing["days_past_due"] == days
    assert max((row["days_past_due"] for row in standing["past_due_installments"]), default=0) == days


def test_money_after_a_write_off_is_a_recovery() -> None:
    """30.00 of a written-off loan: no cure, the debt is lower, and it is said."""
    table = overdue()
    table.batch(serviced("written_off", "2024-03-20", effective_date="2024-03-20"))
    table.open("2024-03-25")
    payment = paid("2024-03-25", 30_00)
    payment["data"]["kind"] = "recovery"
    sent = table.batch(payment)
    [(kind, data)] = alerts_of(sent)
    assert (kind, data["recovered"]) == ("loan.recovery_received", 30_00)
    standing = standing_of(sent)
    assert standing["outstanding_total"] == 270_00
    assert (standing["as_of"], standing["days_past_due"]) == ("2024-03-25", 34)
    assert [found["days_past_due"] for found in standing["past_due_installments"]] == [34, 5]


def test_notices_name_the_installment() -> None:
    """Three days before the due date, and one day after it, as the policy says."""
    policy = parse_policy("[products.default]\nschemes = []\nnotices = { due_soon_days = [3], overdue_days = [1] }\n")
    table = Table(policy)
    table.batch(three_installments())
    said = [
        (kind, data["as_of"], data["installment"])
        for kind, data in alerts_of(table.open("2024-03-20"))
        if "installment" in data
    ]
    assert said == [
        ("loan.due_soon", "2024-02-12", 1),
        ("loan.overdue_noticed", "2024-02-16", 1),
        ("loan.due_soon", "2024-03-12", 2),
        ("loan.overdue_noticed", "2024-03-16", 2),
    ]


def test_classes_are_in_alerts_and_standing() -> None:
    """By the five-class scheme any overdue is at least special mention; each changed scheme is one alert."""
    table = Table(parse_policy('[products.default]\nschemes = ["cn_five_class_2023", "ifrs9"]\n'))
    sent = table.batch(three_installments())
    normal = standing_of(sent)["classifications"]
    assert set(normal) == {"cn_five_class_2023", "ifrs9"}
    sent = table.open("2024-02-16")
    changed = [data for kind, data in alerts_of(sent) if kind == "loan.classification_changed"]
    assert [data["scheme"] for data in changed] == ["cn_five_class_2023"]
    assert changed[0]["previous_classification"] == normal["cn_five_class_2023"]
    assert changed[0]["classification"] == changed[0]["classifications"]["cn_five_class_2023"]
    assert standing_of(sent)["classifications"] == changed[0]["classifications"] != normal


@pytest.mark.parametrize(
    "event",
    [
        serviced("charge_posted", charge_id="C1", kind="fee", due_date="2024-02-15", amount=1_00),
        revised("2024-01-20", "2024-01-20", row(1, "2024-03-01", 100_00)),
        serviced("delinquency_paused", start_date="2024-02-01", end_date="2024-02-10"),
        serviced("charged_off", effective_date="2024-01-20"),
        serviced("misuse_found", effective_date="2024-01-20"),
    ],
    ids=lambda event: event["type"],
)
def test_every_event_waits_for_its_loan(event: dict[str, Any]) -> None:
    """An event before its loan's disbursement is kept over a restart, and counts right after it."""
    table = Table()
    assert table.batch(event) == []
    table.restart()
    standing = standing_of(table.batch(disbursed(day="2024-01-15")))
    assert standing["last_event_id"] == event["id"]
    assert table.counted.events["released"] == 1


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("charged_back", {"chargeback_id": "B1", "payment_id": "P1", "value_date": "2024-01-20", "amount": 1_00}),
        ("charge_posted", {"charge_id": "C1", "kind": "fee", "due_date": "2024-02-15", "amount": 1_00}),
        ("charge_waived", {"charge_id": "C1", "waiver_id": "W1"}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_waits_waits_once_under_whatever_event_id(kind: str, data: dict[str, Any]) -> None:
    """Told again under another event id while it waits, it is a duplicate; another of its kind waits as well."""
    table = Table()
    for event_id in ("first", "second"):
        table.batch(serviced(kind, "2024-01-20", "L1", event_id, **data))
    assert (table.counted.events["waiting"], table.counted.events["duplicate"]) == (1, 1)
    other = {name: f"{value}x" if name.endswith("_id") else value for name, value in data.items()}
    table.batch(serviced(kind, "2024-01-20", "L1", "third", **other))
    assert table.counted.events["waiting"] == 2


@pytest.mark.parametrize(
    "event",
    [
        serviced("charge_posted", "2024-03-20", charge_id="C1", kind="fee", due_date="2024-04-15", amount=1_00),
        serviced(
            "charged_back", "2024-03-20", chargeback_id="B1", payment_id="P9", value_date="2024-03-20", amount=1_00
        ),
        serviced("delinquency_paused", "2024-03-20", start_date="2024-03-20", end_date="2024-03-31"),
        serviced("charged_off", "2024-03-20", effective_date="2024-03-20"),
        serviced("technical_overdue_flagged", "2024-03-20", effective_date="2024-03-20"),
        revised("2024-03-20", "2024-03-20", row(3, "2024-05-15", 100_00)),
    ],
    ids=lambda event: event["type"],
)
def test_the_same_event_again_changes_nothing(event: dict[str, Any]) -> None:
    """Delivered twice, an event counts once: no record the second time, and no byte of state."""
    table = overdue()
    assert table.batch(event)
    before = dict(table.store)
    assert table.batch(event) == []
    assert table.store == before
    assert table.counted.events["duplicate"] == 1


PAUSE = serviced("delinquency_paused", "2024-03-20", "L1", "pause", start_date="2024-03-20", end_date="2024-03-31")


def resumed(day: str | None = "2024-03-20", event: str = "resume", **data: Any) -> dict[str, Any]:
    return serviced("delinquency_resumed", "2024-03-20", "L1", event, **{"resume_date": day} | data)


def paused(start: str | None, end: str | None) -> dict[str, Any]:
    return serviced("delinquency_paused", "2024-03-20", start_date=start, end_date=end)


def turned(kind: str, day: str = "2024-03-20") -> dict[str, Any]:
    return serviced(kind, "2024-03-20", effective_date=day)


def charged(**data: Any) -> dict[str, Any]:
    return serviced(
        "charge_posted",
        "2024-03-20",
        **{"charge_id": "C1", "kind": "fee", "due_date": "2024-04-15", "amount": 1} | data,
    )


def taken_back(amount: int, event: str = "back") -> dict[str, Any]:
    return serviced(
        "charged_back",
        "2024-03-20",
        "L1",
        event,
        chargeback_id=f"B-{event}",
        payment_id="P1",
        value_date="2024-03-20",
        amount=amount,
    )


PAID = paid("2024-03-20", 50_00)
REVERSED = stories.event(
    "loan.repayment_reversed",
    "rev",
    stories.at("2024-03-20"),
    {"loan_id": "L1", "payment_id": "P1", "reversal_id": "R1", "reversal_date": "2024-03-20"},
)


@pytest.mark.parametrize(
    ("code", "before", "event"),
    [
        ("missing_start_date", [], paused(None, "2024-04-01")),
        ("missing_end_date", [], paused("2024-03-20", None)),
        ("pause_too_short", [], paused("2024-03-20", "2024-03-20")),
        ("pause_before_disbursement", [], paused("2024-01-14", "2024-04-01")),
        ("pause_overlap", [PAUSE], paused("2024-03-30", "2024-04-10")),
        ("loan_not_active", [turned("closed")], paused("2024-03-20", "2024-04-01")),
        ("missing_resume_date", [PAUSE], resumed(None)),
        ("resume_not_on_business_date", [PAUSE], resumed("2024-03-19")),
        ("resume_has_end_date", [PAUSE], resumed(end_date="2024-03-31")),
        ("resume_without_active_pause", [], resumed()),
        ("resume_duplicate", [PAUSE, resumed()], resumed(event="again")),
        ("charge_unknown", [], serviced("charge_waived", "2024-03-20", charge_id="C9")),
        ("installment_unknown", [], charged(installment=9)),
        ("date_before_disbursement", [], charged(due_date="2024-01-14")),
        ("date_before_disbursement", [], revised("2024-03-20", "2024-01-14")),
        ("date_before_disbursement", [], turned("written_off", "2024-01-14")),
        ("loan_not_active", [turned("transferred")], charged()),
        ("status_already_set", [turned("charged_off")], turned("charged_off") | {"id": "again"}),
        ("payment_already_reversed", [PAID, REVERSED], taken_back(10_00)),
        ("payment_charged_back", [PAID, taken_back(10_00)], REVERSED),
        ("chargeback_exceeds_payment", [PAID, taken_back(30_00)], taken_back(20_01, "more")),
    ],
)
def test_what_the_loans_history_forbids(code: str, before: list[dict[str, Any]], event: dict[str, Any]) -> None:
    """It is a dead letter under its own code, with its bytes, and the loan stays as it was."""
    table = overdue()
    for earlier in before:
        assert rejected_of(table.batch(earlier)) == []
    state = dict(table.store)
    sent = table.batch(event)
    assert rejected_of(sent) == [code]
    assert code in set(RejectionCode)
    assert [topic for topic, *_ in sent] == ["dead-letters"]
    assert sent[0][3]["event_id"] == event["id"]
    assert table.store == state


def test_the_larger_of_two_topics_with_one_timestamp_comes_in_the_topics_order() -> None:
    """Disbursement, servicing, repayment: so that a pause or a charge of the same moment is there before the money."""
    from stream.agents.topics import Topics

    assert Topics("x.").inputs == ("x.loans.disbursements", "x.loans.servicing", "x.loans.repayments")


def test_everything_said_of_servicing_is_valid() -> None:
    """Alerts and standings of a loan to which much happened satisfy the contract's models."""
    table = Table(POLICY)
    sent = table.batch(three_installments(), PAID)
    sent += table.open("2024-03-20")
    sent += table.batch(
        PAUSE, charged(), taken_back(30_00), revised("2024-03-20", "2024-03-10", row(3, "2024-05-15", 50_00))
    )
    sent += table.open("2024-04-20")
    sent += table.batch(turned("charged_off"), turned("written_off"))
    sent += table.open("2024-06-20")
    assert {"loan.pause_changed", "loan.standing"} <= {kind for _, kind in kinds(sent)}
    for _, _, _, data, headers in sent:
        said = MODEL_OF_TYPE[headers["ce_type"].decode()].model_validate_json(json.dumps(data))
        assert json.loads(said.model_dump_json()) == data


def test_amounts_by_bucket_of_each_installment() -> None:
    """Where the policy asks for it: 34 days late is M2, 5 days late M1, 100.00 each, ascending."""
    table = Table(parse_policy("[products.default]\nschemes = []\ninstallment_level = true\n"))
    table.batch(three_installments())
    standing = standing_of(table.open("2024-03-20"))
    assert standing["installment_buckets"] == [
        {"bucket": "M1", "min_days": 1, "max_days": 30, "amount": 100_00},
        {"bucket": "M2", "min_days": 31, "max_days": 60, "amount": 100_00},
    ]


def test_a_waiver_has_the_events_id_and_date_where_it_has_none_of_its_own() -> None:
    """Id and date of a waiver may be left out; those of the event stand for them."""
    inbound = Inbound(POLICY.time_zone)
    bare = serviced("charge_waived", "2024-03-20", "L1", "E1", charge_id="C1")
    own = serviced("charge_waived", "2024-03-20", charge_id="C1", waiver_id="W1", waiver_date="2024-03-14", amount=5)
    facts = [inbound.decode(structured_record(event)) for event in (bare, own)]
    assert [(fact.waiver_id, fact.waiver_date, fact.amount) for fact in facts] == [
        ("E1", day_of("2024-03-20"), None),
        ("W1", day_of("2024-03-14"), 5),
    ]
