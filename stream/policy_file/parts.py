"""What a policy file may say, key by key."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from stream.engine.money import COMPONENT_OF_NAME
from stream.policy_file.early_warning import EarlyWarningPart

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,31}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Component = Literal["penalty", "fee", "interest", "principal"]
Advance = Literal["next_installment", "last_installment"]
Days = Annotated[int, Field(ge=0, le=100_000)]


def _in(low: int, high: int) -> Callable[[list[int]], list[int]]:
    def check(days: list[int]) -> list[int]:
        for day in days:
            if not low <= day <= high:
                raise ValueError(f"each must be {low} to {high}")
        return sorted(set(days))

    return check


class Part(BaseModel):
    """A table of the file: unknown keys are mistakes, and types are taken as they are written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BucketPart(Part):
    """A range of delinquent days."""

    code: Code
    min_days: int = Field(ge=1, le=100_000)
    max_days: int | None = Field(default=None, ge=1, le=100_000)

    @model_validator(mode="after")
    def _ends_in_order(self) -> BucketPart:
        if self.max_days is not None and self.max_days < self.min_days:
            raise ValueError("max_days must not be below min_days")
        return self


Percent = Annotated[str, StringConstraints(pattern=r"^(\d{1,2}(\.\d{1,6})?|100(\.0{1,6})?)$")]


class Tolerance(Part):
    """How much of an installment may stay unpaid."""

    amount: int = Field(default=0, ge=0, le=10**15)
    percent: Percent = "0"


class Materiality(Part):
    """What arrears must exceed to count, both: an amount and a part of the exposure."""

    amount: int = Field(default=0, ge=0, le=10**15)
    percent: Percent = "0"


class Allocation(Part):
    """The waterfall."""

    axis: Literal["horizontal", "vertical"] = "horizontal"
    order: list[Component] = ["penalty", "fee", "interest", "principal"]
    principal_first_after_days: int | None = Field(default=None, ge=0, le=100_000)

    @field_validator("order")
    @classmethod
    def _each_once(cls, order: list[Component]) -> list[Component]:
        if sorted(order) != sorted(COMPONENT_OF_NAME):
            raise ValueError("must name penalty, fee, interest and principal, each once")
        return order


class AdvancePayment(Part):
    """Where money in advance goes, by kind of payment."""

    default: Advance = "next_installment"
    repayment: Advance | None = None
    down_payment: Advance | None = None
    goodwill_credit: Advance | None = "last_installment"
    refund: Advance | None = None


class Notices(Part):
    """Days before and after the due date on which a notice is given; one that is turned on without days: 1 and 1."""

    due_soon_days: Annotated[list[int], AfterValidator(_in(0, 365))] = [1]
    overdue_days: Annotated[list[int], AfterValidator(_in(1, 365))] = [1]


class ReAgingPart(Part):
    """When arrears may be brought current without being paid."""

    months_on_books: int = Field(default=9, ge=0, le=600)
    consecutive_payments: int = Field(default=3, ge=0, le=12)
    once_in_months: int = Field(default=12, ge=0, le=600)
    twice_in_months: int = Field(default=60, ge=0, le=600)


CN_BUCKETS = [
    *[BucketPart(code=f"M{month}", min_days=30 * month - 29, max_days=30 * month) for month in range(1, 7)],
    BucketPart(code="M6+", min_days=181),
]


class Product(Part):
    """How loans of one product are judged."""

    grace_days: int = Field(default=0, ge=0, le=365)
    cut_off: Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")] = "24:00"
    day_count: Literal["after_due_date", "from_due_date"] = "after_due_date"
    count_from: Literal["oldest_unpaid", "first_arrears", "first_material"] = "oldest_unpaid"
    materiality: Materiality = Materiality()
    calendar: str = Field(default="CN", min_length=2, max_length=48)
    due_date_roll: Literal["none", "following"] = "none"
    tolerance: Tolerance = Tolerance()
    allocation: Allocation = Allocation()
    advance_payment: AdvancePayment = AdvancePayment()
    next_due: Literal["earliest_unpaid", "next_unpaid"] = "earliest_unpaid"
    notices: Notices = Notices(due_soon_days=[], overdue_days=[])
    installment_level: bool = False
    re_aging: ReAgingPart | None = None
    replay_horizon_days: int = Field(default=800, ge=31, le=10_000)
    buckets: list[BucketPart] = CN_BUCKETS
    schemes: list[Name] = ["cn_five_class_2023", "pboc_bureau", "ifrs9"]

    @field_validator("buckets")
    @classmethod
    def _apart(cls, buckets: list[BucketPart]) -> list[BucketPart]:
        ordered = sorted(buckets, key=lambda bucket: bucket.min_days)
        for lower, upper in pairwise(ordered):
            if lower.max_days is None or lower.max_days >= upper.min_days:
                raise ValueError(f"{lower.code} and {upper.code} overlap")
        if len({bucket.code for bucket in buckets}) != len(buckets):
            raise ValueError("each code may be used once")
        return ordered

    @field_validator("schemes")
    @classmethod
    def _once(cls, schemes: list[str]) -> list[str]:
        if len(set(schemes)) != len(schemes):
            raise ValueError("each scheme may be named once")
        return schemes

    @model_validator(mode="after")
    def _materiality_is_used(self) -> Product:
        if self.count_from == "first_material" and not self.materiality.amount and self.materiality.percent == "0":
            raise ValueError('count_from = "first_material" needs materiality = { amount = ..., percent = "..." }')
        return self


class Feed(Part):
    """When a business day is held because its repayments are missing."""

    enabled: bool = True
    least_share: Annotated[str, StringConstraints(pattern=r"^(0(\.\d{1,6})?|1(\.0{1,6})?)$")] = "0.5"
    min_expected: int = Field(default=50, ge=1, le=10**9)
    min_days: int = Field(default=5, ge=1, le=28)
    max_held_days: int = Field(default=3, ge=0, le=31)


class OwnCalendar(Part):
    """A country's calendar with the lender's own days: ISO dates."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    holidays: list[str] = []
    workdays: list[str] = []


class File(Part):
    """The whole file."""

    version: Code = "cn-2026-01"
    time_zone: str = "Asia/Shanghai"
    products: dict[str, dict[str, Any]] = {}
    schemes: dict[Name, dict[str, Any]] = {}
    calendars: dict[str, OwnCalendar] = {}
    feed: Feed = Feed()
    early_warning: EarlyWarningPart = EarlyWarningPart()

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be an IANA time zone, such as Asia/Shanghai") from None
        return name
