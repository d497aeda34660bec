"""The engines that are measured: how each is started, and how it is seen to be done."""

from __future__ import annotations

import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from confluent_kafka import Message

from tests.bench.kafka import Kafka
from tests.bench.machine import EngineError, Running
from tests.bench.portfolio import AS_OF
from tests.bench.reference import Expected, Said

Settings = Mapping[str, str | float]

PEERS: Final = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Place:
    """Where one trial happens: the broker, the topics, the name of the application, its own directory."""

    kafka: Kafka
    prefix: str
    app: str
    directory: Path
    class_path: str

    @property
    def disbursements(self) -> str:
        return self.prefix + "loans.disbursements"

    @property
    def repayments(self) -> str:
        return self.prefix + "loans.repayments"


class Span(NamedTuple):
    """From the first to the last repayment: moments of the monotonic clock, and the events in between."""

    start: float
    end: float
    events: int
    done: float
    """When all repayments were seen to be done; `end`, where that is not known later than it happened."""


class Command(NamedTuple):
    arguments: list[str]
    environment: dict[str, str]


class Engine(ABC):
    """One engine with its settings."""

    name: str
    exactly_once: bool

    @abstractmethod
    def command(self, place: Place, disbursements: int, repayments: int) -> Command:
        """What starts it; the counts tell it when to say that it is done."""

    @abstractmethod
    def outputs(self, place: Place) -> list[str]:
        """Topics that must be there before it starts; the alerts are in the first."""

    def compacted_outputs(self, place: Place) -> list[str]:
        """The compacted ones among the topics that must be there."""
        return []

    def prepare(self, place: Place) -> None:  # noqa: B027
        """What must happen before its first start, besides the topics."""

    def begin_at(self, place: Place, disbursements: list[int], repayments: list[int]) -> None:
        """Where the engine reads on at its next start: offsets of each partition."""
        place.kafka.set_offsets(place.app, place.disbursements, disbursements)
        place.kafka.set_offsets(place.app, place.repayments, repayments)

    @abstractmethod
    def wait_disbursed(self, running: Running, place: Place, count: int, seconds: float) -> None:
        """Wait until all disbursements are done."""

    @abstractmethod
    def wait_repaid(self, running: Running, place: Place, count: int, seconds: float) -> Span:
        """Wait until all repayments are done."""

    @abstractmethod
    def said(self, message: Message) -> Said | None:
        """What an alert says; None for a record that is not compared."""

    def afterwards(self, running: Running, place: Place, expected: Expected) -> dict[str, Any]:
        """What else is measured of this engine once the repayments are done and compared."""
        return {}

    def start(self, place: Place, disbursements: int, repayments: int, log: str) -> Running:
        command = self.command(place, disbursements, repayments)
        return Running(command.arguments, command.environment, place.directory / log)


@dataclass(frozen=True)
class Peer(Engine):
    """A peer of `tests/bench/peers`; it says MARK lines."""

    name: str
    program: str
    exactly_once: bool = False
    settings: Settings = field(default_factory=dict)

    def command(self, place: Place, disbursements: int, repayments: int) -> Command:
        if self.program == "kstreams":
            start = ["java", "-Xmx1g", "-cp", place.class_path, "LoanApp"]
        else:
            start = [sys.executable, str(PEERS / f"{self.program}_app.py")]
        settings = {
            **self.settings,
            "as_of": AS_OF.isoformat(),
            "partitions": place.kafka.partitions,
            "directory": place.directory / "state",
            "disbursements": disbursements,
            "repayments": repayments,
            "first_start": "no" if repayments else "yes",
        }
        given = [f"{name}={value}" for name, value in settings.items()]
        return Command([*start, place.kafka.bootstrap, place.prefix, place.app, *given], {})

    def outputs(self, place: Place) -> list[str]:
        return [place.prefix + "loans.overdue." + place.app]

    def wait_disbursed(self, running: Running, place: Place, count: int, seconds: float) -> None:
        running.wait_for("disbursements_last", seconds)

    def wait_repaid(self, running: Running, place: Place, count: int, seconds: float) -> Span:
        _, start = running.wait_for("repayments_first", seconds)
        _, end = running.wait_for("repayments_last", seconds)
        return Span(start, end, count, end)

    def said(self, message: Message) -> Said:
        alert = json.loads(message.value())
        return Said(**alert)


def build_kafka_streams(directory: Path) -> str:
    """Fetch the jars with Maven, compile the Kafka Streams peer; returns its class path."""
    source = PEERS / "kstreams"
    jars, classes = directory / "jars", directory / "classes"
    classes.mkdir(parents=True)
    fetch = ["mvn", "-q", "-B", "-f", str(source / "pom.xml"), "dependency:copy-dependencies"]
    _tool([*fetch, "-DincludeScope=runtime", f"-DoutputDirectory={jars}"], "Maven 3.8 or later")
    compile_it = ["javac", "-cp", f"{jars}/*", "-d", str(classes), str(source / "LoanApp.java")]
    _tool(compile_it, "a Java development kit, 17 or later")
    return f"{classes}:{jars}/*"


def _tool(command: list[str], needs: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    except FileNotFoundError:
        raise EngineError(f"{command[0]} is missing: install {needs}, or leave the Kafka Streams peers out") from None
    except subprocess.CalledProcessError as error:
        raise EngineError(f"{command[0]} failed:\n{error.stdout}{error.stderr}") from None


# Kafka Streams does not leave its group when it stops: a short session only shortens the wait between two trials.
_AT_LEAST_ONCE: Final[Settings] = {"session": 6_000, "guarantee": "at_least_once"}
_EXACTLY_ONCE: Final[Settings] = {"session": 6_000, "guarantee": "exactly_once_v2"}
_LOW_LATENCY: Final[Settings] = {"linger": 0, "commit": 20}

PEER_ENGINES: Final = (
    Peer("faust", "faust"),
    Peer("kafka-streams-alo", "kstreams", settings=_AT_LEAST_ONCE),
    Peer("kafka-streams-alo-memory", "kstreams", settings={**_AT_LEAST_ONCE, "store": "memory"}),
    Peer("kafka-streams-eos", "kstreams", exactly_once=True, settings=_EXACTLY_ONCE),
    Peer("kafka-streams-eos-memory", "kstreams", exactly_once=True, settings={**_EXACTLY_ONCE, "store": "memory"}),
    Peer("quix-eos", "quix", exactly_once=True, settings={"guarantee": "exactly-once"}),
    Peer("naive", "naive"),
)

LOW_LATENCY_PEERS: Final = (
    Peer("kafka-streams-eos", "kstreams", exactly_once=True, settings={**_EXACTLY_ONCE, **_LOW_LATENCY}),
    Peer(
        "kafka-streams-eos-memory",
        "kstreams",
        exactly_once=True,
        settings={**_EXACTLY_ONCE, **_LOW_LATENCY, "store": "memory"},
    ),
    Peer(
        "quix-eos",
        "quix",
        exactly_once=True,
        settings={"guarantee": "exactly-once", "linger": 0, "commit": 0.1, "poll": 0.01},
    ),
)
"""The exactly-once peers with their settings for low latency."""
