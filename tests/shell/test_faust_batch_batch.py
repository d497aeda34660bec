"""What a batch takes and gives, without a broker."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.faust_batch import DeliveryError, PartitionStore, RecordTooLargeError, TaskBatch
from stream.faust_batch.producer import PartitionWriter, TaskProducer


def writer(max_bytes: int = 10_000) -> PartitionWriter:
    producer = SimpleNamespace(create_batch=lambda: BatchBuilder(max_bytes, 0, is_transactional=1))
    return PartitionWriter("out", 3, producer, max_bytes)


def written(made: PartitionWriter) -> list[tuple[int, list[tuple[int, int, bytes, bytes, list]]]]:
    """Of each batch: its declared number of records, and the records as a reader decodes them."""
    found = []
    for batch, count in made.batches():
        batch._set_producer_state(1, 1, 0)
        memory = MemoryRecords(bytes(batch._build()))
        records = []
        while memory.has_next():
            records += [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in memory.next_batch()]
        found.append((count, records))
    return found


records = st.tuples(
    st.none() | st.binary(max_size=20), st.none() | st.binary(max_size=300), st.integers(1, 2**41),
    st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=20)), max_size=3),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(records, min_size=1, max_size=40), st.integers(500, 3000))
def test_what_is_written_is_what_a_reader_gets(rows, max_bytes):
    """However it is split: each batch counts its own records from 0, and all come back in order and unchanged."""
    made = writer(max_bytes)
    for key, value, timestamp, headers in rows:
        made.append(key, value, timestamp, headers)
    batches = written(made)
    assert all([r[0] for r in found] == list(range(count)) for count, found in batches)
    assert [(k, v, t, h) for _, found in batches for _, t, k, v, h in found] == rows


def test_single_record_beyond_the_limit_names_topic_and_size():
    """Not silently sent alone, as aiokafka would: it names where it should have gone, its size and the remedy."""
    made = writer(1000)
    made.append(b"k", b"x" * 900, 1, [])
    with pytest.raises(RecordTooLargeError, match=r"20\d\d bytes for topic 'out', partition 3.*max.message.bytes"):
        made.append(b"k", b"x" * 2000, 1, [])


def batch(tick=None, **state: bytes) -> TaskBatch:
    store = PartitionStore()
    store.apply({key.encode(): value for key, value in state.items()})
    task = SimpleNamespace(
        partition=3, context="the context", store=store,
        producer=SimpleNamespace(writer=lambda topic, partition: writer()),
    )  # fmt: skip
    done = SimpleNamespace(done=lambda: False)
    return TaskBatch(task, (), tick, done)


def test_get_sees_own_puts_and_the_store_does_not():
    """A batch reads what it wrote; the committed state changes only with the commit."""
    made = batch(x=b"old", y=b"old")
    made.put(b"x", b"new")
    made.put(b"y", None)
    assert [made.get(key) for key in (b"x", b"y", b"z")] == [b"new", None, None]
    assert dict(made.store) == {b"x": b"old", b"y": b"old"}


def test_headers_of_any_sequence_are_sent():
    """A list goes as it is; a tuple, such as a fetched record's, is made one."""
    made = batch()
    made.send("out", 3, b"k", b"v", 5, (("a", b"1"),))
    made.send("out", 3, b"k", b"v", 5)
    [output] = made.outputs
    assert [r[4] for _, found in written(output) for r in found] == [[("a", b"1")], []]


def test_only_a_tick_can_be_repeated():
    """Records are taken: there is no way back for them but a crash."""
    with pytest.raises(ValueError, match="only a tick"):
        batch().repeat_tick()
    repeated = batch(tick=SimpleNamespace())
    repeated.repeat_tick()
    assert repeated.repeats


def test_error_of_process_reaches_the_task_and_not_the_agent():
    """The agent's loop lives on; the task decides what an error means."""

    async def run():
        made = batch()
        made._done = asyncio.get_running_loop().create_future()
        made.run(lambda _: 1 / 0, "event")
        return made._done.exception()

    assert isinstance(asyncio.run(run()), ZeroDivisionError)


def test_batch_of_a_closed_task_is_not_processed():
    """An event that waited in a channel while its task was closed touches nothing."""

    async def run():
        made, called = batch(), []
        made._done = asyncio.get_running_loop().create_future()
        made._done.cancel()
        made.run(called.append, "event")
        return called

    assert asyncio.run(run()) == []


class Refusing:
    """An aiokafka producer whose deliveries end as told, in the order in which batches are handed over."""

    def __init__(self, *outcomes: int | Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[str] = []

    async def send_batch(self, batch, topic, *, partition):
        self.calls.append(f"{topic}:{batch.record_count()}")
        delivery = asyncio.get_running_loop().create_future()
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            delivery.set_exception(outcome)
        elif outcome is not None:
            delivery.set_result(SimpleNamespace(offset=outcome))
        return delivery

    async def begin_transaction(self):
        self.calls.append("begin")

    async def commit_transaction(self):
        self.calls.append("commit")


def transaction(client: Refusing, *sizes: int) -> tuple[int, float]:
    """A transaction of a changelog and outputs with so many records, three to a batch."""
    producer = TaskProducer.__new__(TaskProducer)
    producer._client = client
    made = []
    for number, size in enumerate(sizes):
        made.append(writer(1000))
        made[-1].topic = f"t{number}"
        for _ in range(size):
            made[-1].append(b"k", b"x" * 300, 1, [])
    return asyncio.run(producer.commit(made))


def test_transaction_hands_over_everything_then_commits():
    """First batches first, second ones after them; commit when all are delivered; the end counts the last batch."""
    client = Refusing(100, 200, 103)
    end, _ = transaction(client, 5, 2)
    assert client.calls == ["begin", "t0:3", "t1:2", "t0:2", "commit"]
    assert end == 105


@pytest.mark.parametrize(
    "outcomes", [(100, OSError("full")), (None, OSError("full"))], ids=["others done", "others on their way"]
)
def test_failed_delivery_is_never_committed(outcomes):
    """One batch is refused: no commit, and the error names its topic, whatever the others do."""
    client = Refusing(*outcomes)
    with pytest.raises(DeliveryError, match=r"topic 't1', partition 3: .* 2 records, \d+ bytes: OSError\('full'\)"):
        transaction(client, 2, 2)
    assert client.calls == ["begin", "t0:2", "t1:2"]


def test_fenced_delivery_says_that_it_is_fenced():
    """Another worker owns the task now: that is no refusal of these records."""
    with pytest.raises(ProducerFenced):
        transaction(Refusing(ProducerFenced()), 1)
