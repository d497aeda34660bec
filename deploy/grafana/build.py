"""The two dashboards, as code: `python -m deploy.grafana.build` writes them beside this file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import StackingConfig, VizLegendOptions
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, StackingMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef

HERE: Final = Path(__file__).parent
SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True)
class Shown:
    """One panel: what it shows, its queries with the names of their lines, and how."""

    title: str
    meaning: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: str = "lines"
    """`lines`, `stack`, `number` or `bars`."""
    width: int = 8
    most: float | None = None
    """Upper end of the axis."""


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Shown, ...]


OPERATIONS: Final = (
    Row(
        "Is it well?",
        (
            Shown("Workers", "That answer.", (("count(loan_build_info)", ""),), kind="number", width=4),
            Shown("Tasks", "Partitions that are read.", (("sum(loan_assigned_tasks)", ""),), kind="number", width=4),
            Shown(
                "Behind",
                "Age of the oldest record that is not committed.",
                (("max(loan:consumer_lag_seconds:max)", ""),),
                "s",
                "number",
                4,
            ),
            Shown(
                "Business date",
                "Oldest of all tasks.",
                (("min(loan_business_date_timestamp_seconds) * 1000", ""),),
                "dateTimeAsLocal",
                "number",
                4,
            ),
            Shown(
                "Stopped partitions",
                "By the breaker.",
                (("sum(loan_dlq_breaker_open) or vector(0)", ""),),
                kind="number",
                width=4,
            ),
            Shown(
                "Late, 6 h",
                "Batches that began more than 60 s after their oldest event; objective 0.1 %.",
                (("loan:events_late:ratio6h", ""),),
                "percentunit",
                "number",
                4,
            ),
        ),
    ),
    Row(
        "Flow",
        (
            Shown("Events", "Per second, by outcome.", (("loan:events:rate5m", "{{outcome}}"),), "ops", "stack"),
            Shown("Alerts", "Per second, by kind.", (("loan:alerts:rate5m", "{{kind}}"),), "ops", "stack"),
            Shown(
                "Dead letters",
                "Of the last 15 minutes, by reason.",
                (("sum by (reason) (increase(loan_dlq_total[15m]))", "{{reason}}"),),
                kind="stack",
            ),
            Shown(
                "Event age",
                "From a record's Kafka timestamp to its batch.",
                (
                    ("histogram_quantile(0.5, sum by (le) (rate(loan_event_age_seconds_bucket[5m])))", "half"),
                    ("histogram_quantile(0.99, sum by (le) (rate(loan_event_age_seconds_bucket[5m])))", "99 %"),
                ),
                "s",
            ),
            Shown(
                "Transaction",
                "From the first record produced to the commit.",
                (
                    ("histogram_quantile(0.5, sum by (le) (rate(loan_transaction_seconds_bucket[5m])))", "half"),
                    ("histogram_quantile(0.99, sum by (le) (rate(loan_transaction_seconds_bucket[5m])))", "99 %"),
                ),
                "s",
            ),
            Shown(
                "Where a batch's time goes",
                "Seconds per second, by stage.",
                (("sum by (stage) (rate(loan_batch_seconds_sum[5m]))", "{{stage}}"),),
                "s",
                "stack",
            ),
            Shown(
                "Records per transaction",
                "On average.",
                (
                    (
                        "sum(rate(loan_batch_records_sum[5m])) / (sum(rate(loan_batch_records_count[5m])) > 0)",
                        "records",
                    ),
                ),
            ),
            Shown(
                "Misrouted",
                "Events on another partition than their key's.",
                (("sum by (topic) (increase(loan_misrouted_total[15m])) or vector(0)", "{{topic}}"),),
            ),
        ),
    ),
    Row(
        "Behind",
        (
            Shown("Lag", "Records not committed, by topic.", (("loan:consumer_lag_messages:sum", "{{topic}}"),)),
            Shown("Lag in time", "Of the slowest partition.", (("loan:consumer_lag_seconds:max", "{{topic}}"),), "s"),
            Shown("Commit age", "While work waits.", (("loan_commit_age_seconds", "{{instance}}"),), "s"),
            Shown("Loop stall", "The event loop does not turn.", (("loan_loop_stall_seconds", "{{instance}}"),), "s"),
            Shown(
                "Broker silence",
                "Since end offsets were told.",
                (("loan_broker_silence_seconds", "{{instance}}"),),
                "s",
            ),
            Shown(
                "Upstream transactions",
                "How long a producer's open transaction holds a partition back.",
                (("max by (topic) (loan_upstream_transaction_open_seconds) or vector(0)", "{{topic}}"),),
                "s",
            ),
            Shown(
                "Business date's age",
                "More than a day and the posting lag: one is missing.",
                (("loan_clock_age_seconds", "{{instance}}"),),
                "s",
            ),
            Shown(
                "Held days", "Partitions whose day is held: repayments are missing.", (("sum(loan_feed_held)", "held"),)
            ),
            Shown(
                "A day waits, loans not looked at",
                "For the records before it; then loan by loan.",
                (
                    ("max(loan_barrier_wait_seconds) or vector(0)", "seconds it waits"),
                    ("sum(loan_timers_overdue)", "loans left"),
                ),
            ),
        ),
    ),
    Row(
        "State and life",
        (
            Shown("Ready", "Assigned and restored.", (("loan_ready", "{{instance}}"),), most=1.0),
            Shown("Keys", "In all tables.", (("sum by (agent) (loan_state_keys)", "{{agent}}"),)),
            Shown("State", "Bytes of keys and values.", (("sum by (agent) (loan_state_bytes)", "{{agent}}"),), "bytes"),
            Shown(
                "Restores",
                "Changelog offsets still to read.",
                (("sum by (instance) (loan_recovery_remaining_messages) or vector(0)", "{{instance}}"),),
            ),
            Shown(
                "Restore time",
                "On average, since the workers started.",
                (
                    (
                        "sum(loan_recovery_seconds_sum) / (sum(loan_recovery_seconds_count) > 0)",
                        "seconds",
                    ),
                ),
                "s",
            ),
            Shown(
                "Assignments",
                "Of the last 15 minutes.",
                (("sum by (instance) (increase(loan_rebalances_total[15m]))", "{{instance}}"),),
            ),
            Shown("Taken over", "By another worker, in an hour.", (("sum(increase(loan_fenced_total[1h]))", "times"),)),
            Shown("Memory", "Resident.", (("process_resident_memory_bytes", "{{instance}}"),), "bytes"),
            Shown("CPU", "Cores.", (("rate(process_cpu_seconds_total[5m])", "{{instance}}"),)),
            Shown(
                "Certificates",
                "Time until the first ends; nothing without TLS.",
                (
                    (
                        "min by (certificate) (loan_certificate_expiry_timestamp_seconds) - time() or vector(NaN)",
                        "{{certificate}}",
                    ),
                ),
                "s",
            ),
            Shown(
                "Queries of loans",
                "Per second, by HTTP status.",
                (("sum by (status) (rate(loan_queries_total[5m])) or vector(0)", "{{status}}"),),
            ),
            Shown(
                "Clock refused", "1: ahead of Kafka's.", (("max by (instance) (loan_clock_refused)", "{{instance}}"),)
            ),
        ),
    ),
)

BOOK: Final = (
    Row(
        "The book",
        (
            Shown(
                "Loans",
                "That owe principal.",
                (("sum by (currency) (loan:book_loans:sum)", "{{currency}}"),),
                kind="number",
                width=6,
            ),
            Shown(
                "Principal",
                "Outstanding, minor units.",
                (("sum by (currency) (loan:book_principal:sum)", "{{currency}}"),),
                kind="number",
                width=6,
            ),
            Shown(
                "PAR 30",
                "Whole principal of loans more than 30 delinquent days behind, over all principal.",
                (("loan:par30:ratio", "{{product}} {{currency}}"),),
                "percentunit",
                "number",
                6,
            ),
            Shown(
                "NPL",
                "The same for more than 90 days.",
                (("loan:npl:ratio", "{{product}} {{currency}}"),),
                "percentunit",
                "number",
                6,
            ),
        ),
    ),
    Row(
        "By bucket",
        (
            Shown(
                "Loans",
                "By bucket.",
                (('sum by (bucket) (loan:book_loans:sum{bucket!="current"})', "{{bucket}}"),),
                kind="stack",
                width=12,
            ),
            Shown(
                "Principal",
                "By bucket, minor units.",
                (('sum by (bucket) (loan:book_principal:sum{bucket!="current"})', "{{bucket}}"),),
                kind="stack",
                width=12,
            ),
            Shown(
                "Overdue loans",
                "Share of all, by product.",
                (("loan:overdue_loans:ratio", "{{product}} {{currency}}"),),
                "percentunit",
                width=12,
            ),
            Shown(
                "Overdue principal",
                "Share of all, by product.",
                (("loan:overdue_principal:ratio", "{{product}} {{currency}}"),),
                "percentunit",
                width=12,
            ),
        ),
    ),
    Row(
        "Movement",
        (
            Shown(
                "Moves of the last day",
                "Loans that left a bucket, by direction.",
                (("sum by (bucket, direction) (increase(loan_book_moves_total[1d])) > 0", "{{bucket}} {{direction}}"),),
                kind="bars",
            ),
            Shown(
                "Roll rate",
                "Moves for the worse in 30 days, of the loans that stood in the bucket 30 days ago.",
                (("loan:roll:ratio30d", "{{product}} {{bucket}}"),),
                "percentunit",
            ),
            Shown(
                "Cure rate",
                "Moves to nothing delinquent in 30 days, of the loans that stood in the bucket 30 days ago.",
                (("loan:cure:ratio30d", "{{product}} {{bucket}}"),),
                "percentunit",
            ),
            Shown(
                "Alerts of the last day",
                "By kind.",
                (("sum by (kind) (increase(loan_alerts_total[1d]))", "{{kind}}"),),
                kind="bars",
                width=12,
            ),
        ),
    ),
    Row(
        "Early warning",
        (
            Shown(
                "Warnings",
                "Of the last day, by kind.",
                (("sum by (kind) (increase(loan_early_warnings_total[1d]))", "{{kind}}"),),
                kind="bars",
                width=6,
            ),
            Shown(
                "What came of them",
                "Warnings whose outcome counts: came true, did not; bad loans that were warned of.",
                (("sum by (outcome) (loan_early_warning_outcomes)", "{{outcome}}"),),
                kind="bars",
                width=6,
            ),
            Shown(
                "Records of borrowers",
                "Per second.",
                (("sum by (outcome) (rate(loan_borrower_records_total[5m]))", "{{outcome}}"),),
                "ops",
                "stack",
                6,
            ),
            Shown(
                "Age of signals",
                "Since the newest observation, by kind.",
                (("time() - max by (signal) (loan_signal_newest_timestamp_seconds)", "{{signal}}"),),
                "s",
                width=6,
            ),
        ),
    ),
)

DASHBOARDS: Final = {
    "operations": ("Overdue: operations", "overdue-operations", OPERATIONS, "now-6h"),
    "loan-book": ("Overdue: loan book", "overdue-loan-book", BOOK, "now-30d"),
}


def _panel(shown: Shown) -> Any:
    builders = {"number": stat.Panel, "bars": bargauge.Panel}
    panel = builders.get(shown.kind, timeseries.Panel)()
    panel.title(shown.title).description(shown.meaning).unit(shown.unit).datasource(SOURCE)
    panel.height(4 if shown.kind == "number" else 8).span(shown.width).min(0)
    if shown.most is not None:
        panel.max(shown.most)
    if shown.kind in ("lines", "stack"):
        legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
        panel.legend(legend.show_legend(True))
    if shown.kind == "stack":
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(30)
    for number, (expression, name) in enumerate(shown.queries):
        query = prometheus.Dataquery().expr(expression).ref_id(chr(ord("A") + number)).datasource(SOURCE)
        panel.with_target(query.legend_format(name) if name else query)
    return panel


def build(name: str) -> str:
    """The JSON of one dashboard, with a newline at its end."""
    title, uid, rows, since = DASHBOARDS[name]
    made = dashboard.Dashboard(title).uid(uid).tags(["overdue"]).refresh("30s").time(since, "now").timezone("browser")
    made.readonly().with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    for row in rows:
        made.with_row(dashboard.Row(row.title))
        for shown in row.panels:
            made.with_panel(_panel(shown))
    plain = json.loads(JSONEncoder().encode(made.build()))
    return json.dumps(_without_nulls(plain), sort_keys=True, indent=2) + "\n"


def _without_nulls(value: Any) -> Any:
    """What is not set is left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def main() -> None:
    """Write every dashboard."""
    for name in DASHBOARDS:
        (HERE / f"{name}.json").write_text(build(name), encoding="utf-8")


if __name__ == "__main__":
    main()
