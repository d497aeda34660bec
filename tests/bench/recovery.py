"""Recovery: one worker restores every loan from a changelog that was written by a generator."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from confluent_kafka import Producer

from stream.policy_file import load_policy
from tests.bench.engines import PEERS, Engine, Peer, Place
from tests.bench.machine import EngineError, Running
from tests.bench.portfolio import AS_OF, Portfolio, loan_id_of
from tests.bench.stages import Agent, records_of
from tests.bench.throughput import make_outputs

TEMPLATES = 200
"""Loans whose real states the generator copies, each under as many ids as it takes."""
PROBES = 400
"""Repayments that wait in the topics: when they are done, every partition works again."""
SECONDS_TO_RESTORE = 600.0


class State(NamedTuple):
    """One record of a changelog; a partition of None follows from the key."""

    key: bytes
    value: bytes
    partition: int | None


def measure(engine: Engine, place: Place, loans: int, payments: int) -> dict[str, Any]:
    """Write the changelog, start one worker without local state, wait until work is done in every partition."""
    kafka = place.kafka
    changelog = f"{place.app}-loans-changelog"
    kafka.create([place.disbursements, place.repayments], [changelog])
    make_outputs(engine, place)
    engine.begin_at(place, [0] * kafka.partitions, [0] * kafka.partitions)
    states = peer_states(loans, payments) if isinstance(engine, Peer) else our_states(loans, payments, kafka.partitions)
    size = _write(place, changelog, states)
    probes = Portfolio(loans, PROBES).repayment_events()
    kafka.publish(place.prefix, probes)
    running = engine.start(place, 0, PROBES, "recovery.log")
    try:
        ready = _wait_ready(running, b"running partitions") if not isinstance(engine, Peer) else None
        end = engine.wait_repaid(running, place, PROBES, SECONDS_TO_RESTORE).done
        memory = running.memory_mb()
    finally:
        running.stop()
    seconds = (ready or end) - running.started
    result = {
        "records": loans,
        "mb": round(size / 1e6),
        "bytes_per_loan": round(size / loans),
        "seconds": round(end - running.started, 2),
        "records_per_second": round(loans / seconds),
        "memory_mb": round(memory),
    }
    return result if ready is None else {**result, "restored_seconds": round(ready - running.started, 2)}


def our_states(loans: int, payments: int, partitions: int) -> Iterator[State]:
    """Real states of our table, made by the agent, with the ids replaced; and the business date of each partition."""
    agent = Agent(load_policy(None), partitions)
    portfolio = Portfolio(TEMPLATES, TEMPLATES * payments)
    agent.process(records_of(portfolio.disbursements()))
    agent.process(records_of(portfolio.repayment_events()))
    table = agent.batch.table
    templates = {key: value for key, value in table.items() if not key.startswith(b"\x00")}
    for key, value in table.items():
        if key.startswith(b"\x00"):
            for partition in range(partitions):
                yield State(key, value, partition)
    yield from _copies(loans, list(templates.items()))


def peer_states(loans: int, payments: int) -> Iterator[State]:
    """States of the Kafka Streams peer, made by the same job in Python; its days count from 1970."""
    job = _job_of_the_peers()
    portfolio = Portfolio(TEMPLATES, TEMPLATES * payments)
    as_of = AS_OF.toordinal()
    states = {}
    for event in portfolio.disbursements():
        states[event.key], _ = job.disburse(json.loads(event.data), event.event_id, as_of)
    for event in portfolio.repayment_events():
        job.repay(states[event.key], json.loads(event.data), event.event_id, as_of)
    for state in states.values():
        state["d"] = [day - 719_163 for day in state["d"]]
    yield from _copies(loans, [(key.encode(), json.dumps(state).encode()) for key, state in states.items()])


def _copies(loans: int, templates: list[tuple[bytes, bytes]]) -> Iterator[State]:
    for number in range(loans):
        key, value = templates[number % len(templates)]
        copy = loan_id_of(number).encode()
        yield State(copy, value.replace(key, copy), None)


def _write(place: Place, changelog: str, states: Iterator[State]) -> int:
    """Write all states; returns their bytes, keys and values."""
    producer = place.kafka.producer(linger=50)
    size = 0
    for state in states:
        size += len(state.key) + len(state.value)
        _send(producer, changelog, state)
    producer.flush()
    return size


def _send(producer: Producer, topic: str, state: State) -> None:
    where = {} if state.partition is None else {"partition": state.partition}
    while True:
        try:
            producer.produce(topic, state.value, state.key, **where)
        except BufferError:
            producer.poll(0.05)
        else:
            return


def _wait_ready(running: Running, words: bytes) -> float:
    """Wait until the log has these words; returns the moment."""
    deadline = time.monotonic() + SECONDS_TO_RESTORE
    while words not in running.log.read_bytes():
        running.check_alive()
        if time.monotonic() > deadline:
            raise EngineError(f"not restored within {SECONDS_TO_RESTORE:.0f} s; log: {running.log}")
        time.sleep(0.05)
    return time.monotonic()


def _job_of_the_peers() -> Any:
    """The module `peers/core.py`; the peers are programs, not a package."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("peers_core", PEERS / "core.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
