"""The judge of a message: slow, complete, and the one that says why.

The contract's pydantic models decide; around them stand the checks of what a model never sees: the record itself, its
headers, and JSON that could be read in two ways.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from schemas.catalogue import MODEL_OF_TYPE, TOPIC_OF_TYPE
from schemas.envelope import Envelope
from schemas.rejections import RejectionCode
from schemas.types import ID_PATTERN, MAX_EVENT_ID_LENGTH, Contract
from schemas.versions import named_version, newest, versions_of
from stream.engine.facts import DayOpened, Fact
from stream.translate import records
from stream.translate.facts import FACT_OF_TYPE
from stream.translate.local_days import LocalDays
from stream.translate.reasons import rejected_attributes, rejected_data
from stream.translate.records import Headers, Record
from stream.translate.rejected import Rejected
from stream.translate.signals import is_signal, signal
from stream.translate.strict_json import MAX_VALUE_BYTES, read_object
from stream.warning.signals import Signal

MAX_HEADERS: Final = 64
MAX_HEADER_BYTES: Final = 4096
MAX_HEADERS_BYTES: Final = 16 * 1024

_ATTRIBUTE_OF_HEADER: Final = {
    records.SPECVERSION: "specversion",
    records.ID: "id",
    records.SOURCE: "source",
    records.TYPE: "type",
    records.SUBJECT: "subject",
    records.TIME: "time",
    records.DATASCHEMA: "dataschema",
}
_EVENT_ID: Final = re.compile(ID_PATTERN.removesuffix("$")).fullmatch


class Judged(NamedTuple):
    """A message that holds, and how it came."""

    envelope: Envelope
    is_binary: bool
    fact: Fact | DayOpened | Signal
    is_newest: bool = True
    """Of the newest version of its type."""


def judge(record: Record, topic: str, days: LocalDays) -> Judged:
    """The fact that a record tells.

    Args:
        record: The record.
        topic: Its topic's name in the catalogue; empty: any input topic (a file of events has none).
        days: The calendar of the lender's time zone.

    Raises:
        Rejected: It tells none.
    """
    _check_value(record.value)
    named = _named(record.headers)
    is_binary = _is_binary(named)
    attributes: dict[str, Any]
    if is_binary:
        attributes = {name: named[header] for header, name in _ATTRIBUTE_OF_HEADER.items() if header in named}
    else:
        attributes = read_object(record.value)
    event_id = _event_id(attributes)
    try:
        envelope = _envelope(attributes, topic)
        data = read_object(record.value) if is_binary else _data(attributes)
        found = _data_of(envelope, data)
        fact = _fact(envelope, found, days)
        _check_key(record.key, fact)
    except Rejected as refused:
        raise Rejected(refused.reason_code, refused.message, event_id) from None
    return Judged(envelope, is_binary, fact, type(found) is MODEL_OF_TYPE[envelope.type])


def _check_value(value: bytes | None) -> None:
    """Before anything is read: a value that no mode of CloudEvents allows."""
    if value is None:
        raise Rejected(RejectionCode.VALUE_MISSING)
    if not value:
        raise Rejected(RejectionCode.VALUE_EMPTY)
    if len(value) > MAX_VALUE_BYTES:
        raise Rejected(RejectionCode.VALUE_TOO_LARGE)


def _named(headers: Headers) -> dict[str, str]:
    """CloudEvents headers and the content type by name; others are ignored, but all are bounded."""
    if len(headers) > MAX_HEADERS:
        raise Rejected(RejectionCode.TOO_MANY_HEADERS)
    sizes = [len(value or b"") for _, value in headers]
    if sum(sizes) > MAX_HEADERS_BYTES or max(sizes, default=0) > MAX_HEADER_BYTES:
        raise Rejected(RejectionCode.HEADER_TOO_LARGE)
    named: dict[str, str] = {}
    for name, value in headers:
        if not name.startswith(records.PREFIX) and name != records.CONTENT_TYPE:
            continue
        if name in named:
            raise Rejected(RejectionCode.HEADER_REPEATED)
        try:
            named[name] = value.decode()
        except (UnicodeDecodeError, AttributeError):  # a header's value may be null
            raise Rejected(RejectionCode.HEADER_INVALID) from None
    return named


def _is_binary(named: dict[str, str]) -> bool:
    """The mode, as the Kafka binding of CloudEvents tells it: by the content type first, by `ce_` headers else."""
    media, _, parameters = named.get(records.CONTENT_TYPE, "").lower().partition(";")
    if parameters.strip() not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise Rejected(RejectionCode.CONTENT_TYPE_UNSUPPORTED)
    if media.strip() == records.CLOUDEVENT_JSON.decode():
        return False
    if media.strip() not in ("", records.JSON.decode()):
        raise Rejected(RejectionCode.CONTENT_TYPE_UNSUPPORTED)
    return any(name.startswith(records.PREFIX) for name in named)


def _event_id(attributes: dict[str, Any]) -> str | None:
    """The id, where it is one."""
    found = attributes.get("id")
    return found if isinstance(found, str) and len(found) <= MAX_EVENT_ID_LENGTH and _EVENT_ID(found) else None


def _envelope(attributes: dict[str, Any], topic: str) -> Envelope:
    """The checked attributes of an event that belongs on the topic."""
    try:
        envelope = Envelope.model_validate(attributes)
    except ValidationError as error:
        raise rejected_attributes(error) from None
    home = TOPIC_OF_TYPE.get(envelope.type)
    if home is None:
        raise Rejected(RejectionCode.TYPE_UNKNOWN)
    if topic not in ("", home.name) or not home.is_input:
        raise Rejected(RejectionCode.TYPE_NOT_ON_TOPIC)
    return envelope


def _data(attributes: dict[str, Any]) -> dict[str, Any]:
    """The member `data` of a structured event."""
    if "data" not in attributes:
        raise Rejected(RejectionCode.ATTRIBUTE_MISSING, f"data: {RejectionCode.ATTRIBUTE_MISSING.meaning}")
    data = attributes["data"]
    if not isinstance(data, dict):
        raise Rejected(RejectionCode.DATA_NOT_OBJECT)
    return data


def _data_of(envelope: Envelope, data: dict[str, Any]) -> Contract:
    """The checked data of an event, by the version that it names."""
    versions = versions_of(MODEL_OF_TYPE[envelope.type])
    version = named_version(envelope.dataschema, envelope.type, versions)
    if version is None:
        raise Rejected(RejectionCode.DATASCHEMA_UNKNOWN)
    try:
        return versions[version].model_validate(data)
    except ValidationError as error:
        raise rejected_data(error) from None


def _fact(envelope: Envelope, data: Contract, days: LocalDays) -> Fact | DayOpened | Signal:
    """The fact of an event."""
    model = newest(MODEL_OF_TYPE[envelope.type], data)
    if is_signal(envelope.type):
        return signal(envelope.id, days.at(envelope.time), envelope.type, model)
    return FACT_OF_TYPE[envelope.type](envelope.id, days.at(envelope.time), model)


def _check_key(key: bytes | None, fact: Fact | DayOpened | Signal) -> None:
    """The key is the loan's id, of a signal the borrower's; a business day's key is the sender's own affair."""
    if isinstance(fact, DayOpened):
        return
    if key is None:
        raise Rejected(RejectionCode.KEY_MISSING)
    if isinstance(fact, Signal):
        if key != fact.borrower_id.encode():
            raise Rejected(RejectionCode.KEY_IS_NOT_BORROWER_ID)
    elif key != fact.loan_id.encode():
        raise Rejected(RejectionCode.KEY_IS_NOT_LOAN_ID)
