"""Figures that alerts, standings and warnings share: one type each, with its meaning."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.types import Contract, CurrencyCode, Days, EventId, Id, IsoDate, Label, Total


class Amounts(Contract):
    """An amount by component, minor units."""

    principal: Total = Field(description="Principal, minor units.")
    interest: Total = Field(description="Interest, minor units.")
    fee: Total = Field(description="Fees, minor units.")
    penalty: Total = Field(description="Penalty, minor units.")
    total: Total = Field(description="The four together, minor units.")


LoanKey = Annotated[Id, Field(description="The loan; also the Kafka key.")]
Product = Annotated[Id, Field(description="Code of the product.")]
Currency = Annotated[CurrencyCode, Field(description="ISO 4217 code of every amount here.")]
DaysPastDue = Annotated[
    Days, Field(description="Calendar days since the oldest unpaid due date; grace is not taken off.")
]
Bucket = Annotated[Label | None, Field(description="Bucket by delinquent days; null: not delinquent.")]
Classifications = Annotated[
    dict[str, str], Field(description="Class by scheme; empty where the policy names no scheme.")
]
Overdue = Annotated[Amounts, Field(description="Unpaid of the installments past due.")]
OldestDueDate = Annotated[
    IsoDate | None, Field(description="Oldest unpaid due date that counts; null: nothing past due.")
]
PolicyVersion = Annotated[Label, Field(description="Version of the policy that judged.")]
Causes = Annotated[
    list[EventId],
    Field(description="Ids of the events that caused it; `business-day:<date>` where the passing of a day did."),
]
