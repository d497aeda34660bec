"""What fails, fails before the commit, soon, with a clear line and an exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kafka.faust_batch_harness import START_MS, Case, Event, NewCase, Worker, cases


@pytest.fixture
def new_case(kafka_bootstrap: str, make_topics: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[NewCase]:
    """Makes an app on topics of its own."""
    with cases(kafka_bootstrap, make_topics, tmp_path) as make:
        yield make


SOON = 20


def crash(case: Case, value: str) -> Worker:
    """Have a worker meet this value; it must end soon, with an error."""
    case.publish([Event(case.a, 1, "k001", value, START_MS + 100_000)])
    worker = case.start()
    worker.until("an assignment", lambda: worker.all("assigned"))
    started = time.monotonic()
    assert worker.wait() not in (0, None)
    assert time.monotonic() - started < SOON
    return worker


def the_line(worker: Worker) -> str:
    """The one line that says why the worker ended."""
    lines = [line for line in worker.log if "worker ends: " in line]
    assert len(lines) == 1, worker.output
    return lines[0]


def test_error_in_process_ends_the_worker_before_the_commit(new_case: NewCase) -> None:
    """An exception of the agent's code: exit code, one clear line, and nothing of the batch is visible."""
    case = new_case("boom")
    events = case.events(40)
    case.publish(events)
    worker = crash(case, "boom")
    assert "task count[1]: ValueError: boom, as the test asked" in the_line(worker)
    assert case.outputs()[1] == []
    assert case.committed()[case.a, 1] == 0
    assert worker.all("crashed")


def test_record_that_is_too_large_names_topic_and_size(new_case: NewCase) -> None:
    """A single output larger than a batch may be is refused with the topic, the size and what to do."""
    case = new_case("big")
    line = the_line(crash(case, "big"))
    assert "RecordTooLargeError" in line
    assert case.out in line
    assert "2000" in line
    assert "max.message.bytes" in line
    assert case.outputs()[1] == []


def test_batch_refused_by_the_broker_commits_nothing(new_case: NewCase) -> None:
    """aiokafka commits although a delivery failed; the runtime must not, and names topic and size."""
    case = new_case("refused", output_config={"max.message.bytes": "200"})
    line = the_line(crash(case, "x" * 500))
    assert "DeliveryError" in line
    assert case.out in line
    assert case.state() == {}
    assert case.committed()[case.a, 1] == 0


def test_large_outputs_are_split_into_batches(new_case: NewCase) -> None:
    """Outputs and changelog larger than one batch arrive complete and in order."""
    case = new_case("split", settings={"max_batch_bytes": 2000, "max_batch": 2000})
    events = [event._replace(value="x" * 300 + event.value) for event in case.events(600)]
    case.publish(events)
    worker = case.start()
    case.run_to_the_end(worker)
    assert worker.terminate() == 0
    case.assert_exact(events)


def test_stopped_task_commits_nothing_and_the_others_go_on(new_case: NewCase) -> None:
    """StopTask: its batch leaves no trace, its partitions stay owned and unread, the other tasks work on."""
    case = new_case("stop", settings={"stall_timeout": 2.0})
    events = case.events(400)
    case.publish(events)
    worker = case.start()
    case.run_to_the_end(worker)
    # Produced together, they are one record batch of Kafka, are fetched together and become one batch of the task.
    case.publish([Event(case.a, 1, "k001", value, START_MS + 5000) for value in ("before", "stop")])
    stopped = worker.until("the stop", lambda: worker.all("task_stopped"))
    assert stopped[0]["partition"] == 1
    assert stopped[0]["reason"] == "the test asked for it"
    more = [event._replace(topic=case.a) for event in case.events(100, first=9000)]  # live, so of one topic
    case.publish(more)
    elsewhere = [event for event in more if event.partition != 1]
    worker.until("the other tasks", lambda: worker.records >= 400 + len(elsewhere))
    time.sleep(3)  # longer than a stall: the watchdog must not take the stopped task for stuck
    assert worker.terminate() == 0
    assert "task count[1] has stopped: the test asked for it" in worker.output
    case.assert_exact([*events, *elsewhere])
    assert case.committed()[case.a, 1] == sum(event.topic == case.a and event.partition == 1 for event in events)


def test_missing_topic_is_refused_at_start(new_case: NewCase) -> None:
    """A worker whose input does not exist does not start, and says which topic."""
    case = new_case("missing")
    case.write_config({}, topics=[case.a, f"{case.app_id}.not-there"])
    worker = case.start()
    assert worker.wait() not in (0, None)
    assert f"{case.app_id}.not-there" in the_line(worker)


def test_differing_partition_counts_are_refused_at_start(new_case: NewCase, make_topics) -> None:
    """Topics of one agent with different numbers of partitions: the worker names both and does not start."""
    case = new_case("layout")
    six = make_topics(f"{case.app_id}.", 6, ["six"])["six"]
    case.write_config({}, topics=[case.a, six])
    worker = case.start()
    assert worker.wait() not in (0, None)
    assert "has 6 partitions" in the_line(worker)
    assert case.a in the_line(worker)
