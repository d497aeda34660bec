"""Findings to records: CloudEvents in binary mode out, and the same in structured mode for a file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import orjson

from schemas.envelope import dataschema_of
from stream.engine.dates import Day, iso
from stream.engine.findings import Alert
from stream.translate import records
from stream.translate.local_days import LocalDays
from stream.translate.records import Record
from stream.translate.rejected import Rejected

Headers = list[tuple[str, bytes]]
Written = tuple[bytes | None, bytes, Headers]
"""Key, value, headers."""

REJECTED: Final = "message.rejected"
DAY_OPENED: Final = "business_day.opened"
_ATTRIBUTES: Final = {
    records.SPECVERSION: "specversion",
    records.ID: "id",
    records.SOURCE: "source",
    records.TYPE: "type",
    records.SUBJECT: "subject",
    records.TIME: "time",
    records.DATASCHEMA: "dataschema",
}


class Outbound:
    """Writes what one lender's agent says."""

    def __init__(self, time_zone: str, source: str = "urn:overdue-stream") -> None:
        """An IANA time zone, and the CloudEvents source."""
        self._midnight = LocalDays(time_zone).midnight
        self._source = source.encode()

    def alert(self, alert: Alert) -> Written:
        """An alert; its time is the local midnight of the day that it is about."""
        key = alert.loan_id.encode()
        headers = self._headers(alert.kind, alert.id, key, self._midnight(alert.as_of)[0])
        return key, orjson.dumps(_alert_data(alert)), headers

    def dead_letter(self, record: Record, rejected: Rejected) -> Written:
        """A refused record, with all its bytes; its id is a hash of where it lies and why it was refused."""
        said = f"{record.topic}|{record.partition}|{record.offset}|{rejected.reason_code}"
        identifier = sha256(said.encode()).hexdigest()[:32]
        data = {
            "reason_code": str(rejected.reason_code),
            "message": rejected.message,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": record.timestamp,
            "event_id": rejected.event_id,
            **_text("key", record.key),
            **_text("value", record.value),
            "headers": [{"name": _valid(name), **_text("value", value)} for name, value in record.headers],
        }
        headers = self._headers(REJECTED, identifier, None, None)
        return record.key, orjson.dumps(data), headers

    def day_opened(
        self,
        business_date: Day,
        repayments_complete: bool,
        input_end_offsets: dict[str, int] | None,
        posting_lag_seconds: int = 0,
    ) -> tuple[bytes, bytes, Headers, int]:
        """A tick: key, value, headers, and its time in milliseconds."""
        day = iso(business_date)
        time, milliseconds = self._midnight(business_date)
        data: dict[str, Any] = {"business_date": day, "repayments_complete": repayments_complete}
        if input_end_offsets is not None:
            data["input_end_offsets"] = input_end_offsets
        headers = self._headers(DAY_OPENED, f"business-day:{day}", None, time)
        return day.encode(), orjson.dumps(data), headers, milliseconds + posting_lag_seconds * 1000

    def _headers(self, kind: str, identifier: str, subject: bytes | None, time: str | None) -> Headers:
        headers = [
            (records.SPECVERSION, b"1.0"),
            (records.ID, identifier.encode()),
            (records.SOURCE, self._source),
            (records.TYPE, kind.encode()),
            (records.DATASCHEMA, dataschema_of(kind).encode()),
            (records.CONTENT_TYPE, records.JSON),
        ]
        if subject is not None:
            headers.append((records.SUBJECT, subject))
        if time is not None:
            headers.append((records.TIME, time.encode()))
        return headers


def structured(topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> bytes:
    """One line of a file: the record's topic and key, its value as a structured CloudEvent; null for a tombstone."""
    event: dict[str, Any] | None = None
    if value is not None:
        event = {_ATTRIBUTES[name]: part.decode() for name, part in headers if name in _ATTRIBUTES}
        event["datacontenttype"] = "application/json"
        event["data"] = orjson.Fragment(value)
    return orjson.dumps(
        {"topic": topic, "key": None if key is None else key.decode("utf-8", "replace"), "value": event}
    )


def _alert_data(alert: Alert) -> dict[str, Any]:
    principal, interest, fee, penalty = alert.overdue
    data: dict[str, Any] = {
        "loan_id": alert.loan_id,
        "borrower_id": alert.borrower_id,
        "product": alert.product,
        "currency": alert.currency,
        "as_of": iso(alert.as_of),
        "days_past_due": alert.days_past_due,
        "delinquent_days": alert.delinquent_days,
        "bucket": alert.bucket,
        "previous_bucket": alert.previous_bucket,
        "classifications": {},
        "overdue": {
            "principal": principal,
            "interest": interest,
            "fee": fee,
            "penalty": penalty,
            "total": principal + interest + fee + penalty,
        },
        "outstanding_principal": alert.outstanding_principal,
        "oldest_due_date": None if alert.oldest_due_date is None else iso(alert.oldest_due_date),
        "episode_id": f"{alert.loan_id}:{alert.episode}" if alert.episode else None,
        "reasons": [reason._asdict() for reason in alert.reasons],
        "policy_version": alert.policy_version,
        "causes": alert.causes,
    }
    if alert.supersedes is not None:
        data["supersedes"] = alert.supersedes
    return data


def _text(name: str, raw: bytes | None) -> dict[str, str | None]:
    """Bytes as text where they are UTF-8, else as base64 under another name."""
    if raw is None:
        return {name: None}
    try:
        return {name: raw.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": b64encode(raw).decode()}


def _valid(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
