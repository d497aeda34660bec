"""What another policy would change: the same events under two policies, and the loans that then stand differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import orjson

from stream.agents.days import NO_LIMIT
from stream.engine.facts import DayOpened
from stream.engine.policy import Policy
from stream.offline import OfflineRun
from stream.translate.records import Record

FIGURES: Final = ("status", "days_past_due", "delinquent_days", "bucket", "next_due_date")
"""What of a standing is compared as it is; besides: the classifications, the amount overdue, what is outstanding."""


class Outcome(NamedTuple):
    """Where all loans stand at the end of the last day, and how many alerts of each kind there were on the way."""

    day: int
    loans: dict[str, dict[str, Any]]
    """Figures by loan id."""
    alerts: Counter[str]


class Difference(NamedTuple):
    """One figure of a loan under the first policy and under the second; None: there is none."""

    loan_id: str
    figure: str
    first: Any
    second: Any


def outcome(records: Iterable[Record], policy: Policy, *, open_days: bool, until: int | None = None) -> Outcome:
    """Run the events of a file under a policy up to `until`, or up to the last day that the events know of."""
    run = OfflineRun(policy, open_days=open_days)
    alerts: Counter[str] = Counter()
    last = 0
    for record in records:
        fact = run.fact(record)
        day = 0 if fact is None else fact.business_date if isinstance(fact, DayOpened) else fact.recorded
        if until is not None and day > until:
            continue
        last = max(last, day)
        _count(run.event(record, NO_LIMIT if until is None else until), alerts)
    day = last if until is None else until
    _count(run.open_until(day), alerts)
    loans = [orjson.loads(line) for line in run.standings(day)]
    return Outcome(day, {loan["loan_id"]: _figures(loan) for loan in loans}, alerts)


def differences(first: Outcome, second: Outcome) -> Iterator[Difference]:
    """Every figure that differs, loan by loan in the order of their ids."""
    for loan_id in sorted(first.loans.keys() | second.loans.keys()):
        here, there = first.loans.get(loan_id, {}), second.loans.get(loan_id, {})
        for figure in here or there:
            if here and there and figure not in there:
                continue  # a classification that only one policy has: see only_in
            if here.get(figure) != there.get(figure):
                yield Difference(loan_id, figure, here.get(figure), there.get(figure))


def only_in(one: Outcome, other: Outcome) -> dict[str, Counter[str]]:
    """Classifications that only the first of two policies has: how many loans have each code."""
    found: dict[str, Counter[str]] = {}
    for loan_id, figures in one.loans.items():
        for figure in sorted(figures.keys() - other.loans.get(loan_id, figures).keys()):
            found.setdefault(figure, Counter())[figures[figure]] += 1
    return found


def counts(found: Iterable[Difference], word: Callable[[Any], str] = str) -> list[tuple[str, str, str, int]]:
    """How many loans have each change of a code: figure, first, second, loans; the most frequent first.

    Days and amounts are counted by figure alone.
    """
    codes: Counter[tuple[str, str, str]] = Counter()
    for one in found:
        is_code = not isinstance(one.first, int) and not isinstance(one.second, int)
        codes[(one.figure, word(one.first), word(one.second)) if is_code else (one.figure, "", "")] += 1
    return [(*change, loans) for change, loans in codes.most_common()]


def _figures(standing: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: standing.get(name) for name in FIGURES},
        **(standing.get("classifications") or {}),
        "overdue": standing["overdue"]["total"],
        "outstanding": standing["outstanding_total"],
    }


def _count(sent: Iterable[Any], alerts: Counter[str]) -> None:
    for one in sent:
        if one.topic == "loans.overdue":
            alerts.update(value.decode() for name, value in one.headers if name == "ce_type")
