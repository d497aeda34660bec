"""
What must hold of topics, partitions and offsets before a task may run. Pure functions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from aiokafka import TopicPartition

from stream.faust_batch.agent import AgentSpec
from stream.faust_batch.errors import InputLostError, TopicLayoutError


def check_disjoint(agents: Iterable[AgentSpec], new: AgentSpec) -> None:
    """
    A topic feeds one agent only: a group has one committed offset per partition.

    Raises:
        TopicLayoutError: a topic of the new agent feeds another one already.
    """
    for other in agents:
        if shared := set(other.all_topics) & set(new.all_topics):
            raise TopicLayoutError(
                f"topic {min(shared)!r} feeds the agents {other.name!r} and {new.name!r}: a consumer group has one "
                "committed offset per partition, so give each agent a topic of its own"
            )


def check_copartitioned(agent: AgentSpec, counts: Mapping[str, int]) -> None:
    """
    Partition p of all topics of an agent is one task; only a changelog may still be missing.

    Args:
        counts: number of partitions by topic; 0: it does not exist.

    Raises:
        TopicLayoutError: a topic is missing, or has another number of partitions than the first.
    """
    first = agent.all_topics[0]
    for topic in (*agent.all_topics, agent.changelog):
        if not counts[topic] and topic != agent.changelog:
            raise TopicLayoutError(f"topic {topic!r} of agent {agent.name!r} does not exist: create it first")
        if counts[topic] not in (counts[first], 0):
            raise TopicLayoutError(
                f"topic {topic!r} has {counts[topic]} partitions, {first!r} has {counts[first]}: all topics of agent "
                f"{agent.name!r} need the same number"
            )


def assigned_tasks(agents: Iterable[AgentSpec], assignment: Collection[TopicPartition]) -> list[tuple[AgentSpec, int]]:
    """
    The tasks of a worker that owns these partitions.

    Raises:
        TopicLayoutError: it owns a partition of one topic of an agent without that of another.
    """
    tasks = []
    for agent in agents:
        for number in sorted({tp.partition for tp in assignment if tp.topic in agent.all_topics}):
            missing = [topic for topic in agent.all_topics if TopicPartition(topic, number) not in assignment]
            if missing:
                raise TopicLayoutError(
                    f"agent {agent.name!r} owns partition {number} without that of {', '.join(missing)}: give all its "
                    "topics the same number of partitions"
                )
            tasks.append((agent, number))
    return tasks


def begin_offsets(
    inputs: Iterable[TopicPartition],
    positions: Mapping[TopicPartition, int],
    begin: Mapping[TopicPartition, int],
    end: Mapping[TopicPartition, int],
    *,
    accept_loss: bool = False,
) -> dict[TopicPartition, int]:
    """
    Where each input is read from: its position, or its beginning where it has none.

    The broker must still have what comes after a position; Kafka would start elsewhere in silence.

    Args:
        accept_loss: begin at what the broker has, where records were deleted before they were processed.

    Raises:
        InputLostError: records were deleted before they were processed, or the topic was made anew.
    """
    offsets = {}
    for partition in inputs:
        offset = positions.get(partition, begin[partition])
        if not begin[partition] <= offset <= end[partition]:
            if not accept_loss:
                raise InputLostError(
                    f"input {partition.topic}[{partition.partition}] is processed up to offset {offset}, but the "
                    f"broker has only {begin[partition]} to {end[partition]}: records were deleted before they were "
                    "processed, or the topic was made anew; repair it, or accept the loss for one start with "
                    "the setting accept_lost_input"
                )
            offset = begin[partition]
        offsets[partition] = offset
    return offsets


def check_nothing_forgotten(
    agent: AgentSpec, partition: int, positions: Mapping[TopicPartition, int], told: Mapping[TopicPartition, int]
) -> None:
    """
    The group is told what is committed, so the restored positions are never behind it, unless the changelog lost its
    end: a truncated file, or an unclean election of its leader.

    Raises:
        InputLostError: what is processed would be processed, and said, once more.
    """
    for place, offset in told.items():
        if place.partition == partition and place.topic in agent.all_topics and offset > positions.get(place, offset):
            raise InputLostError(
                f"task {agent.name}[{partition}] has state up to offset {positions[place]} of {place.topic}, but its "
                f"group has processed {offset}: the changelog {agent.changelog!r} has lost its end; bring it back from "
                "a copy, start anew under another app id, or delete the group's offsets to process from there once more"
            )


def check_nothing_processed(agent: AgentSpec, partition: int, committed: Collection[TopicPartition]) -> None:
    """
    A task without a state begins anew; its group, which is told what is processed, must not know better.

    Raises:
        InputLostError: the changelog is gone, and everything would be processed, and said, once more.
    """
    known = [topic for topic in agent.all_topics if TopicPartition(topic, partition) in committed]
    if known:
        raise InputLostError(
            f"task {agent.name}[{partition}] has no state, but its group has processed {', '.join(known)}: the "
            f"changelog {agent.changelog!r} was deleted; start anew under another app id, or delete the group's offsets"
        )
