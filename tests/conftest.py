"""What every test may use: one real Kafka broker for the whole run, and topics on it.

With `pytest -n 2 --dist loadfile --no-loadscope-reorder` the files are dealt out to two processes, each with a broker
of its own: most tests of Kafka wait more than they compute. A file's tests stay together, and so do its fixtures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import hypothesis
import pytest

from schemas.catalogue import TOPICS
from stream.local import broker
from stream.local.broker import Broker

LAYOUT = tuple(topic.name for topic in TOPICS)
hypothesis.settings.register_profile("same examples each time", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same examples each time")

BROKER_FIXTURES = {"kafka_bootstrap", "private_broker", "make_topics"}
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")  # a broker of seconds: half the CPU of its start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever asks for a broker as a kafka test, so that `-m "not kafka"` is what it says.

    The files with slow tests come first, in the order that pytest-randomly gave: dealt out to several processes, the
    many quick tests then fill what is left over.
    """
    for item in items:
        if BROKER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
    slow = {item.path for item in items if item.get_closest_marker("kafka") or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def need_a_local_broker() -> None:
    """Skip the test where this machine cannot run Kafka; fail it under CI, where it must."""
    sentence = broker.missing()
    if sentence is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The address of a Kafka broker that runs until the last test; share it by topic names of your own."""
    need_a_local_broker()
    with Broker.temporary() as running:
        yield running.bootstrap


@pytest.fixture
def private_broker() -> Iterator[Broker]:
    """A running broker for one test, which may kill, pause and restart it."""
    need_a_local_broker()
    with Broker.temporary() as running:
        yield running


def _is_seen(admin: Any, topic: str, partitions: int) -> bool:
    """Whether the broker tells clients of the topic, which it does a moment after it was made."""
    found = admin.list_topics(topic, timeout=30).topics[topic].partitions
    return len(found) == partitions and all(partition.leader >= 0 for partition in found.values())


MakeTopics = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def make_topics(kafka_bootstrap: str) -> MakeTopics:
    """Make topics: `make_topics("mine.", 4)` makes the layout under that prefix; see below for more."""
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})

    def make(
        prefix: str, partitions: int = 4, names: Sequence[str] = LAYOUT, config: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Make `prefix + name` for each name and return name -> full name; refuses a topic that exists."""
        full = {name: prefix + name for name in names}
        new = [NewTopic(topic, partitions, 1, config=config or {}) for topic in full.values()]
        for topic, made in admin.create_topics(new, operation_timeout=30).items():
            if (error := made.exception(30)) is not None:
                pytest.fail(f"could not make {topic}: {error}")
        deadline = time.monotonic() + 30
        while not all(_is_seen(admin, topic, partitions) for topic in full.values()):
            assert time.monotonic() < deadline, "new topics are not to be seen"
            time.sleep(0.05)
        return full

    return make
