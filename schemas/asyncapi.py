"""The AsyncAPI document of the overdue worker, from the catalogue: topics, keys, headers, data, examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from schemas.catalogue import (
    BORROWER_SIGNALS,
    BUSINESS_DAYS,
    DEAD_LETTERS,
    DEFAULT_PARTITIONS,
    EARLY_WARNINGS,
    OVERDUE,
    STANDING,
    TOPICS,
    WORKER,
    Topic,
)
from schemas.envelope import Envelope, dataschema_of
from schemas.types import Contract, Id
from schemas.versions import FIRST, versions_of

EXAMPLES: Final = Path(__file__).parent / "examples"
BINDING: Final = "0.5.0"
REPLICAS: Final = 3
"""For production; one broker alone can hold one."""

_ID: Final = TypeAdapter(Id).json_schema()
_LOAN: Final = _ID | {"description": "The loan's id, in UTF-8."}
_BORROWER: Final = _ID | {"description": "The borrower's id, in UTF-8."}
KEYS: Final[dict[str, dict[str, Any]]] = {
    BORROWER_SIGNALS: _BORROWER,
    EARLY_WARNINGS: _BORROWER,
    BUSINESS_DAYS: {"type": "string", "format": "date", "description": "The business date."},
    STANDING: {"type": "string", "description": "The loan's id; of a mark `business-day:<input partition>`."},
    OVERDUE: {"type": "string", "description": "The loan's id; of the alerts of a feed `partition-<number>`."},
    DEAD_LETTERS: {"type": "string", "description": "The key of the refused record, whatever it is."},
}
"""JSON Schema of the Kafka key by topic; of all others it is the loan's id."""


def asyncapi() -> dict[str, Any]:
    """The document, AsyncAPI 3.1."""
    return {
        "asyncapi": "3.1.0",
        "id": "urn:overdue-stream",
        "info": _INFO,
        "defaultContentType": "application/json",
        "servers": _SERVERS,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {name: operation for topic in TOPICS for name, operation in _operations(topic)},
        "components": {
            "messages": {said.name: _message(said, topic) for topic in TOPICS for said in _said_on(topic)},
            "schemas": dict(pair for topic in TOPICS for said in _said_on(topic) for pair in _schemas(said)),
            "securitySchemes": {
                "scram": {"type": "scramSha512", "description": "User and password; the password comes from a file."},
                "certificate": {"type": "X509", "description": "Mutual TLS."},
            },
        },
    }


class _Said(NamedTuple):
    """One version of an event type."""

    name: str
    """In the document: the newest has the type's own."""
    kind: str
    model: type[Contract]


def _said_on(topic: Topic) -> Iterator[_Said]:
    for kind, newest in topic.types.items():
        for version, model in versions_of(newest).items():
            yield _Said(kind if model is newest else f"{kind}.v{version}", kind, model)


_INFO: Final = {
    "title": "Overdue stream",
    "version": "1.0.0",
    "description": "Events of loans in, overdue alerts and early warnings out. Every record is a CloudEvent 1.0: what "
    "goes out is in binary mode, what comes in may be in binary or in structured mode. Amounts are whole minor units. "
    "An event whose id was seen before is dropped, so that anything may be sent again. A consumer passes over types, "
    "fields and codes that it does not know.",
}
_SERVERS: Final = {
    "production": {
        "host": "{brokers}",
        "protocol": "kafka-secure",
        "description": "The lender's Kafka, by TLS.",
        "variables": {"brokers": {"default": "kafka.example.org:9093", "description": "host:port of any broker."}},
        "security": [
            {"$ref": "#/components/securitySchemes/scram"},
            {"$ref": "#/components/securitySchemes/certificate"},
        ],
    },
    "local": {"host": "127.0.0.1:9092", "protocol": "kafka", "description": "What `overdue kafka` starts."},
}


_TRACE: Final[dict[str, dict[str, Any]]] = {
    "traceparent": {
        "type": "string",
        "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        "description": "W3C Trace Context, where traces are kept: what is said because of an event has its trace. Of "
        "what comes in, `ce_traceparent` (CloudEvents, Distributed Tracing extension) is read where this is not there.",
    },
    "tracestate": {"type": "string", "maxLength": 512, "description": "Goes with `traceparent`."},
}


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.meaning,
        "description": f"Key: {topic.key}. Partition: {topic.partitioning}.",
        "messages": {said.name: {"$ref": f"#/components/messages/{said.name}"} for said in _said_on(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": DEFAULT_PARTITIONS,
                "replicas": REPLICAS,
                "topicConfiguration": {name: _configured(name, value) for name, value in topic.config.items()},
                "bindingVersion": BINDING,
            }
        },
        "x-owner": topic.owner,
        "x-producers": list(topic.producers),
        "x-consumers": list(topic.consumers),
        "x-key": topic.key,
        "x-partitioning": topic.partitioning,
        "x-cleanup-policy": topic.config["cleanup.policy"],
        "x-compatibility": topic.compatibility,
    }


def _configured(name: str, value: str) -> Any:
    if name == "cleanup.policy":
        return value.split(",")
    return int(value) if value.isdigit() else value


def _operations(topic: Topic) -> list[tuple[str, Any]]:
    """What the worker does with a topic: receives, sends, or both."""
    channel = {"$ref": f"#/channels/{topic.name}"}
    found: list[tuple[str, Any]] = []
    if WORKER in topic.consumers:
        group = {"type": "string", "description": "The setting OVERDUE_APP_ID.", "default": "overdue"}
        bindings = {"kafka": {"groupId": group, "bindingVersion": BINDING}}
        found.append((f"receive.{topic.name}", {"action": "receive", "channel": channel, "bindings": bindings}))
    if WORKER in topic.producers:
        found.append((f"send.{topic.name}", {"action": "send", "channel": channel}))
    return found


def _message(said: _Said, topic: Topic) -> dict[str, Any]:
    examples = EXAMPLES / said.kind / f"v{said.model.VERSION}" / "valid"
    return {
        "name": said.name,
        "title": said.name,
        "summary": summary_of(said.model),
        "contentType": "application/json",
        "headers": _headers(said, topic),
        "payload": {"$ref": f"#/components/schemas/{said.name}"},
        "bindings": {"kafka": {"key": KEYS.get(topic.name, _LOAN), "bindingVersion": BINDING}},
        "examples": [_example(path) for path in sorted(examples.glob("*.json"))],
    }


def summary_of(model: type[Contract]) -> str:
    """The first paragraph of what a model says of itself."""
    return " ".join((model.__doc__ or "").partition("\n\n")[0].split())


def _headers(said: _Said, topic: Topic) -> dict[str, Any]:
    """Kafka headers in binary mode: the CloudEvents attributes, of which four must be there."""
    attributes = Envelope.model_json_schema()["properties"]
    headers = {f"ce_{name}": dict(field) for name, field in attributes.items() if name != "datacontenttype"}
    for field in headers.values():
        field.pop("title", None)
    headers["ce_type"] = {"type": "string", "const": said.kind}
    headers["ce_dataschema"] = {"type": "string", "const": dataschema_of(said.kind, said.model.VERSION)}
    headers["content-type"] = {"type": "string", "const": "application/json"}
    headers |= _TRACE
    required = ["ce_id", "ce_source", "ce_type", "ce_time"]
    if said.model.VERSION != FIRST:
        required.append("ce_dataschema")
    if WORKER in topic.producers:
        required += ["ce_specversion", "ce_dataschema", "content-type"]
    return {"type": "object", "properties": headers, "required": required}


def _schemas(said: _Said) -> list[tuple[str, Any]]:
    """The data's schema and its definitions, whose references point into this document."""
    name, schema = said.name, said.model.model_json_schema()
    definitions = schema.pop("$defs", {})
    text = json.dumps({name: schema, **{f"{name}.{inner}": found for inner, found in definitions.items()}})
    named: dict[str, Any] = json.loads(text.replace('"#/$defs/', f'"#/components/schemas/{name}.'))
    named[name]["x-dataschema"] = dataschema_of(said.kind, said.model.VERSION)
    return list(named.items())


def _example(path: Path) -> dict[str, Any]:
    event = json.loads(path.read_text(encoding="utf-8"))
    data = event.pop("data")
    headers = {f"ce_{name}": value for name, value in event.items() if name != "datacontenttype"}
    headers["content-type"] = "application/json"
    return {"name": path.stem, "summary": path.stem.replace("_", " ").capitalize(), "headers": headers, "payload": data}
