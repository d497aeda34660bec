"""Compares what came out of Kafka with what the oracle says should have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.log import Record, in_task_order, read
from tests.faults.observed import SIGNALS
from tests.faults.portfolio import BUSINESS_DAYS, DISBURSEMENTS, REPAYMENTS, SERVICING
from tests.faults.warned import warnings_of
from tests.oracle import Policy, Task, judge

OVERDUE, STANDING, DEAD_LETTERS = "loans.overdue", "loans.standing", "dead-letters"
WARNINGS = "loans.early-warnings"
MARK = b"business-day:"
"""Before the key of a record of `loans.standing` that is no loan's: a task has judged a day."""
NOT_JUDGED = ("reasons",)
"""Parts of an alert that the oracle has no opinion of."""

Position = tuple[str, int, int]
"""Topic, partition and offset of a record."""


@dataclass
class Verdict:
    """What was found; each list holds a few examples in words."""

    events: int = 0
    loans: int = 0
    alerts: int = 0
    dead_letters: int = 0
    warnings: int = 0
    signals: int = 0
    duplicates: int = 0
    aborted: int = 0
    """Records of transactions that were aborted: written, and seen by no read-committed reader."""
    doubled_on_the_wire: int = 0
    """Alerts that a reader of uncommitted records sees more than once."""
    lost: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Nothing lost, nothing wrong, nothing doubled."""
        return not (self.lost or self.wrong or self.doubled)

    def add(self, kind: Counter[str], what: str, example: str) -> None:
        """Count a deviation."""
        kind[what] += 1
        if kind[what] <= 3:
            self.examples.append(f"{what}: {example}")


def check(
    bootstrap: str,
    policy: Policy,
    partitions: int,
    *,
    app_id: str,
    prefix: str = "",
    refused: Mapping[Position, str] | None = None,
    early_warning: bool = True,
) -> Verdict:
    """Read everything back and judge it.

    Args:
        bootstrap: Address of the broker.
        policy: What the worker judged by.
        partitions: Of every topic.
        app_id: The worker's; names the changelog.
        prefix: Before the topics' names.
        refused: Records that were published bad on purpose, with the reason code that they must get.
        early_warning: Whether the borrower agent ran.
    """
    inputs = [prefix + topic for topic in (DISBURSEMENTS, SERVICING, REPAYMENTS, BUSINESS_DAYS)]
    signals = prefix + SIGNALS
    outputs = [prefix + topic for topic in (OVERDUE, STANDING, DEAD_LETTERS)]
    warnings = prefix + WARNINGS
    changelog = f"{app_id}-loans-changelog"
    log = read(bootstrap, [*inputs, *outputs, warnings, signals, changelog], partitions)
    refused = refused or {}
    verdict = Verdict(events=sum(len(log[topic]) for topic in (*inputs[:-1], signals)))
    tasks = []
    letters = dict(refused)
    for partition in range(partitions):
        of_partition = [
            [record for record in log[topic] if record.partition == partition and record[:3] not in refused]
            for topic in inputs
        ]
        order = in_task_order(of_partition[:-1], of_partition[-1])
        task = judge((record.event for record in order), policy)
        letters |= {order[letter.index][:3]: letter.reason for letter in task.dead_letters}
        tasks.append(task)
    alerts, standings, dead_letters = (log[topic] for topic in outputs)
    check_outputs(verdict, tasks, letters, alerts, standings, dead_letters, log[changelog])
    if early_warning:
        told = [record for record in log[signals] if record[:3] not in refused]
        verdict.signals = len(told)
        homes = {record.key or b"": record.partition for topic in inputs[:-1] for record in log[topic]}
        expected = warnings_of(standings, told, homes, partitions, policy.version, prefix)
        check_warnings(verdict, expected, log[warnings])
    verdict.duplicates = sum(task.duplicates for task in tasks)
    everything = read(bootstrap, [*outputs, warnings, changelog], partitions, committed=False)
    verdict.aborted = sum(len(everything[topic]) - len(log[topic]) for topic in everything)
    on_the_wire = Counter(record.event["id"] for topic in (outputs[0], warnings) for record in everything[topic])
    verdict.doubled_on_the_wire = sum(count - 1 for count in on_the_wire.values())
    return verdict


def check_warnings(verdict: Verdict, expected: Mapping[str, Any], records: list[Record]) -> None:
    """Every early warning that standings and signals call for, once, with its body."""
    verdict.warnings = len(expected)
    seen: Counter[str] = Counter()
    for record in records:
        event = record.event
        seen[event["id"]] += 1
        if event["id"] not in expected:
            verdict.add(verdict.wrong, "warning that should not be", json.dumps(event))
            continue
        said = {**event["data"], "type": event["type"]}
        wanted = expected[event["id"]]
        differing = [name for name in wanted if said.get(name) != wanted[name]]
        if differing:
            verdict.add(verdict.wrong, "warning with a wrong body", f"{differing} {json.dumps(event)} {wanted}")
    for name, data in expected.items():
        if not seen[name]:
            verdict.add(verdict.lost, "warning", f"{data}")
        elif seen[name] > 1:
            verdict.add(verdict.doubled, "warning", f"{name} came {seen[name]} times")


def check_outputs(
    verdict: Verdict,
    tasks: list[Task],
    letters: Mapping[Position, str],
    alerts: list[Record],
    standings: list[Record],
    dead_letters: list[Record],
    changelog: list[Record],
) -> None:
    """Hold all that was written against all that should have been."""
    _check_alerts(verdict, tasks, alerts)
    _check_standings(verdict, tasks, standings)
    _check_dead_letters(verdict, letters, dead_letters)
    _check_changelog(verdict, tasks, changelog)


def _check_alerts(verdict: Verdict, tasks: Iterable[Task], records: list[Record]) -> None:
    """Every alert once, with the right body, in the order of its loan."""
    expected = {alert.id: alert for task in tasks for alert in task.alerts}
    verdict.alerts = len(expected)
    seen: Counter[str] = Counter()
    by_loan: dict[str, list[str]] = {}
    for record in records:
        event = record.event
        seen[event["id"]] += 1
        by_loan.setdefault(event["data"].get("loan_id", ""), []).append(event["id"])
        alert = expected.get(event["id"])
        if alert is None:
            verdict.add(verdict.wrong, "alert that should not be", json.dumps(event))
            continue
        differing = differences(event["data"], alert.data) + ([] if event["type"] == alert.kind else ["type"])
        if differing:
            verdict.add(verdict.wrong, "alert with a wrong body", f"{differing} {json.dumps(event)} {alert.data}")
    for task in tasks:
        for loan in task.loans.values():
            due = [alert.id for alert in loan.alerts]
            came = list(dict.fromkeys(by_loan.get(loan.loan_id, [])))
            if set(due) == set(came) and due != came:
                verdict.add(verdict.wrong, "alerts of a loan in another order", loan.loan_id)
    for name, alert in expected.items():
        if not seen[name]:
            verdict.add(verdict.lost, "alert", f"{alert.kind} {alert.data}")
        elif seen[name] > 1:
            verdict.add(verdict.doubled, "alert", f"{name} came {seen[name]} times")


def _check_standings(verdict: Verdict, tasks: Iterable[Task], records: list[Record]) -> None:
    """The last standing of every loan is what the oracle computes from the whole log."""
    last = {record.key: record for record in records if not (record.key or b"").startswith(MARK)}
    for task in tasks:
        verdict.loans += len(task.loans)
        for loan_id, expected in task.standings.items():
            record = last.pop(loan_id.encode(), None)
            if record is None:
                verdict.add(verdict.lost, "standing", loan_id)
            elif differing := differences(record.event["data"], expected):
                verdict.add(verdict.wrong, "standing", f"{loan_id} {differing} {record.event['data']} {expected}")
    for key in last:
        verdict.add(verdict.wrong, "standing of a loan that should not be", repr(key))


def _check_dead_letters(verdict: Verdict, expected: Mapping[Position, str], records: list[Record]) -> None:
    """Each refused record once, under the right code."""
    verdict.dead_letters = len(expected)
    seen: Counter[Position] = Counter()
    for record in records:
        data = record.event["data"]
        position = (data["topic"], data["partition"], data["offset"])
        seen[position] += 1
        if expected.get(position) != data["reason_code"]:
            verdict.add(
                verdict.wrong, "dead letter", f"{position} {data['reason_code']}, expected {expected.get(position)}"
            )
    for position, reason in expected.items():
        if not seen[position]:
            verdict.add(verdict.lost, f"dead letter {reason}", f"{position}")
        elif seen[position] > 1:
            verdict.add(verdict.doubled, f"dead letter {reason}", f"{position} came {seen[position]} times")


def _check_changelog(verdict: Verdict, tasks: Iterable[Task], records: list[Record]) -> None:
    """The changelog holds a value for every loan: the state that the next owner restores."""
    last = {record.key: record.value for record in records}
    for task in tasks:
        for loan_id in task.loans:
            if not last.get(loan_id.encode()):
                verdict.add(verdict.lost, "state in the changelog", loan_id)


def differences(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Names of the parts that differ; what the oracle does not compute is not compared."""
    return [name for name in expected if name not in NOT_JUDGED and _judged(actual, name, expected) != expected[name]]


def _judged(actual: Mapping[str, Any], name: str, expected: Mapping[str, Any]) -> Any:
    """A part as far as the oracle computes it: of the behaviour, only some figures."""
    found = actual.get(name)
    return {key: found.get(key) for key in expected[name]} if name == "behaviour" and found else found
