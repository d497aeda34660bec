"""Between a worker and the cluster: every request is a point at which something may go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from aiokafka.errors import KafkaConnectionError

from tests.faults.simulated.broker import Cluster

SLOWEST = 0.004
"""Seconds that a request takes at most, when nothing is wrong."""


class Fault(StrEnum):
    """What happens at a request."""

    DIES_BEFORE = "the worker dies before the request arrives"
    DIES_AFTER = "the worker dies before the answer arrives"
    FAILS_BEFORE = "the request is lost"
    FAILS_AFTER = "the answer is lost"
    LATE = "the request arrives after another worker has taken over"
    REBALANCE = "a partition moves to another worker and back"
    OLD_ENDS = "worker and broker die, and the broker's first answer about the ends of logs is an old one"


@dataclass
class Trouble:
    """Which requests of a run are hurt, by their number from 0, and what came of it."""

    faults: Mapping[int, Fault]
    requests: int = 0
    names: list[str] = field(default_factory=list)
    done: list[tuple[int, str, Fault]] = field(default_factory=list)

    def next(self, name: str) -> Fault | None:
        """The next request: what happens to it."""
        number = self.requests
        self.requests += 1
        self.names.append(name)
        fault = self.faults.get(number)
        if fault is not None:
            self.done.append((number, name, fault))
        return fault


@dataclass
class Wire:
    """The requests of one worker."""

    cluster: Cluster
    trouble: Trouble
    random: Random
    on_late: Callable[[], asyncio.Event]
    """Another worker is to take over; the event is set when it has."""
    on_rebalance: Callable[[], None]
    died: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, name: str, effect: Callable[[], Any]) -> Any:
        """One request: what `effect` gives, or a failure."""
        if self.died.is_set():
            await self._for_ever()
        fault = self.trouble.next(name)
        if fault is Fault.DIES_BEFORE:
            await self.die()
        elif fault is Fault.FAILS_BEFORE:
            raise KafkaConnectionError(f"{name}: the request is lost")
        elif fault is Fault.LATE:
            await self.on_late().wait()
        elif fault is Fault.REBALANCE:
            self.on_rebalance()
        elif fault is Fault.OLD_ENDS:
            self.cluster.old_ends = True
            await self.die()
        await asyncio.sleep(self.random.uniform(0, SLOWEST))
        if self.died.is_set():
            await self._for_ever()
        answer = effect()
        if fault is Fault.DIES_AFTER:
            await self.die()
        elif fault is Fault.FAILS_AFTER:
            raise KafkaConnectionError(f"{name}: the answer is lost")
        return answer

    async def die(self) -> None:
        """Nothing that this worker does from now on has any effect."""
        self.died.set()
        await self._for_ever()

    async def _for_ever(self) -> None:
        await asyncio.Event().wait()
