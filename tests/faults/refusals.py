"""What a worker must refuse: inputs or state that are gone, a layout that has changed. It says what to do, and soon."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from stream.local.broker import Broker
from tests.faults.crew import Crew, Worker
from tests.faults.load import Load, wait_until
from tests.faults.portfolio import POLICY, REPAYMENTS
from tests.faults.progress import Progress
from tests.faults.run import APP_ID, Plan, environment, make_topics

LIMIT_SECONDS = 60.0
PARTITIONS = 2


@dataclass(frozen=True)
class Refusal:
    """What a worker did when it was started on something damaged."""

    damage: str
    code: int | None
    """Exit code; None: it went on."""
    seconds: float
    said: str
    wanted: tuple[str, ...]
    """Words of the instruction."""

    @property
    def failure(self) -> str:
        """What is wrong with it; empty: nothing."""
        if self.code in {None, 0}:
            return f"{self.damage}: the worker went on, or ended with 0 (exit code {self.code})"
        missing = [word for word in self.wanted if word not in self.said]
        return f"{self.damage}: it does not say {missing}: {self.said[-400:]}" if missing else ""


@dataclass
class Scene:
    """A small book that a worker has processed, and that is damaged while no worker runs."""

    broker: Broker
    folder: Path
    prefix: str
    worker: Worker
    admin: AdminClient
    """A client that may damage things."""


def trim_input(scene: Scene) -> None:
    """More records come, and are deleted before they are processed."""
    load = _load(scene, day_count=2)
    ends = {place: end for place, end in load.ends.items() if place[0].endswith(REPAYMENTS)}
    cuts = [TopicPartition(topic, partition, end) for (topic, partition), end in ends.items()]
    for done in scene.admin.delete_records(cuts).values():
        done.result(30)


def delete_changelog(scene: Scene) -> None:
    """The state is gone; the group's offsets are not."""
    name = f"{scene.worker.environment['OVERDUE_APP_ID']}-loans-changelog"
    scene.admin.delete_topics([name])[name].result(30)
    wait_until(lambda: name not in scene.admin.list_topics(timeout=10).topics, 30)


def raise_partition_count(scene: Scene) -> None:
    """Keys would go to other partitions from now on."""
    name = scene.prefix + REPAYMENTS
    scene.admin.create_partitions([NewPartitions(name, PARTITIONS + 1)])[name].result(30)
    wait_until(lambda: len(scene.admin.list_topics(name, timeout=10).topics[name].partitions) == PARTITIONS + 1, 30)


DAMAGES: tuple[tuple[Callable[[Scene], None], tuple[str, ...]], ...] = (
    (trim_input, ("deleted before they were processed", "accept_lost_input")),
    (delete_changelog, ("changelog", "app id")),
    (raise_partition_count, ("number of partitions", "overdue topics plan")),
)


def all_refusals(say: Callable[[str], None]) -> list[Refusal]:
    """Each damage on a book of its own, on one broker."""
    with Broker.temporary() as broker:
        return [refusal(broker, damage, words, say) for damage, words in DAMAGES]


def refusal(
    broker: Broker, damage: Callable[[Scene], None], words: tuple[str, ...], say: Callable[[str], None]
) -> Refusal:
    """Process a book, damage it, start a worker; what it did."""
    prefix = f"{damage.__name__}."
    folder = Path(tempfile.mkdtemp(prefix="overdue-refusals-"))
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    make_topics(broker.bootstrap, PARTITIONS, prefix)
    plan = Plan(seed=1, workers=1, partitions=PARTITIONS)
    own = {"OVERDUE_TOPIC_PREFIX": prefix, "OVERDUE_APP_ID": prefix + APP_ID}
    [worker] = Crew.of(1, environment(plan, broker.bootstrap, folder) | own, folder, 0).workers
    scene = Scene(broker, folder, prefix, worker, AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0}))
    progress = Progress(broker.bootstrap, prefix + APP_ID)
    try:
        worker.start()
        ends = _load(scene, day_count=3).ends
        if not wait_until(lambda: progress.missing(ends) == 0, LIMIT_SECONDS):
            return Refusal(damage.__name__, None, LIMIT_SECONDS, "the book was not processed", words)
        worker.end()
        before = worker.log.stat().st_size
        damage(scene)
        started = time.monotonic()
        worker.start()
        wait_until(lambda: not worker.alive(), LIMIT_SECONDS)
        seconds = time.monotonic() - started
        assert worker.process
        code = worker.process.poll()
        said = worker.log.read_text("utf-8")[before:]
        say(f"{damage.__name__}: exit code {code} after {seconds:.1f} s")
        return Refusal(damage.__name__, code, seconds, said, words)
    finally:
        worker.end()
        progress.close()


def _load(scene: Scene, day_count: int) -> Load:
    """A few days of a small portfolio, published."""
    load = Load(
        scene.broker.bootstrap, seed=day_count, loans=80, rate=1_000.0, partitions=PARTITIONS, prefix=scene.prefix
    )
    load.start()
    wait_until(lambda: load.day >= day_count, 60)
    load.stop()
    load.join(60)
    load.check()
    return load
