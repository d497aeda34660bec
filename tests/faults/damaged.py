"""State that is not what the workers wrote (flipped, cut, foreign, newer) is told, not judged by; then rebuilt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import unpack_from

from confluent_kafka import Producer

from stream.local.broker import Broker
from tests.faults.crew import Worker
from tests.faults.load import INPUTS, wait_until
from tests.faults.log import Record, read
from tests.faults.progress import Progress
from tests.faults.refusals import PARTITIONS, Refusal, Scene, refusal
from tests.faults.run import APP_ID
from tests.faults.verdict import Verdict, check
from tests.oracle import Policy

CONTROL = 0x20
"""Attribute of a batch that holds a transaction's end."""
FORMAT_AT = 6
"""Where a loan's state says in which format it is; see stream/translate/state.py."""


def flip_on_disk(scene: Scene) -> None:
    """A bit of each changelog file turns over while the broker is down."""
    with _stopped(scene.broker):
        for segment in _segments(scene):
            raw = bytearray(segment.read_bytes())
            start, size = _batches(bytes(raw))[0]
            raw[start + size // 2] ^= 1
            segment.write_bytes(raw)


def cut_on_disk(scene: Scene) -> None:
    """The later half of each changelog file is gone, as after the unclean election of a leader that lagged behind."""
    with _stopped(scene.broker):
        for segment in _segments(scene):
            raw = segment.read_bytes()
            ends = [at + size for at, size in _batches(raw) if unpack_from(">h", raw, at + 21)[0] & CONTROL]
            segment.write_bytes(raw[: ends[len(ends) // 2]])
        for left in (scene.broker.folder / "data").glob("*-checkpoint"):
            if left.name.startswith(("recovery-point", "replication-offset")):
                left.unlink()


def shorten(scene: Scene) -> None:
    """Somebody writes a part of a loan's state over it."""
    _write(scene, [record._replace(value=(record.value or b"")[:30]) for record in _loans(scene)[:3]])


def write_newer(scene: Scene) -> None:
    """A release to come has written the state, and this one is set back."""
    changed = [bytearray(record.value or b"") for record in _loans(scene)]
    for raw in changed:
        raw[FORMAT_AT] = 99
    newer = [record._replace(value=bytes(raw)) for record, raw in zip(_loans(scene), changed, strict=True)]
    _write(scene, newer)


def swap_partitions(scene: Scene) -> None:
    """Each partition gets the loans of the next one, as by a copy from a topic with another number of them."""
    loans = _loans(scene)
    _write(scene, [record._replace(value=None) for record in loans])
    _write(scene, [record._replace(partition=(record.partition + 1) % PARTITIONS) for record in loans])


def swap_loans(scene: Scene) -> None:
    """Two loans of a partition have each other's state."""
    first, second = [record for record in _loans(scene) if record.partition == 0][:2]
    _write(scene, [first._replace(value=second.value), second._replace(value=first.value)])


DAMAGES: tuple[tuple[Callable[[Scene], None], tuple[str, ...]], ...] = (
    (flip_on_disk, ("damaged on the broker's disk", "another app id")),
    (cut_on_disk, ("has lost its end", "another app id")),
    (shorten, ("can't be read", "another app id")),
    (write_newer, ("can't be read", "Run the release that wrote it")),
    (swap_partitions, ("belong to other partitions", "another app id")),
    (swap_loans, ("under the id of another", "another app id")),
)


@dataclass(frozen=True)
class Rebuilt:
    """What a worker with another app id made of the inputs, after the refusal."""

    verdict: Verdict

    @property
    def failure(self) -> str:
        """What is wrong with it; empty: nothing. The alerts are there twice, under the same ids: that is the remedy."""
        lost, wrong = self.verdict.lost, self.verdict.wrong
        return f"rebuilt: lost {dict(lost)}, wrong {dict(wrong)} {self.verdict.examples}" if lost or wrong else ""


def all_damages(say: Callable[[str], None]) -> list[Refusal | Rebuilt]:
    """Each damage on a book and a broker of its own, then the remedy that the worker names."""
    found: list[Refusal | Rebuilt] = []
    for damage, words in DAMAGES:
        with Broker.temporary() as broker:
            scenes: list[Scene] = []

            def note(scene: Scene, damage: Callable[[Scene], None] = damage, kept: list[Scene] = scenes) -> None:
                kept.append(scene)
                damage(scene)

            note.__name__ = damage.__name__
            found.append(refusal(broker, note, words, say))
            if scenes:
                found.append(Rebuilt(_rebuilt(scenes[0])))
                say(f"{damage.__name__}: {found[-1].failure or 'rebuilt'}")
    return found


def _rebuilt(scene: Scene) -> Verdict:
    """Do what the refusal says: judge all inputs anew under another app id."""
    app_id = f"{scene.prefix}again"
    worker = Worker("again", scene.worker.environment | {"OVERDUE_APP_ID": app_id}, scene.folder / "again.log")
    progress = Progress(scene.broker.bootstrap, app_id)
    ends: dict[tuple[str, int], int] = {}
    for topic in INPUTS:
        ends |= progress.ends(scene.prefix + topic, PARTITIONS)
    worker.start()
    try:
        wait_until(lambda: progress.missing(ends) == 0, 120, 0.5)
        standings = progress.ends(scene.prefix + "loans.standing", PARTITIONS)
        wait_until(lambda: progress.missing(standings) == 0, 120, 0.5)
    finally:
        worker.end()
        progress.close()
    policy = Policy.from_toml(scene.folder / "policy.toml")
    return check(scene.broker.bootstrap, policy, PARTITIONS, app_id=app_id, prefix=scene.prefix, early_warning=False)


class _stopped:  # noqa: N801 - reads as a word
    """A broker that is down, in order, and up again on what is there then."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def __enter__(self) -> None:
        self._broker.stop()

    def __exit__(self, *_: object) -> None:
        self._broker.start()
        time.sleep(2.0)  # until it leads its partitions again


def _segments(scene: Scene) -> list[Path]:
    name = f"{scene.prefix}{APP_ID}-loans-changelog"
    return [
        path
        for partition in range(PARTITIONS)
        for path in (scene.broker.folder / "data" / f"{name}-{partition}").glob("*.log")
        if path.stat().st_size
    ]


def _batches(raw: bytes) -> list[tuple[int, int]]:
    """Where each record batch begins, and its size."""
    found, at = [], 0
    while at + 61 <= len(raw):
        size = 12 + int(unpack_from(">i", raw, at + 8)[0])
        if size <= 12 or at + size > len(raw):
            break
        found.append((at, size))
        at += size
    return found


def _loans(scene: Scene) -> list[Record]:
    """The last state of each loan."""
    name = f"{scene.prefix}{APP_ID}-loans-changelog"
    last = {record.key: record for record in read(scene.broker.bootstrap, [name], PARTITIONS)[name]}
    return [record for key, record in last.items() if key and key[0] and record.value]


def _write(scene: Scene, records: list[Record]) -> None:
    producer = Producer({"bootstrap.servers": scene.broker.bootstrap, "log_level": 0})
    for record in records:
        producer.produce(record.topic, record.value, record.key, partition=record.partition)
    producer.flush(30)


def failures(found: list[Refusal | Rebuilt]) -> Iterator[str]:
    """What is wrong with what was found."""
    return (one.failure for one in found if one.failure)
