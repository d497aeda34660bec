"""A small book with one worker, for faults that need a story of their own instead of a load."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from confluent_kafka import Producer

from stream.local.broker import Broker
from stream.translate.partition import partition_of
from tests.faults.crew import Crew, Worker
from tests.faults.load import INPUTS, wait_until
from tests.faults.log import read
from tests.faults.portfolio import BUSINESS_DAYS, POLICY
from tests.faults.progress import Progress
from tests.faults.run import APP_ID, Plan, environment, make_topics
from tests.faults.verdict import Verdict, check
from tests.oracle import Policy
from tests.stories import Event

PARTITIONS = 4
PATIENCE_SECONDS = 120.0
STRUCTURED = [("content-type", b"application/cloudevents+json")]


@dataclass
class Book:
    """Topics, a worker and what was published."""

    broker: Broker
    folder: Path
    worker: Worker
    progress: Progress
    producer: Producer
    bad: dict[tuple[str, int, bytes, bytes], str] = field(default_factory=dict)
    """Topic, partition, key and value of each message that must be refused, with its reason code."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The worker's."""
        return self.worker.environment

    def tell(self, topic: str, event: Event, *, partition: int | None = None, reason: str = "") -> None:
        """Publish an event, by default on the partition of its key; with a reason code where it must be refused."""
        self.send(
            topic, event["data"]["loan_id"].encode(), json.dumps(event).encode(), event["time"], partition, reason
        )

    def send(
        self, topic: str, key: bytes, value: bytes, at: str, partition: int | None = None, reason: str = ""
    ) -> None:
        """The same for any bytes in structured mode."""
        place = partition_of(key, PARTITIONS) if partition is None else partition
        if reason:
            self.bad[topic, place, key, value] = reason
        when = int(datetime.fromisoformat(at).timestamp() * 1000)
        self.producer.produce(topic, value, key, partition=place, headers=STRUCTURED, timestamp=when)

    def open(self, days: Iterable[Event]) -> None:
        """Open business days on every partition, behind all that was published until now."""
        self.producer.flush(30)
        ends = {topic: self.progress.ends(topic, PARTITIONS) for topic in INPUTS[:-1]}
        for day in days:
            when = int(datetime.fromisoformat(day["time"]).timestamp() * 1000)
            for partition in range(PARTITIONS):
                offsets = {topic: found[topic, partition] for topic, found in ends.items()}
                value = json.dumps(day | {"data": day["data"] | {"input_end_offsets": offsets}}).encode()
                key = day["data"]["business_date"].encode()
                self.producer.produce(
                    BUSINESS_DAYS, value, key, partition=partition, headers=STRUCTURED, timestamp=when
                )
        self.producer.flush(30)

    def wait(self) -> bool:
        """Until all inputs are processed; False: they are not, within `PATIENCE_SECONDS`."""
        self.producer.flush(30)
        ends: dict[tuple[str, int], int] = {}
        for topic in INPUTS:
            ends |= self.progress.ends(topic, PARTITIONS)
        return wait_until(lambda: self.progress.missing(ends) == 0, PATIENCE_SECONDS, 0.5)

    def judge(self) -> Verdict:
        """What came out, by the oracle."""
        topics = sorted({topic for topic, *_ in self.bad})
        log = read(self.broker.bootstrap, topics, PARTITIONS) if topics else {}
        refused = {
            record[:3]: self.bad[message]
            for topic in topics
            for record in log[topic]
            if (message := (topic, record.partition, record.key or b"", record.value or b"")) in self.bad
        }
        policy = Policy.from_toml(self.folder / "policy.toml")
        return check(self.broker.bootstrap, policy, PARTITIONS, app_id=APP_ID, refused=refused, early_warning=False)


@contextmanager
def small_book(policy: str = POLICY, limit_bytes: int = 0) -> Iterator[Book]:
    """A broker, topics and a worker that runs; `limit_bytes`: of a message, where it is not Kafka's default."""
    folder = Path(tempfile.mkdtemp(prefix="overdue-small-"))
    (folder / "policy.toml").write_text(policy, "utf-8")
    with Broker.temporary() as broker:
        make_topics(broker.bootstrap, PARTITIONS)
        settings = environment(Plan(seed=1, workers=1, partitions=PARTITIONS), broker.bootstrap, folder)
        [worker] = Crew.of(1, settings | {"OVERDUE_AGENTS": "loans"}, folder, 0).workers
        producer = Producer(
            {
                "bootstrap.servers": broker.bootstrap,
                "enable.idempotence": True,
                "log_level": 0,
                **({"message.max.bytes": limit_bytes} if limit_bytes else {}),
            }
        )
        progress = Progress(broker.bootstrap, APP_ID)
        worker.start()
        try:
            yield Book(broker, folder, worker, progress, producer)
        finally:
            worker.end()
            progress.close()
    shutil.rmtree(folder, ignore_errors=True)
