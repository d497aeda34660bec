"""The gate before a business day: where the repayments of the day before fall far short, it does not open."""

from __future__ import annotations

from stream.agents.batch import Batch, TaskState
from stream.agents.feed_watch import FeedWatch
from stream.agents.loan_table import LoanTable
from stream.agents.results import Results
from stream.engine import feed as engine
from stream.engine.delinquency import situation


class FeedGate:
    """Decides, in one batch, whether a day opens; says what is held and what is released."""

    def __init__(self, batch: Batch, loans: LoanTable, results: Results) -> None:
        state: TaskState = batch.context
        self._partition = batch.partition
        self._due = state.due
        self._watch = state.feed
        self._loans = loans
        self._results = results

    @property
    def until(self) -> int:
        """The last day that was asked for while one is held; 0: none is."""
        return self._watch.feed.until if self._watch is not None and self._watch.feed.held else 0

    def holds(self, day: int, until: int, timestamp: int, cause: str, *, complete: bool) -> bool:
        """Whether `day` does not open, of the days asked for up to `until`.

        cause: id of the tick, or of the event after which the feed is looked at again.
        complete: the repayments are said to be all there.
        """
        watch = self._watch
        if watch is None:
            return False
        if complete:
            reason = engine.COMPLETE
        elif until - day >= watch.rules.max_held_days:
            reason = engine.TOO_LONG
        elif self._falls_short(watch, day):
            self._hold(watch, day, until, timestamp)
            return True
        else:
            reason = engine.ARRIVED
        if watch.feed.held == day:
            self._release(watch, until, timestamp, cause, reason)
        return False

    def is_held_after(self, key: bytes) -> bool:
        """Whether the held day is still held, now that the loan of a key has changed."""
        watch = self._watch
        if watch is None or not watch.feed.held:
            return False
        day = watch.feed.held
        if watch.late is None:
            watch.late = self._late(day)
        if self._turns_late(key, day):
            watch.late.add(key)
        else:
            watch.late.discard(key)
        return engine.falls_short(watch.feed, watch.rules, day, len(watch.late))

    def _falls_short(self, watch: FeedWatch, day: int) -> bool:
        if watch.late is None:
            listed = len(self._due.peek(day))
            if not engine.falls_short(watch.feed, watch.rules, day, listed):
                return False  # not even if all that are listed turned late: the usual case, and quick
            watch.late = self._late(day)
        if engine.falls_short(watch.feed, watch.rules, day, len(watch.late)):
            return True
        if not watch.feed.held:
            watch.late = None
        return False

    def _late(self, day: int) -> set[bytes]:
        """Keys of the loans that would turn late if `day` opened."""
        return {key for key in self._due.peek(day) if key[0] and self._turns_late(key, day)}

    def _turns_late(self, key: bytes, day: int) -> bool:
        found = self._loans.glance(key, day)
        if found is None:
            return False
        loan, rules = found
        return not loan.days_past_due and situation(loan, day, rules).days_past_due > 0

    def _hold(self, watch: FeedWatch, day: int, until: int, timestamp: int) -> None:
        feed = watch.feed
        is_new = feed.held != day
        feed.held, feed.until = day, until
        watch.changed = True
        if is_new:
            there = engine.measured(feed, day, len(watch.late or ()))
            alert = engine.held(self._partition, day, there, watch.rules, watch.policy_version)
            self._results.say_of_feed(alert, timestamp)

    def _release(self, watch: FeedWatch, until: int, timestamp: int, cause: str, reason: str) -> None:
        feed = watch.feed
        late = self._late(feed.held) if watch.late is None else watch.late
        there = engine.measured(feed, feed.held, len(late))
        held_days = until - feed.held
        alert = engine.released(self._partition, feed.held, there, reason, held_days, watch.policy_version, cause)
        self._results.say_of_feed(alert, timestamp)
        feed.held = 0
        watch.late = None
        watch.changed = True
