"""Classification schemes of a policy file, and those that come with the program."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from stream.engine.schemes import (
    CIRCUMSTANCES,
    COUNTERS,
    CREDIT_IMPAIRED,
    Cure,
    Floor,
    Observation,
    Range,
    Scheme,
    Table,
)
from stream.policy_file.errors import nearest
from stream.policy_file.parts import Code, Days, Name, Part

Status = Literal["settled", "overpaid", "cancelled", "charged_off", "written_off", "transferred"]
Segment = Literal["retail", "micro_business", "business"]


class RangePart(Part):
    """A range of counts, both ends inclusive, with its code."""

    code: Code
    min: int = Field(ge=1, le=100_000)
    max: int | None = Field(default=None, ge=1, le=100_000)
    unpaid_worth_days: Days = 0
    by_month_end: bool = False

    @model_validator(mode="after")
    def _ends_in_order(self) -> RangePart:
        if self.max is not None and self.max < self.min:
            raise ValueError("max must not be below min")
        return self


class FloorPart(Part):
    """A circumstance under which a loan is at least at a code."""

    when: str
    code: Code
    expected_loss_percent: int = Field(default=0, ge=0, le=100)

    @field_validator("when")
    @classmethod
    def _known(cls, when: str) -> str:
        if when not in CIRCUMSTANCES:
            raise ValueError(f"no such circumstance{nearest(when, CIRCUMSTANCES)}")
        return when

    @model_validator(mode="after")
    def _loss_of_impaired(self) -> FloorPart:
        if self.expected_loss_percent and self.when != CREDIT_IMPAIRED:
            raise ValueError('expected_loss_percent goes with when = "credit_impaired" only')
        return self


class CurePart(Part):
    """How a loan that reached `from` comes back."""

    from_: Code = Field(alias="from")
    months: int = Field(default=0, ge=0, le=120)
    two_periods: bool = False
    restructured_months: int = Field(default=0, ge=0, le=120)
    segments: list[Segment] = Field(default=[])


class ObservationPart(Part):
    """How long a restructured loan is watched."""

    months: int = Field(default=12, ge=0, le=120)
    two_periods: bool = True


class SchemePart(Part):
    """One classification."""

    codes: list[Code] = Field(min_length=1, max_length=40)
    counter: str = "days_past_due"
    ranges: list[RangePart] = Field(default=[])
    worst_of: list[Name] = Field(default=[])
    floors: list[FloorPart] = Field(default=[])
    cure: CurePart | None = None
    observation: ObservationPart = ObservationPart()
    technical_days: int = Field(default=0, ge=0, le=365)
    statuses: dict[Status, Code] = Field(default={})

    @field_validator("counter")
    @classmethod
    def _known(cls, counter: str) -> str:
        if counter not in COUNTERS:
            raise ValueError(f"no such counter{nearest(counter, COUNTERS)}")
        return counter

    @field_validator("codes")
    @classmethod
    def _each_once(cls, codes: list[str]) -> list[str]:
        if len(set(codes)) != len(codes):
            raise ValueError("each code may be named once, the best first")
        return codes

    @model_validator(mode="after")
    def _cure_counts_days(self) -> SchemePart:
        if self.cure is not None and self.counter != "days_past_due":
            raise ValueError('a cure goes with counter = "days_past_due" only')
        return self

    @model_validator(mode="after")
    def _fits(self) -> SchemePart:
        used = [part.code for part in self.ranges] + [part.code for part in self.floors]
        for code in used + ([self.cure.from_] if self.cure else []):
            if code not in self.codes:
                raise ValueError(f"{code} is not one of codes{nearest(code, self.codes)}")
        for lower, upper in pairwise(sorted(self.ranges, key=lambda part: part.min)):
            if not upper.unpaid_worth_days and not upper.by_month_end and (lower.max is None or lower.max >= upper.min):
                raise ValueError(f"the ranges of {lower.code} and {upper.code} overlap")
        return self


@lru_cache(maxsize=1)
def shipped() -> dict[str, dict[str, Any]]:
    """The schemes that come with the program, as their file has them."""
    return tomllib.loads(files("stream").joinpath("policies/schemes.toml").read_text("utf-8"))


def scheme(name: str, part: SchemePart, parts: dict[str, SchemePart]) -> Scheme:
    """A scheme made ready for the engine; `parts` has those that `worst_of` may name. Raises ValueError."""
    level = {code: index for index, code in enumerate(part.codes)}
    tables = [_table(part, level)]
    for other in part.worst_of:
        if other not in parts:
            raise ValueError(f"worst_of: no scheme {other}{nearest(other, parts)}")
        if parts[other].codes != part.codes:
            raise ValueError(f"worst_of: {other} has other codes, so there is no telling which is worse")
        tables.append(_table(parts[other], level))
    return Scheme(
        name,
        tuple(part.codes),
        tuple(table for table in tables if table.ranges),
        tuple(Floor(floor.when, level[floor.code], floor.expected_loss_percent * 100) for floor in part.floors),
        None if part.cure is None else _cure(part.cure, level),
        Observation(part.observation.months, part.observation.two_periods),
        part.technical_days,
        tuple(part.statuses.items()),
    )


def _cure(part: CurePart, level: dict[str, int]) -> Cure:
    return Cure(level[part.from_], part.months, part.two_periods, part.restructured_months, frozenset(part.segments))


def _table(part: SchemePart, level: dict[str, int]) -> Table:
    ranges = [Range(level[one.code], one.min, one.max, one.unpaid_worth_days, one.by_month_end) for one in part.ranges]
    return Table(part.counter, tuple(sorted(ranges, key=lambda one: one.least)))
