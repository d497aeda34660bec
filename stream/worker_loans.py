"""The loans of a running worker, for its queries: read on any thread, from committed state."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from stream.faust_batch import TaskApp
from stream.observe.query import Elsewhere, Here, NotReady, Unknown
from stream.translate.partition import partition_of
from stream.translate.state import load

NOWHERE: Final = "no-queries.invalid"
"""Host of the address of a worker that answers no queries; workers tell each other their addresses in the group."""


def no_address() -> str:
    """An address of its own for a worker that answers no queries."""
    return f"http://{NOWHERE}/{uuid4().hex}"


class WorkerLoans:
    """Finds loans in the tasks of an app."""

    def __init__(self, app: TaskApp, agent: str, partitions: int, address: str) -> None:
        """`agent`: the name of the loan agent; `address`: where this worker answers."""
        self._app = app
        self._agent = agent
        self._partitions = partitions
        self._address = address.rstrip("/")

    def find(self, loan_id: str) -> Here | Elsewhere | Unknown | NotReady:
        """Look for a loan among the tasks that are open here."""
        key = loan_id.encode()
        partition = partition_of(key, self._partitions)
        task = self._app.manager.tasks.get((self._agent, partition))
        if task is None:
            owner = self._owner(partition)
            return NotReady() if owner == self._address else Elsewhere(partition, owner)
        # the offsets first: what is read afterwards counts at least up to them
        offsets = {queue.topic_partition.topic: queue.committed or 0 for queue in task.group.all_queues}
        raw = task.store.get(key)
        if raw is None:
            return Unknown(partition)
        loan = load(raw)
        return Here(loan, max(task.context.business_date, loan.as_of), partition, offsets)

    def _owner(self, partition: int) -> str | None:
        """Where the worker answers that has the partition, as the group's last assignment says; None: not known."""
        changelog = next((agent.changelog for agent in self._app.manager.agents if agent.name == self._agent), None)
        for address, topics in dict(self._app.router.tables_metadata()).items():
            if changelog is not None and partition in topics.get(changelog, ()):
                return None if urlsplit(address).hostname == NOWHERE else address.rstrip("/")
        return None
