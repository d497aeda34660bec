"""
What can be set about the task runtime, and why each default is what it is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """
    Settings of the task runtime; the defaults are the measured ones.

    Durations ending in ``_ms`` are integer milliseconds, all others float seconds.
    """

    max_batch: int = 16_000
    """
    Most records that one transaction takes; a busy task reaches it, an idle one never does.

    A worker that is behind writes each loan once per transaction: with 5,000 loans in a partition 16,000 write three
    loans per ten records, 8,000 five, 2,000 eight. The event loop is held for a sixth of a second by them.
    """

    commit_slots: int | None = None
    """
    Transactions in flight per worker; None: a quarter of its tasks, at least 1.

    Records wait for a slot and fill their transaction meanwhile. More slots make more and smaller ones, each slower.
    """

    full_slots: int = 4
    """
    The same for those that would not grow by waiting: ``max_batch`` records, or a tick.

    While some of them are with the broker, the next one is processed.
    """

    poll_gap: float = 0.002
    """Pause of the fetch loop after records came, so that small fetches grow at the broker."""

    poll_timeout: float = 0.05
    """Longest wait of one fetch for records."""

    fetch_max_wait_ms: int = 100
    """Longest time for which the broker holds a fetch that has nothing to answer."""

    max_buffered: int = 32_000
    """Records buffered per input partition before its fetching is paused; it resumes at half: two transactions."""

    retry_backoff_ms: int = 2
    """Pause before a request to the transaction coordinator is sent again."""

    max_idle: float = 5.0
    """Longest wait for a partition that has records at the broker but delivers none; then others go ahead of it."""

    idle_commit: float = 5.0
    """Positions that moved without records (transaction markers) are committed after this time."""

    accept_lost_input: bool = False
    """Begin at what the broker has where records were deleted before they were processed; else refuse to start."""

    group_commit_interval: float = 1.0
    """Time between two commits of the group's offsets: they tell lag to tools, the tasks do not read them."""

    clock_skew_ms: int = 60_000
    """Without carried end offsets, a record this much younger than the tick lies behind the tick."""

    transaction_timeout_ms: int = 20_000
    """The broker aborts a transaction that is open for longer (a dead worker's)."""

    commit_timeout: float = 60.0
    """Longest wait for one transaction, broker restarts included; then the worker ends."""

    finish_timeout: float = 10.0
    """Longest wait for running batches when partitions are revoked or the worker is told to stop."""

    stall_timeout: float = 120.0
    """A worker whose position or commits do not move for this time, although there is work, ends."""

    watch_interval: float = 5.0
    """Time between two looks at end offsets, positions and commits."""

    open_transaction_after: float = 30.0
    """An upstream transaction that keeps an input's last stable offset back for this time is reported."""

    exit_timeout: float = 15.0
    """A crashing worker that is still there after this time is ended hard, with exit code 70; 0: never."""

    max_batch_bytes: int = 900_000
    """Largest record batch sent; stay below the topics' max.message.bytes (default 1,048,588)."""

    compression: str | None = None
    """Compression of outputs and changelog: None, gzip, snappy, lz4 or zstd."""

    check_crcs: bool = False
    """Check the checksum of each fetched batch again; the broker has checked it when it was written."""

    restore_fetch_bytes: int = 4 << 20
    """Most bytes per partition in one fetch of a restore."""

    def slots_for(self, tasks: int) -> int:
        """Transactions in flight for a worker with so many tasks."""
        return self.commit_slots or max(1, tasks // 4)
