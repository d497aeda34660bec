"""What the demo shows: days, alerts as they come, and a summary; 80 columns."""

from __future__ import annotations

from datetime import date
from itertools import islice

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from stream.cli.alerts import kind_of, line
from stream.cli.demo_story import Said, Story, account, alerts_by_kind, corrections, loans_at_the_end, weekday

WIDTH = 80
MOST_SHOWN = 9
"""Alerts of one day that are shown each in its line."""
CORRECTIONS_SHOWN = 3


class Screen:
    """Prints as things happen."""

    def __init__(self, console: Console) -> None:
        """`console` must not read markup: what is shown comes from data."""
        self._console = console
        self._shown = 0

    def words(self, text: str, style: str = "") -> None:
        """A paragraph."""
        self._console.print(Text(text, style), width=WIDTH)

    def day(self, day: date, events: int) -> None:
        """A business day begins."""
        self._end_day()
        heading = Text(f"{weekday(day)}  {events} events", "bold")
        self._console.print(Rule(heading, align="left", style="dim"), width=WIDTH)

    def alert(self, said: Said) -> None:
        """An alert came; of a day with many, only the first are shown."""
        self._shown += 1
        if self._shown <= MOST_SHOWN:
            style = kind_of(said.kind, said.alert).style
            self._console.print(Text(line(said.kind, said.alert), style), soft_wrap=True)

    def summary(self, story: Story, seconds: float, agreement: str | None) -> None:
        """Everything in numbers, and that they add up."""
        self._end_day()
        self._console.print(Rule(Text("Summary", "bold"), style="dim"), width=WIDTH)
        self._row("events in", account(story))
        if story.rejected:
            self._row("", "dead letters: " + ", ".join(f"{code} {count}" for code, count in story.rejected.items()))
        self._row("days", f"{story.days} business days in {seconds:.1f} s")
        kinds = Text(f"{len(story.said)} = ")
        for number, (words, count, style) in enumerate(alerts_by_kind(story)):
            kinds.append(" + " if number else "").append(f"{count} {words}", style)
        self._row("alerts out", kinds)
        places = loans_at_the_end(story)
        self._row(
            "loans", f"{sum(count for _, count in places)} at the end: " + ", ".join(f"{n} {p}" for p, n in places)
        )
        self._corrections(story)
        if agreement:
            self._row("checked", agreement)

    def _end_day(self) -> None:
        if self._shown > MOST_SHOWN:
            self.words(f"… and {self._shown - MOST_SHOWN} more of this day", "dim")
        self._shown = 0

    def _corrections(self, story: Story) -> None:
        found = list(corrections(story))
        if not found:
            return
        self._row("corrected", f"{len(found)} alerts were wrong by what came later; each is named by its correction:")
        for sentence in islice(found, CORRECTIONS_SHOWN):
            self._row("", sentence)
        if len(found) > CORRECTIONS_SHOWN:
            self._row("", f"… and {len(found) - CORRECTIONS_SHOWN} more")

    def _row(self, name: str, content: str | Text) -> None:
        text = content if isinstance(content, Text) else Text(content)
        for number, part in enumerate(text.wrap(self._console, WIDTH - 12)):
            label = Text(f"{name if number == 0 else '':<12}", "bold")
            self._console.print(label + part, width=WIDTH)
