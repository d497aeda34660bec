"""The same agent without Kafka: events of a file in, every record that would have gone to Kafka out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from schemas.catalogue import STANDING
from stream.agents.batch import Counts, NoCounts
from stream.agents.borrower_counts import BorrowerCounts
from stream.agents.days import NO_LIMIT
from stream.agents.loan_agent import LoanAgent
from stream.agents.topics import Topics
from stream.engine.as_known import counts_on
from stream.engine.dates import Day
from stream.engine.delinquency import judge
from stream.engine.facts import DayOpened, Fact, ScheduleRevised
from stream.engine.loan import Loan
from stream.engine.policy import Policy
from stream.offline_batch import Batch, Sent
from stream.offline_borrowers import OfflineBorrowers
from stream.translate.inbound import Inbound
from stream.translate.lines import Line
from stream.translate.local_days import LocalDays
from stream.translate.outbound import Outbound
from stream.translate.records import Record
from stream.translate.rejected import Rejected
from stream.translate.standing import StandingHeaders, standing_json
from stream.translate.standing_view import MARK_KEY
from stream.translate.state import load
from stream.warning.decisions import Decision
from stream.warning.policy import WarningPolicy
from stream.warning.signals import Signal

DEFAULT_SOURCE: Final = "urn:overdue-stream"


class OfflineRun:
    """One task over one file."""

    def __init__(
        self,
        policy: Policy,
        *,
        open_days: bool,
        source: str = DEFAULT_SOURCE,
        counts: Counts | None = None,
        early_warning: WarningPolicy | None = None,
        on_decision: Callable[[Decision], None] | None = None,
        borrower_counts: BorrowerCounts | None = None,
    ) -> None:
        """Begin with nothing.

        open_days: days open by themselves as event time passes; False: the file opens them.
        early_warning: judge borrowers, too; None: loans only.
        on_decision: told every decision of the early warning's score, raised or not.
        borrower_counts: told what the borrower agent did.
        """
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
        self._batch = Batch(self.table, self._agent.open_task(0, self.table))
        self.borrowers: OfflineBorrowers | None = None
        if early_warning is not None and early_warning.enabled:
            self.borrowers = OfflineBorrowers(
                early_warning, self._inbound, self._outbound, on_decision, borrower_counts
            )

    def event(self, record: Record, last_day: int = NO_LIMIT) -> list[Sent]:
        """Let one event take effect, after the days before it; no day after `last_day` is opened."""
        fact = self.fact(record)
        sent: list[Sent] = []
        if isinstance(fact, Signal):
            return self._signal(record, fact, last_day)
        if isinstance(fact, DayOpened):
            return [] if fact.business_date > last_day else self._run(tick=record)
        if fact is not None and last_day < fact.recorded:
            self.begin(last_day)  # told afterwards of a day before the first event
        if fact is not None and self._open_days:
            sent += self.open_until(min(fact.recorded, last_day))
        return sent + self._run(records=(record,))

    def _signal(self, record: Record, signal: Signal, last_day: int) -> list[Sent]:
        """Let a signal take effect; days open for it as for any event once there is a first."""
        sent = self.open_until(min(signal.recorded, last_day)) if self._open_days else []
        if self.borrowers is not None:
            sent += self.borrowers.take([record])
        return sent

    @property
    def business_date(self) -> int:
        """The last day that was opened; 0: none yet."""
        return int(self._batch.context.business_date)

    def begin(self, day: int) -> None:
        """Open the first business day, if there is none yet; else the first event opens its own."""
        if not self._batch.context.business_date:
            self._batch.context.business_date = day

    def finish(self) -> None:
        """Close the last day for the early warning's decisions: of the day after nothing is known, or said."""
        if self.borrowers is not None:
            self.borrowers.close_last_day()

    def fact(self, record: Record) -> Fact | DayOpened | Signal | None:
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
            # what a file holds is all there is, so no day is held for its repayments
            (key, value, headers), timestamp = self._outbound.day_opened(Day(today), True, None)
            sent += self._run(tick=Line("", 0, 0, timestamp, key, value, headers))
        return sent

    def standings(self, day: int) -> Iterator[bytes]:
        """The standing of every loan at the end of `day`, as JSON, in the order of their disbursements' arrival."""
        for loan in self.loans(day):
            yield standing_json(loan, self._policy.rules(loan.product))

    def loans(self, day: int) -> Iterator[Loan]:
        """Every loan as it stands at the end of `day`, in the same order."""
        for key, raw in self.table.items():
            if not key.startswith(b"\x00"):
                loan = load(raw)
                if loan.as_of < day:
                    judge(loan, day, self._policy.rules(loan.product))
                yield loan

    def _run(self, records: Sequence[Record] = (), tick: Record | None = None) -> list[Sent]:
        batch = self._batch
        batch.records, batch.tick, batch.sent = records, tick, []
        self._agent.process(batch)
        if self.borrowers is None:
            return [one for one in batch.sent if not _is_mark(one)]
        standings = [one for one in batch.sent if one.topic == STANDING]
        timestamp = (tick or records[0]).timestamp
        lines = [Line(STANDING, 0, 0, timestamp, one.key, one.value, ()) for one in standings]
        return [one for one in batch.sent if not _is_mark(one)] + self.borrowers.take(lines)


def _is_mark(sent: Sent) -> bool:
    """Whether a record only tells the borrower tasks that a day was judged: that is no news to a reader."""
    return sent.key is not None and sent.key.startswith(MARK_KEY)


def replay(
    records: Iterable[Record],
    policy: Policy,
    *,
    open_days: bool,
    until: int | None = None,
    source: str = DEFAULT_SOURCE,
    counts: Counts | None = None,
    early_warning: WarningPolicy | None = None,
    on_decision: Callable[[Decision], None] | None = None,
) -> Iterator[Sent]:
    """Every record that would have gone to Kafka, in the order of the file; days go on opening up to `until`.

    With `early_warning` the warnings, too. Marks of judged days are left out: they are between the agents.
    """
    run = OfflineRun(
        policy,
        open_days=open_days,
        source=source,
        counts=counts,
        early_warning=early_warning,
        on_decision=on_decision,
    )
    for record in records:
        yield from run.event(record)
    if until is not None:
        yield from run.open_until(until)
    run.finish()


def standings(
    records: Iterable[Record], policy: Policy, days: Sequence[int], *, open_days: bool, known_by: int | None = None
) -> Iterator[bytes]:
    """The standing of every loan at the end of each of `days`, counting what was recorded up to then.

    With `known_by`: counting what was recorded up to that day and is valued on or before the day asked about.
    The records are taken in the order of their `time`.
    """
    for _, loans in loans_at(records, policy, days, open_days=open_days, known_by=known_by):
        for loan in loans:
            yield standing_json(loan, policy.rules(loan.product))


def loans_at(
    records: Iterable[Record], policy: Policy, days: Sequence[int], *, open_days: bool, known_by: int | None = None
) -> Iterator[tuple[int, Iterator[Loan]]]:
    """The same as loans: each of `days`, from the first, with every loan; read them before asking for the next day."""
    ordered = sorted(records, key=lambda record: record.timestamp)
    if known_by is not None:
        for day in sorted(days):
            run = OfflineRun(policy, open_days=open_days)
            _feed(run, ordered, _known(day, known_by), day)
            yield day, run.loans(day)
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
        yield day, run.loans(day)


def _feed(run: OfflineRun, records: Sequence[Record], counts: Callable[[Fact | DayOpened], bool], day: int) -> None:
    for record in records:
        fact = run.fact(record)
        if fact is not None and not isinstance(fact, Signal) and counts(fact):
            run.event(record, day)
    run.open_until(day)


def _known(day: int, known_by: int) -> Callable[[Fact | DayOpened], bool]:
    """Whether a fact was recorded by `known_by` and says something about `day`."""
    versions: dict[str, int] = {}

    def counts(fact: Fact | DayOpened) -> bool:
        if isinstance(fact, DayOpened):
            return fact.business_date <= day
        if fact.recorded > known_by:
            return False
        if isinstance(fact, ScheduleRevised):
            if fact.schedule_version <= versions.get(fact.loan_id, 1):
                return False  # a newer version came before it, so it was never in force
            versions[fact.loan_id] = fact.schedule_version
        return counts_on(fact, day)

    return counts


def _end_of_day(zone: LocalDays, day: int) -> int:
    """The first millisecond after `day`."""
    return zone.midnight(day + 1)[1]
