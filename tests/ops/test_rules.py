"""Prometheus rules: each alert fires on its trouble and not short of it; each names metrics that exist and a remedy."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.observe.catalogue import ALL, STANDARD
from tests.ops.alert_cases import CASES, DAY, HOUR, Case, Series
from tests.ops.tools import need

RULES = Path("deploy/prometheus")
RUNBOOK = Path("deploy/runbook.md")
METRIC = re.compile(r"\b(loan_\w+|loan:[\w:]+|process_\w+)")


def rules(name: str) -> list[dict[str, Any]]:
    """The rules of one file."""
    return [rule for group in yaml.safe_load((RULES / name).read_text())["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}
RECORDED = {rule["record"] for rule in rules("recording.yml")}


def exported_names() -> set[str]:
    """Every series name that a worker's page has."""
    names = {metric.name for metric in ALL} | set(STANDARD)
    for metric in ALL:
        if metric.kind == "histogram":
            names |= {f"{metric.name}_{ending}" for ending in ("bucket", "sum", "count")}
    return names


def names_in(expression: str) -> set[str]:
    """The metrics that an expression reads; texts in quotes are none."""
    return set(METRIC.findall(re.sub(r'"[^"]*"', '""', expression)))


GROUPS = ["loan-flow", "loan-service-level", "loan-book", "loan-alerts"]
"""The order in which groups are evaluated in a unit test; in a server they are not ordered."""


def promtool(tmp_path: Path, tests: list[dict[str, Any]], interval: str = "1m") -> None:
    """Run unit tests of rules, which are evaluated every `interval`."""
    file = tmp_path / "tests.json"  # JSON is YAML
    paths = [str((RULES / name).resolve()) for name in ("recording.yml", "alerts.yml")]
    content = {"rule_files": paths, "evaluation_interval": interval, "group_eval_order": GROUPS, "tests": tests}
    file.write_text(json.dumps(content))
    told = subprocess.run([need("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def unit(name: str, case: Case, series: Series, *, fires: bool) -> dict[str, Any]:
    """One unit test of promtool."""
    rule = ALERTS[name]
    annotations = {**rule["annotations"], "description": case.says}
    expected = [{"exp_labels": {**case.labels, **rule["labels"]}, "exp_annotations": annotations}] if fires else []
    return {
        "name": f"{name}: {'fires' if fires else 'quiet'}",
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "alert_rule_test": [{"eval_time": f"{case.after}m", "alertname": name, "exp_alerts": expected}],
    }


def test_every_alert_has_both_sides() -> None:
    """An alert without a firing and a quiet case is not an alert."""
    assert CASES.keys() == ALERTS.keys()


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_fires_on_its_trouble_and_not_short_of_it(name: str, tmp_path: Path) -> None:
    """By promtool: firing with its labels and words; quiet on series that come near."""
    case = CASES[name]
    units = [unit(name, case, case.fires, fires=True), unit(name, case, case.quiet, fires=False)]
    promtool(tmp_path, units, interval="5m" if case.after > DAY else "1m")


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    """A severity, a summary, a description, and a runbook part of its name that is there."""
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"deploy/runbook.md#{name.lower()}"
    assert f"\n## {name}\n" in RUNBOOK.read_text("utf-8")


def test_rules_name_only_what_exists() -> None:
    """Each metric in a rule is exported by the worker, or recorded by another rule."""
    known = exported_names() | RECORDED
    for rule in [*rules("recording.yml"), *rules("alerts.yml")]:
        assert names_in(rule["expr"]) <= known, rule
    assert names_in("rate(loan_typo_total[5m])") - known == {"loan_typo_total"}


def expression(text: str, at: int, series: Series, *expected: tuple[str, float]) -> dict[str, Any]:
    """One unit test of what an expression gives."""
    return {
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": [
            {
                "expr": text,
                "eval_time": f"{at}m",
                "exp_samples": [{"labels": labels, "value": value} for labels, value in expected],
            }
        ],
    }


def bucket(name: str, worker: str, principal: int, loans: int) -> Series:
    """A cell of the book on one worker."""
    labels = f'{{product="cash",currency="CNY",bucket="{name}",instance="{worker}"}}'
    return {f"loan_book_principal{labels}": f"{principal}x9", f"loan_book_loans{labels}": f"{loans}x9"}


BOOK = {
    **bucket("current", "w0", 500, 50),
    **bucket("current", "w1", 300, 30),
    **bucket("M1", "w0", 100, 12),
    **bucket("M2", "w1", 60, 5),
    **bucket("M4", "w0", 40, 3),
}


def starts(**days: int) -> Series:
    """Where the buckets of a policy begin, as both workers say."""
    return {
        f'loan_bucket_start{{product="cash",bucket="{name}",instance="{worker}"}}': f"{first}x9"
        for name, first in {"current": 0, **days}.items()
        for worker in ("w0", "w1")
    }


def test_portfolio_ratios_are_what_lenders_mean_by_them(tmp_path: Path) -> None:
    """PAR 30: whole principal past 30 days over all of it, over all workers: (60 + 40) / 1000; NPL: 40 / 1000."""
    policy = starts(M1=1, M2=31, M3=61, M4=91)
    labels = '{product="cash", currency="CNY"}'
    promtool(
        tmp_path,
        [
            expression("loan:par30:ratio", 5, BOOK | policy, ("loan:par30:ratio" + labels, 0.1)),
            expression("loan:npl:ratio", 5, BOOK | policy, ("loan:npl:ratio" + labels, 0.04)),
            expression("loan:overdue_loans:ratio", 5, BOOK | policy, ("loan:overdue_loans:ratio" + labels, 0.2)),
            expression("loan:overdue_principal:ratio", 5, BOOK, ("loan:overdue_principal:ratio" + labels, 0.2)),
        ],
    )


def test_w27_portfolio_at_risk_counts_the_whole_principal_of_a_late_loan(tmp_path: Path) -> None:
    """W27: 100k at 0 days, 50k at 12, 30k at 45, 20k at 95: overdue 50 %, PAR 30 25 %, NPL 10 %."""
    book = {
        **bucket("current", "w0", 100_000, 1),
        **bucket("M1", "w0", 50_000, 1),
        **bucket("M2", "w1", 30_000, 1),
        **bucket("M4", "w1", 20_000, 1),
    }
    policy = starts(M1=1, M2=31, M3=61, M4=91)
    labels = '{product="cash", currency="CNY"}'
    promtool(
        tmp_path,
        [
            expression("loan:overdue_principal:ratio", 5, book, ("loan:overdue_principal:ratio" + labels, 0.5)),
            expression("loan:par30:ratio", 5, book | policy, ("loan:par30:ratio" + labels, 0.25)),
            expression("loan:npl:ratio", 5, book | policy, ("loan:npl:ratio" + labels, 0.1)),
        ],
    )


def test_a_policy_whose_buckets_begin_elsewhere_has_no_par_30(tmp_path: Path) -> None:
    """Buckets of 1-29, 30-59 cannot tell what is past 30 days: no series rather than a wrong one."""
    promtool(tmp_path, [expression("loan:par30:ratio", 5, BOOK | starts(M1=1, M2=30, M4=90))])


def test_roll_and_cure_are_of_those_that_stood_there_a_month_ago(tmp_path: Path) -> None:
    """100 loans in M1; in 30 days 25 rolled on and 60 cured: 25 % and 60 %."""
    month = 30 * DAY
    label = 'product="cash",bucket="M1"'
    hours = 31 * 24
    series = {
        f'loan_book_loans{{{label},currency="CNY"}}': f"100x{hours}",
        f'loan_book_moves_total{{{label},direction="worse"}}': f"0x400 25x{hours - 400}",
        f'loan_book_moves_total{{{label},direction="cured"}}': f"0x400 60x{hours - 400}",
    }
    roll = expression("round(loan:roll:ratio30d * 100)", month + HOUR, series, ('{product="cash", bucket="M1"}', 25))
    cure = expression("round(loan:cure:ratio30d * 100)", month + HOUR, series, ('{product="cash", bucket="M1"}', 60))
    promtool(tmp_path, [roll | {"interval": "1h"}, cure | {"interval": "1h"}], interval="1h")


def test_w28_roll_and_cure_by_balance(tmp_path: Path) -> None:
    """W28: M0 10,000,000, of it 250,000 to M1; of 250,000 in M1 90,000 cured, 100,000 to M2: 2.50 %, 36 %, 40 %."""
    month, hours = 30 * DAY, 31 * 24

    def moved(name: str, direction: str, principal: int) -> Series:
        labels = f'{{product="cash",currency="CNY",bucket="{name}",direction="{direction}"}}'
        return {f"loan_book_moved_principal_total{labels}": f"0x400 {principal}x{hours - 400}"}

    def stood(name: str, principal: int) -> Series:
        return {f'loan_book_principal{{product="cash",currency="CNY",bucket="{name}"}}': f"{principal}x{hours}"}

    series = {
        **stood("current", 10_000_000),
        **stood("M1", 250_000),
        **moved("current", "worse", 250_000),
        **moved("M1", "cured", 90_000),
        **moved("M1", "worse", 100_000),
    }
    tests = []
    for name, bucket_left, percent in (("roll", "current", 2.5), ("roll", "M1", 40), ("cure", "M1", 36)):
        asked = f'round(loan:{name}_principal:ratio30d{{bucket="{bucket_left}"}} * 100, 0.5)'
        found = (f'{{product="cash", currency="CNY", bucket="{bucket_left}"}}', percent)
        tests.append(expression(asked, month + HOUR, series, found) | {"interval": "1h"})
    promtool(tmp_path, tests, interval="1h")
