"""Marks on `loans.standing`: a loan task has judged all its loans at the opening of a business day."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.types import Contract, IsoDate

Partition = Annotated[int, Field(ge=0, le=100_000)]


class BusinessDayJudged(Contract):
    """Every standing of the day before, of the loans of one input partition, lies before this mark.

    One per input partition and day on every partition; the key is `business-day:<input partition>`. When the marks of
    all input partitions are there, the day before is over for a borrower whose loans lie on several of them.
    """

    business_date: IsoDate = Field(description="The day that was opened.")
    partition: Partition = Field(description="Input partition whose loans were judged.")
    partitions: Partition = Field(description="Number of input partitions.")
