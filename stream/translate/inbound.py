"""Records to facts: the fast path says yes, the judge says the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, cast

import msgspec
from pydantic_core import PydanticCustomError

from schemas.catalogue import TOPICS
from schemas.types import ID_PATTERN, MAX_EVENT_ID_LENGTH
from stream.engine.facts import DayOpened, Fact
from stream.translate.judge import MAX_HEADER_BYTES, MAX_HEADERS, MAX_HEADERS_BYTES, judge
from stream.translate.layouts import Layout, layout_of, others_hold
from stream.translate.local_days import REST_OF_HOUR, LocalDays
from stream.translate.quick import QUICK_OF_TYPE, STRUCTURED_OF_TOPIC, Quick, Undecided, structured_quotes
from stream.translate.raw_headers import varying_values
from stream.translate.records import (
    CONTENT_TYPE,
    ID,
    PREFIX,
    SUBJECT,
    TIME,
    Headers,
    Record,
)
from stream.translate.rejected import Rejected
from stream.translate.strict_json import MAX_VALUE_BYTES

_UNDECIDED: Final = (Undecided, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, PydanticCustomError)
_ID_BYTES: Final = re.compile(ID_PATTERN.removesuffix("$").encode()).fullmatch
_ID_TEXT: Final = re.compile(ID_PATTERN.removesuffix("$")).fullmatch
_MAX_LAYOUTS: Final = 32
_MAX_SORTS: Final = 4096


class _Time(msgspec.Struct, gc=False):
    time: str


_read_time: Final = msgspec.json.Decoder(_Time).decode

WITH_MILLISECONDS: Final = len(":00:00.000Z")
POINT: Final = ord(".")


class Inbound:
    """Decodes the records of all input topics for one lender."""

    def __init__(self, time_zone: str, topic_prefix: str = "") -> None:
        """An IANA time zone, and what stands before the catalogue's topic names."""
        days = LocalDays(time_zone)
        self._days = days
        self._day_of = days.of
        self._utc_hours = days.utc_hours
        self._topics = {topic_prefix + topic.name: topic.name for topic in TOPICS if topic.is_input} | {"": ""}
        self._structured = {topic: STRUCTURED_OF_TOPIC[name] for topic, name in self._topics.items()}
        self._layouts: dict[str, list[Layout]] = {}
        self._sorts: dict[tuple[Any, ...], Quick] = {}
        self._last_sort: tuple[Any, ...] = ()
        self._last_quick = QUICK_OF_TYPE["loan.repaid"]

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
        add, decode_fast = found.append, self._decode_fast
        for record in batch:
            try:
                add(decode_fast(record))
            except _UNDECIDED:
                add(self._decode_or_refuse(record))
        return found

    def second_of_day(self, record: Record) -> int:
        """The local time of day of a good event, in seconds after midnight."""
        time = dict(record.headers).get(TIME)
        return self._days.second_of(time.decode() if time is not None else _read_time(record.value or b"").time)

    def _decode_or_refuse(self, record: Record) -> Fact | DayOpened | Rejected:
        try:
            return self._decode_slowly(record)
        except Rejected as refused:
            return refused

    def _decode_fast(self, record: Record) -> Fact | DayOpened:
        """The fact of a good message of a known layout; raises one of `_UNDECIDED` for any other."""
        value = record.value
        if value is None or len(value) > MAX_VALUE_BYTES:
            raise Undecided
        raw: bytes | None = getattr(record, "raw_headers", None)  # of the worker's own reader
        if raw is not None:
            for layout in self._layouts.get(record.topic, ()):
                if not layout.shape or (found := varying_values(raw, layout.shape)) is None:
                    continue
                if layout.raw_subject is None or found[layout.raw_subject] == record.key:
                    return self._binary(record, value, found[layout.raw_id], found[layout.raw_time], layout)
        headers = record.headers
        if len(headers) < 2:
            return self._decode_structured(record, value)
        for layout in self._layouts.get(record.topic, ()):
            if len(headers) != layout.length:
                continue
            rest: list[tuple[str, bytes] | None] = [*headers]
            id_name, event_id = headers[layout.id_at]
            time_name, time = headers[layout.time_at]
            rest[layout.id_at] = rest[layout.time_at] = None
            if layout.subject_at is not None:
                subject_name, subject = headers[layout.subject_at]
                if subject_name != SUBJECT or subject != record.key:
                    continue
                rest[layout.subject_at] = None
            if layout.others and not others_hold(layout.others, rest):
                continue
            if rest != layout.constant or id_name != ID or time_name != TIME:
                continue
            return self._binary(record, value, event_id, time, layout)
        return self._decode_structured(record, value)

    def _binary(self, record: Record, value: bytes, event_id: bytes, time: bytes, layout: Layout) -> Fact | DayOpened:
        """The same for binary mode, of an event with this layout."""
        if not time or not event_id or len(event_id) > MAX_EVENT_ID_LENGTH:
            raise Undecided
        if not (event_id.isalnum() or _ID_BYTES(event_id)):
            raise Undecided
        recorded, rest_of_time = self._utc_hours.get(time[:13]), time[13:]
        if len(rest_of_time) == WITH_MILLISECONDS and rest_of_time[6] == POINT and rest_of_time[7:10].isdigit():
            rest_of_time = rest_of_time[:6] + rest_of_time[10:]
        if recorded is None or rest_of_time not in REST_OF_HOUR:
            recorded = self._day_of(time.decode())
        fact: Fact | DayOpened = layout.fact(
            event_id.decode(), recorded, record.key, layout.decode(value), value.count(b'"'), value
        )
        return fact

    def _decode_structured(self, record: Record, value: bytes) -> Fact | DayOpened:
        """The same for structured mode."""
        headers = record.headers
        content_type = headers[0][1] if headers else None
        if headers and (len(headers) > 1 or headers[0][0] != CONTENT_TYPE):
            content_type = _content_type(headers)
        topic = record.topic
        event = self._structured[topic](value)
        sort = (topic, type(event), event.source, content_type, event.dataschema)
        if sort != self._last_sort:
            quick = self._sorts.get(sort)
            if quick is None:
                raise Undecided
            self._last_sort, self._last_quick = sort, quick
        if not _ID_TEXT(event.id):
            raise Undecided
        quotes = value.count(b'"') - structured_quotes(event)
        return self._last_quick.fact(event.id, self._day_of(event.time), record.key, event.data, quotes, value)

    def _decode_slowly(self, record: Record) -> Fact | DayOpened:
        """The judge's word; how a good message was laid out is kept for the fast path."""
        judged = judge(record, self._topics[record.topic], self._days)
        quick = QUICK_OF_TYPE.get(judged.envelope.type) if judged.is_newest else None
        if quick is None:
            pass
        elif judged.is_binary:
            self._keep_layout(record.topic, layout_of(record.headers, quick))
        else:
            self._keep_sort(record, quick)
        return cast("Fact | DayOpened", judged.fact)  # a signal too, where a file's lines are asked what they are

    def _keep_layout(self, topic: str, layout: Layout) -> None:
        known = self._layouts.setdefault(topic, [])
        if not any(layout.is_like(other) for other in known):
            if len(known) >= _MAX_LAYOUTS:
                known.clear()
            known.append(layout)

    def _keep_sort(self, record: Record, quick: Quick) -> None:
        try:
            event = self._structured[record.topic](record.value or b"")
        except _UNDECIDED:
            return  # such an event takes the slow path each time
        content_type = dict(record.headers).get(CONTENT_TYPE)
        if len(self._sorts) >= _MAX_SORTS:
            self._sorts.clear()
        self._sorts[record.topic, type(event), event.source, content_type, event.dataschema] = quick


def _content_type(headers: Headers) -> bytes | None:
    """The content type of a structured event that has other headers, too, where these are small and there once."""
    named = dict(headers)
    if len(headers) > MAX_HEADERS or len(named) != len(headers) or None in named.values():
        raise Undecided
    sizes = list(map(len, named.values()))
    if sum(sizes) > MAX_HEADERS_BYTES or max(sizes) > MAX_HEADER_BYTES:
        raise Undecided
    if any(name.startswith(PREFIX) for name in named):
        raise Undecided
    return named.get(CONTENT_TYPE)
