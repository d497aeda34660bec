"""Marks of judged days: how a borrower task learns that a business day is over for all of a borrower's loans.

A borrower's loans lie on several input partitions, so no single loan task knows. Each writes a mark to every partition
of `loans.standing` in the transaction that ends its judging of a day; a borrower task closes the day before when it has
the marks of all of them (barrier alignment, as in Flink).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import orjson

from stream.agents.batch import Batch
from stream.engine.dates import iso
from stream.translate.outbound import Outbound
from stream.translate.standing_view import MARK_KEY

DAY_JUDGED: Final = "business_day.judged"

Mark = Callable[[int, int], None]
"""Marks a business day as judged, with the Kafka timestamp in milliseconds."""


def marks_of(batch: Batch, outbound: Outbound, standing_topic: str, partitions: int) -> Mark:
    """How the task of a batch marks a day; `partitions`: of every topic."""

    def mark(day: int, timestamp: int) -> None:
        source = batch.partition
        data = {"business_date": iso(day), "partition": source, "partitions": partitions}
        value = orjson.dumps(data)
        headers = outbound.headers_of_day(DAY_JUDGED, f"{DAY_JUDGED}:{iso(day)}:{source}", "", day)
        key = MARK_KEY + str(source).encode()
        for partition in range(partitions):
            batch.send(standing_topic, partition, key, value, timestamp, headers)

    return mark
