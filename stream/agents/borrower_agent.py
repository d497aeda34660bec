"""The borrower agent: who is about to go wrong, seen over all loans of a borrower and the signals from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stream.agents.batch import Batch
from stream.agents.borrower_counts import BorrowerCounts
from stream.agents.borrower_days import close_last_day
from stream.agents.borrower_task import BorrowerTask
from stream.agents.borrower_work import BorrowerWork, Means
from stream.agents.topics import Topics
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.warning import step
from stream.warning.decisions import Decision, Scorer
from stream.warning.policy import WarningPolicy


class BorrowerAgent:
    """Applies batches to the tables of its tasks."""

    def __init__(
        self,
        policy: WarningPolicy,
        inbound: Inbound,
        outbound: Outbound,
        counts: BorrowerCounts,
        *,
        topics: Topics,
        partitions: int,
        breaker_limit: int = 100,
        borrowers_per_batch: int = 4_000,
        refuse_misrouted: bool = False,
        on_decision: Callable[[Decision], None] | None = None,
    ) -> None:
        """Set the agent up.

        partitions: of every topic; as many loan tasks mark each day.
        breaker_limit: rejected signals in a row that stop a task.
        borrowers_per_batch: borrowers that the opening of a day looks at in one transaction.
        refuse_misrouted: a signal on another partition than its key gives is a dead letter; else it is only counted.
        on_decision: told every decision of the score, raised or not.
        """
        scorer = Scorer(policy.scorecard, policy.speak)
        self._means = Means(
            policy,
            scorer,
            inbound.decode,
            outbound,
            counts,
            topics,
            breaker_limit,
            borrowers_per_batch,
            partitions,
            refuse_misrouted,
            on_decision,
        )
        self._partitions = partitions

    def open_task(self, partition: int, table: Mapping[bytes, bytes]) -> BorrowerTask:
        """What a task knows beside its table; the context of its batches."""
        context = BorrowerTask(table, self._partitions)
        if context.business_date:
            self._means.counts.day(partition, context.business_date, context.tally)
        return context

    def process(self, batch: Batch) -> None:
        """Apply a batch. Raises BreakerOpenError; then nothing of the batch may be committed."""
        work = BorrowerWork(batch, self._means)
        work.take(batch.records)
        work.write_back()

    def close_day(self, batch: Batch) -> None:
        """Make the decisions of the last day that was opened: nothing more comes."""
        means, context = self._means, batch.context
        task = step.Task(means.policy, means.scorer, context.portfolio, context.tally)
        for decision in close_last_day(batch, task):
            if means.on_decision is not None:
                means.on_decision(decision)
