"""Results as JSON lines and as tables."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

Result = dict[str, Any]

THROUGHPUT: Final = {
    "events_per_second": "events/s",
    "to_faust": "x Faust",
    "to_exactly_once": "x best EO",
    "cpu_us": "CPU us",
    "broker_cpu_us": "broker us",
    "memory_mb": "MB",
    "other_cores": "others",
    "alerts": "alerts",
    "equal": "equal",
}
LATENCY: Final = {
    "rate": "events/s",
    "samples": "alerts",
    "p50_ms": "p50 ms",
    "p90_ms": "p90 ms",
    "p99_ms": "p99 ms",
    "max_ms": "max ms",
    "memory_mb": "MB",
    "equal": "equal",
}
RECOVERY: Final = {
    "records": "records",
    "mb": "changelog MB",
    "seconds": "seconds",
    "restored_seconds": "restore s",
    "records_per_second": "records/s",
    "memory_mb": "MB",
}
STAGES: Final = {"us": "us/event", "share": "share"}


def say(text: str) -> None:
    """Progress, for a person."""
    print(text, file=sys.stderr, flush=True)


def write(path: Path | None, result: Result) -> None:
    """Append one result to the file of JSON lines."""
    if path is not None:
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(result) + "\n")


def medians(results: Iterable[Result]) -> list[Result]:
    """One row per engine: the median of its runs; `equal` only if every run was."""
    runs: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        runs[result["engine"]].append(result)
    return [_median(of_engine) for of_engine in runs.values()]


def _median(runs: Sequence[Result]) -> Result:
    row: Result = {"engine": runs[0]["engine"], "exactly_once": runs[0].get("exactly_once", False)}
    for name, value in runs[0].items():
        if isinstance(value, bool):
            row[name] = all(run[name] for run in runs)
        elif isinstance(value, int | float):
            row[name] = median(run[name] for run in runs)
    return row


def with_ratios(rows: list[Result], ours: str) -> list[Result]:
    """Add how many times the throughput of plain Faust, and of the best exactly-once peer, each engine has."""
    rates = {row["engine"]: row["events_per_second"] for row in rows}
    exact = [row["events_per_second"] for row in rows if row["exactly_once"] and row["engine"] != ours]
    for row in rows:
        if "faust" in rates:
            row["to_faust"] = row["events_per_second"] / rates["faust"]
        if exact:
            row["to_exactly_once"] = row["events_per_second"] / max(exact)
    return rows


def table(title: str, columns: dict[str, str], rows: Sequence[Result]) -> str:
    """A table of the columns that any row has."""
    shown = {name: head for name, head in columns.items() if any(name in row for row in rows)}
    lines = [["engine", *shown.values()]]
    lines += [[row["engine"], *(_cell(row.get(name)) for name in shown)] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    text = [title]
    for line in lines:
        numbers = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        text.append("  ".join([line[0].ljust(widths[0]), *numbers]))
    return "\n".join(text)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
    return str(value)
