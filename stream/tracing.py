"""Traces of a worker: one span for each batch of a task, with links to the traces of the events in it.

Imported only where `OVERDUE_TRACING` is on; it needs the extra `tracing`. A batch holds events of many traces, so their
spans are linked and none is its parent, as OpenTelemetry's messaging conventions have it for batches. What the worker
says because of an event carries the `traceparent` of that event, so that its readers go on in the same trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Thread
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from stream.agents.batch import Batch
from stream.trace_context import TRACEPARENT, TraceContext, trace_of
from stream.translate.records import Record

MAX_LINKS: Final = 128
"""Traces that one span is linked to at most, OpenTelemetry's own default; the others are counted in an attribute."""
FLUSH_SECONDS: Final = 2.0

Process = Callable[[Any], None]


class Tracing:
    """Makes the spans of one worker."""

    def __init__(self, exporter: SpanExporter, app_id: str, spoken: frozenset[str]) -> None:
        """Set tracing up.

        spoken: topics of what is told to somebody; a record there has a trace in any case, that of its batch where
            nothing that caused it has one.
        """
        resource = Resource.create({"service.name": app_id, **OTELResourceDetector().detect().attributes})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("overdue")
        self._group = app_id
        self._spoken = spoken

    def around(self, agent: str, process: Process) -> Process:
        """The same, in a span."""

        def traced(batch: Any) -> None:
            records = [batch.tick] if batch.tick is not None else batch.records
            traces = Traces(records)
            span = self._tracer.start_span(
                f"process {agent}",
                kind=SpanKind.CONSUMER,
                links=traces.links(),
                attributes={
                    "messaging.system": "kafka",
                    "messaging.operation.name": "process",
                    "messaging.operation.type": "process",
                    "messaging.consumer.group.name": self._group,
                    "messaging.destination.partition.id": str(batch.partition),
                    "messaging.batch.message_count": len(records),
                    "overdue.traces": len(traces.distinct),
                },
            )
            try:
                process(TracedBatch(batch, traces, span, self._spoken))
            except Exception as error:
                # no message and no stack: neither may hold what an event holds
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise
            finally:
                span.end()

        return traced

    def end(self) -> None:
        """Send what is left, for a bounded time: a collector that is away does not keep a worker from ending."""
        flushing = Thread(target=self._provider.force_flush, daemon=True)
        flushing.start()
        flushing.join(FLUSH_SECONDS)


def by_otlp(app_id: str, spoken: frozenset[str]) -> Tracing:
    """Tracing as the variables of OpenTelemetry say (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, ...)."""
    return Tracing(OTLPSpanExporter(), app_id, spoken)


class Traces:
    """The traces of the records of one batch."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.distinct: dict[tuple[int, int], TraceContext] = {}
        """By trace and span."""
        self.latest: dict[bytes | None, TraceContext | None] = {}
        """By key, that of its last record: what is written of a key once per batch belongs there."""
        for record in records:
            found = self.latest[record.key] = trace_of(record)
            if found is not None:
                self.distinct[found.trace_id, found.span_id] = found

    def links(self) -> list[Link]:
        """Links to the first traces of them."""
        return [_link(found) for found, _ in zip(self.distinct.values(), range(MAX_LINKS), strict=False)]


def _link(found: TraceContext) -> Link:
    state = TraceState.from_header([found.tracestate.decode()]) if found.tracestate else None
    return Link(SpanContext(found.trace_id, found.span_id, True, TraceFlags(found.flags & 1), state))


class TracedBatch:
    """A batch that knows which record its agent is at, and gives what it sends the trace of that record."""

    def __init__(self, batch: Batch, traces: Traces, span: Span, spoken: frozenset[str]) -> None:
        self._batch = batch
        self._traces = traces
        self._spoken = spoken
        self._own = _headers_of(span)
        self._cause: TraceContext | None = None
        self.records = _Watched(batch.records, self.caused_by)
        self.tick = batch.tick
        if batch.tick is not None:
            self.caused_by(batch.tick)
        elif batch.records:
            self.caused_by(batch.records[0])  # a day that goes on before any record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def caused_by(self, record: Any) -> None:
        """What is sent from here on is because of this record."""
        self._cause = trace_of(record)

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp_ms: int,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        """Send a record with the trace of its cause."""
        if value is not None:
            headers = [*headers, *self._trace_headers(topic, key)]
        self._batch.send(topic, partition, key, value, timestamp_ms, headers)

    def _trace_headers(self, topic: str, key: bytes | None) -> list[tuple[str, bytes]]:
        if topic in self._spoken:
            return self._own if self._cause is None else self._cause.headers()
        cause = self._traces.latest.get(key, self._cause)
        return [] if cause is None else cause.headers()


class _Watched(Sequence[Any]):
    """Records that tell which of them is being looked at."""

    def __init__(self, records: Sequence[Any], look: Callable[[Any], None]) -> None:
        self._records = records
        self._look = look

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        return self._records[index]

    def __iter__(self) -> Iterator[Any]:
        for record in self._records:
            self._look(record)
            yield record


def _headers_of(span: Span) -> list[tuple[str, bytes]]:
    """`traceparent` of a span of ours."""
    own = span.get_span_context()
    return [(TRACEPARENT, f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}".encode())]
