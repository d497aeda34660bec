"""The score on a made-up book: no look into the future, probabilities that come true, and a fit that has to win."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stream.cli.app import run
from stream.offline import replay
from stream.translate.decisions import decision_json
from stream.warning import fitting
from stream.warning.calibration_error import calibration
from stream.warning.decisions import Decision
from stream.warning.scorecard import ScorecardError, Term, load, parse
from stream.warning.validation import RULE, Case, judge, top
from stream.warning_policy import load_warning_policy
from tests.warning.score_book import POLICY, Event, book, cases_of, records

EVERY_KIND = frozenset({"disbursement", "due_minus", "event", "month_end"})


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """200 borrowers, a quarter of them careless, with eight loans each."""
    return cases_of(book(200, 8))


def decisions_of(events: Sequence[Event], until: date) -> list[bytes]:
    """Every decision up to a day, as the lines of `--decisions`."""
    found: list[Decision] = []
    policy = load_warning_policy()
    policy = policy._replace(speak=policy.speak._replace(kinds=EVERY_KIND))
    days = {"open_days": True, "until": until.toordinal()}
    for _ in replay(records(events), POLICY, early_warning=policy, on_decision=found.append, **days):
        pass
    return [decision_json(made) for made in found if made.date <= until.toordinal()]


def shuffled_after(events: Sequence[Event], day: date, seed: int) -> list[Event]:
    """The same events up to a day; after it every loan's future is another: paid on other days, or never."""
    random = Random(seed)
    kept = [event for event in events if event["time"][:10] <= day.isoformat()]
    later = [event for event in events if event["time"][:10] > day.isoformat()]
    moved = []
    for event in later:
        if event["type"] == "loan.repaid" and random.random() < 0.8:
            on = (day + timedelta(days=random.randint(1, 40))).isoformat()
            data = event["data"] | {"value_date": on}
            moved.append(event | {"time": on + event["time"][10:], "data": data})
    return kept + sorted(moved, key=lambda event: event["time"])


@pytest.mark.parametrize("day", [date(2024, 2, 20), date(2024, 3, 31)])
def test_no_decision_looks_into_the_future(day: date) -> None:
    """However each loan goes on after a day, every decision up to that day is the same, word for word."""
    events = book(40, 5)
    known = [event for event in events if event["time"][:10] <= day.isoformat()]
    one, other = (decisions_of(shuffled_after(events, day, seed), day) for seed in (1, 2))
    assert one == other
    assert one == decisions_of(known, day)
    assert len(one) > 500


def test_a_look_into_the_future_would_be_seen() -> None:
    """The check above can fail: decisions after the day do change with the future."""
    events, day = book(40, 5), date(2024, 2, 20)
    later = day + timedelta(days=20)
    assert decisions_of(shuffled_after(events, day, 1), later) != decisions_of(shuffled_after(events, day, 2), later)


@pytest.mark.slow
def test_probabilities_come_true() -> None:
    """After warm-up, foretold and observed rates are at most 0.03 apart, over ten bins; in both families.

    Of two books, so that chance moves a bin by less than that.
    """
    later = [case for seed in (1, 2) for case in later_half(cases_of(book(300, 9, seed)))]
    for family in ("late", "cash_miss"):
        found = calibration(later, family)
        assert found.cases > 10_000
        assert found.expected_error <= 0.03


def later_half(cases: Sequence[Case]) -> list[Case]:
    """The decisions from the day on before which half of them were made."""
    day = fitting.split_day(cases, 0.5)
    return [case for case in cases if case.decision.date >= day]


def test_calibration_error_of_wrong_probabilities_is_seen(cases: list[Case]) -> None:
    """Had every probability been 0.9, the error would be 0.9 less the share that was late."""
    wrong = [case._replace(decision=case.decision._replace(probability=0.9)) for case in cases]
    late = [case.late for case in wrong if case.decision.family == "late"]
    assert calibration(wrong, "late").expected_error == pytest.approx(0.9 - sum(late) / len(late))


def test_the_error_that_chance_alone_makes_is_told(cases: list[Case]) -> None:
    """One probability of 0.5 on each of 100 installments: chance alone is off by 0.04, the mean of |binomial|/100."""
    one = next(case for case in cases if case.decision.family == "late")
    asked = [
        one._replace(decision=one.decision._replace(loan_id=f"L{number}", probability=0.5)) for number in range(100)
    ]
    found = calibration(asked, "late")
    assert (found.cases, found.installments) == (100, 100)
    assert found.by_chance.value == pytest.approx(0.0398, abs=0.006)  # sqrt(2 / pi) x 0.5 / sqrt(100)
    assert found.by_chance.low < 0.02
    assert found.by_chance.high > 0.07
    same = calibration([case for case in asked for _ in range(5)], "late")
    assert same.by_chance.value == pytest.approx(found.by_chance.value, abs=0.006)  # five decisions, one outcome


def test_the_default_is_no_worse_than_the_plain_rule(cases: list[Case]) -> None:
    """At the plain rule's own burden the shipped scorecard finds at least as many, on every target."""
    results = judge(cases, {"default": fitting.score_of(load())})
    of_rule = {result.target: result for result in results if result.who == RULE}
    assert len(of_rule) == 4
    for result in results:
        assert result.burden == pytest.approx(of_rule[result.target].burden)
        assert result.precision.value >= of_rule[result.target].precision.value - 0.01


def test_equal_points_share_what_may_be_warned_about() -> None:
    """Three cases at 5 points for two places left: each counts for two thirds, so ties favour nobody."""
    assert top([9, 5, 5, 5, 1], 3) == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3, 0])


def test_a_fit_that_wins_is_adopted(cases: list[Case]) -> None:
    """Where the default reads lateness the wrong way round, the lender's own history puts it right."""
    backwards = load()._replace(
        terms={family: (Term("late_lift", -5.0, 0.0), Term("trend", 20.0, 0.0)) for family in ("late", "cash_miss")}
    )
    found = fitting.fit(cases, backwards, 0.6)
    late_lift = found.card.terms["late"][0]
    assert late_lift.weight > 5
    ahead = [result for result in found.results if result.who == fitting.FIT]
    assert all(result.ahead_of_first > 0.9 for result in ahead)


def test_a_fit_that_does_not_win_is_not_adopted(cases: list[Case]) -> None:
    """Near the default already: no better on the later part, so the default stays."""
    found = fitting.fit(cases, load(), 0.6)
    assert not found.adopted
    assert found.why


def test_a_fit_on_noise_is_not_adopted(cases: list[Case]) -> None:
    """Where the outcomes up to the split are drawn by lot, what was learnt from them loses later, and is refused."""
    random = Random(5)
    day = fitting.split_day(cases, 0.6)
    noisy = [
        case if case.decision.date >= day else case._replace(late=random.random() < 0.5, missed=random.random() < 0.5)
        for case in cases
    ]
    assert not fitting.fit(noisy, load(), 0.6, strength=0.01).adopted


def test_too_short_a_history_is_refused_with_what_is_needed(cases: list[Case]) -> None:
    """A hundred decisions are too few to fit on; the error says how many are needed."""
    with pytest.raises(fitting.TooLittle, match="at least 200 and 30 are needed"):
        fitting.fit(cases[:100], load(), 0.6)


def test_a_written_scorecard_reads_back() -> None:
    """What `scorecard fit` writes is a scorecard of the same terms."""
    card = load()
    again = parse(fitting.toml_of(card, {"events": "book.ndjson"}))
    assert (again.terms, again.clock, again.overdue, again.speak_at) == (
        card.terms,
        card.clock,
        card.overdue,
        card.speak_at,
    )


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("[families.late]", "families: must be late and cash_miss"),
        ("not toml", "not TOML"),
        ("[families.late.terms]\nluck = {weight=1}\n[families.cash_miss]", "families.late.terms.luck: no such term"),
        ("[families.late.terms]\ntrend = {weight='x'}\n[families.cash_miss]", "must be a number"),
        ("[families.late]\n[families.cash_miss]", "at least one of"),
    ],
)
def test_a_broken_scorecard_is_refused_with_its_key(broken: str, said: str) -> None:
    """The error names the key and what it must be."""
    with pytest.raises(ScorecardError, match=said):
        parse(broken)


@pytest.fixture(scope="module")
def events_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book as a file."""
    path = tmp_path_factory.mktemp("book") / "book.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in book(60, 6)), encoding="utf-8")
    return path


def test_replay_writes_every_decision(events_file: Path, tmp_path: Path, capfdbinary: Any) -> None:
    """`overdue replay --decisions` gives a line per decision and family with the contract's fields, raised or not."""
    out = tmp_path / "decisions.ndjson"
    assert run(["replay", str(events_file), "--decisions", str(out)]) == 0
    capfdbinary.readouterr()
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert {line["decision"] for line in lines} >= {"disbursement", "due_minus"}
    assert {line["raised"] for line in lines} == {True, False}
    loans = [line for line in lines if line["loan_id"] == "L0000-01" and line["decision"] == "due_minus"]
    assert {line["family"] for line in loans} == {"late", "cash_miss"}
    assert set(lines[0]) == {
        *("loan_id", "borrower_id", "decision", "date", "days_to_due", "installment", "family", "points"),
        *("probability", "outcomes", "raised", "reasons"),
    }
    disbursements = [line for line in lines if line["decision"] == "disbursement" and line["family"] == "late"]
    assert len({line["loan_id"] for line in disbursements}) == len(disbursements) == 360


def test_evaluate_prints_a_table_of_80_columns(events_file: Path, capfd: Any) -> None:
    """`overdue scorecard evaluate` shows precision and recall with intervals, and --json the same as data."""
    assert run(["scorecard", "evaluate", "--events", str(events_file)]) == 0
    text = capfd.readouterr().out
    assert "plain rule" in text
    assert "expected calibration error" in text
    assert max(map(len, text.splitlines())) <= 80
    assert run(["scorecard", "evaluate", "--events", str(events_file), "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert {"scorecard", "judged_from", "results", "calibration"} <= set(said)


def test_fit_writes_nothing_where_it_does_not_win(events_file: Path, tmp_path: Path, capfd: Any) -> None:
    """The scorecard file is there only if the fit won; else the command says why, and ends well."""
    out = tmp_path / "card.toml"
    assert run(["scorecard", "fit", "--events", str(events_file), "--out", str(out)]) == 0
    assert "Not written" in capfd.readouterr().err
    assert not out.exists()
