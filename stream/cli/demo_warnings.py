"""What the demo's early warnings came to. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from stream.cli.demo_story import Said
from stream.cli.warning_lines import CLEARED, RAISED, reason

ESCALATED = "early_warning.escalated"
SCORES = frozenset({"SCORE_LATE", "SCORE_CASH_MISS"})
WATCH_LIST = "WATCH_LIST"


class Ahead(NamedTuple):
    """A warning about a loan of which nothing was past due, and what came of it."""

    warning: Said
    overdue: date | None
    """First day overdue after the warning, while it stood; None: it was not overdue."""
    cleared: date | None

    @property
    def days(self) -> int:
        """From the warning to the first day overdue."""
        return ((self.overdue or _day(self.warning)) - _day(self.warning)).days


class Came(NamedTuple):
    """All warnings, each in exactly one place."""

    true: Sequence[Ahead]
    cleared: Sequence[Ahead]
    open: Sequence[Ahead]
    overdue_already: int
    about_borrowers: int

    @property
    def ahead(self) -> int:
        """Warnings about loans of which nothing was past due."""
        return len(self.true) + len(self.cleared) + len(self.open)

    @property
    def raised(self) -> int:
        """All that were raised."""
        return self.ahead + self.overdue_already + self.about_borrowers


def came(warnings: Sequence[Said], alerts: Iterable[Said]) -> Came:
    """Sort warnings by what came of them; an alert that was corrected away does not make a warning true."""
    ends = {said.alert["warning_id"]: _day(said) for said in warnings if said.kind == CLEARED}
    overdue = _days_overdue_began(list(alerts))
    places: dict[str, list[Ahead]] = {"true": [], "cleared": [], "open": []}
    counts: Counter[str] = Counter()
    for said in warnings:
        if said.kind != RAISED:
            continue
        if said.alert["loan_id"] is None:
            counts["borrowers"] += 1
        elif said.alert["days_past_due"]:
            counts["overdue"] += 1
        else:
            one = _ahead(said, overdue[said.alert["loan_id"]], ends.get(said.id))
            places["true" if one.overdue else "cleared" if one.cleared else "open"].append(one)
    return Came(places["true"], places["cleared"], places["open"], counts["overdue"], counts["borrowers"])


def by_rules(warnings: Iterable[Said]) -> set[str]:
    """Ids of the warnings of rules; a score's depend on which borrowers a task has, and levels on the score's."""
    return {said.id for said in warnings if said.alert["code"] not in SCORES | {WATCH_LIST}}


def mistakes(warnings: Sequence[Said]) -> list[str]:
    """What does not add up; nothing, if all is well."""
    wrong = []
    doubled = len(warnings) - len({said.id for said in warnings})
    if doubled:
        wrong.append(f"{doubled} early warnings came twice")
    raised = {said.id for said in warnings if said.kind == RAISED}
    lost = sum(said.alert["warning_id"] not in raised for said in warnings)
    if lost:
        wrong.append(f"{lost} early warnings were escalated or cleared that had not been raised")
    return wrong


def sentences(warnings: Sequence[Said], found: Came) -> Iterator[str]:
    """The counts, and of those that came true and those that were cleared one example each."""
    kinds = Counter(said.kind for said in warnings)
    yield (
        f"{found.raised} = {found.ahead} before the loan was overdue + {found.overdue_already} of loans overdue already"
        f" + {found.about_borrowers} of borrowers; {kinds[ESCALATED]} grew graver, {kinds[CLEARED]} were cleared"
    )
    lead = f" {_mean_days(found.true):.0f} days later" if found.true else ""
    yield (
        f"of the {found.ahead}: {len(found.true)} came true (overdue{lead}, on average) + {len(found.cleared)} cleared"
        f" + {len(found.open)} open"
    )
    for words, examples in (("came true", found.true), ("cleared", found.cleared)):
        if (one := _telling(examples)) is not None:
            end = f"overdue on {one.overdue}" if one.overdue else f"cleared on {one.cleared}"
            yield f"{words}: {one.warning.alert['loan_id']} on {_day(one.warning)}, {_why(one)}; {end}"


def _ahead(said: Said, overdue: Sequence[date], cleared: date | None) -> Ahead:
    began = min((day for day in overdue if day > _day(said) and (cleared is None or day <= cleared)), default=None)
    return Ahead(said, began, cleared)


def _days_overdue_began(alerts: Sequence[Said]) -> Mapping[str, list[date]]:
    untrue = {
        str(said.alert["supersedes"]) for said in alerts if said.alert.get("supersedes") and not said.alert["bucket"]
    }
    days: dict[str, list[date]] = defaultdict(list)
    for said in alerts:
        if said.kind == "loan.overdue_started" and said.id not in untrue:
            days[said.alert["loan_id"]].append(_day(said))
    return days


def _telling(examples: Sequence[Ahead]) -> Ahead | None:
    """The first whose reason says most to a reader: a balance, another rule, a score."""
    return min(examples, key=_rank, default=None)


def _rank(one: Ahead) -> int:
    code = one.warning.alert["code"]
    return 0 if code == "DUE_LOW_BAL" else 2 if code in SCORES else 1


def _why(one: Ahead) -> str:
    return reason(one.warning.kind, one.warning.alert)


def _mean_days(true: Sequence[Ahead]) -> float:
    return sum(one.days for one in true) / len(true)


def _day(said: Said) -> date:
    return date.fromisoformat(said.alert["as_of"])
