"""Where an event's trace is told: W3C Trace Context, in Kafka headers, CloudEvents attributes or structured JSON."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from stream.translate.records import CLOUDEVENT_JSON, CONTENT_TYPE, PREFIX, Record

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
MAX_TRACESTATE_BYTES: Final = 512
"""W3C: at least 512 characters should be passed on; what is longer is left out."""

_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
_TRACESTATE: Final = re.compile(rb"[ -~]+")
_IN_JSON: Final = re.compile(rb'"traceparent"\s*:\s*"(' + _TRACEPARENT.pattern + rb')"')


class TraceContext(NamedTuple):
    """The trace that an event belongs to, and the span in it that the event was made in."""

    traceparent: bytes
    tracestate: bytes | None
    trace_id: int
    span_id: int
    flags: int

    def headers(self) -> list[tuple[str, bytes]]:
        """As Kafka headers, unchanged: what is said because of an event belongs to the trace of that event."""
        found = [(TRACEPARENT, self.traceparent)]
        if self.tracestate is not None:
            found.append((TRACESTATE, self.tracestate))
        return found


def trace_of(record: Record) -> TraceContext | None:
    """The trace of a record; None where it has none, or one that is not well formed.

    The header `traceparent` comes before the CloudEvents attribute `traceparent` (header `ce_traceparent`, or a member
    in structured mode): that one tells where a transmission of many hops began, the header tells the last hop.

    Source: W3C Trace Context, 3.2 and 3.3; CloudEvents, Distributed Tracing extension.
    """
    named = dict(record.headers)
    found = _well_formed(named.get(TRACEPARENT), named.get(TRACESTATE))
    if found is None:
        found = _well_formed(named.get(PREFIX + TRACEPARENT), named.get(PREFIX + TRACESTATE))
    if found is None and _is_structured(named) and (inside := _IN_JSON.search(record.value or b"")):
        found = _well_formed(inside[1], None)
    return found


def _is_structured(named: dict[str, bytes]) -> bool:
    return (named.get(CONTENT_TYPE) or CLOUDEVENT_JSON).startswith(CLOUDEVENT_JSON)


def _well_formed(traceparent: bytes | None, tracestate: bytes | None) -> TraceContext | None:
    parts = _TRACEPARENT.fullmatch(traceparent or b"")
    if traceparent is None or parts is None:
        return None
    if tracestate is not None and (len(tracestate) > MAX_TRACESTATE_BYTES or not _TRACESTATE.fullmatch(tracestate)):
        tracestate = None
    return TraceContext(
        traceparent, tracestate, int(parts["trace"], 16), int(parts["span"], 16), int(parts["flags"], 16)
    )
