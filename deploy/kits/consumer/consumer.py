"""Keeps a table of overdue loans: `python consumer.py HOST:PORT GROUP DATABASE [PREFIX] [SECONDS]`.

The table `loans` of the SQLite file DATABASE has one row for each loan that was ever overdue; each change is printed.
Ends after SECONDS without a record; without SECONDS it runs for ever.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, Message

ALERTS = {"loan.overdue_started", "loan.bucket_changed", "loan.cured", "loan.alert_corrected"}
"""What this consumer acts on. It passes over every other type, and over fields that it does not know."""

TABLES = """
CREATE TABLE IF NOT EXISTS alerts (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, loan_id TEXT, as_of TEXT, body TEXT, stands INTEGER DEFAULT 1
);
CREATE INDEX IF NOT EXISTS alerts_of_loan ON alerts (loan_id, as_of);
CREATE TABLE IF NOT EXISTS loans (loan_id TEXT PRIMARY KEY, as_of TEXT, bucket TEXT, delinquent_days INTEGER);
"""


def take(database: sqlite3.Connection, alert_id: str, kind: str, alert: dict) -> dict | None:
    """Note an alert; the loan's row where it changes, else None. One transaction: all of it happens, or nothing."""
    if kind not in ALERTS:
        return None
    loan_id = alert["loan_id"]
    with database:
        noted = database.execute(
            "INSERT OR IGNORE INTO alerts (id, loan_id, as_of, body) VALUES (?, ?, ?, ?)",
            (alert_id, loan_id, alert["as_of"], json.dumps(alert)),
        )
        if not noted.rowcount:
            return None  # an alert may arrive twice; its id is the same then
        # What the earlier alert said of that day is no longer true.
        database.execute("UPDATE alerts SET stands = 0 WHERE id = ?", (alert.get("supersedes"),))
        # A loan's state is what the latest day says of which there is an alert; of two of one day, the later one.
        (body,) = database.execute(
            "SELECT body FROM alerts WHERE loan_id = ? AND stands ORDER BY as_of DESC, number DESC LIMIT 1", (loan_id,)
        ).fetchone()
        row = {name: json.loads(body)[name] for name in ("loan_id", "as_of", "bucket", "delinquent_days")}
        if database.execute("SELECT * FROM loans WHERE loan_id = ?", (loan_id,)).fetchone() == tuple(row.values()):
            return None
        database.execute("REPLACE INTO loans VALUES (?, ?, ?, ?)", tuple(row.values()))
        return row


def records(brokers: str, group: str, topic: str, seconds: float) -> Iterator[Message]:
    """Every record of the topic from its beginning on; one is committed when the next is asked for."""
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
            consumer.commit(message, asynchronous=True)  # after the database's: a crash between repeats, loses nothing
    finally:
        consumer.close()


def main(brokers: str, group: str, path: str, prefix: str = "", seconds: str = "inf") -> None:
    """One line of JSON for each change of a loan."""
    database = sqlite3.connect(path)
    database.executescript(TABLES)
    for message in records(brokers, group, prefix + "loans.overdue", float(seconds)):
        headers = {name: value.decode() for name, value in message.headers() or []}
        changed = take(database, headers["ce_id"], headers["ce_type"], json.loads(message.value()))
        if changed is not None:
            print(json.dumps(changed), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
