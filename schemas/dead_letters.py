"""Topic `dead-letters`: input that was refused, untouched, with the reason."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.types import Contract, EventId, Label


class RejectedHeader(Contract):
    """One header of the refused record: as text where it is UTF-8, else as base64."""

    name: str = Field(description="Name of the header.")
    value: str | None = Field(default=None, description="Its value as text; null or left out: see `value_base64`.")
    value_base64: str | None = Field(default=None, description="Its value as base64, where it is not UTF-8.")


class MessageRejected(Contract):
    """A record that was refused: where it lies, why, and all of its bytes, unless they are too many."""

    reason_code: Label = Field(description="Code of the reason, from the list of reason codes; new codes may appear.")
    message: Annotated[str, Field(max_length=500)] = Field(
        description="What is wrong and where, for a person; never a value from the message."
    )
    topic: Annotated[str, Field(max_length=249)] = Field(description="Topic of the refused record.")
    partition: Annotated[int, Field(ge=0)] = Field(description="Partition of the refused record.")
    offset: Annotated[int, Field(ge=0)] = Field(description="Offset of the refused record; in a file, its line from 0.")
    timestamp: Annotated[int, Field(ge=-1)] = Field(
        description="Kafka timestamp of the refused record, milliseconds since 1970 UTC; -1: none."
    )
    event_id: EventId | None = Field(description="Id of the event, where it could be read.")
    key: str | None = Field(default=None, description="Key as text; null or left out: none, or see `key_base64`.")
    key_base64: str | None = Field(default=None, description="Key as base64, where it is not UTF-8.")
    value: str | None = Field(default=None, description="Value as text; null or left out: none, or see `value_base64`.")
    value_base64: str | None = Field(default=None, description="Value as base64, where it is not UTF-8.")
    headers: list[RejectedHeader] = Field(description="Headers, in their order.")
    left_out_bytes: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Size of key, value and headers where they are left out, because no topic would take the dead "
        "letter: they lie at `topic`, `partition` and `offset`.",
    )
