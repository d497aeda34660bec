"""
The state of the tasks: one dictionary per partition, behind a Faust table.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

import faust
from faust.stores.base import Store

from stream.faust_batch.positions import OPENED_KEY, POSITIONS_KEY


class PartitionStore(dict[bytes, bytes]):
    """Committed state of one task: key to value."""

    def __init__(self) -> None:
        super().__init__()
        self.position = 0  # offset of the next changelog record
        self.inputs: bytes | None = None  # the task's positions as committed, see positions.py

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one changelog record."""
        if key == POSITIONS_KEY:
            self.inputs = value
        elif key != OPENED_KEY:
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value

    def forget(self) -> None:
        """Begin again, with nothing restored."""
        self.clear()
        self.position, self.inputs = 0, None

    def apply(self, puts: Mapping[bytes, bytes | None]) -> None:
        """Take over what a transaction has committed."""
        deleted = [key for key, value in puts.items() if value is None]
        self.update(puts)  # type: ignore[arg-type]
        for key in deleted:
            del self[key]


class PartitionedStore(Store):  # type: ignore[misc]
    """What the Faust table reads: the stores of the owned partitions, side by side."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.partitions: dict[int, PartitionStore] = {}
        super().__init__(*args, **options)

    @property
    def data(self) -> Mapping[bytes, bytes]:
        return ChainMap(*self.partitions.values())

    def __getitem__(self, key: bytes) -> bytes:
        return self.data[key]

    def __contains__(self, key: object) -> bool:
        return any(key in store for store in self.partitions.values())

    def __iter__(self) -> Iterator[bytes]:
        return (key for store in self.partitions.values() for key in store)

    def __len__(self) -> int:
        return sum(map(len, self.partitions.values()))

    def __setitem__(self, key: bytes, value: bytes) -> None:
        raise TypeError("this table is written through TaskBatch.put, which commits the change with its input")

    def __delitem__(self, key: bytes) -> None:
        raise TypeError("this table is written through TaskBatch.put(key, None)")

    def persisted_offset(self, tp: Any) -> int | None:
        """Nothing is on disk."""
        return None

    def apply_changelog_batch(self, batch: Any, to_key: Any, to_value: Any) -> None:
        """Faust's own recovery finds nothing to do; see restore.py."""

    def reset_state(self) -> None:
        """The task manager drops stores."""

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """There is nothing on disk to back up."""

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        """There is nothing on disk to restore."""

    def _clear(self) -> None:
        self.partitions.clear()


class PartitionedTable(faust.Table):  # type: ignore[misc]
    """A Faust table of raw keys and values, held per partition, restored and written by the task manager."""

    def _new_store(self) -> PartitionedStore:
        return PartitionedStore(
            "memory://", self.app, self, table_name=self.name, key_type=self.key_type, value_type=self.value_type
        )

    async def on_recovery_completed(self, active_tps: Any, standby_tps: Any) -> None:
        """
        Open the tasks.

        Faust awaits this after each rebalance and before it seeks the stream partitions, the only moment
        between "the partition is ours" and "its position is set".
        """
        await self.app.manager.open()
        await self.call_recover_callbacks()
