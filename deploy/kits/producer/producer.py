"""Publishes loan events, one CloudEvent a line on stdin: `python producer.py HOST:PORT [PREFIX] < events.ndjson`."""

import json
import sys

from confluent_kafka import KafkaError, Message, Producer

DISBURSEMENTS = {"loan.disbursed", "loan.disbursement_cancelled"}
REPAYMENTS = {"loan.repaid", "loan.repayment_reversed", "loan.charged_back"}
SETTINGS = {
    "partitioner": "murmur2_random",  # the contract's; librdkafka's own default would split a loan over two partitions
    "enable.idempotence": True,  # acks=all; retries keep the order of a loan's events and write nothing twice
}


def topic_of(kind: str) -> str:
    """The topic of an event type."""
    if kind in DISBURSEMENTS:
        return "loans.disbursements"
    if kind in REPAYMENTS:
        return "loans.repayments"
    return "borrowers.signals" if kind.startswith("borrower.") else "loans.servicing"


def record(event: dict) -> tuple[str, dict]:
    """Topic and Kafka record of a CloudEvent in binary mode: attributes are headers, data is the value."""
    data = event["data"]
    key = data["borrower_id" if event["type"].startswith("borrower.") else "loan_id"]
    headers = [(f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data"]
    headers.append(("content-type", b"application/json"))
    return topic_of(event["type"]), {"key": key.encode(), "value": json.dumps(data).encode(), "headers": headers}


def main(brokers: str, prefix: str = "") -> int:
    """Send every line; 1 where a record was not acknowledged (send all again: known ids change nothing)."""
    failed: list[str] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(f"{message.topic()}: {error}")

    producer = Producer({"bootstrap.servers": brokers, **SETTINGS})
    for line in sys.stdin:
        topic, made = record(json.loads(line))
        while True:
            try:
                producer.produce(prefix + topic, on_delivery=delivered, **made)
                break
            except BufferError:  # the queue is full: let some of it be acknowledged
                producer.poll(0.5)
        producer.poll(0)
    producer.flush()
    for sentence in failed[:10]:
        print(sentence, file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
