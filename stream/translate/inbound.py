"""Records to facts: the fast path says yes, the judge says the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from pydantic_core import PydanticCustomError

from schemas.catalogue import TOPICS
from schemas.types import ID_PATTERN, MAX_EVENT_ID_LENGTH
from stream.engine.facts import DayOpened, Fact
from stream.translate import records
from stream.translate.judge import MAX_HEADER_BYTES, MAX_HEADERS, MAX_HEADERS_BYTES, Judged, judge
from stream.translate.local_days import LocalDays
from stream.translate.quick import QUICK_OF_TYPE, STRUCTURED_OF_TOPIC, Quick, Undecided, structured_quotes
from stream.translate.records import Headers, Record
from stream.translate.rejected import Rejected
from stream.translate.strict_json import MAX_VALUE_BYTES

_UNDECIDED: Final = (Undecided, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, PydanticCustomError)
_EVENT_ID_BYTES: Final = re.compile(ID_PATTERN.removesuffix("$").encode()).fullmatch
_EVENT_ID_TEXT: Final = re.compile(ID_PATTERN.removesuffix("$")).fullmatch
_MAX_KNOWN: Final = 4096


class Inbound:
    """Decodes the records of all input topics for one lender."""

    def __init__(self, time_zone: str, topic_prefix: str = "") -> None:
        """An IANA time zone, and what stands before the catalogue's topic names."""
        self._days = LocalDays(time_zone)
        self._topics = {topic_prefix + topic.name: topic.name for topic in TOPICS if topic.is_input} | {"": ""}
        self._known: dict[tuple[Any, ...], tuple[Quick, int]] = {}

    def decode(self, record: Record) -> Fact | DayOpened:
        """The fact that a record tells.

        Raises:
            Rejected: It tells none; the reason is in there.
        """
        try:
            return self._decode_fast(record)
        except _UNDECIDED:
            pass
        return self._decode_slowly(record)

    def decode_many(self, batch: Iterable[Record]) -> list[Fact | DayOpened | Rejected]:
        """What each record tells, in order; a refusal stands in the place of its fact."""
        found: list[Fact | DayOpened | Rejected] = []
        decode = self.decode
        for record in batch:
            try:
                found.append(decode(record))
            except Rejected as refused:
                found.append(refused)
        return found

    def _decode_fast(self, record: Record) -> Fact | DayOpened:
        """The fact of a good message of a known kind; raises one of `_UNDECIDED` for any other."""
        value, headers = record.value, record.headers
        if value is None or len(value) > MAX_VALUE_BYTES:
            raise Undecided
        named = dict(headers)
        if records.TYPE not in named:
            return self._decode_structured(record, value, named)
        get = named.get
        known = self._known.get(_binary_sort(record.topic, named))
        event_id, time, subject = get(records.ID), get(records.TIME), get(records.SUBJECT)
        if known is None or event_id is None or time is None:
            raise Undecided
        quick, usual_headers = known
        if subject is not None:
            usual_headers += 1
            if not (0 < len(subject) <= 256 and subject.isascii()):
                raise Undecided
        if len(headers) != usual_headers and not _headers_hold(headers):
            raise Undecided
        if len(event_id) > MAX_EVENT_ID_LENGTH or not _EVENT_ID_BYTES(event_id):
            raise Undecided
        recorded = self._days.of(time.decode())
        return quick.fact(event_id.decode(), recorded, record.key, quick.decode(value), value.count(b'"'))

    def _decode_structured(self, record: Record, value: bytes, named: dict[str, bytes]) -> Fact | DayOpened:
        """The same for structured mode."""
        content_type = named.get(records.CONTENT_TYPE)
        if len(record.headers) != (content_type is not None) and not _no_attribute_in(record.headers):
            raise Undecided
        topic = self._topics[record.topic]
        event = STRUCTURED_OF_TOPIC[topic](value)
        known = self._known.get((topic, type(event), event.source, content_type, event.dataschema))
        event_id = event.id
        if known is None or not _EVENT_ID_TEXT(event_id):
            raise Undecided
        recorded = self._days.of(event.time)
        quotes = value.count(b'"') - structured_quotes(event)
        return known[0].fact(event_id, recorded, record.key, event.data, quotes)

    def _decode_slowly(self, record: Record) -> Fact | DayOpened:
        """The judge's word; what is constant in the envelope of a good message is remembered for the fast path."""
        judged = judge(record, self._topics[record.topic], self._days)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._remember(record, judged)
        return judged.fact

    def _remember(self, record: Record, judged: Judged) -> None:
        quick = QUICK_OF_TYPE[judged.envelope.type]
        named = dict(record.headers)
        if judged.is_binary:
            sort = _binary_sort(record.topic, named)
            constant = sum(value is not None for value in sort[1:])
            self._known[sort] = quick, constant + 2  # and id and time
            return
        topic = self._topics[record.topic]
        try:
            event = STRUCTURED_OF_TOPIC[topic](record.value or b"")
        except _UNDECIDED:
            return
        sort = (topic, type(event), event.source, named.get(records.CONTENT_TYPE), event.dataschema)
        self._known[sort] = quick, 0


def _binary_sort(topic: str, named: dict[str, bytes]) -> tuple[Any, ...]:
    """What is constant in the envelopes of one producer's events of one type."""
    get = named.get
    return (
        topic,
        get(records.TYPE),
        get(records.SOURCE),
        get(records.SPECVERSION),
        get(records.CONTENT_TYPE),
        get(records.DATASCHEMA),
    )


def _headers_hold(headers: Headers) -> bool:
    """Whether headers beside the usual ones are few, small, there once and not null."""
    if len(headers) > MAX_HEADERS or len(dict(headers)) != len(headers):
        return False
    values = [value for _, value in headers]
    if None in values:
        return False
    sizes = list(map(len, values))
    return sum(sizes) <= MAX_HEADERS_BYTES and max(sizes, default=0) <= MAX_HEADER_BYTES


def _no_attribute_in(headers: Headers) -> bool:
    """Whether headers hold and none of them is of CloudEvents."""
    return _headers_hold(headers) and not any(name.startswith(records.PREFIX) for name, _ in headers)
