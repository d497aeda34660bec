"""The loan agent: what is true of each loan today, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Mapping

from stream.agents.arrivals import Arrivals
from stream.agents.batch import Batch, Counts, TaskState
from stream.agents.book import BOOK_KEY
from stream.agents.days import DAY_KEY, Days, begin_task
from stream.agents.feed_watch import FEED_KEY
from stream.agents.loan_table import LoanTable
from stream.agents.marks import marks_of
from stream.agents.results import Results
from stream.agents.state_check import check_state
from stream.agents.topics import Topics
from stream.engine.policy import Policy
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.standing import StandingHeaders


class LoanAgent:
    """Applies batches to the tables of its tasks."""

    def __init__(
        self,
        policy: Policy,
        inbound: Inbound,
        outbound: Outbound,
        standing_headers: StandingHeaders,
        counts: Counts,
        *,
        topics: Topics,
        partitions: int,
        breaker_limit: int = 100,
        loans_per_tick_batch: int = 4_000,
        per_event: bool = False,
        refuse_misrouted: bool = False,
    ) -> None:
        """Set the agent up.

        partitions: of every topic; the standing goes to the partition of the borrower.
        breaker_limit: rejects in a row that stop a task.
        loans_per_tick_batch: loans that a tick looks at in one transaction.
        per_event: a standing after each event instead of one per loan and batch.
        refuse_misrouted: an event on another partition than its key gives is a dead letter; else it is only counted.
        """
        self._policy = policy
        self._inbound = inbound
        self._outbound = outbound
        self._standing_headers = standing_headers
        self._topics = topics
        self._counts = counts
        self._partitions = partitions
        self._breaker_limit = breaker_limit
        self._loans_per_tick_batch = loans_per_tick_batch
        self._per_event = per_event
        self._refuse_misrouted = refuse_misrouted

    def open_task(self, partition: int, table: Mapping[bytes, bytes]) -> TaskState:
        """What a task knows beside its table; the context of its batches. Raises StateError."""
        check_state(table, partition, self._partitions, strict=self._refuse_misrouted)
        state = begin_task(table, self._policy)
        if state.business_date:
            self._counts.day(partition, state.business_date)
        return state

    def process(self, batch: Batch) -> None:
        """Apply a batch. Raises BreakerOpenError; then nothing of the batch may be committed."""
        state: TaskState = batch.context
        before = (state.business_date, state.unfinished)
        results = Results(batch, self._outbound, self._topics, self._breaker_limit)
        loans = LoanTable(batch, self._policy, self._topics.standing, self._standing_headers)
        arrivals = Arrivals(
            batch,
            loans,
            results,
            self._policy,
            self._inbound,
            self._partitions,
            self._per_event,
            self._refuse_misrouted,
        )
        mark = marks_of(batch, self._outbound, self._topics.standing, self._partitions)
        days = Days(batch, loans, arrivals, results, self._inbound, mark, self._per_event)
        if batch.tick is not None:
            days.tick(batch.tick, self._loans_per_tick_batch)
        else:
            if state.unfinished:
                days.finish_day(batch.records)
            arrivals.take(batch.records, days.look_again)
        loans.write_back()
        if (state.business_date, state.unfinished) != before:
            batch.put(DAY_KEY, state.business_date.to_bytes(4, "big") + bytes([state.unfinished]))
            self._counts.day(batch.partition, state.business_date)
        if state.book.changed:
            batch.put(BOOK_KEY, state.book.stored())
        if state.feed is not None and state.feed.changed:
            batch.put(FEED_KEY, state.feed.stored())
        self._counts.batch(results.events, results.alerts, results.rejected)
        for topic, count in results.misrouted.items():
            self._counts.misrouted(topic, count)
