"""Runs faust_batch_app.py as worker processes and reads back what they did, with librdkafka."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from stream.faust_batch.positions import OPENED_KEY, POSITIONS_KEY

APP = Path(__file__).with_name("faust_batch_app.py")
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
START_MS = 1_700_000_000_000


class Event(NamedTuple):
    topic: str
    partition: int
    key: str
    value: str
    at: int


def until(what: str, true: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Poll until this is true, and return it; a failure says what was waited for."""
    deadline = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        time.sleep(0.05)
    return found


class Worker:
    """One worker process; ``said`` holds what it printed."""

    def __init__(self, config: Path) -> None:
        self.said: list[dict[str, Any]] = []
        self.log: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(APP), str(config), "worker", "-l", "warn", "--without-web"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            start = line.find('{"what"')
            if start >= 0:
                self.said.append(json.loads(line[start:]))
            else:
                self.log.append(line)

    def all(self, what: str) -> list[dict[str, Any]]:
        return [said for said in list(self.said) if said["what"] == what]

    @property
    def records(self) -> int:
        """Records of committed batches."""
        return sum(done["records"] for done in self.all("done"))

    def until(self, what: str, true: Callable[[], Any]) -> Any:
        """Poll, but do not wait for a worker that is gone."""

        def check() -> Any:
            found = true()
            assert found or self.process.poll() is None, f"worker ended: {self.process.returncode} {self.output}"
            return found

        return until(f"{what}; {self.output}" if self.process.poll() is not None else what, check)

    @property
    def output(self) -> str:
        """What it logged, without the banner."""
        return "".join(line for line in self.log if not line.startswith(("|", "+")))

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, patience: float = PATIENCE) -> int:
        code = self.process.wait(patience)
        self._reader.join(5)
        return code

    def terminate(self) -> int:
        self.send(signal.SIGTERM)
        return self.wait(30)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)


class Case:
    """One app on topics of its own."""

    def __init__(
        self,
        bootstrap: str,
        make_topics: Callable[..., dict[str, str]],
        folder: Path,
        *,
        name: str,
        partitions: int = 4,
        output_config: dict[str, str] | None = None,
        settings: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.bootstrap, self.partitions = bootstrap, partitions
        self.app_id = f"fb-{name}-{os.urandom(3).hex()}"
        prefix = f"{self.app_id}."
        kept = {"retention.ms": "-1"}  # the events' times are long past: Kafka would delete them as they come
        made = make_topics(prefix, partitions, ["a", "b", "ticks"], kept)
        made |= make_topics(prefix, partitions, ["out"], kept | (output_config or {}))
        self.a, self.b, self.ticks, self.out = made["a"], made["b"], made["ticks"], made["out"]
        self.config = folder / "config.json"
        self.folder = folder
        self.workers: list[Worker] = []
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50})
        self.write_config(settings or {}, **options)

    def write_config(self, settings: dict[str, Any], **options: Any) -> None:
        defaults = {"max_batch": 50, "idle_commit": 0.5, "watch_interval": 0.5, "finish_timeout": 5.0}
        self.config.write_text(
            json.dumps(
                {
                    "app_id": self.app_id,
                    "brokers": self.bootstrap,
                    "topics": [self.a, self.b],
                    "tick_topic": self.ticks,
                    "output": self.out,
                    "partitions": self.partitions,
                    "datadir": str(self.folder / "data"),
                    "settings": defaults | settings,
                    **options,
                }
            )
        )

    def start(self) -> Worker:
        self.workers.append(Worker(self.config))
        return self.workers[-1]

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()

    # -- input -------------------------------------------------------------------------------------------------

    def events(self, count: int, *, keys: int = 40, first: int = 0) -> list[Event]:
        """Events over both topics and all partitions, each later than the one before; a key has one partition."""
        return [
            Event(
                self.b if number % 3 == 0 else self.a,
                number % keys % self.partitions,
                f"k{number % keys:03d}",
                f"v{number}",
                START_MS + number,
            )
            for number in range(first, first + count)
        ]

    def publish(self, events: Iterable[Event]) -> None:
        for event in events:
            self._producer.produce(
                event.topic,
                event.value.encode(),
                event.key.encode(),
                event.partition,
                timestamp=event.at,
                headers=[("id", event.value.encode())],
            )
            self._producer.poll(0)
        assert self._producer.flush(30) == 0

    def publish_tick(self, day: str, at: int, offsets: dict[int, dict[str, int]] | None = None) -> None:
        """A tick in every partition; with the end offsets of that partition's inputs, if given."""
        for partition in range(self.partitions):
            carried = " " + json.dumps(offsets[partition]) if offsets is not None else ""
            self.publish([Event(self.ticks, partition, day, day + carried, at)])

    def ends(self) -> dict[int, dict[str, int]]:
        """End offsets of the inputs, by partition and topic."""
        with Reading(self.bootstrap) as consumer:
            return {
                partition: {
                    topic: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
                    for topic in (self.a, self.b)
                }
                for partition in range(self.partitions)
            }

    # -- output ------------------------------------------------------------------------------------------------

    def read(self, topic: str) -> dict[int, list[Message]]:
        """What a read-committed reader sees of this topic, by partition."""
        with Reading(self.bootstrap) as consumer:
            return {partition: consumer.all_of(topic, partition) for partition in range(self.partitions)}

    def outputs(self) -> dict[int, list[str]]:
        """Values of the output topic, by partition, in order."""
        return {partition: [m.value().decode() for m in found] for partition, found in self.read(self.out).items()}

    def state(self, table: str = "counts") -> dict[str, Any]:
        """State of each key as the table's changelog says."""
        state: dict[str, Any] = {}
        for messages in self.read(f"{self.app_id}-{table}-changelog").values():
            for message in messages:
                if message.key() in (OPENED_KEY, POSITIONS_KEY):
                    continue
                if message.value() is None:
                    state.pop(message.key().decode(), None)
                else:
                    state[message.key().decode()] = json.loads(message.value())
        return state

    def committed(self) -> dict[tuple[str, int], int]:
        """Committed offsets of the group; 0 where there is none."""
        wanted = [TopicPartition(t, p) for t in (self.a, self.b, self.ticks) for p in range(self.partitions)]
        with Reading(self.bootstrap, group=self.app_id) as consumer:
            return {(tp.topic, tp.partition): max(0, tp.offset) for tp in consumer.committed(wanted, timeout=10)}

    def all_committed(self) -> bool:
        """Every input is committed up to its end; False as well while the broker does not say."""
        try:
            with Reading(self.bootstrap) as consumer:
                return all(
                    offset == consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
                    for (topic, partition), offset in self.committed().items()
                )
        except KafkaException:
            return False

    def run_to_the_end(self, *workers: Worker) -> None:
        for worker in workers:
            worker.until("an assignment", lambda worker=worker: worker.all("assigned"))
        workers[0].until("everything committed", self.all_committed)

    def assert_exact(self, events: Iterable[Event]) -> None:
        """State, outputs and their order are those of the definition: each event once, in time order."""
        outputs, state = by_definition(events)
        seen = {p: [value for value in values if not value.startswith("tick:")] for p, values in self.outputs().items()}
        for partition in range(self.partitions):
            assert seen[partition] == outputs[partition], difference(seen[partition], outputs[partition])
        assert self.state() == state, "the state in the changelog is not that of the definition"


def by_definition(events: Iterable[Event]) -> tuple[dict[int, list[str]], dict[str, dict[str, int]]]:
    """Outputs of each partition and state of each key, for events processed once and in the order of their time."""
    outputs: dict[int, list[str]] = defaultdict(list)
    state: dict[str, dict[str, int]] = {}
    for event in sorted(events, key=lambda event: event.at):
        old = state.get(event.key, {"n": 0, "hash": 0})
        state[event.key] = {"n": old["n"] + 1, "hash": zlib.crc32(event.value.encode(), old["hash"])}
        outputs[event.partition].append(f"{event.key}:{old['n'] + 1}:{event.value}")
    return outputs, state


def difference(seen: list[str], expected: list[str]) -> str:
    """Counts, what is missing, doubled and the first that is out of order."""
    missing, more = set(expected) - set(seen), set(seen) - set(expected)
    first = next((pair for pair in zip(seen, expected, strict=False) if pair[0] != pair[1]), None)
    return (
        f"{len(seen)} seen, {len(expected)} expected, {len(seen) - len(set(seen))} doubled, "
        f"missing {sorted(missing)[:5]}, unexpected {sorted(more)[:5]}, first difference (seen, expected) {first}"
    )


NewCase = Callable[..., Case]


@contextmanager
def cases(bootstrap: str, make_topics: Callable[..., dict[str, str]], folder: Path) -> Iterator[NewCase]:
    """Gives what makes cases, and ends their workers."""
    made: list[Case] = []

    def make(name: str, **options: Any) -> Case:
        made.append(Case(bootstrap, make_topics, folder, name=name, **options))
        return made[-1]

    try:
        yield make
    finally:
        for case in made:
            case.close()


class Reading(Consumer):  # type: ignore[misc]
    """A read-committed consumer that closes itself."""

    def __init__(self, bootstrap: str, group: str = "harness") -> None:
        super().__init__(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
            }
        )

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def all_of(self, topic: str, partition: int) -> list[Message]:
        """Everything up to the last stable offset."""
        self.assign([TopicPartition(topic, partition, 0)])
        found: list[Message] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for message in self.consume(1000, 1.0):
                if message.error() is None:
                    found.append(message)
                else:  # the end of the partition
                    return found
        raise AssertionError(f"no end of {topic}[{partition}]")
