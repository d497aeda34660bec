"""Tracing: an event's `traceparent` is linked to the span of its batch, and goes on with what is said because of it."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stream.trace_context import TraceContext, trace_of
from stream.tracing import MAX_LINKS, Tracing
from tests import stories
from tests.agent_table import Table, disbursed, paid, serviced
from tests.warning.bank import Bank

CANARY = "6212345678901234567"
"""A card number: what a message may hold and a span may not."""
SPOKEN = frozenset({"loans.overdue", "loans.early-warnings", "dead-letters"})


def traceparent(trace: int, span: int = 1) -> str:
    return f"00-{trace:032x}-{span:016x}-01"


class TracedTable(Table):
    """A task of the loan agent whose batches are traced."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.exporter = InMemorySpanExporter()
        self.tracing = Tracing(self.exporter, "lender", SPOKEN)
        self.agent = SimpleNamespace(  # type: ignore[assignment]
            process=self.tracing.around("loans", self.agent.process), open_task=self.agent.open_task
        )

    def spans(self) -> list[Any]:
        self.tracing.end()
        return list(self.exporter.get_finished_spans())


def traced(event: dict, trace: int, **more: Any) -> dict:
    """The event with the CloudEvents attribute."""
    return event | {"traceparent": traceparent(trace)} | more


def traces(sent: list[tuple]) -> dict[str, list[str | None]]:
    """By type of what was sent, its traces."""
    found: dict[str, list[str | None]] = {}
    for _, _, _, _, headers in sent:
        value = headers.get("traceparent")
        found.setdefault(headers["ce_type"].decode(), []).append(None if value is None else value.decode())
    return found


def test_what_is_said_belongs_to_the_trace_of_the_event_that_caused_it() -> None:
    """A disbursement, the day that makes it overdue, the payment that cures it: each alert has its cause's trace."""
    table = TracedTable()
    sent = table.batch(traced(disbursed(), 1), traced(disbursed("L2"), 2))
    assert traces(sent) == {"loan.standing": [traceparent(1), traceparent(2)]}
    table.open("2024-02-15")
    opened = traces(table.open("2024-02-16"))
    day_span = table.spans()[-1].context
    of_the_day = traceparent(day_span.trace_id, day_span.span_id)[
        :-2
    ]  # it has no trace itself; the flags are the SDK's
    assert [found[:-2] for found in opened["loan.overdue_started"]] == [of_the_day] * 2
    sent = table.batch(traced(paid("2024-02-16", loan="L2"), 3), traced(paid("2024-02-16", loan="L1"), 4))
    assert traces(sent) == {
        "loan.cured": [traceparent(3), traceparent(4)],
        "loan.standing": [traceparent(3), traceparent(4)],
    }


def test_an_event_that_waited_speaks_in_its_own_trace() -> None:
    """A late disbursement releases a payment, and an event refused by now: each answer has its event's trace."""
    table = TracedTable()
    table.batch(traced(paid("2024-02-20"), 7))
    table.batch(traced(serviced("misuse_found", "2024-02-20", effective_date="2024-02-20"), 8))
    assert traces(table.batch(traced(disbursed(), 9))) == {
        "loan.overdue_started": [traceparent(9)],
        "loan.cured": [traceparent(7)],
        "message.rejected": [traceparent(8)],
        "loan.standing": [traceparent(9)],
    }


def test_an_early_warning_has_the_trace_of_the_signal_that_raised_it() -> None:
    """A loan in progress, then a court case: the warning has the case's trace, the loan's standing its own."""
    bank, exporter = Bank(), InMemorySpanExporter()
    tracing = Tracing(exporter, "lender", SPOKEN)
    for name, tasks in (("loans", bank.loan_tasks), ("borrowers", bank.borrower_tasks)):
        for task in tasks:
            around, agent = tracing.around(name, task.agent.process), task.agent
            task.agent = SimpleNamespace(process=around, open_task=agent.open_task)
    schedule = [stories.an_installment(1, "2024-06-15", 100_00)]
    bank.publish(traced(stories.disbursed(schedule, "2024-01-15"), 1)).open("2024-01-16").settle()
    case = {"borrower_id": "B-L1", "observation_date": "2024-01-16", "case_id": "C1", "kind": "enforcement"}
    found = stories.event("borrower.legal_case_found", "S1", stories.at("2024-01-16"), case)
    bank.publish(traced(found, 2)).open("2024-01-17").settle()
    by_topic: dict[str, set[str]] = {}
    for one in bank.out:
        if one.key is not None and not one.key.startswith(b"business-day"):
            by_topic.setdefault(one.topic, set()).add(dict(one.headers)["traceparent"].decode())
    assert by_topic == {"loans.standing": {traceparent(1)}, "loans.early-warnings": {traceparent(2)}}


def test_a_batch_is_one_span_with_links() -> None:
    """Three events of two traces: one span that is nobody's child, with two links, Kafka's attributes and no ids."""
    table = TracedTable()
    events = [traced(disbursed("L1"), 1), traced(disbursed("L2"), 1), traced(disbursed("L3"), 2, tracestate="a=b")]
    table.batch(*events)
    (span,) = table.spans()
    assert span.name == "process loans"
    assert span.kind.name == "CONSUMER"
    assert span.parent is None
    assert [link.context.trace_id for link in span.links] == [1, 2]
    assert all(link.context.is_remote for link in span.links)
    assert span.attributes["messaging.system"] == "kafka"
    assert span.attributes["messaging.operation.type"] == "process"
    assert span.attributes["messaging.batch.message_count"] == 3
    assert span.attributes["messaging.destination.partition.id"] == "3"
    assert span.attributes["messaging.consumer.group.name"] == "lender"
    assert span.resource.attributes["service.name"] == "lender"
    assert "L1" not in span.to_json()


def test_links_are_bounded() -> None:
    """Of 300 traces in a batch, the first 128 are linked and all are counted."""
    table = TracedTable()
    table.batch(*(traced(disbursed(f"L{n}"), n) for n in range(1, 301)))
    (span,) = table.spans()
    assert [link.context.trace_id for link in span.links] == list(range(1, MAX_LINKS + 1))
    assert span.attributes["overdue.traces"] == 300


def test_no_personal_datum_is_in_a_span() -> None:
    """A message with a card number in the wrong places is refused; no span has it; the dead letter has its trace."""
    table = TracedTable(breaker_limit=3)
    refused = traced(paid("2024-02-20") | {"id": CANARY + "!"}, 5, tracestate="a=b")
    sent = table.batch(refused)
    assert traces(sent) == {"message.rejected": [traceparent(5)]}
    with pytest.raises(Exception, match="in a row were rejected"):
        table.batch(refused, refused, refused)
    for span in table.spans():
        assert CANARY not in span.to_json()
        assert not span.events  # no message of an error, no stack
    assert table.spans()[-1].status.status_code.name == "ERROR"


RECORD = SimpleNamespace(key=b"L1", value=b"{}", headers=())


@pytest.mark.parametrize(
    ("headers", "value", "trace"),
    [
        ({"traceparent": traceparent(1)}, "{}", 1),
        ({"traceparent": traceparent(1), "ce_traceparent": traceparent(2)}, "{}", 1),
        ({"traceparent": "nonsense", "ce_traceparent": traceparent(2)}, "{}", 2),
        ({"content-type": "application/cloudevents+json"}, json.dumps({"traceparent": traceparent(3)}), 3),
        ({}, json.dumps({"traceparent": traceparent(3)}, separators=(",", ":")), 3),
        ({"content-type": "application/json"}, json.dumps({"traceparent": traceparent(3)}), None),
        ({"traceparent": "00-" + "0" * 32 + "-0000000000000001-01"}, "{}", None),
        ({"traceparent": "00-" + "1" * 32 + "-0000000000000000-01"}, "{}", None),
        ({"traceparent": "ff-" + "1" * 32 + "-0000000000000001-01"}, "{}", None),
        ({"traceparent": traceparent(1).upper().replace("1", "A")}, "{}", None),
        ({"traceparent": traceparent(1) + "\n"}, "{}", None),
        ({"traceparent": ""}, "{}", None),
    ],
)
def test_a_trace_is_read_where_it_may_be_told(headers: dict[str, str], value: str, trace: int | None) -> None:
    """The last hop's header comes first; what is not well formed is no trace (W3C Trace Context, 3.2)."""
    record = SimpleNamespace(
        key=b"L1", value=value.encode(), headers=[(name, text.encode()) for name, text in headers.items()]
    )
    found = trace_of(record)  # type: ignore[arg-type]
    assert (None if found is None else found.trace_id) == trace


@pytest.mark.parametrize(("state", "kept"), [("a=b", True), ("x" * 512, True), ("x" * 513, False), ("a\nb", False)])
def test_a_tracestate_is_passed_on_within_bounds(state: str, kept: bool) -> None:
    """Up to 512 printable characters go on with the trace, anything else is left out."""
    headers = [("traceparent", traceparent(1).encode()), ("tracestate", state.encode())]
    found = trace_of(SimpleNamespace(key=b"L1", value=b"{}", headers=headers))  # type: ignore[arg-type]
    assert isinstance(found, TraceContext)
    assert found.headers() == (headers if kept else headers[:1])


def test_nothing_of_it_is_imported_when_it_is_off() -> None:
    """The worker's modules, the whole topology built: no OpenTelemetry."""
    program = (
        "import sys; from stream.cli import worker; from stream.policy_file import load_policy;"
        "from stream.observe.metrics import Metrics; from stream.settings import read_settings;"
        "worker.build(read_settings(), load_policy(None), Metrics(), 4);"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
