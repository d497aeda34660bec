"""What a Kafka record looks like to the translation, and the names of the CloudEvents headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

Headers = Sequence[tuple[str, bytes]]
"""Headers of a record in their order; a name may come twice."""

PREFIX: Final = "ce_"
SPECVERSION: Final = "ce_specversion"
ID: Final = "ce_id"
SOURCE: Final = "ce_source"
TYPE: Final = "ce_type"
SUBJECT: Final = "ce_subject"
TIME: Final = "ce_time"
DATASCHEMA: Final = "ce_dataschema"
CONTENT_TYPE: Final = "content-type"

JSON: Final = b"application/json"
CLOUDEVENT_JSON: Final = b"application/cloudevents+json"


class Record(Protocol):
    """A record as the consumer hands it out."""

    @property
    def topic(self) -> str:
        """Topic that it was read from."""

    @property
    def partition(self) -> int:
        """Partition of that topic."""

    @property
    def offset(self) -> int:
        """Offset in that partition."""

    @property
    def timestamp(self) -> int:
        """Kafka timestamp, milliseconds since 1970 UTC; -1: none."""

    @property
    def key(self) -> bytes | None:
        """Key, or None."""

    @property
    def value(self) -> bytes | None:
        """Value, or None."""

    @property
    def headers(self) -> Headers:
        """Headers in their order."""
