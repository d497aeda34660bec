"""
A batched, transactional transport for Faust: one batch of a task = one event = one Kafka transaction.

README.md says how it works and which private attributes of faust and aiokafka it overrides.
"""

from stream.faust_batch.app import TaskApp
from stream.faust_batch.batch import TaskBatch
from stream.faust_batch.errors import (
    DeliveryError,
    InputLostError,
    RecordTooLargeError,
    StalledError,
    StopTask,
    TopicLayoutError,
)
from stream.faust_batch.manager import TaskManager
from stream.faust_batch.observer import BatchTimes, Observer
from stream.faust_batch.queues import Record
from stream.faust_batch.settings import TaskSettings
from stream.faust_batch.state import PartitionedTable, PartitionStore
from stream.faust_batch.task import StreamTask
from stream.faust_batch.tuning import tune_interpreter

__all__ = [
    "BatchTimes",
    "DeliveryError",
    "InputLostError",
    "Observer",
    "PartitionStore",
    "PartitionedTable",
    "Record",
    "RecordTooLargeError",
    "StalledError",
    "StopTask",
    "StreamTask",
    "TaskApp",
    "TaskBatch",
    "TaskManager",
    "TaskSettings",
    "TopicLayoutError",
    "tune_interpreter",
]
