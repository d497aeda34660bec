"""Findings to records: CloudEvents in binary mode, each `data` as its published schema says."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from schemas.envelope import dataschema_of
from stream.engine.dates import iso
from stream.engine.feed import FeedAlert, key_of
from stream.engine.findings import RECOVERY_RECEIVED, Alert
from stream.translate import records
from stream.translate.local_days import LocalDays
from stream.translate.records import Headers, Record
from stream.translate.rejected import Rejected

DEFAULT_SOURCE: Final = "urn:overdue-stream"
HeaderList = list[tuple[str, bytes]]

MESSAGE_REJECTED: Final = "message.rejected"
BUSINESS_DAY_OPENED: Final = "business_day.opened"
MAX_MESSAGE_LENGTH: Final = 500
LARGEST_REFUSED: Final = 360_000
"""Bytes of a refused record that its dead letter holds at most: as base64, beside the key, a batch still takes it."""
LONGEST_KEY: Final = 1_000
"""Bytes of the key of a dead letter that leaves the record's bytes out."""


class Outgoing(NamedTuple):
    """A record to be sent; the partition is the sender's."""

    key: bytes | None
    value: bytes
    headers: HeaderList


class Outbound:
    """Encodes what one lender's processor says."""

    def __init__(self, time_zone: str, source: str = DEFAULT_SOURCE) -> None:
        """An IANA time zone, and the CloudEvents `source` of everything that goes out."""
        self._days = LocalDays(time_zone)
        self._source = source
        self._fixed: dict[str, tuple[tuple[str, bytes], ...]] = {}

    def headers(self, event_type: str, event_id: str, subject: str, time: str) -> HeaderList:
        """The CloudEvents headers of an event; `time` is RFC 3339 in UTC, an empty `subject` is left out."""
        specversion, source, kind, schema, content_type = self._fixed.get(event_type) or self._fix(event_type)
        found = [specversion, (records.ID, event_id.encode()), source, kind]
        if subject:
            found.append((records.SUBJECT, subject.encode()))
        found += [(records.TIME, time.encode()), schema, content_type]
        return found

    def headers_of_day(self, event_type: str, event_id: str, subject: str, as_of: int) -> HeaderList:
        """The same, at the local midnight that a business date begins with."""
        return self.headers(event_type, event_id, subject, self._days.midnight(as_of)[0])

    def alert(self, alert: Alert) -> Outgoing:
        """An alert, for `loans.overdue`."""
        value = orjson.dumps(alert_data(alert))
        headers = self.headers_of_day(alert.kind, alert.id, alert.loan_id, alert.as_of)
        return Outgoing(alert.loan_id.encode(), value, headers)

    def feed_alert(self, alert: FeedAlert) -> Outgoing:
        """An alert about the feed of a whole task, for `loans.overdue`."""
        key = key_of(alert.partition)
        headers = self.headers_of_day(alert.kind, alert.id, key, alert.as_of)
        return Outgoing(key.encode(), orjson.dumps(_feed_data(alert)), headers)

    def dead_letter(self, record: Record, rejected: Rejected) -> Outgoing:
        """A refused record with its reason, for the same partition of `dead-letters`. Its time is the record's."""
        code = str(rejected.reason_code)
        place = f"{record.topic}|{record.partition}|{record.offset}|{code}"
        data = {
            "reason_code": code,
            "message": rejected.message[:MAX_MESSAGE_LENGTH],
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": record.timestamp,
            "event_id": rejected.event_id,
        }
        event_id = sha256(place.encode(errors="replace")).hexdigest()[:32]
        time = self._days.utc(max(record.timestamp, 0))
        key, value = _letter(data, record)
        return Outgoing(key, value, self.headers(MESSAGE_REJECTED, event_id, "", time))

    def day_opened(
        self,
        business_date: int,
        repayments_complete: bool,
        input_end_offsets: dict[str, int] | None = None,
        posting_lag_seconds: int = 0,
    ) -> tuple[Outgoing, int]:
        """The record that opens a business day on one partition, and its Kafka timestamp in milliseconds.

        Its time is the local midnight that the day begins with, plus the posting lag.
        """
        day = iso(business_date)
        data: dict[str, Any] = {"business_date": day, "repayments_complete": repayments_complete}
        if input_end_offsets is not None:
            data["input_end_offsets"] = input_end_offsets
        timestamp = self._days.midnight(business_date)[1] + posting_lag_seconds * 1000
        headers = self.headers(BUSINESS_DAY_OPENED, f"business-day:{day}", "", self._days.utc(timestamp))
        return Outgoing(day.encode(), orjson.dumps(data), headers), timestamp

    def _fix(self, event_type: str) -> tuple[tuple[str, bytes], ...]:
        """The headers that all events of one type have."""
        fixed = (
            (records.SPECVERSION, b"1.0"),
            (records.SOURCE, self._source.encode()),
            (records.TYPE, event_type.encode()),
            (records.DATASCHEMA, dataschema_of(event_type).encode()),
            (records.CONTENT_TYPE, records.JSON),
        )
        self._fixed[event_type] = fixed
        return fixed


def alert_data(alert: Alert) -> dict[str, Any]:
    """The data of an alert, as the contract has it."""
    principal, interest, fee, penalty = alert.overdue
    data = {
        "loan_id": alert.loan_id,
        "borrower_id": alert.borrower_id,
        "product": alert.product,
        "currency": alert.currency,
        "as_of": iso(alert.as_of),
        "days_past_due": alert.days_past_due,
        "delinquent_days": alert.delinquent_days,
        "bucket": alert.bucket,
        "previous_bucket": alert.previous_bucket,
        "classifications": classes_of(alert.classifications),
        "overdue": {
            "principal": principal,
            "interest": interest,
            "fee": fee,
            "penalty": penalty,
            "total": principal + interest + fee + penalty,
        },
        "outstanding_principal": alert.outstanding_principal,
        "oldest_due_date": None if alert.oldest_due_date is None else iso(alert.oldest_due_date),
        "episode_id": episode_id(alert.loan_id, alert.episode),
        "reasons": [reason._asdict() for reason in alert.reasons],
        "policy_version": alert.policy_version,
        "causes": alert.causes,
    }
    if alert.supersedes is not None:
        data["supersedes"] = alert.supersedes
    if alert.installment is not None:
        data["installment"] = alert.installment
    if alert.classification is not None:
        data["scheme"], data["classification"], previous = alert.classification
        data["previous_classification"] = previous or None
    if alert.pause is not None:
        start, end, active = alert.pause
        data["pause"] = {"start_date": iso(start), "end_date": iso(end), "active": active}
    if alert.kind == RECOVERY_RECEIVED:
        data["recovered"] = next(reason.observed for reason in alert.reasons if reason.code == "recovery_received")
    return data


def _feed_data(alert: FeedAlert) -> dict[str, Any]:
    return {
        "partition": alert.partition,
        "as_of": iso(alert.as_of),
        "installments_due": alert.due,
        "installments_met": alert.met,
        "installments_met_usually": alert.usual,
        "reasons": [reason._asdict() for reason in alert.reasons],
        "policy_version": alert.policy_version,
        "causes": alert.causes,
    }


@lru_cache(maxsize=1 << 12)
def classes_of(text: str) -> dict[str, str]:
    """Class by scheme, of the engine's text `scheme:code scheme:code`."""
    return dict(word.rsplit(":", 1) for word in text.split())


def episode_id(loan_id: str, number: int) -> str | None:
    """The id of a loan's stretch of delinquency; None before the first."""
    return f"{loan_id}:{number}" if number else None


def _letter(data: dict[str, Any], record: Record) -> tuple[bytes | None, bytes]:
    """Key and value of a dead letter: all bytes of the record, unless no topic would take them."""
    sizes = [len(part or b"") for part in (record.key, record.value)]
    size = sum(sizes) + sum(len(name) + len(value or b"") + 60 for name, value in record.headers)
    if size > LARGEST_REFUSED:
        left_out = data | {"key": None, "value": None, "headers": [], "left_out_bytes": size}
        return record.key if sizes[0] <= LONGEST_KEY else None, msgspec.json.encode(left_out)
    for raw in (_raw, _as_base64):  # characters that JSON escapes take six times their size as text
        all_of_it = data | {
            **raw("key", record.key),
            **raw("value", record.value),
            "headers": [{"name": name, **raw("value", value)} for name, value in record.headers],
        }
        # not orjson: for a megabyte of raw message it reserves sixteen
        value = msgspec.json.encode(all_of_it)
        if len(value) <= 2 * LARGEST_REFUSED - sizes[0]:
            break
    return record.key, value


def _raw(name: str, value: bytes | None) -> dict[str, str | None]:
    """Bytes as text where they are UTF-8, else as base64 under another name."""
    if value is None:
        return {name: None}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return _as_base64(name, value)


def _as_base64(name: str, value: bytes | None) -> dict[str, str | None]:
    return {name: None} if value is None else {f"{name}_base64": b64encode(value).decode()}


_ATTRIBUTES: Final = {
    records.SPECVERSION: "specversion",
    records.ID: "id",
    records.SOURCE: "source",
    records.TYPE: "type",
    records.SUBJECT: "subject",
    records.TIME: "time",
    records.DATASCHEMA: "dataschema",
}


def structured(topic: str, key: bytes | None, value: bytes, headers: Headers) -> bytes:
    """A record of ours as one line of JSON, `{"topic", "key", "value"}`, `value` the CloudEvent in structured mode.

    `value` goes in as it stands, so it has to be JSON; no newline at the end. A key that is not UTF-8 has its odd bytes
    replaced: a dead letter carries it in full.
    """
    event: dict[str, Any] = {_ATTRIBUTES[name]: text.decode() for name, text in headers if name in _ATTRIBUTES}
    event["datacontenttype"] = "application/json"
    event["data"] = msgspec.Raw(value)
    text = None if key is None else key.decode(errors="replace")
    return msgspec.json.encode({"topic": topic, "key": text, "value": event})
