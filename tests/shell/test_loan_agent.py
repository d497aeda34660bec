"""The loan agent over a table in memory: arrivals, waiting, days, dead letters, breaker."""

from __future__ import annotations

import json
from collections import Counter
from datetime import time

import pytest

from stream.agents.days import begin_task
from stream.agents.results import BreakerOpenError
from stream.engine.dates import Day, day_of
from stream.policy_file import parse_policy
from tests import stories
from tests.agent_table import POLICY, Table, alerts_of, disbursed, kinds, paid, rejected_of, standing_of


def test_a_tick_touches_only_the_loans_that_it_must() -> None:
    """Of two loans only the one whose due date passed is judged and written."""
    table = Table()
    table.batch(disbursed("L1", due="2024-02-15"), disbursed("L2", due="2024-05-15"))
    sent = table.open("2024-02-16")
    assert [(topic, key) for topic, _, key, _, _ in sent] == [("loans.overdue", b"L1"), ("loans.standing", b"L1")]
    assert b"L2" not in table.puts


def test_missed_days_are_judged_one_by_one() -> None:
    """A tick that skips a month raises the alerts of every day on its own day."""
    table = Table()
    table.batch(disbursed())
    sent = table.open("2024-03-20")
    alerts = [(data["as_of"], data["bucket"]) for topic, _, _, data, _ in sent if topic == "loans.overdue"]
    assert alerts == [("2024-02-16", "M1"), ("2024-03-17", "M2")]


def test_a_day_is_opened_once() -> None:
    """The second tick of a day changes nothing and is counted."""
    table = Table()
    table.batch(disbursed())
    table.open("2024-02-16")
    assert table.open("2024-02-16") == []
    assert table.counted.events["day_repeated"] == 1


def test_a_long_day_goes_on_where_it_stopped() -> None:
    """With two loans per transaction, five overdue loans take several, also over a restart; each once."""
    table = Table(loans_per_tick_batch=2)
    table.batch(*[disbursed(f"L{number}") for number in range(5)])
    sent = list(table.batch(tick="2024-02-16"))
    assert table.again
    table.restart()
    sent += table.open("2024-02-16")
    assert sorted(key for topic, _, key, _, _ in sent if topic == "loans.overdue") == [
        b"L0",
        b"L1",
        b"L2",
        b"L3",
        b"L4",
    ]
    assert table.context.business_date == day_of("2024-02-16")


def test_records_after_a_restart_wait_for_the_rest_of_the_day() -> None:
    """A restart in the middle of a long day: its loans are judged before the next record takes effect."""
    table = Table(loans_per_tick_batch=1)
    table.batch(disbursed("L0"), disbursed("L1"))
    table.batch(tick="2024-02-16")
    table.restart()
    sent = table.batch(paid("2024-02-16", loan="L1"))
    assert [headers["ce_type"] for topic, _, _, _, headers in sent if topic == "loans.overdue"] == [
        b"loan.overdue_started",
        b"loan.cured",
    ]


def test_an_event_before_its_disbursement_waits_and_then_counts() -> None:
    """A payment for a loan not known yet is kept, survives a restart, and counts right after the disbursement."""
    table = Table()
    assert table.batch(paid("2024-01-15", 40_00)) == []
    table.restart()
    sent = table.batch(disbursed())
    assert standing_of(sent)["outstanding_total"] == 60_00
    assert table.counted.events == Counter(waiting=1, released=1, applied=2)


def test_an_event_whose_loan_never_comes_ends_in_the_dead_letters() -> None:
    """After 30 business days it is rejected as loan_unknown, with its bytes; not a day before."""
    table = Table()
    table.batch(paid("2024-01-15"))
    assert table.open("2024-02-14") == []
    sent = table.open("2024-02-15")
    assert [data["reason_code"] for _, _, _, data, _ in sent] == ["loan_unknown"]
    assert json.loads(sent[0][3]["value"])["data"]["payment_id"] == "P1"
    assert not [key for key in table.store if key.startswith(b"\x00waiting")]


def test_the_65th_waiting_event_is_rejected() -> None:
    """64 events wait for one loan; one more is a dead letter, so that state stays bounded."""
    table = Table()
    table.batch(*[paid("2024-01-15", payment=f"P{number}") for number in range(65)])
    assert table.counted.events["waiting"] == 64
    assert table.counted.rejected == {"too_many_waiting": 1}


def test_a_post_dated_payment_counts_on_its_value_date() -> None:
    """Recorded on 02-14 for 02-17: the loan is overdue on the 16th, and cured on the 17th."""
    table = Table()
    table.batch(disbursed())
    table.open("2024-02-14")
    assert table.batch(paid("2024-02-14", valued="2024-02-17")) == []
    table.restart()
    assert kinds(table.open("2024-02-16"))[0] == ("loans.overdue", "loan.overdue_started")
    sent = table.open("2024-02-17")
    assert ("loans.overdue", "loan.cured") in kinds(sent)
    assert standing_of(sent)["status"] == "settled"


def test_a_value_date_too_far_ahead_is_rejected() -> None:
    """31 days ahead waits, 32 days ahead is a dead letter."""
    table = Table()
    table.batch(
        disbursed(), paid("2024-01-15", valued="2024-02-15"), paid("2024-01-15", payment="P2", valued="2024-02-16")
    )
    assert table.counted.events["waiting"] == 1
    assert table.counted.rejected == {"value_date_too_far_ahead": 1}


def test_a_value_date_too_far_ahead_is_rejected_before_its_loan_is_known() -> None:
    """32 days ahead, of a loan that is not disbursed yet: a dead letter at once, for it could never count."""
    table = Table()
    assert rejected_of(table.batch(paid("2024-01-15", valued="2024-02-16"))) == ["value_date_too_far_ahead"]


def test_a_bad_message_leaves_its_neighbours_alone() -> None:
    """Of three messages the broken one goes to the dead letters, the others take effect."""
    table = Table()
    broken = paid("2024-01-16", payment="P1")
    broken["data"]["amount"] = -5
    sent = table.batch(disbursed(), broken, paid("2024-01-16", payment="P2"))
    assert [data["reason_code"] for topic, _, _, data, _ in sent if topic == "dead-letters"] == ["amount_too_small"]
    assert standing_of(sent)["status"] == "settled"


def test_the_breaker_opens_after_so_many_rejects_in_a_row() -> None:
    """The limit's reject in a row stops the task; one good event between them does not let it come to that."""
    bad = [paid("2024-01-16", 0, payment=f"P{number}") for number in range(3)]
    mixed = Table(breaker_limit=3)
    mixed.batch(disbursed(), *bad[:2], paid("2024-01-16", 1, payment="good"), bad[2])
    with pytest.raises(BreakerOpenError, match="3 messages in a row"):
        Table(breaker_limit=3).batch(*bad)


def test_a_duplicate_is_dropped_and_counted() -> None:
    """The same payment again: no standing, no alert, counted."""
    table = Table()
    table.batch(disbursed(), paid("2024-01-16", 10_00))
    assert table.batch(paid("2024-01-16", 10_00)) == []
    assert table.counted.events["duplicate"] == 1


def test_a_loan_gives_one_standing_per_batch() -> None:
    """Two payments of one loan in one transaction: one standing, the last."""
    table = Table()
    sent = table.batch(disbursed(), paid("2024-01-16", 10_00, payment="P1"), paid("2024-01-16", 20_00, payment="P2"))
    assert [topic for topic, *_ in sent] == ["loans.standing"]
    assert standing_of(sent)["outstanding_total"] == 70_00


def test_a_settled_loan_is_forgotten_behind_the_horizon() -> None:
    """800 days after it was settled the loan leaves the table, and its standing is deleted."""
    table = Table()
    table.batch(disbursed(), paid("2024-01-15"))
    table.open("2026-03-24")
    assert b"L1" in table.store
    sent = table.open("2026-03-25")
    assert [(topic, key, data) for topic, _, key, data, _ in sent] == [("loans.standing", b"L1", None)]
    assert b"L1" not in table.store


def test_a_loan_that_is_paid_before_it_began_stays() -> None:
    """Settled while its disbursement date lies ahead: that date makes it settled, not forgotten."""
    table = Table()
    early = disbursed(day="2024-01-15")
    early["data"]["disbursement_date"] = "2024-01-17"
    table.batch(early, paid("2024-01-15"))
    sent = table.open("2024-01-18")
    assert standing_of(sent)["status"] == "settled"
    assert b"L1" in table.store


def test_the_first_event_opens_its_own_date() -> None:
    """Before any tick the business date is the date of the first event; the table remembers it."""
    table = Table()
    table.batch(disbursed(day="2024-01-15"))
    assert begin_task(table.store, POLICY).business_date == Day(day_of("2024-01-15"))


def test_alerts_stay_on_the_partition_and_standings_go_to_the_borrowers() -> None:
    """An alert has its task's partition; a standing the one of murmur2(borrower_id)."""
    from stream.translate.partition import partition_of

    table = Table()
    table.batch(disbursed())
    sent = table.open("2024-02-16")
    assert [(topic, partition) for topic, partition, *_ in sent] == [
        ("loans.overdue", 3),
        ("loans.standing", partition_of(b"B-L1", 4)),
    ]


def test_events_that_waited_in_vain_do_not_open_the_breaker() -> None:
    """Five events of loans that never came expire on one day: five dead letters, and the task goes on."""
    table = Table(breaker_limit=3)
    table.batch(*[paid("2024-01-15", loan=f"L{number}") for number in range(5)])
    table.open("2024-02-15")
    assert table.counted.rejected == {"loan_unknown": 5}


def test_refusals_of_events_that_waited_do_not_open_the_breaker() -> None:
    """Three events that waited for their loan are refused together when it comes: what arrives now is no bad feed."""
    table = Table(breaker_limit=3)
    early = [paid("2024-01-15", payment=f"P{number}") | {"type": "loan.repaid"} for number in range(3)]
    for event in early:
        event["data"]["kind"] = "recovery"
    sent = table.batch(*early, disbursed())
    assert rejected_of(sent) == ["loan_not_written_off"] * 3


@pytest.mark.parametrize(("clock", "overdue"), [(time(16, 59, 59), False), (time(17), True)])
def test_a_payment_after_the_cut_off_counts_on_the_next_day(clock: time, overdue: bool) -> None:
    """With a cut-off at 17:00 a payment of the due date is in time at 16:59:59; at 17:00 it is a day late."""
    table = Table(parse_policy('[products.default]\nschemes = []\ncut_off = "17:00"\n'))
    table.batch(disbursed(due="2024-02-15"))
    table.open("2024-02-15")
    payment = paid("2024-02-15") | {"time": stories.at("2024-02-15", clock)}
    table.batch(payment)
    said = [kind for kind, _ in alerts_of(table.open("2024-02-16"))]
    assert said == (["loan.overdue_started", "loan.cured"] if overdue else [])
