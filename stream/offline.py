"""The same agent without Kafka: events of a file in, every record that would have gone to Kafka out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from stream.agents.batch import Counts, NoCounts
from stream.agents.days import NO_LIMIT
from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.engine.dates import Day
from stream.engine.delinquency import judge
from stream.engine.facts import DayOpened, Disbursed, Fact, Repaid
from stream.engine.policy import Policy
from stream.translate.inbound import Inbound
from stream.translate.lines import Line
from stream.translate.local_days import LocalDays
from stream.translate.outbound import Outbound
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.standing import StandingHeaders, standing_json
from stream.translate.state import load

DEFAULT_SOURCE: Final = "urn:overdue-stream"


class Sent(NamedTuple):
    """A record that would have gone to Kafka."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class _Batch:
    """A batch of the one task of an offline run; what it writes counts at once."""

    def __init__(self, table: dict[bytes, bytes], context: Any) -> None:
        self.table = table
        self.context = context
        self.partition = 0
        self.records: Sequence[Any] = ()
        self.tick: Any | None = None
        self.sent: list[Sent] = []

    def get(self, key: bytes) -> bytes | None:
        return self.table.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.table.pop(key, None)
        else:
            self.table[key] = value

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        del partition, timestamp_ms
        self.sent.append(Sent(topic, key, value, headers))

    def repeat_tick(self) -> None:
        raise AssertionError("an offline day has no limit")


class OfflineRun:
    """One task over one file."""

    def __init__(
        self, policy: Policy, *, open_days: bool, source: str = DEFAULT_SOURCE, counts: Counts | None = None
    ) -> None:
        """`open_days`: days open by themselves as event time passes; False: the file opens them."""
        self._policy = policy
        self._open_days = open_days
        self._inbound = Inbound(policy.time_zone)
        self._outbound = Outbound(policy.time_zone, source)
        self._agent = LoanAgent(
            policy,
            self._inbound,
            self._outbound,
            StandingHeaders(policy.time_zone, source),
            counts or NoCounts(),
            topics=Topics(),
            partitions=1,
            breaker_limit=NO_LIMIT,
            loans_per_tick_batch=NO_LIMIT,
            per_event=True,
        )
        self.table: dict[bytes, bytes] = {}
        self._batch = _Batch(self.table, self._agent.open_task(0, self.table))

    def event(self, record: Record, last_day: int = NO_LIMIT) -> list[Sent]:
        """Let one event take effect, after the days before it; no day after `last_day` is opened."""
        fact = self.fact(record)
        sent: list[Sent] = []
        if isinstance(fact, DayOpened):
            return [] if fact.business_date > last_day else self._run(tick=record)
        if fact is not None and self._open_days:
            sent += self.open_until(min(fact.recorded, last_day))
        return sent + self._run(records=(record,))

    def fact(self, record: Record) -> Fact | DayOpened | None:
        """What a record tells; None if it is rejected."""
        try:
            return self._inbound.decode(record)
        except Rejected:
            return None

    def open_until(self, day: int) -> list[Sent]:
        """Open every day up to `day`; before the first event there is none to open."""
        today: int = self._batch.context.business_date
        sent: list[Sent] = []
        while today and today < day:
            today += 1
            (key, value, headers), timestamp = self._outbound.day_opened(Day(today), False, None)
            sent += self._run(tick=Line("", 0, 0, timestamp, key, value, headers))
        return sent

    def standings(self, day: int) -> Iterator[bytes]:
        """The standing of every loan at the end of `day`, as JSON, in the order of their disbursements' arrival."""
        for key, raw in self.table.items():
            if not key.startswith(b"\x00"):
                loan = load(raw)
                rules = self._policy.rules(loan.product)
                if loan.as_of < day:
                    judge(loan, day, rules)
                yield standing_json(loan, rules)

    def _run(self, records: Sequence[Record] = (), tick: Record | None = None) -> list[Sent]:
        batch = self._batch
        batch.records, batch.tick, batch.sent = records, tick, []
        self._agent.process(batch)
        return batch.sent


def replay(
    records: Iterable[Record],
    policy: Policy,
    *,
    open_days: bool,
    until: int | None = None,
    source: str = DEFAULT_SOURCE,
    counts: Counts | None = None,
) -> Iterator[Sent]:
    """Every record that would have gone to Kafka, in the order of the file; days go on opening up to `until`."""
    run = OfflineRun(policy, open_days=open_days, source=source, counts=counts)
    for record in records:
        yield from run.event(record)
    if until is not None:
        yield from run.open_until(until)


def standings(
    records: Iterable[Record], policy: Policy, days: Sequence[int], *, open_days: bool, known_by: int | None = None
) -> Iterator[bytes]:
    """The standing of every loan at the end of each of `days`, counting what was recorded up to then.

    With `known_by`: counting what was recorded up to that day and is valued on or before the day asked about.
    The records are taken in the order of their `time`.
    """
    ordered = sorted(records, key=lambda record: record.timestamp)
    if known_by is not None:
        for day in sorted(days):
            run = OfflineRun(policy, open_days=open_days)
            _feed(run, ordered, _known(day, known_by), day)
            yield from run.standings(day)
        return
    run = OfflineRun(policy, open_days=open_days)
    zone = LocalDays(policy.time_zone)
    done = 0
    for day in sorted(days):
        end = _end_of_day(zone, day)
        start = done
        while done < len(ordered) and ordered[done].timestamp < end:
            done += 1
        _feed(run, ordered[start:done], lambda fact: True, day)
        yield from run.standings(day)


def _feed(run: OfflineRun, records: Sequence[Record], counts: Callable[[Fact | DayOpened], bool], day: int) -> None:
    for record in records:
        fact = run.fact(record)
        if fact is not None and counts(fact):
            run.event(record, day)
    run.open_until(day)


def _known(day: int, known_by: int) -> Callable[[Fact | DayOpened], bool]:
    """Whether a fact was recorded by `known_by` and is valued by `day`."""

    def counts(fact: Fact | DayOpened) -> bool:
        if isinstance(fact, DayOpened):
            return fact.business_date <= day
        if fact.recorded > known_by:
            return False
        if type(fact) is Repaid:
            return fact.value_date <= day
        if type(fact) is Disbursed:
            return fact.disbursement_date <= day
        return True

    return counts


def _end_of_day(zone: LocalDays, day: int) -> int:
    """The first millisecond after `day`."""
    return zone.midnight(day + 1)[1]
