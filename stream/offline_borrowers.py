"""The borrower agent without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stream.agents.borrower_agent import BorrowerAgent
from stream.agents.borrower_counts import BorrowerCounts, NoBorrowerCounts
from stream.agents.days import NO_LIMIT
from stream.agents.topics import Topics
from stream.offline_batch import Batch, Sent
from stream.translate.inbound import Inbound
from stream.translate.outbound import Outbound
from stream.translate.records import Record
from stream.warning.decisions import Decision
from stream.warning.policy import WarningPolicy


class OfflineBorrowers:
    """The borrower agent over what the loan agent says, offline."""

    def __init__(
        self,
        policy: WarningPolicy,
        inbound: Inbound,
        outbound: Outbound,
        on_decision: Callable[[Decision], None] | None = None,
        counts: BorrowerCounts | None = None,
    ) -> None:
        self._agent = BorrowerAgent(
            policy,
            inbound,
            outbound,
            counts or NoBorrowerCounts(),
            topics=Topics(),
            partitions=1,
            breaker_limit=NO_LIMIT,
            borrowers_per_batch=NO_LIMIT,
            on_decision=on_decision,
        )
        self.table: dict[bytes, bytes] = {}
        self._batch = Batch(self.table, self._agent.open_task(0, self.table))

    def take(self, records: Sequence[Record]) -> list[Sent]:
        """Let records of `loans.standing` or `borrowers.signals` take effect; what is said."""
        batch = self._batch
        batch.records, batch.tick, batch.sent = records, None, []
        self._agent.process(batch)
        return batch.sent

    def close_last_day(self) -> None:
        """Make the decisions of the last day that was opened, as if the next one opened."""
        self._agent.close_day(self._batch)
