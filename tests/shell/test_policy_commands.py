"""`overdue policy`: a file is checked, shown and compared before it is put to work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream.cli.app import run

WRONG = """version = "x-1"

[products.default]
grace_dayz = 3
tolerance = { amount = -1, percent = "0" }
schemes = ["ifrs8"]

[products.card]
buckets = [
    { code = "A", min_days = 1, max_days = 30 },
    { code = "B", min_days = 30 },
]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lender.toml"


def event(event_type: str, time: str, number: int, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"E{number:04}",
        "source": "urn:test",
        "type": event_type,
        "time": time,
        "data": {"loan_id": "L1", **data},
    }


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A loan of two installments, the first one never paid; another that is paid on the day after its due date."""
    path = tmp_path / "events.ndjson"
    told = []
    for number, loan in enumerate(("L1", "L2")):
        one = event(
            "loan.disbursed",
            "2024-01-02T02:00:00Z",
            number,
            borrower_id=f"B{number}",
            product="cash",
            segment="retail",
            currency="CNY",
            principal=200_00,
            disbursement_date="2024-01-02",
            annual_rate="0",
            schedule=[
                {"number": 1, "due_date": "2024-02-02", "principal": 100_00},
                {"number": 2, "due_date": "2024-06-02", "principal": 100_00},
            ],
        )
        one["data"]["loan_id"] = loan
        told.append(one)
    paid = event(
        "loan.repaid",
        "2024-02-03T02:00:00Z",
        9,
        payment_id="P1",
        value_date="2024-02-03",
        amount=100_00,
        kind="repayment",
    )
    paid["data"]["loan_id"] = "L2"
    path.write_text("\n".join(json.dumps(one) for one in [*told, paid]) + "\n")
    return path


def test_check_names_line_key_and_remedy(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake has its line, the key, what is allowed and the nearest name; exit status 3, nothing on stdout."""
    file.write_text(WRONG)
    assert run(["policy", "check", str(file)]) == 3
    told = capsys.readouterr()
    words = " ".join(told.err.split())
    assert told.out == ""
    assert ":4: products.default.grace_dayz: no such key; did you mean grace_days?" in words
    assert ":5: products.default.tolerance.amount: must be at least 0" in words
    assert "Traceback" not in words


def test_check_finds_mistakes_of_products_and_schemes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the first ones mended: the unknown scheme and the buckets that overlap."""
    file.write_text(WRONG.replace("grace_dayz", "grace_days").replace("-1", "1"))
    assert run(["policy", "check", str(file), "--json"]) == 3
    problems = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["line"], one["key"]) for one in problems] == [
        (6, "products.default.schemes.0"),
        (9, "products.card.buckets"),
    ]
    assert problems[0]["problem"] == "no scheme ifrs8; did you mean ifrs9?"
    assert problems[1]["problem"] == "A and B overlap"


def test_check_of_a_right_file_says_so_and_notes_what_may_surprise(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gap between buckets is allowed, and said."""
    file.write_text(
        "[products.default]\nbuckets = [\n"
        '    { code = "A", min_days = 1, max_days = 10 },\n    { code = "B", min_days = 20 },\n]\n'
    )
    assert run(["policy", "check", str(file)]) == 0
    words = " ".join(capsys.readouterr().err.split())
    assert "note: default: delinquent days 11 to 19 keep the bucket before" in words
    assert "right; version cn-2026-01" in words


def test_show_has_the_rules_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    """A shipped policy by name, 80 columns; as JSON the same keys."""
    assert run(["policy", "show", "cn_cards.toml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "grace_days                  3" in lines
    assert run(["policy", "show", "cn_cards.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tolerance.amount"] == 10_00


def test_diff_says_which_loans_stand_differently(file: Path, events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With 30 days of grace L1, 11 days past due, is not delinquent; L2 is paid and the same under both."""
    file.write_text('version = "lenient"\n[products.default]\ngrace_days = 30\n')
    assert (
        run(["policy", "diff", "cn.toml", str(file), "--events", str(events), "--as-of", "2024-02-13", "--json"]) == 0
    )
    told = capsys.readouterr()
    assert [json.loads(line) for line in told.out.splitlines()] == [
        {"loan_id": "L1", "changes": {"delinquent_days": [11, 0], "bucket": ["M1", None], "pboc_bureau": ["1", "N"]}}
    ]
    assert "1 of 2 loans stand differently on 2024-02-13 (A: cn-2026-01, B: lenient)" in " ".join(told.err.split())


def test_diff_counts_changes_for_a_person(file: Path, events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table counts each change of a code, alerts by kind, and names the loans; 80 columns."""
    file.write_text('version = "lenient"\n[products.default]\ngrace_days = 30\nschemes = ["ifrs9"]\n')
    assert run(["policy", "diff", "cn.toml", str(file), "--events", str(events), "--as-of", "2024-02-13"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines if line.startswith("bucket")] == [["bucket", "M1", "->", "none", "1"]]
    assert "only in A: pboc_bureau" in lines
    assert [line.split() for line in lines if line.startswith("loan.overdue_started")] == [
        ["loan.overdue_started", "2", "0"]
    ]


def test_diff_of_a_policy_with_itself_is_empty(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No loan stands differently; nothing but the summary is said."""
    assert run(["policy", "diff", "cn.toml", "cn.toml", "--events", str(events), "--json"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "0 of 2 loans" in told.err
