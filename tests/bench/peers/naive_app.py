"""The naive script: consume, a dictionary, produce. Its state is in memory only: a crash loses or doubles."""

from __future__ import annotations

import signal
import time

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition
from core import arguments, disburse, repay

given = arguments()
settings = given.settings
consumer = Consumer(
    {
        "bootstrap.servers": given.bootstrap,
        "group.id": given.app,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
)
producer = Producer({"bootstrap.servers": given.bootstrap, "linger.ms": int(settings.get("linger", 5))})
meter = given.meter()
wait = float(settings.get("wait", 0.05))
loans: dict[str, dict] = {}
running = True


def stop(*_: object) -> None:
    global running
    running = False


def event_id(message) -> str:
    return dict(message.headers())["ce_id"].decode()


def on_disbursed(message, send: bool) -> None:
    data = orjson.loads(message.value())
    loans[data["loan_id"]], alert = disburse(data, event_id(message), given.as_of)
    if alert and send:
        producer.produce(given.alerts, orjson.dumps(alert), message.key())
    meter.disbursed()


def on_repaid(message) -> None:
    data = orjson.loads(message.value())
    state = loans.get(data["loan_id"])
    if state is None:
        meter.loan_unknown()
    else:
        _, alert = repay(state, data, event_id(message), given.as_of)
        if alert:
            producer.produce(given.alerts, orjson.dumps(alert), message.key())
    meter.repaid()


def read_disbursements_again() -> None:
    """There is no changelog: each start reads all loans again (payments made since would be lost)."""
    partitions = consumer.list_topics(given.disbursements, timeout=10).topics[given.disbursements].partitions
    consumer.assign([TopicPartition(given.disbursements, number, 0) for number in partitions])
    ends = [consumer.get_watermark_offsets(TopicPartition(given.disbursements, number))[1] for number in partitions]
    left = sum(ends)
    first_start = settings.get("first_start") == "yes"
    while left and running:
        for message in consumer.consume(2000, wait):
            on_disbursed(message, send=first_start)
            left -= 1
    producer.flush()
    done = [TopicPartition(given.disbursements, number, end) for number, end in zip(partitions, ends, strict=True)]
    consumer.commit(offsets=done, asynchronous=False)
    consumer.unassign()


def main() -> None:
    read_disbursements_again()
    consumer.subscribe([given.disbursements, given.repayments])
    committed, dirty = time.monotonic(), False
    while running:
        for message in consumer.consume(2000, wait):
            if message.error():
                continue
            if message.topic() == given.disbursements:
                on_disbursed(message, send=True)
            else:
                on_repaid(message)
            dirty = True
        producer.poll(0)
        if dirty and time.monotonic() - committed > 1:
            producer.flush()
            consumer.commit(asynchronous=False)
            committed, dirty = time.monotonic(), False
    producer.flush()
    if dirty:
        consumer.commit(asynchronous=False)
    consumer.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    main()
