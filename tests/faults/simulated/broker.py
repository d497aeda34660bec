"""What a Kafka cluster keeps: logs with transactions, owners of transactional ids, offsets that a group has told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import InvalidTxnState, ProducerFenced

from stream.faust_batch.fetched import FetchedRecord


class Written(NamedTuple):
    """What a producer sends."""

    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Transaction(NamedTuple):
    """One transaction of one owner."""

    name: str
    epoch: int
    number: int


@dataclass(slots=True)
class Stored:
    """An entry of a log: a record, or the marker that ends a transaction."""

    record: FetchedRecord | None
    transaction: Transaction | None = None
    aborted: bool = False


@dataclass
class Log:
    """One partition."""

    place: TopicPartition
    entries: list[Stored] = field(default_factory=list)
    open: dict[Transaction, int] = field(default_factory=dict)
    """Open transactions with the offset of their first record."""

    def append(self, records: Sequence[Written], transaction: Transaction | None = None) -> int:
        """Append; the offset of the first record."""
        first = len(self.entries)
        if transaction is not None:
            self.open.setdefault(transaction, first)
        for offset, written in enumerate(records, first):
            topic, partition = self.place
            record = FetchedRecord(topic, partition, offset, *written)
            self.entries.append(Stored(record, transaction))
        return first

    def mark(self, transaction: Transaction, *, commit: bool) -> None:
        """End a transaction here."""
        first = self.open.pop(transaction)
        for entry in self.entries[first:]:
            if entry.transaction == transaction:
                entry.aborted = not commit
        self.entries.append(Stored(None, transaction))

    @property
    def end(self) -> int:
        """High watermark."""
        return len(self.entries)

    @property
    def stable(self) -> int:
        """Last stable offset."""
        return min(self.open.values(), default=self.end)

    def committed(self, start: int = 0, most: int = 1 << 30) -> tuple[list[FetchedRecord], int]:
        """At most so many committed records from an offset on, and the offset after them, markers passed over."""
        found: list[FetchedRecord] = []
        position = start
        while position < self.stable and len(found) < most:
            entry = self.entries[position]
            if entry.record is not None and not entry.aborted:
                found.append(entry.record)
            position += 1
        return found, position

    def written(self, start: int, most: int) -> tuple[list[FetchedRecord], int]:
        """The same for a reader that does not ask whether records are committed."""
        entries = self.entries[start : start + most]
        return [entry.record for entry in entries if entry.record is not None], start + len(entries)


@dataclass
class Owner:
    """Who may write under a transactional id."""

    epoch: int = -1
    number: int = 0
    partitions: set[TopicPartition] | None = None
    """Of the open transaction; None: none is open."""


class Cluster:
    """All of it; each method is one request, done at once and as a whole."""

    def __init__(self) -> None:
        self.logs: dict[TopicPartition, Log] = {}
        self.owners: dict[str, Owner] = defaultdict(Owner)
        self.told: dict[TopicPartition, int] = {}
        self.old_ends = False
        """The next answer about last stable offsets is as old as can be."""

    def log(self, place: TopicPartition) -> Log:
        """A partition; made when it is first asked for."""
        if place not in self.logs:
            self.logs[place] = Log(place)
        return self.logs[place]

    def init(self, name: str) -> int:
        """InitProducerId: earlier owners are fenced, and their open transaction is aborted."""
        owner = self.owners[name]
        if owner.partitions is not None:
            self._finish(name, owner, commit=False)
        owner.epoch += 1
        return owner.epoch

    def begin(self, name: str, epoch: int) -> None:
        """A transaction begins: the client's affair, of which the broker learns with the first record."""
        self._check(name, epoch)

    def produce(self, name: str, epoch: int, place: TopicPartition, records: Sequence[Written]) -> int:
        """AddPartitionsToTxn and Produce; the offset of the first record."""
        owner = self._check(name, epoch)
        if owner.partitions is None:
            owner.partitions = set()
            owner.number += 1
        owner.partitions.add(place)
        return self.log(place).append(records, Transaction(name, epoch, owner.number))

    def finish(self, name: str, epoch: int, *, commit: bool) -> None:
        """EndTxn."""
        owner = self._check(name, epoch)
        if owner.partitions is None:
            raise InvalidTxnState(f"{name} has no transaction")
        self._finish(name, owner, commit=commit)

    def _finish(self, name: str, owner: Owner, *, commit: bool) -> None:
        transaction = Transaction(name, owner.epoch, owner.number)
        for place in sorted(owner.partitions or ()):
            self.log(place).mark(transaction, commit=commit)
        owner.partitions = None

    def _check(self, name: str, epoch: int) -> Owner:
        owner = self.owners[name]
        if epoch != owner.epoch:
            raise ProducerFenced(f"{name}: epoch {epoch}, the owner has {owner.epoch}")
        return owner
