"""`python -m tests.bench.sizing --loans 100000000 --events 100000`: what a book and a peak of events need.

A model of a few lines over measured figures, all of which it prints, with what is assumed and not measured marked so.
Every figure is an option: put in your own, measured on your machines by the commands that are named beside them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from math import ceil
from pathlib import Path
from typing import Any

HOURS_OF_A_MONTH = 730
GB = 1e9


def measured(default: float, words: str) -> Any:
    """A figure that a command gives."""
    return field(default=default, metadata={"words": words})


def assumed(default: float, words: str) -> Any:
    """A figure that nobody measured here."""
    return field(default=default, metadata={"words": f"ASSUMED: {words}"})


@dataclass(frozen=True)
class Figures:
    """What the model counts with."""

    loans: float = field(default=100e6, metadata={"words": "asked"})
    events: float = field(default=100e3, metadata={"words": "asked: events a second at the peak"})
    worker_us: float = measured(
        53,
        "CPU of a worker for an event of a book so wide that no transaction meets a loan twice: tests.bench throughput",
    )
    broker_us: float = measured(40, "CPU of one broker for an event: the same, on a busy machine (10.6 where quiet)")
    memory_bytes: float = measured(1031, "memory of a worker for a loan: tests.bench.scale")
    state_bytes: float = measured(1181, "changelog of a loan of 12 installments, 10 payments: tests.bench recovery")
    restored: float = measured(177e3, "loans a second that a worker restores from a broker: the same")
    changed_share: float = measured(0.028, "of the loans change on a business day: tests.bench.scale")
    day_us: float = measured(21, "CPU of a worker for a loan that a day changes, without Kafka: the same")
    kept_bytes: float = measured(420, "bytes of an event and its alerts, in the topics that keep all")
    standing_bytes: float = measured(1250, "bytes of a standing, which is compacted as the changelog is")
    peak_factor: float = assumed(5, "the peak is so many times the mean of a day")
    retention_days: float = assumed(7, "events and alerts are kept")
    replication: float = assumed(3, "copies of every record")
    busy: float = assumed(0.6, "share of a core that a worker uses at the peak; the rest is for catching up")
    worker_gb: float = assumed(16, "memory of a worker, of which three quarters are for loans")
    tasks: float = assumed(12, "partitions for each worker: what a lost one leaves is spread over all others")
    broker_cores: float = assumed(8, "cores of a broker, half of them used at the peak")
    broker_gb: float = assumed(32, "memory of a broker, most of it page cache")
    disk_gb: float = assumed(4000, "disk of a broker, three quarters of it used")
    core_price: float = assumed(0.04, "price of a core and hour; put in yours")
    memory_price: float = assumed(0.005, "price of a GB of memory and hour; put in yours")
    disk_price: float = assumed(0.08, "price of a GB of disk and month; put in yours")


@dataclass(frozen=True)
class Need:
    """What the model gives."""

    workers: int
    """One of them to spare: with one lost, the others hold the book and the peak."""
    workers_for_events: int
    workers_for_memory: int
    partitions: int
    state_gb: float
    """Memory of all loans."""
    restore_seconds: float
    """A worker that starts, with its share of the loans."""
    takeover_seconds: float
    """Restore after one is lost, the others sharing its loans; its session timeout comes before."""
    day_seconds: float
    """CPU of each worker for a business day, without Kafka."""
    brokers: int
    disk_gb: float
    """On all brokers, copies included."""
    network_mb: float
    """A second at the peak, into all brokers, copies included."""
    price: float
    """A month."""


def need(given: Figures) -> Need:
    """Workers by CPU and by memory, whichever are more, and one; brokers by CPU and by disk, three at least."""
    for_events = ceil(given.events * given.worker_us / 1e6 / given.busy)
    for_memory = ceil(given.loans * given.memory_bytes / (given.worker_gb * GB * 0.75))
    workers = max(for_events, for_memory) + 1
    mine = given.loans / workers
    kept = given.events / given.peak_factor * 86_400 * given.retention_days * given.kept_bytes
    by_loan = given.state_bytes + given.standing_bytes
    compacted = 2 * given.loans * by_loan  # before the cleaner comes, half of it is old
    disk = given.replication * (kept + compacted) / GB
    cores = given.replication * given.events * given.broker_us / 1e6
    brokers = max(3, ceil(cores / (given.broker_cores / 2)), ceil(disk / (given.disk_gb * 0.75)))
    hourly = workers * (given.core_price + given.worker_gb * given.memory_price) + brokers * (
        given.broker_cores * given.core_price + given.broker_gb * given.memory_price
    )
    return Need(
        workers=workers,
        workers_for_events=for_events,
        workers_for_memory=for_memory,
        partitions=ceil(workers * given.tasks),
        state_gb=given.loans * given.memory_bytes / GB,
        restore_seconds=mine / given.restored,
        takeover_seconds=mine / max(1, workers - 1) / given.restored,
        day_seconds=mine * given.changed_share * given.day_us / 1e6,
        brokers=brokers,
        disk_gb=disk,
        network_mb=given.replication * given.events * (given.kept_bytes + by_loan) / 1e6,
        price=hourly * HOURS_OF_A_MONTH + brokers * given.disk_gb * given.disk_price,
    )


def words(given: Figures, found: Need) -> str:
    """For a person: the figures, then what follows."""
    lines = [f"{getattr(given, one.name):>14,.10g}  {one.name}: {one.metadata['words']}" for one in fields(given)]
    return "\n".join(
        [
            *lines,
            "",
            f"workers: {found.workers}, of one core and {given.worker_gb:.0f} GB: {found.workers_for_events} for the "
            f"events, {found.workers_for_memory} for the loans ({found.state_gb:,.0f} GB), and one to spare",
            f"partitions: {found.partitions}",
            f"restore: {found.restore_seconds:.0f} s for a worker that starts; {found.takeover_seconds:.0f} s where "
            "the others take over from one",
            f"a business day: {found.day_seconds:.1f} s of CPU on each worker, without Kafka",
            f"brokers: {found.brokers}, with {found.disk_gb:,.0f} GB of disk in use and {found.network_mb:,.0f} MB/s "
            "coming in at the peak, copies included",
            f"price: {found.price:,.0f} a month, in the currency of the prices",
        ]
    )


def check(month: dict[str, Any], given: Figures) -> str:
    """The model beside a run of `tests.bench.scale --json`: what it says of so many loans, and what was measured."""
    loans, days = month["loans"], month["days"]
    seconds = sum(day[0] for day in days) / len(days)
    rows = [
        ("GB of memory", loans * given.memory_bytes / GB, loans * month["memory_bytes"] / GB),
        ("s of CPU a business day", loans * given.changed_share * given.day_us / 1e6, seconds),
    ]
    return "\n".join(
        f"{loans:,} loans, {what}: model {said:.2f}, measured {seen:.2f} ({said / seen - 1:+.0%})"
        for what, said, seen in rows
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what is needed; 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sizing", description=(__doc__ or "").splitlines()[0])
    for one in fields(Figures):
        option = "--" + one.name.replace("_", "-")
        words_of_it = one.metadata["words"].replace("%", "%%")
        parser.add_argument(option, type=float, default=one.default, help=f"{words_of_it} (%(default)g)")
    parser.add_argument("--check", type=Path, metavar="FILE", help="a run of tests.bench.scale --json, put beside it")
    parser.add_argument("--json", action="store_true", help="what is needed as one JSON line, and nothing else")
    said = vars(parser.parse_args(arguments))
    file, as_json = said.pop("check"), said.pop("json")
    given = Figures(**said)
    found = need(given)
    print(json.dumps(asdict(found)) if as_json else words(given, found))
    if file:
        print(check(json.loads(file.read_text("utf-8")), given))
    return 0


if __name__ == "__main__":
    sys.exit(main())
