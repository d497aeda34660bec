"""Faults with a story of their own: clocks, disks, damaged state, sizes, time, versions, and what is sent again."""

from __future__ import annotations

import time
from dataclasses import replace
from os import environ

from stream.local.broker import Broker
from tests.faults import clocks, damaged, disk, letters, versions
from tests.faults.refusals import Refusal
from tests.faults.rows import Do, Fault, Row, Say, row_of
from tests.faults.run import Plan, run
from tests.faults.verdict import Verdict

SOAK_MINUTES = "FAULTS_SOAK_MINUTES"
PREVIOUS = "FAULTS_PREVIOUS"
"""Commit of the earlier version; by default the last one whose worker differs."""


def clock(fault: Fault, seed: int, scale: float, say: Say) -> Row:
    """Wrong clocks, and edges of the calendar."""
    started = time.monotonic()
    found = clocks.all_clocks(say)
    failures = tuple(failure for outcome in found for failure in outcome.failures)
    return _row(fault, seed, len(found), [outcome.verdict for outcome in found], failures, started)


def damage(fault: Fault, seed: int, scale: float, say: Say) -> Row:
    """State that is not what was written: refused with a remedy, and the remedy works."""
    started = time.monotonic()
    found = damaged.all_damages(say)
    refused = [one for one in found if isinstance(one, Refusal)]
    verdicts = [one.verdict for one in found if not isinstance(one, Refusal)]
    for verdict in verdicts:  # everything is said again under the same ids: the remedy
        verdict.doubled.clear()
    row = _row(fault, seed, len(refused), verdicts, tuple(damaged.failures(found)), started)
    return replace(row, takeover=round(max(one.seconds for one in refused), 1))


def size(fault: Fault, seed: int, scale: float, say: Say) -> Row:
    """Messages up to the largest that Kafka takes."""
    return _of_letters(fault, seed, letters.oversize(say), time.monotonic())


def redrive(fault: Fault, seed: int, scale: float, say: Say) -> Row:
    """Dead letters sent again, twice."""
    return _of_letters(fault, seed, letters.redriven(say), time.monotonic())


def full_disk(plan: Plan) -> Do:
    """A broker's disk fills up under load; a worker has no room."""

    def do(fault: Fault, seed: int, scale: float, say: Say) -> Row:
        started = time.monotonic()
        without_room = disk.worker_without_room(say)
        times = max(1, round(dict(plan.more)["full"] * scale))
        with disk.broker_on_a_small_disk() as broker:
            report = run(replace(plan, seed=seed, more=(("full", times),)), broker, say)
        report.failures.extend(without_room)
        return row_of(fault, report, time.monotonic() - started)

    return do


def mixed_versions(plan: Plan) -> Do:
    """Workers of an earlier version are replaced one by one, and some are set back."""

    def do(fault: Fault, seed: int, scale: float, say: Say) -> Row:
        started = time.monotonic()
        commit = environ.get(PREVIOUS) or versions.latest_other_version()
        say(f"the earlier version is {commit}")
        with versions.version(commit) as previous, Broker.temporary() as broker:
            report = run(replace(plan, seed=seed), broker, say, previous=previous)
        return row_of(fault, report, time.monotonic() - started)

    return do


def soak(plan: Plan) -> Do:
    """No fault at all, for long."""

    def do(fault: Fault, seed: int, scale: float, say: Say) -> Row:
        started = time.monotonic()
        minutes = float(environ.get(SOAK_MINUTES, "5"))
        with Broker.temporary() as broker:
            report = run(replace(plan, seed=seed, soak_minutes=minutes), broker, say)
        return replace(row_of(fault, report, time.monotonic() - started), times=1)

    return do


def _of_letters(fault: Fault, seed: int, found: letters.Found, started: float) -> Row:
    return _row(fault, seed, found.times, [found.verdict], tuple(found.failures), started)


def _row(
    fault: Fault, seed: int, times: int, verdicts: list[Verdict], failures: tuple[str, ...], started: float
) -> Row:
    """The row of several small books."""
    words = (*failures, *(example for verdict in verdicts for example in verdict.examples if not verdict.exact))
    return Row(
        fault=fault.name,
        meaning=fault.meaning,
        seed=seed,
        times=times,
        events=sum(verdict.events for verdict in verdicts),
        alerts=sum(verdict.alerts for verdict in verdicts),
        dead_letters=sum(verdict.dead_letters for verdict in verdicts),
        lost=sum(verdict.lost.total() for verdict in verdicts),
        wrong=sum(verdict.wrong.total() for verdict in verdicts),
        doubled=sum(verdict.doubled.total() for verdict in verdicts),
        seconds=round(time.monotonic() - started, 1),
        exact=not failures and all(verdict.exact for verdict in verdicts),
        words=words,
    )
