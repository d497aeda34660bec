"""Each event counts once, in order, whatever happens to the workers."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from stream.local.broker import Broker
from tests.kafka.faust_batch_harness import NewCase, by_definition, cases


@pytest.fixture
def new_case(kafka_bootstrap: str, make_topics: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[NewCase]:
    """Makes an app on topics of its own."""
    with cases(kafka_bootstrap, make_topics, tmp_path) as make:
        yield make


def test_events_of_two_topics_are_processed_once_and_in_time_order(new_case: NewCase) -> None:
    """Records of both topics come in the order of their time; headers reach the agent and the output."""
    case = new_case("plain")
    events = case.events(2000)
    case.publish(events)
    worker = case.start()
    case.run_to_the_end(worker)
    assert worker.terminate() == 0
    case.assert_exact(events)
    for messages in case.read(case.out).values():
        assert all(m.headers() == [("id", m.value().rsplit(b":", 1)[1])] for m in messages)
        assert [m.timestamp()[1] for m in messages] == sorted(m.timestamp()[1] for m in messages)


@pytest.mark.slow
def test_killed_workers_lose_and_double_nothing(new_case: NewCase) -> None:
    """A worker killed by SIGKILL in the middle of its work, three times, leaves no trace in the result."""
    case = new_case("kill", pause=0.01)
    events = case.events(8000)
    case.publish(events)
    for number in range(3):
        worker = case.start()
        worker.until("some progress", lambda worker=worker, least=300 + 200 * number: worker.records > least)
        worker.process.kill()
        worker.wait()
    last = case.start()
    case.run_to_the_end(last)
    assert last.records < 8000  # the killed ones had committed a part
    assert last.terminate() == 0
    case.assert_exact(events)


@pytest.mark.slow
def test_worker_that_wakes_up_after_losing_its_tasks_commits_nothing(new_case: NewCase) -> None:
    """A worker stopped beyond the session timeout is fenced when it goes on, says so and exits with an error."""
    case = new_case("zombie", pause=0.03, settings={"max_batch": 20})
    events = case.events(10000)
    case.publish(events)
    zombie = case.start()
    zombie.until("progress", lambda: zombie.records > 200)
    other = case.start()
    other.until("its share", lambda: any(said["tasks"] for said in other.all("assigned")))
    zombie.until("progress after the rebalance", lambda: len(zombie.all("assigned")) > 1)
    before = zombie.records
    zombie.until("work in its share", lambda: zombie.records > before)
    zombie.send(signal.SIGSTOP)
    other.until("the other has it all", lambda: any(len(said["tasks"]) == 4 for said in other.all("assigned")))
    resumed = other.records
    other.until("the other works", lambda: other.records > resumed)
    zombie.send(signal.SIGCONT)
    continued = time.monotonic()
    assert zombie.wait(20) not in (0, -signal.SIGKILL)
    assert time.monotonic() - continued < 20
    assert [said["fenced"] for said in zombie.all("transaction_failed")][:1] == [True], zombie.all("transaction_failed")
    assert "worker ends: task count" in zombie.output
    case.run_to_the_end(other)
    assert other.terminate() == 0
    case.assert_exact(events)


@pytest.mark.slow
def test_tasks_move_between_workers_without_loss(new_case: NewCase) -> None:
    """Workers join and leave under load; each leaves with exit code 0 and nothing is done twice."""
    case = new_case("rebalance", pause=0.01)
    events = case.events(12000)
    case.publish(events)
    first = case.start()
    first.until("progress", lambda: first.records > 200)
    second = case.start()
    second.until("its share", lambda: any(len(said["tasks"]) == 2 for said in second.all("assigned")))
    second.until("progress", lambda: second.records > 200)
    assert first.terminate() == 0
    second.until("all tasks", lambda: any(len(said["tasks"]) == 4 for said in second.all("assigned")))
    third = case.start()
    third.until("its share", lambda: any(said["tasks"] for said in third.all("assigned")))
    case.run_to_the_end(second, third)
    assert first.records + second.records + third.records == 12000  # nothing was processed and thrown away
    assert [second.terminate(), third.terminate()] == [0, 0]
    case.assert_exact(events)


def test_worker_without_partitions_stands_by(new_case: NewCase) -> None:
    """With more workers than partitions one has nothing to do, and takes over when the other leaves."""
    case = new_case("standby", partitions=1)
    case.publish(case.events(50))
    first = case.start()
    case.run_to_the_end(first)
    second = case.start()
    second.until("an assignment", lambda: second.all("assigned"))
    owner, idle = (second, first) if second.all("assigned")[-1]["tasks"] else (first, second)
    idle.until("no task", lambda: idle.all("assigned")[-1]["tasks"] == [])
    assert owner.terminate() == 0
    idle.until("the task", lambda: idle.all("assigned")[-1]["tasks"] == [["count", 0]])
    assert idle.terminate() == 0
    case.assert_exact(case.events(50))


def test_state_is_restored_as_it_was(new_case: NewCase) -> None:
    """A new worker has the state of the old one, deleted keys included, without reading its input again."""
    case = new_case("restore", settings={"max_batch": 10})
    events = case.events(400)
    gone = [event._replace(value="delete", at=event.at + 1000) for event in events[:5]]
    case.publish([*events, *gone])
    first = case.start()
    case.run_to_the_end(first)
    assert first.terminate() == 0
    more = case.events(40, first=2000)
    case.publish(more)
    second = case.start()
    case.run_to_the_end(second)
    assert sum(said["records"] for said in second.all("recovered")) > 0
    assert second.records == 40
    assert second.terminate() == 0
    deleted = {event.key for event in gone}
    kept = [event for event in events if event.key not in deleted]
    assert case.state() == by_definition([*kept, *more])[1]


def test_second_agent_counts_each_output_of_the_first_once(new_case: NewCase) -> None:
    """Two agents in one app, one fed by the other, each with its own table and transactions; a kill in between."""
    case = new_case("two", second_agent=True, pause=0.005)
    events = case.events(2000)
    case.publish(events)
    killed = case.start()
    killed.until("progress of both", lambda: {done["agent"] for done in killed.all("done")} == {"count", "again"})
    killed.process.kill()
    killed.wait()
    worker = case.start()
    case.run_to_the_end(worker)
    worker.until("the second agent", lambda: sum(case.state("again").values()) >= 2000)
    assert worker.terminate() == 0
    case.assert_exact(events)
    assert case.state("again") == {key: state["n"] for key, state in by_definition(events)[1].items()}


@pytest.mark.slow
def test_broker_that_dies_and_comes_back_costs_nothing_but_time(private_broker: Broker, tmp_path: Path) -> None:
    """The broker is killed under load and started again: the worker goes on, or a new one does; nothing is lost."""
    admin = AdminClient({"bootstrap.servers": private_broker.bootstrap})

    def make_topics(prefix: str, partitions: int, names: Sequence[str], config: dict[str, str]) -> dict[str, str]:
        made = {name: prefix + name for name in names}
        new = [NewTopic(topic, partitions, 1, config=config) for topic in made.values()]
        for created in admin.create_topics(new).values():
            created.result(30)
        return made

    with cases(private_broker.bootstrap, make_topics, tmp_path) as new_case:
        # what waits for records of another topic waits for the broker, however long it takes to come back
        case = new_case("broker", pause=0.01, settings={"max_idle": 300.0})
        events = case.events(8000)
        case.publish(events)
        worker = case.start()
        worker.until("progress", lambda: worker.records > 300)
        private_broker.kill()
        private_broker.start()
        if worker.process.poll() is not None:
            worker = case.start()
        case.run_to_the_end(worker)
        assert worker.terminate() == 0
        case.assert_exact(events)
