"""Publishes the portfolio at a steady rate, day after day, until told to stop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from random import Random
from threading import Event, Thread
from typing import Any
from zoneinfo import ZoneInfo

from confluent_kafka import KafkaError, Message, Producer

from tests.bad_messages import BadMessage, bad_messages
from tests.faults.observed import SIGNALS, bad_signals
from tests.faults.portfolio import (
    BUSINESS_DAYS,
    DISBURSEMENTS,
    EVERY_DAYS,
    FIRST_DAY,
    REPAYMENTS,
    SERVICING,
    Planned,
    Portfolio,
)

ZONE = ZoneInfo("Asia/Shanghai")
INPUTS = (DISBURSEMENTS, SERVICING, REPAYMENTS, BUSINESS_DAYS)
"""In the order in which a task takes records of equal time."""
SETTLE_SECONDS = 0.2
"""So long nothing is published around the end of a day, so that a worker sees the topics as the log has them."""


class Load(Thread):
    """The upstream systems: publishes in the order of the events' time, each later than the one before."""

    def __init__(
        self,
        bootstrap: str,
        *,
        seed: int,
        loans: int,
        rate: float,
        partitions: int,
        prefix: str = "",
        bad_share: float = 0.0,
        repeat_share: float = 0.0,
    ) -> None:
        """Plan; nothing is sent before `start`.

        Args:
            bootstrap: Address of the broker.
            seed: Decides the whole story.
            loans: How many are paid out in the first week; more follow when a day has too little to tell.
            rate: Events a second.
            partitions: Of each topic.
            prefix: Before the topics' names.
            bad_share: So many bad messages to one good one, of all kinds in turn.
            repeat_share: So many of the events come once or twice more, at once or later on the day.
        """
        super().__init__(name="load", daemon=True)
        self.rate, self.loans, self.partitions, self.prefix = rate, loans, partitions, prefix
        self.book = Portfolio(seed)
        self.random = Random(seed)
        self.bad_share, self.repeat_share = bad_share, repeat_share
        self.refused: dict[tuple[str, int, int], str] = {}
        """Topic, partition and offset of each bad message, with the reason code that it must get."""
        self.bad = 0
        self.ends: dict[tuple[str, int], int] = {}
        """End offset of each topic and partition, as acknowledged."""
        self.day = -1
        self.events = 0
        self.failure: BaseException | None = None
        self._enough = Event()
        self._since = 0.0
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "partitioner": "murmur2_random",
                "message.timeout.ms": 600_000,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 0,
            }
        )

    def stop(self) -> None:
        """Finish the day, open the next one, and end."""
        self._enough.set()

    def check(self) -> None:
        """Raise what ended the load, if anything did."""
        if self.failure:
            raise self.failure

    def run(self) -> None:
        """Day after day; a pause or a broker's absence is made up for, so that the rate holds on the whole."""
        self._since = time.perf_counter()
        try:
            while not self._enough.is_set():
                self._tell_day()
            self._open_day()
        except BaseException as failure:  # noqa: BLE001 - the thread's starter raises it
            self.failure = failure

    def _tell_day(self) -> None:
        self._open_day()
        if self.day < EVERY_DAYS:
            self.book.add_loans(-(-self.loans // EVERY_DAYS), self.day)
        while len(self.book.days[self.day]) < self.loans // 8:
            self.book.add_loans(1, self.day)
        events, last = self.book.take(self.day)
        now = _local(FIRST_DAY + timedelta(self.day), 8)
        self._publish(events, now)
        self._settle()
        self._publish(last, now + timedelta(hours=12))
        self._settle()

    def _open_day(self) -> None:
        """A business day opens on every partition; two of three ticks carry the end offsets of their partition."""
        self.day += 1
        day = FIRST_DAY + timedelta(self.day)
        for partition in range(self.partitions):
            data: dict[str, Any] = {"business_date": day.isoformat(), "repayments_complete": True}
            if (self.day + partition) % 3:
                data["input_end_offsets"] = {
                    self.prefix + topic: self.ends.get((self.prefix + topic, partition), 0) for topic in INPUTS[:-1]
                }
            planned = Planned(BUSINESS_DAYS, "business_day.opened", f"business-day:{day.isoformat()}", data)
            self._send(planned, _local(day, 0), day.isoformat(), partition)
        self._settle()

    def _publish(self, events: list[Planned], first: datetime) -> None:
        for number, planned in enumerate(self._repeated(events)):
            when = first + timedelta(milliseconds=number)
            key = planned.data["borrower_id" if planned.topic == SIGNALS else "loan_id"]
            self._send(planned, when, key)
            self.events += 1
            if self.random.random() < self.bad_share:
                kinds = bad_signals(key, when.date()) if planned.topic == SIGNALS else bad_messages(key)
                self._send_bad(kinds, when)
            ahead = self._since + self.events / self.rate - time.perf_counter()
            if ahead > 0.01:
                self._producer.poll(ahead)
        self._producer.poll(0)

    def _repeated(self, events: list[Planned]) -> list[Planned]:
        """The events with some of them again, each after the first of its kind."""
        if not self.repeat_share:
            return events
        told: list[Planned] = []
        for event in events:
            told.append(event)
            if self.random.random() < self.repeat_share:
                told += [event] * self.random.randint(0, 1)
                told.insert(self.random.randint(len(told) - 1, len(told)), event)
        return told

    def _send(self, planned: Planned, when: datetime, key: str, partition: int | None = None) -> None:
        at = when.astimezone(ZoneInfo("UTC")).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        attributes = {"specversion": "1.0", "id": planned.event_id, "source": "urn:load", "type": planned.kind}
        attributes["time"] = at
        structured = planned.event_id.endswith("7")
        if structured:
            headers = {"content-type": "application/cloudevents+json"}
            body: dict[str, Any] = attributes | {"data": planned.data}
        else:
            headers = {f"ce_{name}": value for name, value in attributes.items()} | {"content-type": "application/json"}
            body = planned.data
        self._producer.produce(
            self.prefix + planned.topic,
            json.dumps(body).encode(),
            key.encode(),
            headers=list(headers.items()),
            timestamp=int(when.timestamp() * 1000),
            on_delivery=self._delivered,
            **({} if partition is None else {"partition": partition}),
        )

    def _send_bad(self, kinds: list[BadMessage], when: datetime) -> None:
        """The next kind of bad message, about a loan or borrower that has good ones."""
        message = kinds[self.bad % len(kinds)]
        self.bad += 1

        def delivered(error: KafkaError | None, place: Message) -> None:
            self._delivered(error, place)
            if not error:
                self.refused[place.topic(), place.partition(), place.offset()] = str(message.code)

        self._producer.produce(
            self.prefix + message.topic,
            message.value,
            message.key,
            headers=list(message.headers),
            timestamp=int(when.timestamp() * 1000),
            on_delivery=delivered,
        )

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error:
            self.failure = RuntimeError(f"could not publish: {error}")
            self._enough.set()
            return
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None
        self.ends[topic, partition] = max(offset + 1, self.ends.get((topic, partition), 0))

    def _settle(self) -> None:
        """Everything so far is in the log, and a moment has passed."""
        while self._producer.flush(1.0):
            self.check()
        time.sleep(SETTLE_SECONDS)


def _local(day: date, hour: int) -> datetime:
    return datetime.combine(day, clock_time(hour), ZONE)


def wait_until(done: Callable[[], bool], seconds: float, every: float = 0.1) -> bool:
    """Poll until it is so; False when the time is over."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True
