"""What the demo says of early warnings: each is in one place, and a line of it fits on a narrow screen."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from stream.cli.demo_story import Said
from stream.cli.demo_warnings import by_rules, came, mistakes
from stream.cli.warning_lines import line
from stream.local.portfolio import sample
from stream.offline import replay
from stream.policy_file import load_policy
from stream.translate.lines import parse_line
from stream.warning_policy import load_warning_policy

LOAN = {"loan_id": "L1", "borrower_id": "B1", "days_past_due": 0, "code": "FPD"}


def warned(day: int, identifier: str = "w", **figures: Any) -> Said:
    """A warning raised on a day of March."""
    data = {**LOAN, "warning_id": identifier, "as_of": f"2026-03-{day:02}", **figures}
    return Said("early_warning.raised", identifier, data)


def cleared(day: int, identifier: str = "w") -> Said:
    """The same warning, cleared."""
    return Said("early_warning.cleared", f"{identifier}-c", warned(day, identifier).alert)


def overdue(day: int, loan_id: str = "L1") -> Said:
    """A loan goes overdue."""
    return Said("loan.overdue_started", f"{loan_id}-{day}", {"loan_id": loan_id, "as_of": f"2026-03-{day:02}"})


@pytest.mark.parametrize(
    ("end", "alerts", "place"),
    [
        ([], [], "open"),
        ([cleared(5)], [], "cleared"),
        ([], [overdue(5)], "true"),
        ([cleared(5)], [overdue(5)], "true"),  # cleared as the due date has passed
        ([cleared(5)], [overdue(6)], "cleared"),  # another installment
        ([], [overdue(3)], "open"),  # not foretold: it was the same day
        ([], [overdue(5, "L2")], "open"),
    ],
)
def test_a_warning_comes_true_if_its_loan_goes_overdue_while_it_stands(
    end: list[Said], alerts: list[Said], place: str
) -> None:
    """Raised on 3 March: true with an overdue loan after that day and by its clearing; else cleared, or open."""
    found = came([warned(3), *end], alerts)
    assert {name: len(getattr(found, name)) for name in ("true", "cleared", "open")} == {
        name: int(name == place) for name in ("true", "cleared", "open")
    }


def test_an_alert_that_was_wrong_makes_no_warning_true() -> None:
    """The loan was said to be overdue, and was not: its payment was only told late."""
    wrong = overdue(5)
    correction = Said("loan.alert_corrected", "c", {"loan_id": "L1", "supersedes": wrong.id, "bucket": None})
    assert not came([warned(3)], [wrong, correction]).true


def test_lead_is_counted_from_the_warning_to_the_first_day_overdue() -> None:
    """Warned on 3 March, overdue on 8 and on 20 March: five days."""
    assert [one.days for one in came([warned(3)], [overdue(8), overdue(20)]).true] == [5]


def test_warnings_of_loans_overdue_and_of_borrowers_are_counted_apart() -> None:
    """A warning about what is overdue already foretells nothing."""
    found = came([warned(3, days_past_due=2), warned(3, "v", loan_id=None, days_past_due=None)], [])
    assert (found.raised, found.ahead, found.overdue_already, found.about_borrowers) == (2, 0, 1, 1)


def test_doubled_and_unfounded_warnings_are_told() -> None:
    """A warning that came twice, and one cleared that was never raised, are each found."""
    assert mistakes([warned(3), cleared(4)]) == []
    assert len(mistakes([warned(3), warned(3), cleared(4, "other")])) == 2


def test_scores_are_left_out_of_the_comparison() -> None:
    """Ids of rules are compared; a score's and the watch list's are not."""
    warnings = [warned(3, code, code=code) for code in ("DUE_LOW_BAL", "SCORE_LATE", "SCORE_CASH_MISS", "WATCH_LIST")]
    assert by_rules(warnings) == {"DUE_LOW_BAL"}


def test_every_warning_of_the_sample_fits_on_80_columns() -> None:
    """A line of each kind of warning that the sample gives is at most 80 wide and names no code of a program."""
    book = sample(loans=60)
    lines = [parse_line(orjson.dumps(event), number) for number, event in enumerate([*book.events, *book.signals])]
    ordered = sorted(lines, key=lambda one: one.timestamp)
    sent = replay(ordered, load_policy(), open_days=True, early_warning=load_warning_policy())
    shown = [
        line(dict(one.headers)["ce_type"].decode(), orjson.loads(one.value or b""))
        for one in sent
        if one.topic == "loans.early-warnings"
    ]
    assert len(shown) > 20
    assert max(map(len, shown)) <= 80
    assert not [text for text in shown if "_" in text]
