"""Topic `business-days`: the only thing that ages loans."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.types import Contract, IsoDate

TopicName = Annotated[str, Field(min_length=1, max_length=249, pattern=r"^[A-Za-z0-9._-]*$")]
Offset = Annotated[int, Field(ge=0, le=2**63 - 1)]


class BusinessDayOpened(Contract):
    """A business day began: one record per partition and day, key = the date, on an explicit partition."""

    business_date: IsoDate = Field(description="The day that begins.")
    repayments_complete: bool = Field(
        description="True: the repayments of the day before are all there. False: they may not be, and where they fall "
        "far short of what is usual the day is held until they come (`feed.held` on `loans.overdue`)."
    )
    input_end_offsets: Annotated[dict[TopicName, Offset], Field(max_length=100)] | None = Field(
        default=None,
        description="Topic to end offset (the first offset not included) of this partition when the day was opened: "
        "everything below is judged before the day begins. Left out: the worker looks the end offsets up.",
    )
