"""The input of a task: merged in time order, however it is fetched, with ticks as barriers."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.faust_batch.errors import InputLostError
from stream.faust_batch.group import RecordGroup
from stream.faust_batch.positions import Positions, decode
from stream.faust_batch.queues import Limit, RecordQueue

TOPICS = ("disbursements", "repayments", "servicing")
TICKS = TopicPartition("ticks", 0)
NOW = 100.0


class Rec(NamedTuple):
    topic: str
    offset: int
    timestamp: int
    partition: int = 0


def queue(topic: str, timestamps: list[int] | None = None, *, more: int = 0) -> RecordQueue:
    """A queue with these records fetched and ``more`` of them still at the broker."""
    made = RecordQueue(TopicPartition(topic, 0))
    timestamps = timestamps or []
    made.add([Rec(topic, offset, timestamp) for offset, timestamp in enumerate(timestamps)])
    made.position, made.lso = len(timestamps), len(timestamps) + more
    return made


def taken(group: RecordGroup, limit: int = 1000, now: float = NOW) -> list[tuple[str, int]] | str | None:
    """What is taken: (topic, offset) of each record, "tick", or None for "wait"."""
    work = group.take(limit, now)
    if work is None:
        return None
    return "tick" if work.tick is not None else [(record.topic, record.offset) for record in work.records]


def lowest_head_first(logs: list[list[Rec]]) -> list[Rec]:
    """The definition: again and again the oldest of the heads; at the same time the earlier topic."""
    heads = [list(log) for log in logs]
    merged = []
    while any(heads):
        log = min((log for log in heads if log), key=lambda log: log[0].timestamp)
        merged.append(log.pop(0))
    return merged


# -- merge ---------------------------------------------------------------------------------------------------------


def test_oldest_head_comes_first_and_earlier_topic_wins_a_tie():
    """Records come in the order of their time across topics; at the same time by the order of the topics."""
    group = RecordGroup([queue("a", [1, 5]), queue("b", [1, 3])])
    assert taken(group) == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]


def test_late_record_keeps_its_place_in_its_partition():
    """A record older than the one before it in its partition is never moved before that one."""
    group = RecordGroup([queue("a", [10, 2, 20]), queue("b", [5, 15])])
    assert taken(group) == [("b", 0), ("a", 0), ("a", 1), ("b", 1), ("a", 2)]


def test_nothing_overtakes_what_is_still_at_the_broker():
    """Where a partition has more at the broker, records later than its last fetched one wait."""
    group = RecordGroup([queue("a", [10], more=1), queue("b", [5, 10, 30])])
    assert taken(group) == [("b", 0), ("a", 0)]


def test_earlier_topic_may_go_on_at_the_horizon_itself():
    """At the time of the horizon, records of topics before the incomplete one may still be taken."""
    group = RecordGroup([queue("a", [5, 10, 30]), queue("b", [10], more=1)])
    assert taken(group) == [("a", 0), ("a", 1), ("b", 0)]


def test_silent_partition_is_waited_for_only_so_long():
    """A partition that has records but delivers none stops the others for max_idle, not for ever."""
    group = RecordGroup([queue("a", [], more=3), queue("b", [5])], max_idle=5)
    assert [taken(group, now=0.0), taken(group, now=5.0)] == [None, None]
    assert taken(group, now=5.1) == [("b", 0)]


def test_unknown_position_counts_as_more_to_come():
    """Before the first fetch of a partition has answered, nothing of the other partitions is taken."""
    unknown = RecordQueue(TopicPartition("a", 0))
    assert taken(RecordGroup([unknown, queue("b", [5])])) is None


def test_limit_leaves_the_rest_in_place():
    """A batch takes at most its limit, and the next one goes on where it ended."""
    group = RecordGroup([queue("a", [1, 4, 5]), queue("b", [2, 3])])
    assert taken(group, limit=2) == [("a", 0), ("b", 0)]
    assert taken(group, limit=2) == [("b", 1), ("a", 1)]
    assert taken(group, limit=2) == [("a", 2)]


# -- offsets -------------------------------------------------------------------------------------------------------


def test_positions_name_first_record_not_taken_and_position_behind_markers():
    """An input commits the first offset not taken, or its position where all is taken, markers included."""
    first, second = queue("a", [1, 9]), queue("b", [2])
    second.position = second.lso = 7  # six markers and aborted records behind the only record
    group = RecordGroup([first, second])
    group.take(2, NOW)
    assert {tp.topic: offset for tp, offset in group.positions().offsets.items()} == {"a": 1, "b": 7}


def test_positions_name_every_input_moved_or_not():
    """The last positions record of a changelog is the only one read: it has all inputs, those that stand still too."""
    still = RecordQueue(TopicPartition("b", 0))  # nothing fetched yet
    group = RecordGroup([queue("a", [1]), still], max_idle=0.0)
    group.committed(Positions({still.topic_partition: 40}))
    assert [group.take(1, NOW), group.take(1, NOW + 1)] != [None, None]
    assert {tp.topic: offset for tp, offset in group.positions().offsets.items()} == {"a": 1, "b": 40}


def test_a_commit_is_due_only_after_a_move():
    """What is committed has not moved; the next record taken has."""
    group = RecordGroup([queue("a", [1]), queue("b")])
    group.take(1, NOW)
    assert group.moved
    group.committed(group.positions())
    assert not group.moved


def test_positions_are_read_back_as_they_were_written():
    """What a changelog keeps of a task is what it was, with the partition that the changelog has."""
    written = Positions({TopicPartition("a", 3): 5, TopicPartition("ticks", 3): 0}, tick_begun=True)
    assert decode(written.encode(), 3) == written


# -- ticks ---------------------------------------------------------------------------------------------------------


def with_tick(*queues: RecordQueue, at: int = 100) -> RecordGroup:
    return RecordGroup(queues, queue("ticks", [at]))


def test_tick_without_barrier_stops_everything():
    """While a tick's limits are looked up, nothing is taken."""
    group = with_tick(queue("a", [1]))
    assert group.needs_barrier
    assert taken(group) is None


def test_records_before_the_barrier_come_before_the_tick_and_others_after():
    """The tick is taken when every record below the barrier is, whatever the timestamps say."""
    a, b = queue("a", [500, 501]), queue("b", [1, 600])
    group = with_tick(a, b)
    group.barrier = {a.topic_partition: Limit(1), b.topic_partition: Limit(2)}
    assert taken(group) == [("b", 0), ("a", 0), ("b", 1)]
    assert taken(group) == "tick"
    group.pass_tick()
    assert taken(group) == [("a", 1)]


def test_tick_waits_for_records_that_are_not_fetched():
    """A partition that is not read up to the barrier holds the tick, however long it takes."""
    a = queue("a", [], more=4)
    group = with_tick(a, queue("b"))
    group.barrier = {q.topic_partition: Limit(4 if q is a else 0) for q in group.queues}
    assert [taken(group, now=0.0), taken(group, now=1e6)] == [None, None]
    a.position = 4  # they were aborted: no record came
    assert taken(group) == "tick"


def test_looked_up_barrier_ends_at_the_first_record_later_than_the_tick():
    """With looked-up end offsets, a record younger than the tick by the clock skew lies behind the tick."""
    a = queue("a", [90, 160, 100])
    group = with_tick(a, at=100)
    group.barrier = {a.topic_partition: Limit(3, timestamp_ms=160)}
    assert taken(group) == [("a", 0)]
    assert taken(group) == "tick"


def test_unknown_tick_queue_is_waited_for():
    """Before it is known whether a tick waits, no record is taken: it could belong behind the tick."""
    group = RecordGroup([queue("a", [1])], queue("ticks", [], more=1))
    assert taken(group) is None


def test_begun_tick_comes_before_everything_without_a_barrier():
    """A tick of which a part is committed is delivered first, and its offset stays, marked."""
    group = with_tick(queue("a", [1]))
    group.tick_begun = True
    assert not group.needs_barrier
    assert taken(group) == "tick"
    assert (group.positions().offsets[TICKS], group.positions().tick_begun) == (0, True)
    group.pass_tick()
    assert (group.positions().offsets[TICKS], group.positions().tick_begun) == (1, False)
    assert taken(group) == [("a", 0)]


def test_begun_tick_that_is_not_fetched_yet_holds_everything():
    """After a crash in the middle of a tick, no record is taken before the tick has come again."""
    group = RecordGroup([queue("a", [1])], queue("ticks", [], more=1), max_idle=1)
    group.tick_begun = True
    assert [taken(group, now=0.0), taken(group, now=100.0)] == [None, None]


def test_blocked_by_an_upstream_transaction_is_told_apart_from_stuck():
    """A barrier above the last stable offset waits for somebody else: the watchdog must know."""
    a = queue("a", [1])
    group = with_tick(a)
    group.barrier = {a.topic_partition: Limit(3)}
    assert group.waits_for_records
    a.lso = 3
    assert not group.waits_for_records


def test_passing_a_tick_that_is_not_there_is_refused():
    """There is no silent way to lose the count of ticks."""
    with pytest.raises(ValueError, match="no tick"):
        RecordGroup([queue("a", [1])], queue("ticks")).pass_tick()


# -- however it is fetched -----------------------------------------------------------------------------------------

logs = st.lists(st.lists(st.integers(0, 12), max_size=12), min_size=3, max_size=3)


@st.composite
def story(draw):
    """Three logs, ticks with rising barriers, and an order in which everything is fetched in pieces."""
    timestamps = draw(logs)
    count = draw(st.integers(0, 3))
    cuts = [sorted(draw(st.lists(st.integers(0, len(log)), min_size=count, max_size=count))) for log in timestamps]
    order = draw(st.permutations([topic for topic in range(4) for _ in range(3)]))
    sizes = draw(st.lists(st.integers(1, 8), min_size=12, max_size=12))
    return timestamps, list(zip(*cuts, strict=True)), list(zip(order, sizes, strict=True)), draw(st.integers(1, 7))


def expected(streams: list[list[Rec]], barriers: list[tuple[int, ...]]) -> list[Rec]:
    """The definition: up to each tick's barrier in time order, then the tick; then the rest."""
    whole, start = [], (0, 0, 0)
    for number, ends in enumerate([*barriers, tuple(map(len, streams))]):
        whole += lowest_head_first([log[a:b] for log, a, b in zip(streams, start, ends, strict=True)])
        start = ends
        if number < len(barriers):
            whole.append(Rec("ticks", number, 50))
    return whole


@settings(max_examples=300, deadline=None)
@given(story())
def test_any_way_of_fetching_gives_the_order_of_the_definition(told):
    """However the records arrive, they are taken as if all had been there: time order, each tick at its barrier."""
    timestamps, barriers, fetches, limit = told
    streams = [[Rec(t, o, ts) for o, ts in enumerate(log)] for t, log in zip(TOPICS, timestamps, strict=True)]
    streams_with_ticks = [*streams, [Rec("ticks", number, 50) for number in range(len(barriers))]]
    queues = [RecordQueue(TopicPartition(topic, 0)) for topic in (*TOPICS, "ticks")]
    group = RecordGroup(queues[:3], queues[3])
    out: list[Rec] = []

    def drain() -> None:
        while True:
            if group.needs_barrier:
                ends = barriers[group.tick.offset]
                group.barrier = {q.topic_partition: Limit(end) for q, end in zip(group.queues, ends, strict=True)}
            work = group.take(limit, NOW)
            if work is None:
                return
            assert len(work.records) <= limit
            out.extend(work.records or [work.tick])
            if work.tick is not None:
                group.pass_tick()

    for number, size in [*fetches, *((number, 99) for number in range(4))]:
        log, fetched = streams_with_ticks[number], queues[number]
        start = fetched.position or 0
        piece = log[start : start + size]
        fetched.add(piece)
        fetched.position, fetched.lso = start + len(piece), len(log)
        drain()
    assert out == expected(streams, barriers)
    assert all(q.consumed == len(log) for q, log in zip(queues, streams_with_ticks, strict=True))


def test_a_position_that_goes_back_ends_the_worker() -> None:
    """Neither below the last position nor, at first, below what is committed: nothing is processed twice in silence."""
    queue = RecordQueue(TopicPartition("t", 0))
    queue.committed = 7
    with pytest.raises(InputLostError, match=r"t\[0\] went back from offset 7 to 0"):
        queue.follow(0, 10)
    assert queue.follow(7, 10)
    assert queue.follow(9, 10)
    assert not queue.follow(9, 10)
    with pytest.raises(InputLostError, match="from offset 9 to 8"):
        queue.follow(8, 10)


def test_records_fetched_before_end_the_worker() -> None:
    """The consumer may be set back and be further on again when it is looked at: the records tell."""
    [first, again] = queue("a", [1, 2]), queue("a", [1, 2]).records
    with pytest.raises(InputLostError, match=r"a\[0\] went back from offset 2 to 0"):
        first.add(again)


def test_records_put_back_are_taken_again_in_their_order():
    """Two of four records of two partitions are given back: they come next, before what was fetched meanwhile."""
    first, second = queue("disbursements", [10, 30]), queue("repayments", [20, 40])
    group = RecordGroup([first, second])
    records = group.take(10, NOW).records
    first.add([Rec("disbursements", 2, 35)])
    first.follow(3, 3)
    group.put_back(records[2:])
    assert group.positions().offsets == {first.topic_partition: 1, second.topic_partition: 1}
    assert taken(group) == [("disbursements", 1), ("disbursements", 2), ("repayments", 1)]


def test_a_late_record_hangs_on_what_is_put_back_before_it():
    """The head that was given back is later than the record behind it: both come after an older one elsewhere."""
    late = queue("disbursements", [50, 10])
    group = RecordGroup([late, queue("repayments", [20])])
    records = group.take(2, NOW).records
    assert [record.timestamp for record in records] == [20, 50]
    group.put_back(records)
    assert taken(group) == [("repayments", 0), ("disbursements", 0), ("disbursements", 1)]
