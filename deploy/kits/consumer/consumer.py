"""Prints each loan's state whenever it changes: `python consumer.py HOST:PORT GROUP [PREFIX] [SECONDS]`.

Ends after SECONDS without a record; without SECONDS it runs for ever.
"""

import json
import sys
import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, Message

ALERTS = {
    "loan.overdue_started",
    "loan.bucket_changed",
    "loan.cured",
    "loan.alert_corrected",
}
"""What this consumer acts on. It passes over every other type, and over fields that it does not know."""


class Loans:
    """What is true of each loan: the alerts that stand. Keep it in your database, in one transaction with the effect."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._standing: dict[str, dict[str, dict]] = {}

    def take(self, alert_id: str, kind: str, alert: dict) -> dict | None:
        """The loan's state if the alert changes it; None for one that was seen before, or is of another kind."""
        if kind not in ALERTS or alert_id in self._seen:
            return None  # an alert may arrive twice; its id is the same then
        self._seen.add(alert_id)
        loan = self._standing.setdefault(alert["loan_id"], {})
        before = state(loan)
        loan.pop(alert.get("supersedes", ""), None)  # what the earlier alert said of that day is no longer true
        loan[alert_id] = alert
        after = state(loan)
        return after if after != before else None


def state(alerts: dict[str, dict]) -> dict | None:
    """What the latest day says of which there is an alert; of two of one day, the one that came later."""
    if not alerts:
        return None
    last = max(enumerate(alerts.values()), key=lambda pair: (pair[1]["as_of"], pair[0]))[1]
    return {name: last[name] for name in ("loan_id", "as_of", "bucket", "delinquent_days")}


def records(brokers: str, group: str, topic: str, seconds: float) -> Iterator[Message]:
    """Every record of the topic from its beginning on; committed only when the next one is asked for."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",  # or alerts of aborted transactions would be seen
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    quiet_since = time.monotonic()
    try:
        while time.monotonic() - quiet_since < seconds:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                raise KafkaException(message.error())
            quiet_since = time.monotonic()
            yield message
            consumer.commit(message, asynchronous=True)
    finally:
        consumer.close()


def main(brokers: str, group: str, prefix: str = "", seconds: str = "inf") -> None:
    """One line of JSON for each change of a loan's state."""
    loans = Loans()
    for message in records(brokers, group, prefix + "loans.overdue", float(seconds)):
        headers = {name: value.decode() for name, value in message.headers() or []}
        changed = loans.take(headers["ce_id"], headers["ce_type"], json.loads(message.value()))
        if changed is not None:
            print(json.dumps(changed), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
