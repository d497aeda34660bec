"""Dashboards: as build.py has them, of metrics that exist, and every query gives series on a real worker's metrics."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from deploy.grafana import build
from stream.local.portfolio import sample
from stream.local.ports import free_port
from tests.ops.lender import overdue, worker
from tests.ops.prometheus import Prometheus, prometheus, wait
from tests.ops.test_rules import RECORDED, exported_names, names_in

GRAFANA = Path("deploy/grafana")
QUERIES = {
    f"{name}: {shown.title} {number}": query
    for name, (_, _, rows, _) in build.DASHBOARDS.items()
    for row in rows
    for shown in row.panels
    for number, (query, _) in enumerate(shown.queries)
}


@pytest.mark.parametrize("name", build.DASHBOARDS)
def test_the_checked_in_dashboard_is_current(name: str) -> None:
    """deploy/grafana/*.json are what `python -m deploy.grafana.build` would write."""
    assert (GRAFANA / f"{name}.json").read_text("utf-8") == build.build(name)


def test_panels_name_only_what_exists() -> None:
    """Each metric in a panel is exported by the worker, or recorded by a rule."""
    known = exported_names() | RECORDED
    for query in QUERIES.values():
        assert names_in(query) <= known, query


def test_every_metric_of_trouble_is_on_a_dashboard() -> None:
    """What an alert reads can be seen: nobody is woken by a metric that no panel shows."""
    from tests.ops.test_rules import ALERTS

    shown = set().union(*map(names_in, QUERIES.values()))
    unseen = {
        name for rule in ALERTS.values() for name in names_in(rule["expr"]) if name not in shown and ":" not in name
    }
    assert unseen <= {"process_start_time_seconds"}


def a_month_of_book() -> str:
    """What only time can make: moves of the last 30 days, and the book of 30 days ago, of one product."""
    now = int(time.time())  # noqa: TID251  (Prometheus asks the wall clock, too)
    labels = 'product="default",currency="CNY",bucket="M1"'
    lines = ["# TYPE loan:book_loans:sum gauge"]
    lines += [f"loan:book_loans:sum{{{labels}}} 100 {now - 30 * 86_400 + 60 * minute}" for minute in range(-10, 20)]
    lines.append("# TYPE loan_book_moves counter")
    for direction in ("worse", "cured"):
        labels = f'product="default",bucket="M1",direction="{direction}"'
        lines += [f"loan_book_moves_total{{{labels}}} {day} {now - (30 - day) * 86_400}" for day in range(1, 30)]
    return "\n".join([*lines, "# EOF", ""])


@pytest.mark.slow
def test_every_query_gives_series_from_a_real_worker(kafka_bootstrap: str, tmp_path: Path) -> None:
    """The sample lender through a worker, scraped by a real Prometheus with the shipped rules: no panel stays empty."""
    port = free_port()
    book = sample()
    file = tmp_path / "book.ndjson"
    signal = json.loads(Path("schemas/examples/borrower.income_reported/v1/valid/march.json").read_text())
    file.write_text("".join(json.dumps(event) + "\n" for event in [*book.events, signal]))
    with (
        worker(tmp_path, kafka_bootstrap, "dashboards", port) as environment,
        prometheus(tmp_path, [f"127.0.0.1:{port}"], history=a_month_of_book()) as server,
    ):
        wait(lambda: bool(server.series("loan_ready == 1")), "the worker is ready")
        last = max(book.days).isoformat()
        overdue("publish", str(file), "--open-days", "--until", last, "--no-check", environment=environment)
        empty = set(QUERIES)

        def filled() -> bool:
            empty.difference_update({name for name in empty if server.series(QUERIES[name])})
            return not empty

        try:
            wait(filled, "every query gives series")
        except AssertionError:
            pytest.fail(f"empty: {sorted(empty)}")
        assert rules_are_healthy(server)


def rules_are_healthy(server: Prometheus) -> bool:
    """No rule fails, and none of the alerts that the sample gives no reason for fires."""
    groups = server.ask("rules")["groups"]
    assert all(rule["health"] == "ok" for group in groups for rule in group["rules"])
    return True
