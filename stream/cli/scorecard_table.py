"""The table of `overdue scorecard`, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from stream.warning.validation import Figure, Result

NAME_WIDTH = 24


def table(results: Sequence[Result]) -> Iterator[str]:
    """A block per target: who warned, with precision and recall and their 95% intervals."""
    if not results:
        yield "The plain rule warned about nobody, so there is no burden to compare at."
    for target, rows in groupby(results, key=lambda result: result.target):
        block = list(rows)
        first = block[0]
        yield ""
        yield f"{target}: {first.cases} cases, {first.base_rate:.1%} bad, {first.burden:.1%} warned about"
        yield f"  {'':{NAME_WIDTH}}{'precision':>9} {'95% interval':>15}{'recall':>9} {'95% interval':>15}"
        for row in block:
            yield f"  {row.who[:NAME_WIDTH]:{NAME_WIDTH}}{_figure(row.precision)}{_figure(row.recall)}"
    yield ""


def _figure(figure: Figure) -> str:
    return f"{figure.value:>9.1%} {f'{figure.low:.1%}-{figure.high:.1%}':>15}"
