"""The CloudEvents 1.0 attributes of every event: headers `ce_*` in binary mode, members in structured mode."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.types import Contract, EventId, Instant

DATASCHEMA_PREFIX: Final = "urn:overdue-stream:schema:"


class Envelope(Contract):
    """Who says what and when. Extension attributes are allowed and ignored."""

    id: EventId = Field(description="Idempotency key: an event whose id was seen before for its loan is dropped.")
    source: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[!-~]*$")] = Field(
        description="URI reference of the system that says it, printable ASCII, 1 to 256 characters."
    )
    type: Annotated[str, Field(min_length=1, max_length=128)] = Field(
        description="Type of the event, from the catalogue."
    )
    time: Instant = Field(description="When it was recorded, RFC 3339 with `Z` or an offset, 1900 to 2199.")
    specversion: Literal["1.0"] = Field(default="1.0", description="Version of CloudEvents; may be left out.")
    subject: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="The loan that it is about; the Kafka key and `data.loan_id` are what counts."
    )
    datacontenttype: Literal["application/json"] | None = Field(
        default=None, description="Media type of `data`; JSON only."
    )
    dataschema: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="URI of the schema of `data`: `urn:overdue-stream:schema:<type>:v1`."
    )


def dataschema_of(event_type: str, version: int = 1) -> str:
    """The `dataschema` of an event type: also the `$id` of its published schema."""
    return f"{DATASCHEMA_PREFIX}{event_type}:v{version}"
