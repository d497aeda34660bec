"""`overdue warnings report`: what warnings came to, counted from what a replay says."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from stream.cli.app import run
from stream.warning.report import ALL, Line, Report


def standing(loan: str, day: str, days_past_due: int, status: str = "active", borrower: str = "B") -> dict[str, Any]:
    """A standing, as far as the report reads it."""
    return {
        "loan_id": loan,
        "borrower_id": borrower,
        "as_of": day,
        "days_past_due": days_past_due,
        "status": status,
    }


def warning(loan: str | None, day: str, probability: float | None = None, borrower: str = "B") -> dict[str, Any]:
    """A warning that was raised, as far as the report reads it."""
    return {
        "code": "LATE_IN_GRACE" if probability is None else "SCORE_LATE",
        "loan_id": loan,
        "borrower_id": borrower,
        "as_of": day,
        "severity": "medium",
        "probability": probability,
    }


@pytest.fixture
def report() -> Report:
    """True: one day past due within 30 days."""
    return Report(1, 30)


def line(report: Report, code: str = "LATE_IN_GRACE", band: str = ALL) -> Line:
    """The line of a code and band."""
    return next(found for found in report.lines() if (found.code, found.band) == (code, band))


def test_a_warning_that_came_true(report: Report) -> None:
    """Warned on the 10th, past due on the 15th: precision and recall 100%, five days of lead."""
    report.standing(standing("L", "2024-01-01", 0))
    report.raised(warning("L", "2024-01-10"))
    report.standing(standing("L", "2024-01-15", 1))
    found = line(report)
    assert (found.came_true, found.precision, found.recall, found.median_lead_days) == (1, 1.0, 1.0, 5)


def test_a_warning_that_did_not_come_true(report: Report) -> None:
    """The loan was settled without going past due."""
    report.raised(warning("L", "2024-01-10"))
    report.standing(standing("L", "2024-01-12", 0, "settled"))
    found = line(report)
    assert (found.did_not, found.precision, found.recall) == (1, 0.0, None)


@pytest.mark.parametrize(("day", "true"), [("2024-02-09", 1), ("2024-02-10", 0)])
def test_the_window_is_inclusive(report: Report, day: str, true: int) -> None:
    """Thirty days after the warning still counts, thirty-one does not."""
    report.standing(standing("L", "2024-01-01", 0))
    report.raised(warning("L", "2024-01-10"))
    report.standing(standing("L", day, 1))
    assert line(report).came_true == true


def test_a_loan_that_is_as_bad_already_is_no_warning(report: Report) -> None:
    """Warned on a day on which the loan is past due already: nothing was foretold."""
    report.standing(standing("L", "2024-01-10", 3))
    report.raised(warning("L", "2024-01-10"))
    assert report.lines() == []


def test_a_warning_about_a_borrower_is_about_any_loan(report: Report) -> None:
    """The second of the borrower's loans goes past due; another borrower's does not count."""
    for loan, borrower in (("L1", "B"), ("L2", "B"), ("L3", "C")):
        report.standing(standing(loan, "2024-01-01", 0, borrower=borrower))
    report.raised(warning(None, "2024-01-10"))
    report.standing(standing("L3", "2024-01-12", 1, borrower="C"))
    report.standing(standing("L2", "2024-01-20", 1))
    found = line(report)
    assert (found.came_true, found.median_lead_days, found.recall) == (1, 10, 0.5)


def test_what_is_not_decided_yet_is_pending(report: Report) -> None:
    """The records end within the window and the loan runs: neither true nor false."""
    report.standing(standing("L", "2024-01-01", 0))
    report.raised(warning("L", "2024-01-10"))
    report.standing(standing("L", "2024-01-20", 0))
    found = line(report)
    assert (found.pending, found.precision) == (1, None)


def test_burden_is_per_thousand_loan_months(report: Report) -> None:
    """One warning in the 365.25 days of two loans, 24 loan-months: 1000 / 24."""
    for loan in ("L1", "L2"):
        report.standing(standing(loan, "2024-01-01", 0))
        report.standing(standing(loan, "2024-12-31", 0, "settled"))
    report.raised(warning("L1", "2024-01-10"))
    assert line(report).per_thousand_loan_months == pytest.approx(1000 / 24, rel=0.01)


def test_a_score_has_a_line_per_band(report: Report) -> None:
    """Probabilities 0.32 and 0.61 are of two bands; the code's own line has both."""
    report.raised(warning("L1", "2024-01-10", 0.32))
    report.raised(warning("L2", "2024-01-10", 0.61))
    assert [(found.band, found.raised) for found in report.lines()] == [(ALL, 2), ("30-40%", 1), ("60-70%", 1)]


def test_the_command_reads_a_replay(tmp_path: Path, capfd: Any) -> None:
    """`overdue warnings report FILE` counts the records of a replay and prints at most 80 columns."""
    path = tmp_path / "out.ndjson"
    values = [
        ("loans.standing", "loan.standing", standing("L", "2024-01-01", 0)),
        ("loans.early-warnings", "early_warning.raised", warning("L", "2024-01-10")),
        ("loans.early-warnings", "early_warning.cleared", warning("L", "2024-01-11")),
        ("loans.standing", "loan.standing", standing("L", "2024-01-15", 30)),
    ]
    lines = [{"topic": topic, "key": "L", "value": {"type": kind, "data": data}} for topic, kind, data in values]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    assert run(["warnings", "report", str(path), "--json"]) == 0
    found = json.loads(capfd.readouterr().out.splitlines()[0])
    assert (found["code"], found["raised"], found["came_true"], found["median_lead_days"]) == ("LATE_IN_GRACE", 1, 1, 5)
    assert run(["warnings", "report", str(path)]) == 0
    assert max(map(len, capfd.readouterr().out.splitlines())) <= 80


def test_the_command_reads_workers(capfd: Any) -> None:
    """`overdue warnings report --metrics URL` adds up the counters of workers; here one, asked twice."""
    text = """\
loan_early_warnings_total{kind="early_warning.raised",code="LATE_IN_GRACE",severity="medium"} 9
loan_early_warning_outcomes{code="LATE_IN_GRACE",outcome="warned"} 8
loan_early_warning_outcomes{code="LATE_IN_GRACE",outcome="true"} 3
loan_early_warning_outcomes{code="LATE_IN_GRACE",outcome="false"} 1
loan_early_warning_outcomes{code="LATE_IN_GRACE",outcome="caught"} 3
loan_early_warning_lead_seconds{code="LATE_IN_GRACE"} 2592000
loan_early_warning_went_bad 6
loan_early_warning_loan_seconds 2629800000
"""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        assert run(["warnings", "report", "--metrics", url, "--metrics", url, "--json"]) == 0
        server.shutdown()
    found = json.loads(capfd.readouterr().out)
    assert (found["raised"], found["precision"], found["recall"], found["median_lead_days"]) == (16, 0.75, 0.5, 10)
    assert found["per_thousand_loan_months"] == pytest.approx(8.0)


def test_neither_files_nor_workers_is_a_mistake(capfd: Any) -> None:
    """The command says what to give."""
    assert run(["warnings", "report"]) == 2
    assert "--metrics" in capfd.readouterr().err
