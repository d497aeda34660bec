"""
How far a task has read its inputs: a record in its changelog, in the same transaction as what was made of them.

Not the group's committed offsets: a broker that was killed shows old ones for a while, or loses them, and says
nothing. State and positions that are restored from one partition can't disagree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition

POSITIONS_KEY = b"\x00positions"
"""Key of the positions in a changelog; the table never sees it."""
OPENED_KEY = b"\x00opened"
"""Key of the record that a new owner writes before it restores: what lies before it is all that there is."""


@dataclass(frozen=True, slots=True)
class Positions:
    """
    What a task takes next.

    Attributes:
        offsets: of the next record of each input partition.
        tick_begun: part of the tick at the head of the tick partition is already committed.
    """

    offsets: Mapping[TopicPartition, int] = field(default_factory=dict)
    tick_begun: bool = False

    def encode(self) -> bytes:
        """As the value of a changelog record."""
        offsets = {topic: offset for (topic, _), offset in self.offsets.items()}
        return json.dumps({"offsets": offsets, "tick_begun": self.tick_begun}).encode()


def decode(raw: bytes, partition: int) -> Positions:
    """The positions of the task of this partition."""
    read = json.loads(raw)
    offsets = {TopicPartition(topic, partition): offset for topic, offset in read["offsets"].items()}
    return Positions(offsets, read["tick_begun"])
