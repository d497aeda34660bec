"""What the broker lets us do, asked without doing it.

Kafka tells a client which operations it may use on a topic or group when it asks for them with the description; the
versions of those requests are newer than aiokafka's own, so they are spelled out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from stream.rights import Right

CODES: Final = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Alter": 7,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
NOT_TOLD: Final = -(1 << 31)
UNKNOWN_TOPIC, NO_TOPIC_RIGHT, NO_GROUP_RIGHT, NO_TRANSACTION_RIGHT = 3, 29, 30, 53
TRANSACTION: Final = 1


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8")))),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class _MetadataRequestStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class _MetadataRequest(Request[_MetadataRequestStruct]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[_MetadataRequestStruct]) -> _MetadataRequestStruct:
        return request_struct_class(self._topics, False, False, True)


class _GroupsRequestStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = DescribeGroupsResponse_v3
    SCHEMA = Schema(("groups", Array(String("utf-8"))), ("include_authorized_operations", Boolean))


class _GroupsRequest(Request[_GroupsRequestStruct]):  # type: ignore[misc]
    API_KEY = 15

    def __init__(self, groups: Sequence[str]) -> None:
        self._groups = list(groups)

    def build(self, request_struct_class: type[_GroupsRequestStruct]) -> _GroupsRequestStruct:
        return request_struct_class(self._groups, True)


async def missing_rights(client: AIOKafkaAdminClient, wanted: Iterable[Right]) -> list[Right]:
    """Of these rights, those that the broker does not grant, each with the operations that are missing.

    A topic that does not exist yet has no rights to tell: it is left out. A prefixed right is asked for with its
    prefix as the name.
    """
    rights = list(wanted)
    topics = await _topic_operations(client, [right.name for right in rights if right.resource == "topic"])
    found = []
    for right in rights:
        if right.resource == "topic":
            told = topics[right.name]
        elif right.resource == "group":
            told = await _group_operations(client, right.name)
        else:
            told = await _transaction_operations(client, right.name)
        missing = tuple(operation for operation in right.operations if not told & (1 << CODES[operation]))
        if missing:
            found.append(right._replace(operations=missing))
    return found


async def _topic_operations(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    if not names:
        return {}
    answer: Any = await client._send_request(_MetadataRequest(names))  # noqa: SLF001  (aiokafka has no public way)
    operations = {}
    for error, name, _internal, _partitions, allowed in answer.topics:
        operations[name] = _known(allowed) if error == 0 else 0 if error == NO_TOPIC_RIGHT else -1
    return operations


async def _group_operations(client: AIOKafkaAdminClient, group: str) -> int:
    try:
        coordinator = await client.find_coordinator(group)
    except KafkaError as error:
        return 0 if error.errno == NO_GROUP_RIGHT else -1
    answer: Any = await client._send_request(_GroupsRequest([group]), coordinator)  # noqa: SLF001
    (told,) = answer.groups
    return 0 if told[0] == NO_GROUP_RIGHT else _known(told[-1])


async def _transaction_operations(client: AIOKafkaAdminClient, prefix: str) -> int:
    """Asked by beginning a producer of an id of our own, which no worker uses, so nobody is fenced."""
    name = f"{prefix}doctor"
    try:
        coordinator = await client.find_coordinator(name, TRANSACTION)
        request = InitProducerIdRequest(transactional_id=name, transaction_timeout_ms=1_000)
        answer: Any = await client._send_request(request, coordinator)  # noqa: SLF001
    except KafkaError as error:
        return 0 if error.errno == NO_TRANSACTION_RIGHT else -1
    return 0 if answer.error_code == NO_TRANSACTION_RIGHT else -1


def _known(allowed: int) -> int:
    """A broker without rights management tells nothing, and allows everything."""
    return -1 if allowed == NOT_TOLD else allowed
