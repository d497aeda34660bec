"""What came of a fault, and the table of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.run import Report

Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """What came of one fault."""

    fault: str
    meaning: str
    seed: int
    times: int
    events: int = 0
    alerts: int = 0
    warnings: int = 0
    dead_letters: int = 0
    lost: int = 0
    wrong: int = 0
    doubled: int = 0
    on_the_wire: int = 0
    takeover: float = 0.0
    """The worst, seconds."""
    seconds: float = 0.0
    exact: bool = False
    words: tuple[str, ...] = ()
    """What failed, and examples."""

    @property
    def verdict(self) -> str:
        """In a word."""
        return "exact" if self.exact else "FAILED"


Do = Callable[["Fault", int, float, Say], Row]


@dataclass(frozen=True)
class Fault:
    """One of the catalogue."""

    name: str
    meaning: str
    do: Do
    """With a seed and a factor for the numbers."""


def row_of(fault: Fault, report: Report, seconds: float) -> Row:
    """The row of a run."""
    verdict = report.verdict
    return Row(
        fault=fault.name,
        meaning=fault.meaning,
        seed=report.plan.seed,
        times=sum(report.done.values()) or report.bad,
        events=verdict.events,
        alerts=verdict.alerts,
        warnings=verdict.warnings,
        dead_letters=verdict.dead_letters,
        lost=verdict.lost.total(),
        wrong=verdict.wrong.total(),
        doubled=verdict.doubled.total(),
        on_the_wire=verdict.doubled_on_the_wire,
        takeover=round(max((taken for taken, kind in report.takeovers if kind != "start"), default=0.0), 1),
        seconds=round(seconds, 1),
        exact=report.exact,
        words=(*report.failures, *verdict.examples),
    )


HEADINGS = ("fault", "times", "events", "alerts", "lost", "wrong", "doubled", "wire", "takeover", "verdict", "meaning")


def table(rows: Sequence[Row]) -> str:
    """The rows for a person; `wire`: alerts that readers of uncommitted records see twice."""
    cells = [
        (
            row.fault,
            f"{row.times:,}",
            f"{row.events:,}",
            f"{row.alerts:,}",
            f"{row.lost:,}",
            f"{row.wrong:,}",
            f"{row.doubled:,}",
            f"{row.on_the_wire:,}",
            f"{row.takeover:.1f} s",
            row.verdict,
            row.meaning,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (HEADINGS, *cells)) for column in range(len(HEADINGS))]
    last = len(HEADINGS) - 2
    return "\n".join(
        "  ".join(
            text.ljust(width) if number in {0, last, last + 1} else text.rjust(width)
            for number, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (HEADINGS, *cells)
    )


def write_json(rows: Sequence[Row], path: Path) -> None:
    """The same for a machine."""
    path.write_text(json.dumps([asdict(row) | {"verdict": row.verdict} for row in rows], indent=2) + "\n", "utf-8")
