"""What one batch of a borrower task does: standings are kept, marks open days, signals are judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from schemas.rejections import RejectionCode
from stream.agents.batch import Batch
from stream.agents.borrower_counts import BorrowerCounts
from stream.agents.borrower_days import keep, open_day
from stream.agents.borrower_task import (
    DAYS_KEY,
    PORTFOLIO_KEY,
    TALLY_KEY,
    BorrowerTask,
    Phase,
    encode,
    load_borrower,
    signal_key,
    standing_key,
    store_signal,
)
from stream.agents.results import Results
from stream.agents.topics import Topics
from stream.translate.outbound import Outbound
from stream.translate.partition import partition_of
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.standing_view import MARK_KEY, mark, packed_view, read_standing
from stream.translate.warnings import encode_warning
from stream.warning import step
from stream.warning.borrower import Borrower
from stream.warning.decisions import Decision, Scorer
from stream.warning.policy import WarningPolicy
from stream.warning.signals import Signal
from stream.warning.warnings import EarlyWarning


class Means(NamedTuple):
    """What the agent works with, the same for all batches."""

    policy: WarningPolicy
    scorer: Scorer
    decode: Callable[[Record], Any]
    outbound: Outbound
    counts: BorrowerCounts
    topics: Topics
    breaker_limit: int
    borrowers_per_batch: int
    partitions: int
    refuse_misrouted: bool
    on_decision: Callable[[Decision], None] | None


class BorrowerWork:
    """What the records of one batch do."""

    def __init__(self, batch: Batch, means: Means) -> None:
        self._means = means
        self._batch = batch
        self._context: BorrowerTask = batch.context
        self._task = step.Task(means.policy, means.scorer, self._context.portfolio, self._context.tally)
        self._results = Results(batch, means.outbound, means.topics, means.breaker_limit)
        self._records: Counter[str] = Counter()
        self._warnings: Counter[tuple[str, str, str]] = Counter()
        self._decisions: Counter[tuple[str, str, bool]] = Counter()
        self._looks_left = means.borrowers_per_batch
        self._days_changed = self._judged = False

    def take(self, records: Sequence[Record]) -> None:
        """Let the records take effect, in order; those behind a day that is too long for one batch come again."""
        if records and not self._open_days(records[0].timestamp):  # the day that the batch before has begun
            self._batch.leave(0)
            return
        signals, put, context = self._means.topics.signals, self._batch.put, self._context
        phase: Phase = (0, 0)
        waiting: dict[bytes, None] = {}
        standings = 0
        for index, record in enumerate(records):
            value, key = record.value, record.key or b""
            if record.topic == signals:
                self.signal(record)
            elif key.startswith(MARK_KEY):
                self.mark(record)
                phase = (0, 0)
                if not self._open_days(record.timestamp):
                    self._batch.leave(index)  # the mark too, so that there is a next batch
                    break
            elif value is not None:  # a tombstone: the loan is forgotten there; here it is by its own age
                found = read_standing(value)
                day = found.as_of.toordinal()
                if day > context.business_date or day != phase[0]:
                    phase = (day, context.phase(day, key))
                    waiting = context.waiting.standings.setdefault(phase, {})
                waiting_key = standing_key(*phase, key)
                put(waiting_key, encode(packed_view(found)))  # a later one of the day replaces it
                waiting[waiting_key] = None
                standings += 1
        self._records["standing"] += standings

    def mark(self, record: Record) -> None:
        """A loan task has judged a day. Raises ValueError where there are not as many loan tasks as partitions."""
        context, found = self._context, mark(record)
        if found.partitions != len(context.marks):
            raise ValueError(
                f"a mark of {found.partitions} loan tasks on a topic of {len(context.marks)} partitions: all topics "
                "need the same number; see: overdue topics plan"
            )
        day = found.business_date.toordinal()
        if day <= context.marks[found.partition]:
            return  # the mark of a day that took several batches
        context.marks[found.partition] = day
        self._records["mark"] += 1
        self._days_changed = True
        ready = min(context.marks)
        if ready and not context.business_date:
            context.business_date = ready - 1

    def _open_days(self, timestamp: int) -> bool:
        """Open every day that all loan tasks have judged; False: this batch has looked at enough borrowers."""
        context = self._context
        while context.business_date < min(context.marks):
            if self._looks_left <= 0:
                return False
            self._open(context.business_date + 1, timestamp)
        return True

    def _open(self, day: int, timestamp: int) -> None:
        for said in open_day(self._batch, self._task, day, self._looks_left):
            self._looks_left -= 1
            self._say(said.warnings, timestamp)
            for decision in said.decisions:
                self._decisions[decision.decision, decision.family, decision.raised] += 1
                if self._means.on_decision is not None:
                    self._means.on_decision(decision)
        self._judged = self._days_changed = True

    def signal(self, record: Record) -> None:
        """Judge a signal at once, or keep it until the day opens on which it was recorded."""
        try:
            found: Any = self._means.decode(record)
            self._check_partition(record, found)
        except Rejected as rejected:
            self._results.reject(record, rejected)
            self._records["rejected"] += 1
            return
        signal: Signal = found
        context, batch = self._context, self._batch
        context.rejected_in_row = 0
        self._means.counts.signal(signal.kind, signal.observed)
        if signal.recorded > context.business_date:
            waiting_key = signal_key(signal.recorded, max(0, record.offset), signal.event_id)
            batch.put(waiting_key, store_signal(signal))
            context.waiting.signals.setdefault(signal.recorded, {})[waiting_key] = None
            self._records["signal"] += 1
            return
        raw = batch.get(signal.borrower_id.encode())
        borrower = Borrower(signal.borrower_id) if raw is None else load_borrower(raw)
        said = step.take_signal(self._task, borrower, context.business_date, signal)
        if said is None:
            self._records["duplicate"] += 1
            return
        self._records["signal"] += 1
        self._judged = True
        self._say(said, record.timestamp)
        keep(batch, self._task, borrower, context.business_date)

    def _check_partition(self, record: Record, signal: Signal) -> None:
        """A borrower's loans lie on murmur2 of the borrower's id; elsewhere a signal finds none. Raises Rejected."""
        if partition_of(signal.borrower_id.encode(), self._means.partitions) != self._batch.partition:
            self._results.misrouted[record.topic] += 1
            if self._means.refuse_misrouted:
                raise Rejected(RejectionCode.MISROUTED, None, signal.event_id)

    def _say(self, warnings: Iterable[EarlyWarning], timestamp: int) -> None:
        batch, topic = self._batch, self._means.topics.early_warnings
        for warning in warnings:
            key, value, headers = encode_warning(self._means.outbound, warning)
            batch.send(topic, batch.partition, key, value, timestamp, headers)
            self._warnings[warning.kind, warning.code, warning.severity] += 1

    def write_back(self) -> None:
        """Write what the task itself has learnt, and count the batch."""
        batch, context, counts = self._batch, self._context, self._means.counts
        if self._days_changed:
            batch.put(DAYS_KEY, context.days())
        if self._judged:
            batch.put(PORTFOLIO_KEY, encode(context.portfolio.packed()))
            batch.put(TALLY_KEY, encode(context.tally.packed()))
        counts.batch(self._records, self._warnings, self._decisions, self._results.rejected)
        if self._judged:  # after the counts: where the business date is seen, its warnings are counted
            counts.day(batch.partition, context.business_date, context.tally)
        for topic, count in self._results.misrouted.items():
            counts.misrouted(topic, count)
