"""Alerts in words: short, right, and harmless whatever the data holds."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from stream.cli.alerts import amount, kind_of, line
from stream.cli.demo_screen import Screen
from stream.cli.demo_story import Said


def alert(**changes: Any) -> dict[str, Any]:
    """Loan A's first installment, unpaid on the day after."""
    told = {
        "loan_id": "A1",
        "currency": "CNY",
        "as_of": "2024-02-16",
        "days_past_due": 1,
        "previous_bucket": None,
        "bucket": "M1",
        "overdue": {"total": 1_066_19},
        "oldest_due_date": "2024-02-15",
        "reasons": [
            {"code": "days_past_due_reached", "observed": 1, "threshold": 1},
            {"code": "day_passed", "observed": "2024-02-16", "threshold": None},
        ],
        "causes": ["business-day:2024-02-16"],
    }
    return told | changes


def reasons(*codes: tuple[str, Any, Any]) -> list[dict[str, Any]]:
    return [{"code": code, "observed": observed, "threshold": threshold} for code, observed, threshold in codes]


def test_line_says_who_when_what_how_much_and_why() -> None:
    """One line has date, loan, kind, buckets, days, amount with currency, and reason."""
    text = line("loan.overdue_started", alert())
    assert text.split() == [
        "2024-02-16",
        "A1",
        "overdue",
        "–→M1",
        "1",
        "d",
        "CNY",
        "1,066.19",
        "due",
        "02-15",
        "unpaid",
    ]


@pytest.mark.parametrize(
    ("kind", "changes", "words", "reason"),
    [
        (
            "loan.bucket_changed",
            {"reasons": reasons(("bucket_reached", 31, 31), ("day_passed", "2024-03-17", None))},
            "worse",
            "31 days reached",
        ),
        (
            "loan.bucket_changed",
            {"reasons": reasons(("bucket_left", 5, 31), ("payment_received", 1_084_32, None))},
            "better",
            "paid 1,084.32",
        ),
        (
            "loan.overdue_started",
            {"reasons": reasons(("days_past_due_reached", 3, 1), ("payment_reversed", "P1", None))},
            "overdue",
            "payment reversed",
        ),
        (
            "loan.cured",
            {"bucket": None, "reasons": reasons(("nothing_past_due", 0, 0), ("disbursement_cancelled", "x", None))},
            "cured",
            "loan cancelled",
        ),
        ("loan.alert_corrected", {"bucket": None}, "corrected", "was not overdue"),
        ("loan.alert_corrected", {"bucket": "M2"}, "corrected", "was in M2"),
        (
            "loan.cured",
            {"bucket": None, "reasons": reasons(("nothing_past_due", 0, 0), ("schedule_revised", 2, None))},
            "cured",
            "new schedule",
        ),
        ("loan.due_soon", {"installment": 7, "reasons": reasons(("due_in_days", 3, 3))}, "due soon", "no. 7 in 3 days"),
        (
            "loan.overdue_noticed",
            {"installment": 7, "reasons": reasons(("days_since_due", 1, 1))},
            "notice",
            "no. 7 since 1 d",
        ),
        ("loan.classification_changed", {"classification": "special_mention"}, "class", "special_mention"),
        ("loan.pause_changed", {"pause": {"end_date": "2024-03-15", "active": True}}, "pause", "until 2024-03-15"),
        ("loan.recovery_received", {"recovered": 500_00}, "recovery", "got 500.00"),
        ("loan.of_tomorrow", {"reasons": reasons(("a_new_code", 1, 2))}, "of_tomorrow", "a_new_code"),
    ],
)
def test_kinds_and_reasons_in_words(kind: str, changes: dict[str, Any], words: str, reason: str) -> None:
    """Each kind has a word, each cause a reason; kinds and codes of a later version are shown as they are."""
    assert kind_of(kind, alert(**changes)).words == words
    assert line(kind, alert(**changes)).endswith(reason)


def test_a_held_day_names_its_partition() -> None:
    """A held day is about a partition and its installments, and about no loan."""
    data = {
        "partition": 3,
        "as_of": "2024-02-16",
        "installments_due": 2310,
        "installments_met": 402,
        "installments_met_usually": 2102,
    }
    assert line("feed.held", data) == "2024-02-16 p3     held      402 of 2310 met, usual 2102"
    assert kind_of("feed.released", data).words == "released"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(106619, "CNY", "CNY 1,066.19"), (5, "EUR", "EUR 0.05"), (1500, "JPY", "JPY 1,500"), (1500, "KWD", "KWD 1.500")],
)
def test_amounts_have_their_currency_s_digits(minor: int, currency: str, text: str) -> None:
    """Minor units are hundredths for most currencies, whole units of the yen, thousandths of the dinar."""
    assert amount(minor, currency) == text


def test_a_long_amount_still_fits_the_terminal() -> None:
    """A loan of a million is told within 80 columns."""
    big = alert(
        loan_id="L00001", overdue={"total": 1_234_567_89}, bucket="M6+", previous_bucket="M6", days_past_due=181
    )
    assert len(line("loan.bucket_changed", big)) <= 80


@pytest.mark.parametrize("hostile", ["[/x]", "[red]A", "A\x1b[2J", "A\nB", "A\u202eB", ":smile:"])
def test_data_is_never_markup_nor_control(hostile: str) -> None:
    """Nothing in the data can crash the screen, colour it, move the cursor or fake a second line."""
    shown = io.StringIO()
    screen = Screen(Console(file=shown, force_terminal=False, markup=False, emoji=False, highlight=False, width=80))
    screen.alert(Said("loan.overdue_started", "1", alert(loan_id=hostile)))
    text = shown.getvalue()
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert "\u202e" not in text
    if hostile.isprintable():
        assert hostile in text
