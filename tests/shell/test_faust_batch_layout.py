"""What is refused before a task runs."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from stream.faust_batch import InputLostError, PartitionStore, TaskApp, TaskSettings, TopicLayoutError
from stream.faust_batch.layout import assigned_tasks, begin_offsets, check_copartitioned, check_nothing_processed
from stream.faust_batch.security import faust_credentials


@pytest.fixture
def app() -> TaskApp:
    return TaskApp("layout", brokers="127.0.0.1:1", settings=TaskSettings())


def declare(app: TaskApp, name: str = "loans", topics=("a", "b"), tick_topic="ticks"):
    table = app.Table(name, partitions=4, key_type=bytes, value_type=bytes)
    app.task_agent(name, topics, table=table, process=lambda batch: None, tick_topic=tick_topic)
    return app.manager.agents[-1]


def test_topic_that_feeds_two_agents_is_refused(app):
    """One group has one committed offset per partition: two tasks would overwrite each other's."""
    declare(app)
    with pytest.raises(TopicLayoutError, match="'ticks' feeds the agents 'loans' and 'borrowers'"):
        declare(app, "borrowers", ["c"])


def test_equal_counts_pass_and_a_changelog_may_be_missing(app):
    """Faust makes the changelog; everything else must be there with one number of partitions."""
    check_copartitioned(declare(app), {"a": 4, "b": 4, "ticks": 4, "layout-loans-changelog": 0})


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"a": 4, "b": 12, "ticks": 4, "layout-loans-changelog": 4}, "'b' has 12 partitions, 'a' has 4"),
        ({"a": 4, "b": 4, "ticks": 4, "layout-loans-changelog": 8}, "'layout-loans-changelog' has 8 partitions"),
        ({"a": 4, "b": 4, "ticks": 0, "layout-loans-changelog": 4}, "'ticks' of agent 'loans' does not exist"),
    ],
)
def test_wrong_counts_are_refused(app, counts, says):
    """The error names the topics and their numbers."""
    with pytest.raises(TopicLayoutError, match=says):
        check_copartitioned(declare(app), counts)


def test_assignment_gives_one_task_per_partition(app):
    """Partition p of all topics is one task."""
    agent = declare(app)
    mine = {TopicPartition(topic, p) for topic in ("a", "b", "ticks") for p in (1, 3)}
    assert assigned_tasks([agent], mine | {TopicPartition("layout-loans-changelog", 1)}) == [(agent, 1), (agent, 3)]


def test_torn_assignment_is_refused(app):
    """A partition of one topic without that of another would be half a task."""
    with pytest.raises(TopicLayoutError, match="owns partition 1 without that of b, ticks"):
        assigned_tasks([declare(app)], {TopicPartition("a", 1)})


A0 = TopicPartition("a", 0)


@pytest.mark.parametrize(("begin", "end"), [(0, 10), (10, 10), (10, 20)])
def test_position_within_the_log_is_where_reading_begins(begin, end):
    """Both ends are inclusive: everything processed, and nothing deleted that was not."""
    assert begin_offsets([A0], {A0: 10}, {A0: begin}, {A0: end}) == {A0: 10}


def test_an_input_without_position_is_read_from_its_beginning():
    """A topic that is new to a task: everything that the broker has of it."""
    assert begin_offsets([A0], {}, {A0: 4}, {A0: 10}) == {A0: 4}


@pytest.mark.parametrize(("begin", "end"), [(11, 20), (0, 9)], ids=["deleted", "made anew"])
def test_position_outside_the_log_is_refused_or_the_loss_accepted(begin, end):
    """Kafka would begin elsewhere in silence: events lost, or all of them twice."""
    with pytest.raises(InputLostError, match=rf"a\[0\] is processed up to offset 10, .* {begin} to {end}"):
        begin_offsets([A0], {A0: 10}, {A0: begin}, {A0: end})
    assert begin_offsets([A0], {A0: 10}, {A0: begin}, {A0: end}, accept_loss=True) == {A0: begin}


def test_a_deleted_changelog_is_refused(app):
    """No state, but a group that has processed the input: everything would be said once more."""
    agent = declare(app)
    with pytest.raises(InputLostError, match="no state, but its group has processed a: the changelog"):
        check_nothing_processed(agent, 0, committed=[A0])
    check_nothing_processed(agent, 0, committed=[TopicPartition("a", 1)])


def test_options_that_cannot_work_are_refused():
    """What the runtime needs to be so is not up to the caller."""
    with pytest.raises(ValueError, match="processing_guarantee"):
        TaskApp("x", brokers="h:1", settings=TaskSettings(), processing_guarantee="exactly_once")


def test_several_brokers_reach_faust_and_our_own_clients():
    """A list of brokers is a list everywhere."""
    app = TaskApp("x", brokers="h1:9092,h2:9093", settings=TaskSettings())
    assert [str(url) for url in app.conf.broker_consumer] == ["kafka://h1:9092", "kafka://h2:9093"]
    assert app.manager.connection["bootstrap_servers"] == ["h1:9092", "h2:9093"]


@pytest.mark.parametrize("security", [{"security_protocol": "SSSL"}, {"security_protocol": "SASL_SSL"}])
def test_security_that_cannot_work_is_refused(security):
    """A typing mistake does not become a plaintext connection."""
    with pytest.raises(ValueError, match="SASL_SSL"):
        faust_credentials(security)


def test_table_reads_all_owned_partitions_and_is_not_written_directly(app):
    """The Faust table shows the stores of the owned partitions; a write outside a batch would not be committed."""
    table = declare(app).table
    stores = {0: PartitionStore(), 2: PartitionStore()}
    stores[0].apply({b"x": b"1", b"gone": b"2"})
    stores[0].apply({b"gone": None, b"never": None})
    stores[2].apply({b"y": b"3"})
    table.data.partitions = stores
    assert (sorted(table.data), len(table.data), table.data[b"y"], b"gone" in table.data) == (
        [b"x", b"y"],
        2,
        b"3",
        False,
    )
    with pytest.raises(TypeError, match="through TaskBatch"):
        table.data[b"x"] = b"2"
    with pytest.raises(TypeError, match="through TaskBatch"):
        del table.data[b"x"]


def test_commit_slots_are_a_quarter_of_the_tasks():
    """Fewer and larger transactions; never fewer than one, and what is asked for where it is asked for."""
    assert [TaskSettings().slots_for(tasks) for tasks in (0, 1, 7, 8, 12)] == [1, 1, 1, 2, 3]
    assert TaskSettings(commit_slots=5).slots_for(1) == 5
