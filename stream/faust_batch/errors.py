"""
Errors of the task runtime.

RuntimeError
├── StopTask              raised by the caller: stops one task
├── TopicLayoutError      topics are missing or differ in their number of partitions
├── InputLostError        the positions do not fit to what the broker has
├── StateDamagedError     the broker's copy of a changelog is damaged
├── RecordTooLargeError   a record does not fit into a batch
├── DeliveryError         the broker refused a batch
└── StalledError          the watchdog saw no progress
"""

from __future__ import annotations


class StopTask(RuntimeError):  # noqa: N818 - an order, not an accident
    """Raised by ``process``: nothing of the batch is committed and this task stops; the others go on."""


class TopicLayoutError(RuntimeError):
    """Topics of one agent are missing, or differ in their number of partitions, or feed two agents."""


class InputLostError(RuntimeError):
    """Records after a committed position are gone, or the state that holds the positions is."""


class StateDamagedError(RuntimeError):
    """What a changelog gives back is not what was written: its checksum says so."""


class RecordTooLargeError(RuntimeError):
    """A single record is larger than a batch may be."""


class DeliveryError(RuntimeError):
    """The broker did not take a batch of records."""


class StalledError(RuntimeError):
    """Position, commit and end offsets stopped moving although there is work."""
