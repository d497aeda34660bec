"""What goes on while nothing happens: values that are worked out at each scrape, on the metrics' own thread.

A gauge that the event loop sets stands still when the loop does; these grow.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stream.observe import catalogue
from stream.observe.catalogue import Metric

BEAT_SECONDS = 0.5
"""The loop says so often that it turns."""
STALL_AFTER = 1.0
"""A loop that is silent for less turns: a batch may take this long."""


def wall_clock() -> datetime:
    """The time by which the age of a business date is told."""
    return datetime.now(UTC)  # noqa: TID251


class Moments(Collector):
    """When what was last seen. Written on the event loop, read on the metrics' thread."""

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = wall_clock,
    ) -> None:
        """Everything begins now."""
        self.time_zone = "UTC"
        self.ready = self.started = False
        self.certificates: Callable[[], Mapping[str, float]] = dict
        """Whose certificate ends when; none without TLS."""
        self._monotonic = monotonic
        self._now = now
        self._beat: float | None = None
        self._committed = self._answered = monotonic()
        self._behind: dict[tuple[str, int], deque[tuple[float, int]]] = {}
        self._dates: dict[tuple[str, int], int] = {}
        if registry is not None:
            registry.register(self)

    # --- what is told ---

    def beat(self) -> None:
        """The event loop turns."""
        self._beat = self._monotonic()

    def committed(self) -> None:
        """A transaction was committed."""
        self._committed = self._monotonic()

    def position(self, topic: str, partition: int, done: int, end: int) -> None:
        """Offsets below `done` are committed, those below `end` are at the broker (-1: it did not say)."""
        now = self._monotonic()
        if end < 0 or done < 0:
            return
        self._answered = now
        seen = self._behind.setdefault((topic, partition), deque(maxlen=20_000))
        if end > done and (not seen or seen[-1][1] < end):
            seen.append((now, end))
        while seen and seen[0][1] <= done:
            seen.popleft()

    def day(self, agent: str, partition: int, business_date: int) -> None:
        """A task's business date, as a day's ordinal."""
        self._dates[agent, partition] = business_date

    def assigned(self) -> None:
        """The tasks are restored and run; or there are none for this worker."""
        self.ready = self.started = True

    def revoked(self) -> None:
        """This worker has no tasks any more."""
        self.ready = False
        self._behind = {}
        self._dates = {}

    # --- what is asked ---

    def stall_seconds(self) -> float:
        """How long the loop has been silent beyond what a batch takes; 0 before it begins to turn."""
        silent = 0.0 if self._beat is None else self._monotonic() - self._beat
        return silent if silent > STALL_AFTER else 0.0

    def lag_seconds(self) -> dict[tuple[str, int], float]:
        """Of each input partition."""
        now = self._monotonic()
        return {partition: now - seen[0][0] if seen else 0.0 for partition, seen in list(self._behind.items())}

    def clock_age(self) -> float:
        """Since the oldest business date began; 0 without any."""
        oldest = min(list(self._dates.values()), default=0)
        if not oldest:
            return 0.0
        midnight = datetime.combine(date.fromordinal(oldest), datetime.min.time(), ZoneInfo(self.time_zone))
        return max(0.0, (self._now() - midnight).total_seconds())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The values of this moment."""
        now = self._monotonic()
        lags = self.lag_seconds()
        lag = _family(catalogue.LAG_SECONDS)
        for (topic, partition), seconds in lags.items():
            lag.add_metric([topic, str(partition)], seconds)
        yield lag
        yield _family(catalogue.COMMIT_AGE, now - self._committed if any(lags.values()) else 0.0)
        yield _family(catalogue.BROKER_SILENCE, now - self._answered if self._behind else 0.0)
        yield _family(catalogue.CLOCK_AGE, self.clock_age())
        yield _family(catalogue.LOOP_STALL, self.stall_seconds())
        ends = _family(catalogue.CERTIFICATE_END)
        for whose, end in self.certificates().items():
            ends.add_metric([whose], end)
        yield ends


def _family(metric: Metric, value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.meaning, value=value, labels=metric.labels if value is None else None)
