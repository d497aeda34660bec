"""What the demo shows: days, alerts as they come, and a summary; 80 columns."""

from __future__ import annotations

from datetime import date
from itertools import islice

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from stream.cli import warning_lines
from stream.cli.alerts import kind_of, line
from stream.cli.demo_story import Said, Story, account, alerts_by_kind, corrections, loans_at_the_end, weekday
from stream.cli.demo_warnings import WATCH_LIST, came, sentences

WIDTH = 80
MOST_SHOWN = 9
"""Alerts of one day that are shown each in its line."""
WARNINGS_SHOWN = 4
"""Early warnings of one day that are shown."""
ONLY_COUNTED = frozenset({"loan.classification_changed", "loan.classification_corrected"})
CORRECTIONS_SHOWN = 3


class Screen:
    """Prints as things happen."""

    def __init__(self, console: Console) -> None:
        """`console` must not read markup: what is shown comes from data."""
        self._console = console
        self._shown = 0
        self._warned: set[str] = set()
        self._followed: set[str] = set()

    def words(self, text: str, style: str = "") -> None:
        """A paragraph."""
        self._console.print(Text(text, style), width=WIDTH)

    def day(self, day: date, events: int) -> None:
        """A business day begins."""
        self._end_day()
        heading = Text(f"{weekday(day)}  {events} events", "bold")
        self._console.print(Rule(heading, align="left", style="dim"), width=WIDTH)

    def alert(self, said: Said) -> None:
        """An alert came; of a day with many, only the first are shown, and none about a class."""
        if said.kind in ONLY_COUNTED:
            return
        self._shown += 1
        if self._shown <= MOST_SHOWN:
            style = kind_of(said.kind, said.alert).style
            self._console.print(Text(line(said.kind, said.alert), style), soft_wrap=True)

    def warning(self, said: Said) -> None:
        """An early warning came; shown are some, one for each loan that is not overdue, and what becomes of those."""
        if said.kind == warning_lines.RAISED and self._is_new(said):
            self._followed.add(said.id)
        if said.alert["warning_id"] in self._followed:
            text = warning_lines.line(said.kind, said.alert)
            self._console.print(Text(text, warning_lines.KINDS[said.kind].style), soft_wrap=True)

    def _is_new(self, said: Said) -> bool:
        warning = said.alert
        about = str(warning["loan_id"] or warning["borrower_id"])
        if warning["code"] == WATCH_LIST or warning["days_past_due"] or about in self._warned:
            return False
        self._warned.add(about)
        return len(self._warned) <= WARNINGS_SHOWN

    def summary(self, story: Story, seconds: float, agreement: str | None) -> None:
        """Everything in numbers, and that they add up."""
        self._end_day()
        self._console.print(Rule(Text("Summary", "bold"), style="dim"), width=WIDTH)
        self._row("events in", account(story))
        if story.rejected:
            self._row("", "dead letters: " + ", ".join(f"{code} {count}" for code, count in story.rejected.items()))
        if story.signals:
            self._row("", f"and {story.signals} observations of borrowers, all taken")
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
        for number, sentence in enumerate(sentences(story.warnings, came(story.warnings, story.said))):
            self._row("warnings" if number == 0 else "", sentence)
        if agreement:
            self._row("checked", agreement)

    def _end_day(self) -> None:
        more = [
            f"{count} {words}"
            for count, words in (
                (self._shown - MOST_SHOWN, "alerts"),
                (len(self._warned) - WARNINGS_SHOWN, "early warnings"),
            )
            if count > 0
        ]
        if more:
            self.words(f"… and of this day {' and '.join(more)} more", "dim")
        self._shown = 0
        self._warned.clear()

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
