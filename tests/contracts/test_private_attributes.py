"""
What stream.faust_batch overrides or reads inside faust and aiokafka is there and means what it is taken for.

A new release of either that breaks one of these tests breaks the exactly-once promise: read
stream/faust_batch/README.md before changing a version bound.
"""

from __future__ import annotations

import asyncio
import inspect
import ssl
from types import SimpleNamespace

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer import fetcher
from aiokafka.consumer.subscription_state import TopicPartitionState
from aiokafka.errors import CorruptRecordException
from aiokafka.producer import sender
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator, MessageBatch
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.api import Request
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v7
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import OffsetAndMetadata
from faust.app.base import App
from faust.serializers.schemas import Schema
from faust.stores.base import Store
from faust.tables.base import Collection
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from hypothesis import given
from hypothesis import strategies as st
from mode import Service
from mode.threads import QueueServiceThread

from stream.faust_batch import fetched, requests, state, transport
from stream.faust_batch.app import TaskApp
from stream.faust_batch.fetched import FetchedBytes, LeanFetchResult, LeanPartitionRecords
from stream.faust_batch.requests import pieces_of
from stream.faust_batch.security import faust_credentials
from stream.faust_batch.settings import TaskSettings

AiokafkaRecords = LeanPartitionRecords.__base__
AiokafkaResult = LeanFetchResult.__base__
"""aiokafka's own classes, whether or not they are replaced in this process."""


def parameters(function) -> list[str]:
    return list(inspect.signature(function).parameters)


def source(function) -> str:
    return inspect.getsource(function)


# -- what is overridden exists, with the same parameters ------------------------------------------------------------

OVERRIDDEN = [
    (transport.BatchSchema, Schema, "compile"),
    (transport.BatchConsumerThread, driver.AIOKafkaConsumerThread, "_create_worker_consumer"),
    (LeanPartitionRecords, AiokafkaRecords, "__next__"),
    (LeanPartitionRecords, AiokafkaRecords, "_unpack_records"),
    (LeanFetchResult, AiokafkaResult, "getall"),
    (FetchedBytes, MemoryRecords, "has_next"),
    (FetchedBytes, MemoryRecords, "size_in_bytes"),
    (transport.BatchConsumer, driver.Consumer, "_new_consumer_thread"),
    (transport.BatchConsumer, driver.Consumer, "_drain_messages"),
    (transport.BatchConsumer, driver.Consumer, "_commit"),
    (transport.BatchConsumer, driver.Consumer, "_new_offset"),
    (transport.BatchConsumer, driver.Consumer, "ack"),
    (transport.BatchConsumer, driver.Consumer, "wait_empty"),
    (transport.BatchConsumer, driver.Consumer, "highwaters"),
    (transport.BatchConsumer, driver.Consumer, "verify_event_path"),
    (transport.BatchConsumer, driver.Consumer, "on_partitions_assigned"),
    (transport.BatchConsumer, driver.Consumer, "on_partitions_revoked"),
    (state.PartitionedTable, faust.Table, "_new_store"),
    (state.PartitionedTable, faust.Table, "on_recovery_completed"),
    (TaskApp, App, "_new_transport"),
    (TaskApp, App, "on_start"),
    (TaskApp, App, "on_stop"),
    (TaskApp, App, "on_shutdown"),
]


@pytest.mark.parametrize(("ours", "theirs", "name"), OVERRIDDEN, ids=lambda value: getattr(value, "__name__", value))
def test_overridden_method_exists_with_the_same_parameters(ours, theirs, name) -> None:
    """An override replaces something, is called in the same way, and is a coroutine exactly where that is one."""
    mine, other = getattr(ours, name), getattr(theirs, name)
    assert mine is not other
    assert inspect.iscoroutinefunction(inspect.unwrap(mine)) == inspect.iscoroutinefunction(inspect.unwrap(other))
    if name != "compile":  # takes whatever Faust passes
        assert parameters(inspect.unwrap(mine)) == parameters(inspect.unwrap(other))


def test_transport_makes_the_consumer_of_its_class_attribute() -> None:
    """Transport.Consumer is the class that the app's consumer is made of."""
    assert "self.Consumer(" in source(driver.Transport.create_consumer)
    assert driver.Transport.Consumer is driver.Consumer


def test_store_needs_nothing_that_is_not_written() -> None:
    """Every abstract method of Faust's store has an answer."""
    assert not getattr(state.PartitionedStore, "__abstractmethods__", None)
    assert issubclass(state.PartitionedStore, Store)


# -- Faust: the order that makes fencing right ----------------------------------------------------------------------


def test_tables_are_told_of_recovery_before_the_positions_are_set() -> None:
    """Faust awaits Table.on_recovery_completed and only then sets the positions."""
    text = source(Recovery.on_recovery_completed)
    assert 0 < text.index("table.on_recovery_completed(") < text.index("asyncio.wait(callback_coros)")
    assert text.index("asyncio.wait(callback_coros)") < text.index("perform_seek()") < text.index("on_rebalance_end()")


def test_positions_are_set_by_the_method_that_is_replaced() -> None:
    """Faust's perform_seek gets the positions from seek_to_committed, which is the consumer's own to answer."""
    assert "await self.seek_to_committed()" in source(Consumer.perform_seek)
    assert transport.BatchConsumer.seek_to_committed is not ThreadDelegateConsumer.seek_to_committed


def test_app_is_rebalancing_from_the_revocation_until_the_positions_are_set() -> None:
    """app.rebalancing and rebalancing_count tell the fetch loop which records belong to an old assignment."""
    assert "thread.app.on_rebalance_start()" in source(driver.ConsumerRebalanceListener.on_partitions_revoked)
    text = source(App.on_rebalance_start)
    assert "self.rebalancing = True" in text
    assert "self.rebalancing_count += 1" in text
    assert "self.rebalancing = False" in source(App.on_rebalance_end)
    assert "app.consumer_generation_id = generation" in source(driver.ConsumerRebalanceListener.on_partitions_assigned)


def test_faust_finds_nothing_to_recover_where_high_watermarks_are_the_beginning() -> None:
    """Faust compares highwaters() with its own offsets; told the earliest offsets, it reads no changelog."""
    assert "consumer.highwaters(" in source(Recovery._build_highwaters)
    assert "earliest_offsets(" in source(Recovery._build_offsets)


def test_commits_go_through_the_overridden_commit() -> None:
    """Faust's own commit asks _new_offset and sends with _commit: both say that there is nothing."""
    assert "self._new_offset(tp)" in source(Consumer._filter_committable_offsets)
    assert "self._commit(" in source(Consumer._commit_offsets)


def test_acknowledged_messages_are_forgotten() -> None:
    """Faust keeps unacknowledged messages in _unacked_messages, from which our ack removes them."""
    assert "self._unacked_messages.add(message)" in source(Consumer.track_message)
    assert "_unacked_messages.discard(message)" in source(Consumer.ack)


def test_our_ack_leaves_nothing_behind() -> None:
    """An acknowledged message is marked and forgotten; no list of offsets grows with every batch."""
    message, other = SimpleNamespace(acked=False), object()
    left = [message, other]
    consumer = SimpleNamespace(_unacked_messages=SimpleNamespace(discard=left.remove))
    assert transport.BatchConsumer.ack(consumer, message)
    assert message.acked
    assert left == [other]
    assert vars(consumer).keys() == {"_unacked_messages"}


def test_faust_looks_for_dead_locks_through_the_overridden_method() -> None:
    """The livelock check of Faust calls verify_event_path and nothing else."""
    assert "self.verify_event_path(now, tp)" in source(Consumer.verify_all_partitions_active)


def test_fetch_loop_runs_the_overridden_drain() -> None:
    """Faust's fetcher service runs consumer._drain_messages(self)."""
    from faust.transport.consumer import Fetcher

    assert "_drain_messages(self)" in source(Fetcher)


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (Consumer, ["stop_flow", "flow_active", "_is_changelog_tp", "consumer_stopped_errors"]),
        (ThreadDelegateConsumer, ["assignment", "earliest_offsets"]),
        (driver.AIOKafkaConsumerThread, ["_ensure_consumer", "_fetch_records", "assignment"]),
        (QueueServiceThread, ["call_thread"]),
        (Service, ["should_stop", "add_future", "crash", "wait"]),
        (Collection, ["changelog_topic_name", "call_recover_callbacks", "data"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_attribute_that_is_read_exists(owner, names) -> None:
    """Attributes of Faust and mode that are read are still there."""
    assert [name for name in names if not hasattr(owner, name)] == []


def test_instance_attributes_that_are_read_are_set() -> None:
    """Attributes that exist on instances only are set where they were."""
    text = source(Consumer.__init__)
    assert "self.can_resume_flow = Event()" in text
    assert "self._unacked_messages" in text
    assert "self.callback = callback" in text
    assert "self._thread = self._new_consumer_thread()" in source(ThreadDelegateConsumer.__init__)
    assert "self._stopped" in source(Service.__init__) + source(Service)


def test_fetch_takes_the_parameters_that_are_passed() -> None:
    """_fetch_records(consumer, active_partitions, timeout, max_records) returns records by partition."""
    assert parameters(driver.AIOKafkaConsumerThread._fetch_records)[1:] == [
        "consumer", "active_partitions", "timeout", "max_records"
    ]  # fmt: skip
    assert "self.consumer.flow_active" in source(driver.AIOKafkaConsumerThread._fetch_records)


def test_message_takes_the_parameters_that_are_passed() -> None:
    """ConsumerMessage has these fields in this order, and room for one more."""
    expected = [
        "topic", "partition", "offset", "timestamp", "timestamp_type", "headers", "key", "value", "checksum",
        "serialized_key_size", "serialized_value_size", "tp",
    ]  # fmt: skip
    assert parameters(ConsumerMessage.__init__)[1 : 1 + len(expected)] == expected
    message = transport.BatchMessage("t", 0, 5, 1.0, 0, None, None, None, None, 0, 0, TP("t", 0), generation_id=1)
    message.batch = "the batch"
    assert (message.offset, message.batch) == (5, "the batch")


def test_channel_size_reaches_the_topic_only_directly() -> None:
    """app.topic() drops maxsize, so the agent's topic is made by conf.Topic, which keeps it."""
    app = TaskApp("contract", brokers="127.0.0.1:1", settings=TaskSettings())
    assert app.conf.Topic(app, topics=["t"], maxsize=7).maxsize == 7


# -- aiokafka: consumer ---------------------------------------------------------------------------------------------


def test_consumer_options_are_read_when_it_starts() -> None:
    """Isolation level and fetch wait set on a new consumer reach its fetcher, which is made in start()."""
    text = source(AIOKafkaConsumer.start)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in text
    assert "isolation_level=self._isolation_level" in text
    assert "await self._consumer.start()" in source(driver.AIOKafkaConsumerThread.on_start)


def test_partition_state_tells_position_and_last_stable_offset() -> None:
    """Position and LSO of a partition are plain attributes, set by the fetcher."""

    async def made():
        return TopicPartitionState(None)

    partition = asyncio.run(made())
    assert partition.lso is None
    assert not partition.has_valid_position
    partition.seek(7)
    assert (partition.has_valid_position, partition.position) == (True, 7)
    assert ".lso = " in source(fetcher.Fetcher._proc_fetch_request)
    assert "_tp_state" in source(__import__("aiokafka.consumer.subscription_state", fromlist=["x"]).Assignment)


def test_topic_partitions_of_both_libraries_are_the_same_key() -> None:
    """A Faust TP and an aiokafka TopicPartition find the same entry of a dictionary."""
    assert {TopicPartition("t", 1): "found"}[TP("t", 1)] == "found"


def test_committed_offsets_come_with_their_metadata() -> None:
    """The admin client returns OffsetAndMetadata: a begun tick is known by the metadata."""
    assert "OffsetAndMetadata(offset, metadata)" in source(AIOKafkaAdminClient.list_consumer_group_offsets)
    assert OffsetAndMetadata(1, "x") == (1, "x")


def blocks(*, compression: int = 0) -> bytes:
    """A committed transaction, an aborted one and its end, and three records without any transaction."""
    made = b""
    for producer, transactional, first in ((7, 1, 0), (9, 1, 3), (-1, 0, 7)):
        batch = BatchBuilder(10_000, compression, is_transactional=transactional)
        for number in range(3):
            headers = [("ce_id", b"%d" % number), ("empty", None)]
            batch.append(timestamp=1000 + 70 * number, key=None, value=b"value" * 50, headers=headers)
        batch._set_producer_state(producer, 0, 0)
        made += placed(batch._build(), first)
        if first == 3:
            made += abort_marker(offset=6)
    return made


def placed(batch: bytearray, first: int) -> bytes:
    """At this base offset, which the broker sets; no check sum covers it."""
    return first.to_bytes(8, "big") + bytes(batch[8:])


def abort_marker(*, offset: int) -> bytes:
    marker = BatchBuilder(10_000, 0, is_transactional=1)
    marker.append(timestamp=1000, key=b"\0\0\0\0", value=b"\0\0\0\0\0\0", headers=[])
    marker._set_producer_state(9, 0, -1)
    made = bytearray(placed(marker._build(), offset))
    made[22] |= 0x20  # the control bit of the attributes
    return bytes(made)


def partition_records(made, memory, data: bytes, *, aborted=(), first=1):
    return made(TopicPartition("t", 2), memory(data), list(aborted), first, None, None, False, fetcher.READ_COMMITTED)


def told(records) -> list[tuple]:
    return [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in records]


@pytest.mark.parametrize("compression", [0, 1], ids=["plain", "gzip"])
@pytest.mark.parametrize("compiled", [False, True], ids=["aiokafka's reader", "our reader"])
@pytest.mark.parametrize("aborted", [(), [(9, 3)]], ids=["all committed", "one aborted"])
def test_lean_records_are_the_ones_that_aiokafka_gives_out(aborted, compiled, compression, monkeypatch) -> None:
    """Same records, same fields, same position behind them; aborted ones and those before the position left out."""
    monkeypatch.setattr(fetched, "COMPILED", compiled)
    data = blocks(compression=compression)
    theirs = partition_records(AiokafkaRecords, MemoryRecords, data, aborted=aborted)
    one_by_one = partition_records(LeanPartitionRecords, FetchedBytes, data, aborted=aborted)
    at_once = partition_records(LeanPartitionRecords, FetchedBytes, data, aborted=aborted)
    expected = told(theirs)
    assert [offset for _, _, offset, *_ in expected] == ([1, 2, 7, 8, 9] if aborted else [1, 2, 3, 4, 5, 7, 8, 9])
    assert told(one_by_one) == told(at_once.take_all()) == expected
    assert theirs.next_fetch_offset == one_by_one.next_fetch_offset == at_once.next_fetch_offset == 10


def test_position_follows_records_that_are_taken_one_by_one() -> None:
    """After each record, and when some are taken singly and the rest at once, the position is aiokafka's."""
    theirs = partition_records(AiokafkaRecords, MemoryRecords, blocks())
    ours = partition_records(LeanPartitionRecords, FetchedBytes, blocks())
    for _ in range(4):
        assert next(ours).offset == next(theirs).offset
        assert ours.next_fetch_offset == theirs.next_fetch_offset
    assert told(ours.take_all()) == told(theirs)
    assert ours.take_all() == []
    assert ours.next_fetch_offset == 10


@pytest.mark.parametrize("cut", [0, 5, 12, 60, -1])
def test_batch_that_is_cut_off_is_left_for_the_next_fetch(cut) -> None:
    """The broker cuts a response at its size limit: what is not whole is not read, as aiokafka does not."""
    one = blocks()[: blocks().index(b"\x00\x00\x00\x00\x00\x00\x00\x03", 61)]
    data = one + one[:cut]
    assert FetchedBytes(data).has_next()
    assert FetchedBytes(one[:cut]).has_next() is False
    assert FetchedBytes(data).size_in_bytes() == MemoryRecords(data).size_in_bytes() == len(data)
    ours = partition_records(LeanPartitionRecords, FetchedBytes, data, first=0)
    assert [record.offset for record in ours.take_all()] == [0, 1, 2]
    assert ours.next_fetch_offset == 3


def one_batch(headers) -> bytearray:
    batch = new_batch()
    batch.append(timestamp=1000, key=b"k", value=b"v", headers=headers)
    return bytearray(batch._build())


@pytest.mark.parametrize("compiled", [False, True], ids=["aiokafka's reader", "our reader"])
def test_damaged_batch_stops_the_reader_before_its_position_moves(compiled, monkeypatch) -> None:
    """The error is aiokafka's; what was fetched is not passed over, however often it is asked for."""
    monkeypatch.setattr(fetched, "COMPILED", compiled)
    data = one_batch([])
    data[60] = 2  # it says that it holds two records
    ours = partition_records(LeanPartitionRecords, FetchedBytes, bytes(data), first=0)
    with pytest.raises(CorruptRecordException):
        ours.take_all()
    assert (ours.take_all(), ours.next_fetch_offset) == ([], 0)


@pytest.mark.parametrize("compiled", [False, True], ids=["aiokafka's reader", "our reader"])
def test_name_of_a_header_that_is_no_text_does_not_stop_the_reader(compiled, monkeypatch) -> None:
    """aiokafka reads nothing of such a batch, ever; here the name is readable, and the judge refuses the record."""
    monkeypatch.setattr(fetched, "COMPILED", compiled)
    data = bytes(one_batch([("abc", b"x")]).replace(b"abc", b"a\xffc"))
    with pytest.raises((CorruptRecordException, UnicodeDecodeError)):
        list(partition_records(AiokafkaRecords, MemoryRecords, data, first=0))
    [record] = partition_records(LeanPartitionRecords, FetchedBytes, data, first=0).take_all()
    assert list(record.headers) == [("a\N{REPLACEMENT CHARACTER}c", b"x")]


def test_fetcher_makes_records_by_the_names_that_are_replaced() -> None:
    """The names are looked up when a response comes, and all that was fetched of a partition is taken by getall."""
    made = source(fetcher.Fetcher._proc_fetch_request)
    assert "records = MemoryRecords(part_data[-1])" in made
    assert "if records.has_next():" in made
    assert "records.size_in_bytes() > 0" in made
    assert "PartitionRecords(" in made
    assert "FetchResult(" in made
    assert "for msg in self._partition_records:" in source(AiokafkaResult.getall)
    assert "res_or_error.getall(max_records)" in source(fetcher.Fetcher.fetched_records)
    assert "self._records_iterator = self._unpack_records()" in source(AiokafkaRecords.__init__)


# -- aiokafka: producer ---------------------------------------------------------------------------------------------


def new_batch(size: int = 10_000) -> BatchBuilder:
    return BatchBuilder(size, 0, is_transactional=1)


def test_writing_below_the_batch_builder_gives_the_same_bytes() -> None:
    """Records appended to _builder, with _relative_offset set afterwards, are those of BatchBuilder.append."""
    headers = [("ce_id", b"1"), ("content-type", b"application/json")]
    above, below = new_batch(), new_batch()
    for number in range(5):
        above.append(timestamp=1000 + number, key=b"k%d" % number, value=b"value", headers=headers)
        below._builder.append(number, 1000 + number, b"k%d" % number, b"value", headers)
    below._relative_offset = 5
    assert above.record_count() == below.record_count() == 5
    for batch in (above, below):
        batch.close()
        batch._set_producer_state(1, 2, 3)
    assert bytes(above._build()) == bytes(below._build())


def test_full_batch_refuses_a_record_but_takes_a_first_one_of_any_size() -> None:
    """append() returns None when the batch is full, and a first record's true size even beyond the limit."""
    batch = new_batch(size=1000)
    assert batch._builder.append(0, 1, b"k", b"x" * 600, []).size > 600
    assert batch._builder.append(1, 1, b"k", b"x" * 600, []) is None
    assert new_batch(size=1000)._builder.append(0, 1, b"k", b"x" * 5000, []).size > 5000


def test_headers_must_be_a_list() -> None:
    """The record builder takes a list and nothing else: TaskBatch.send makes one where it has to."""
    with pytest.raises(TypeError):
        new_batch()._builder.append(0, 1, b"k", b"v", (("a", b"b"),))


def test_sequence_numbers_count_the_records_of_the_batch() -> None:
    """The accumulator counts sequence numbers by record_count, which is _relative_offset."""
    assert "self._builder.record_count()" in source(MessageBatch.record_count.fget)
    assert "return self._relative_offset" in source(BatchBuilder.record_count)
    assert "batch.record_count" in source(MessageAccumulator._pop_batch)


@given(
    st.none() | st.text(max_size=9),
    st.lists(
        st.tuples(
            st.text(max_size=9),
            st.lists(st.tuples(st.integers(0, 2**31 - 1), st.binary(max_size=50).map(bytearray)), max_size=3),
        ),
        max_size=3,
    ),
)
def test_request_in_pieces_is_the_same(transactional_id, topics) -> None:
    """The pieces of a produce request are byte by byte its schema's encoding; each record batch is one, uncopied."""
    request = ProduceRequest_v7(transactional_id, -1, 40_000, topics)
    pieces = pieces_of(request)
    assert b"".join(pieces) == ProduceRequest_v7.SCHEMA.encode((transactional_id, -1, 40_000, topics))
    batches = [batch for _, partitions in topics for _, batch in partitions]
    assert [id(piece) for piece in pieces if isinstance(piece, bytearray)] == list(map(id, batches))


class Written:
    """A connection's writer that keeps what is written to it."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def writelines(self, pieces: list[bytes]) -> None:
        self.data += b"".join(pieces)


def sent_by(send, request: Request) -> tuple[bytes, list[tuple[int, object]]]:
    """What a connection writes for a request, and which answers it then waits for."""

    async def run():
        connection = AIOKafkaConnection("h", 9092, client_id="c")
        connection._writer, connection._versions = Written(), {0: (0, 9), 18: (0, 9)}
        waiting = send(connection, request)
        waiting.close()
        return connection._writer.data, [(number, type(body)) for number, body, _ in connection._requests]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "request_",
    [
        ProduceRequest("id", -1, 40_000, [("t", [(0, bytearray(b"abc")), (3, bytearray())]), ("u", [])]),
        ProduceRequest(None, 1, 40_000, []),
        ApiVersionRequest(),
    ],
    ids=["transactional", "empty", "another request"],
)
def test_request_sent_in_pieces_is_the_same_on_the_wire(request_) -> None:
    """Our send writes the bytes of aiokafka's own, and has it wait for the same answer."""
    assert sent_by(requests.send, request_) == sent_by(requests.USUAL_SEND, request_)


def test_produce_request_without_an_answer_goes_the_usual_way() -> None:
    """aiokafka's own send handles what ours does not, and is not itself replaced by it."""
    assert "self._writer.drain()" in source(requests.USUAL_SEND)
    assert ProduceRequest._CLASSES[-1] is ProduceRequest_v7


def test_delivery_of_a_batch_tells_its_first_offset() -> None:
    """The future of send_batch resolves to the batch's base offset: the changelog's end is that plus the count."""

    async def delivered():
        batch = MessageBatch(TopicPartition("t", 0), new_batch(), 10, 0)
        batch.done(base_offset=40)
        return (await batch.future).offset

    assert asyncio.run(delivered()) == 40


def test_second_batch_of_a_partition_waits_for_the_first_to_be_on_its_way() -> None:
    """add_batch holds one batch per partition: first batches of all partitions are therefore handed over first."""
    assert "pending[-1].wait_drain" in source(MessageAccumulator.add_batch)


def test_pause_after_concurrent_transactions_is_the_module_constant() -> None:
    """BACKOFF_OVERRIDE of aiokafka's sender is looked up when it is used."""
    assert isinstance(sender.BACKOFF_OVERRIDE, float)
    assert "BACKOFF_OVERRIDE" in source(sender.AddPartitionsToTxnHandler)


def test_commit_does_not_look_at_failed_deliveries() -> None:
    """The reason why every delivery is checked here: flush_for_commit only waits."""
    text = source(MessageAccumulator.flush_for_commit)
    assert "asyncio.wait(waiters)" in text
    assert "exception" not in text


def test_producer_that_has_started_has_fenced() -> None:
    """start() waits for InitProducerId before it begins to send: the previous owner is out when it returns."""
    text = source(sender.Sender.start)
    assert text.index("await self._maybe_wait_for_pid()") < text.index("self._sender_routine()")
    assert "await self._sender.start()" in source(AIOKafkaProducer.start)


# -- security -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "security",
    [
        {"security_protocol": "PLAINTEXT"},
        {"security_protocol": "SSL", "ssl_context": ssl.create_default_context()},
        {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "overdue",
            "sasl_plain_password": "secret",
            "ssl_context": ssl.create_default_context(),
        },
        {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "overdue",
            "sasl_plain_password": "secret",
            "ssl_context": None,
        },
    ],
    ids=["plaintext", "ssl", "sasl-ssl", "sasl-plaintext"],
)
def test_faust_logs_in_as_our_own_clients_do(security) -> None:
    """Faust's credentials, turned back into aiokafka's options, are what was asked for."""
    assert driver.credentials_to_aiokafka_auth(faust_credentials(security)) == security
