"""`overdue explain`: a loan's story in words that a collections officer can check by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream.cli.app import run
from tests.stories import Event, an_installment, at, disbursed, event, repaid

STORY_UP_TO_P2 = """\
Loan L1 of borrower B-L1: cash_loan, retail, amounts in CNY, disbursed
  2024-01-15
At the end of 2024-04-05: active; 21 days past due since 2024-03-15, 17 of them
  delinquent, bucket M1; 520.00 overdue; 520.00 outstanding
Policy test-1: 0 days of grace
Pause from 2024-04-01 to 2024-04-20, in force

INSTALLMENTS
  no. due            scheduled          paid        unpaid  state
    1 2024-02-15      1,000.00      1,000.00          0.00  paid in time
    2 2024-03-15      1,000.00        500.00        520.00  due 21 days
                         20.00 more by charges and chargebacks, less waived

MONEY, by value date, as it is known now (what was reversed is left out)
  2024-02-15  paid 1,000.00, P1
              to no. 1: interest 100.00, principal 900.00
  2024-03-18  charged 20.00 (fee), C1
              on no. 2: fee 20.00
  2024-03-20  paid 500.00, P2
              to no. 2: fee 20.00, interest 100.00, principal 380.00

WHAT HAPPENED, by business date
  2024-01-15  disbursed 1,800.00 on 2024-01-15 [disbursed-L1]
              status pending -> active; outstanding 0.00 -> 2,000.00
  2024-02-15  repayment P1 of 1,000.00, value date 2024-02-15 [repaid-P1]
              outstanding 2,000.00 -> 1,000.00
  2024-03-16  the day was opened
              days past due 0 -> 1; delinquent days 0 -> 1; bucket none -> M1;
              overdue 0.00 -> 1,000.00
              ALERT overdue started: 1 day past due, M1 [{started}]: 1 day past
                due, overdue from 1 on
  2024-03-18  fee C1 of 20.00 charged on no. 2, due 2024-03-18 [e-charge]
              overdue 1,000.00 -> 1,020.00; outstanding 1,000.00 -> 1,020.00
  2024-03-20  repayment P2 of 500.00, value date 2024-03-20 [repaid-P2]
              overdue 1,020.00 -> 520.00; outstanding 1,020.00 -> 520.00
"""


def loan() -> list[Event]:
    """Two installments; the second is late, a fee comes, half is paid, a payment is told and reversed, a pause."""
    return [
        disbursed([an_installment(n, f"2024-0{n + 1}-15", 900_00, 100_00) for n in (1, 2)], "2024-01-15"),
        repaid("P1", 1000_00, "2024-02-15"),
        event(
            "loan.charge_posted",
            "e-charge",
            at("2024-03-18"),
            {
                "loan_id": "L1",
                "charge_id": "C1",
                "kind": "fee",
                "due_date": "2024-03-18",
                "amount": 20_00,
                "installment": 2,
            },
        ),
        repaid("P2", 500_00, "2024-03-20"),
        repaid("P3", 1000_00, "2024-03-15", when=at("2024-03-21")),
        event(
            "loan.repayment_reversed",
            "e-reversed",
            at("2024-03-25"),
            {"loan_id": "L1", "payment_id": "P3", "reversal_id": "R3", "reversal_date": "2024-03-25"},
        ),
        event(
            "loan.delinquency_paused",
            "e-pause",
            at("2024-04-01"),
            {"loan_id": "L1", "start_date": "2024-04-01", "end_date": "2024-04-20"},
        ),
        event("loan.delinquency_resumed", "e-wrong", at("2024-04-02"), {"loan_id": "L1", "resume_date": "2024-04-03"}),
        repaid("P-other", 5_00, "2024-04-04", loan_id="L2"),
    ]


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """The command, up to the loan's 5th of April."""
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'version = "test-1"\ntime_zone = "Asia/Shanghai"\n[products.default]\nschemes = []\n'
        "notices = { due_soon_days = [], overdue_days = [] }\n"
        'buckets = [{ code = "M1", min_days = 1, max_days = 30 }, { code = "M2", min_days = 31 }]\n'
    )
    events = tmp_path / "events.ndjson"
    events.write_text("".join(json.dumps(told) + "\n" for told in loan()))
    return ["explain", "L1", "--events", str(events), "--as-of", "2024-04-05", "--policy", str(policy)]


def test_the_story_in_words(arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Installments, money with its allocation, and what happened with why: every figure follows from the events."""
    assert run(arguments) == 0
    shown = capfdbinary.readouterr().out.decode()
    started = next(line for line in shown.splitlines() if "ALERT overdue started" in line)
    expected = STORY_UP_TO_P2.replace("{started}", started.partition("[")[2].partition("]")[0])
    assert shown[: len(expected)] == expected
    rest = " ".join(shown[len(expected) :].split())
    assert "repayment P3 of 1,000.00, value date 2024-03-15" in rest
    # the day after the due date, as the first alert had said it; the payment of the due date made that wrong
    assert "which said of 2024-03-16: 1 day past due, M1" in rest


def test_the_story_says_what_a_correction_replaces(
    arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The payment of the due date makes the alert wrong; its reversal makes the correction wrong again."""
    assert run([*arguments, "--json"]) == 0
    story = json.loads(capfdbinary.readouterr().out)
    alerts = [alert for moment in story["history"] for alert in moment["alerts"]]
    started, corrected, _, again = [alert for alert in alerts if alert["type"] != "loan.pause_changed"][:4]
    assert (started["type"], corrected["data"]["supersedes"]) == ("loan.overdue_started", started["id"])
    assert (corrected["data"]["bucket"], again["data"]["supersedes"]) == (None, corrected["id"])
    assert story["refused"] == [{"event_id": "e-wrong", "reason_code": "resume_not_on_business_date"}]
    assert story["standing"]["as_of"] == "2024-04-05"


def test_no_line_is_longer_than_a_terminal(arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Every line has 80 columns at most."""
    assert run(arguments) == 0
    shown = capfdbinary.readouterr().out.decode()
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"L1": "L9"}, 3, "no event of these files begins a loan L9"),
        ({"2024-04-05": "yesterday"}, 2, "is not a date"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], capfd: pytest.CaptureFixture[str], change: dict[str, str], status: int, words: str
) -> None:
    """An unknown loan or a bad date ends with its status and a sentence."""
    assert run([change.get(argument, argument) for argument in arguments]) == status
    assert words in capfd.readouterr().err.replace("\n", " ")
