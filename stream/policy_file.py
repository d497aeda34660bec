"""The policy file: TOML, checked key by key, made into the engine's rules."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from stream.engine.money import COMPONENT_OF_NAME
from stream.engine.policy import Bucket, Policy, Rules

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,31}$")]
Component = Literal["penalty", "fee", "interest", "principal"]
Advance = Literal["next_installment", "last_installment"]
Model = TypeVar("Model", bound=BaseModel)


class PolicyError(Exception):
    """The policy file is wrong; the message names the key and what it must be."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Bucket(_Part):
    code: Code
    min_days: int = Field(ge=1, le=100_000)
    max_days: int | None = Field(default=None, ge=1, le=100_000)

    @model_validator(mode="after")
    def _ends_in_order(self) -> _Bucket:
        if self.max_days is not None and self.max_days < self.min_days:
            raise ValueError("max_days must not be below min_days")
        return self


class _Tolerance(_Part):
    amount: int = Field(default=0, ge=0, le=10**15)
    percent: str = Field(default="0", pattern=r"^\d{1,2}(\.\d{1,6})?$|^100(\.0{1,6})?$")


class _Allocation(_Part):
    axis: Literal["horizontal", "vertical"] = "horizontal"
    order: list[Component] = ["penalty", "fee", "interest", "principal"]
    principal_first_after_days: int | None = Field(default=None, ge=0, le=100_000)

    @field_validator("order")
    @classmethod
    def _each_once(cls, order: list[Component]) -> list[Component]:
        if sorted(order) != sorted(COMPONENT_OF_NAME):
            raise ValueError("must name penalty, fee, interest and principal, each once")
        return order


class _AdvancePayment(_Part):
    default: Advance = "next_installment"
    repayment: Advance | None = None
    down_payment: Advance | None = None
    goodwill_credit: Advance | None = "last_installment"
    refund: Advance | None = None


_CN_BUCKETS = [
    *[_Bucket(code=f"M{month}", min_days=30 * month - 29, max_days=30 * month) for month in range(1, 7)],
    _Bucket(code="M6+", min_days=181),
]


class _Product(_Part):
    grace_days: int = Field(default=0, ge=0, le=365)
    next_due: Literal["earliest_unpaid", "next_unpaid"] = "earliest_unpaid"
    replay_horizon_days: int = Field(default=800, ge=31, le=10_000)
    tolerance: _Tolerance = _Tolerance()
    allocation: _Allocation = _Allocation()
    advance_payment: _AdvancePayment = _AdvancePayment()
    buckets: list[_Bucket] = _CN_BUCKETS
    # Places for conventions that this version does not have: only the value that asks for nothing is accepted.
    count_from: Literal["oldest_unpaid"] = "oldest_unpaid"
    due_date_roll: Literal["none"] = "none"
    installment_level: Literal[False] = False
    schemes: list[str] = Field(default=[], max_length=0)

    @field_validator("buckets")
    @classmethod
    def _apart(cls, buckets: list[_Bucket]) -> list[_Bucket]:
        ordered = sorted(buckets, key=lambda bucket: bucket.min_days)
        for lower, upper in pairwise(ordered):
            if lower.max_days is None or lower.max_days >= upper.min_days:
                raise ValueError(f"{lower.code} and {upper.code} overlap")
        if len({bucket.code for bucket in buckets}) != len(buckets):
            raise ValueError("each code may be used once")
        return ordered


class _File(_Part):
    version: Code = "cn-2026-01"
    time_zone: str = "Asia/Shanghai"
    products: dict[str, dict[str, Any]] = {}

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be an IANA time zone, such as Asia/Shanghai") from None
        return name


def load_policy(path: Path | None = None) -> Policy:
    """The policy of a file; without one, the shipped `cn.toml`. Raises PolicyError."""
    if path is None:
        return parse_policy(files("stream").joinpath("policies/cn.toml").read_text("utf-8"), "cn.toml")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: can't be read ({error}); give a TOML file in UTF-8") from error
    return parse_policy(text, str(path))


def parse_policy(text: str, name: str = "policy") -> Policy:
    """The policy of a TOML text; `name` is what errors call it. Raises PolicyError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name}: not TOML: {error}") from error
    head = _check(_File, content, name, "")
    defaults = head.products.get("default", {})
    products = {
        product: _rules(head.version, _check(_Product, {**defaults, **keys}, name, f"products.{product}."))
        for product, keys in head.products.items()
    }
    default = products.pop("default", None) or _rules(head.version, _Product())
    return Policy(head.version, head.time_zone, default, products)


def _check(model: type[Model], content: Any, name: str, prefix: str) -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [
            f"{name}: {prefix}{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise PolicyError("\n".join(lines)) from None


def _rules(version: str, product: _Product) -> Rules:
    percent = Decimal(product.tolerance.percent) / 100
    advance = product.advance_payment
    kinds = {
        "repayment": advance.repayment,
        "down_payment": advance.down_payment,
        "goodwill_credit": advance.goodwill_credit,
        "refund": advance.refund,
    }
    return Rules(
        version,
        tuple(Bucket(bucket.code, bucket.min_days, bucket.max_days) for bucket in product.buckets),
        grace_days=product.grace_days,
        tolerance_amount=product.tolerance.amount,
        tolerance_percent=percent.as_integer_ratio(),
        order=tuple(COMPONENT_OF_NAME[component] for component in product.allocation.order),
        principal_first_after_days=product.allocation.principal_first_after_days,
        vertical=product.allocation.axis == "vertical",
        advance_last=frozenset(
            kind for kind, place in kinds.items() if (place or advance.default) == "last_installment"
        ),
        next_due=product.next_due,
        replay_horizon_days=product.replay_horizon_days,
    )
