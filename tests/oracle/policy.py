"""The lender's choices, as the oracle needs them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, time
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.oracle.calendar import WorkingDays, working_days
from tests.oracle.schemes import KNOWN, Scheme, own_scheme

COMPONENTS = ("principal", "interest", "fee", "penalty")


@dataclass(frozen=True)
class Bucket:
    """A range of delinquent days, both ends included; `max_days` None: no upper end."""

    code: str
    min_days: int
    max_days: int | None = None


M_BUCKETS = (
    Bucket("M1", 1, 30),
    Bucket("M2", 31, 60),
    Bucket("M3", 61, 90),
    Bucket("M4", 91, 120),
    Bucket("M5", 121, 150),
    Bucket("M6", 151, 180),
    Bucket("M6+", 181),
)
"""The Chinese M buckets."""


CN_SCHEMES = ("cn_five_class_2023", "pboc_bureau", "ifrs9")
"""What a policy file that names no schemes classifies by."""


@dataclass(frozen=True)
class Product:
    """The rules of one product."""

    grace_days: int = 0
    tolerance_amount: int = 0
    tolerance_percent: Fraction = Fraction(0)
    axis: str = "horizontal"
    order: tuple[str, ...] = ("penalty", "fee", "interest", "principal")
    principal_first_after_days: int | None = None
    buckets: tuple[Bucket, ...] = M_BUCKETS
    next_due: str = "earliest_unpaid"
    to_last_installment: frozenset[str] = frozenset({"goodwill_credit"})
    """Kinds of payment whose money in advance goes to the last installment first, instead of the next."""
    due_soon_days: tuple[int, ...] = ()
    overdue_notice_days: tuple[int, ...] = ()
    installment_level: bool = False
    schemes: dict[str, Scheme] = field(default_factory=dict)
    cut_off: time | None = None
    """A payment of its own day counts from the next one if it is made at this hour or later; None: never."""
    counts_due_date: bool = False
    """The due date itself is the first day past due, once it is over (RBI)."""
    count_from: str = "oldest_unpaid"
    material_amount: int = 0
    material_percent: Fraction = Fraction(0)
    calendar: WorkingDays | None = None
    """Due dates on days off move to the next working day; None: they stay."""
    replay_horizon_days: int = 800
    """Nothing older can be told any more."""

    @property
    def remembers(self) -> bool:
        """Whether days or classes depend on more than what is unpaid now."""
        return self.count_from != "oldest_unpaid" or any(scheme.cure for scheme in self.schemes.values())

    @property
    def watches(self) -> bool:
        """Whether restructured loans are observed."""
        return any(scheme.watches for scheme in self.schemes.values())

    def effective_due(self, due: date) -> date:
        """A due date as the product's calendar has it."""
        return self.calendar.following(due) if self.calendar else due

    def tolerated(self, scheduled_total: int) -> int:
        """The largest unpaid remainder of an installment that still counts as paid, in minor units."""
        percent = self.tolerance_percent
        return max(self.tolerance_amount, scheduled_total * percent.numerator // (percent.denominator * 100))

    def bucket(self, delinquent_days: int) -> str | None:
        """The bucket of so many delinquent days; in a gap the one that ageing leaves behind; None for 0 days."""
        reached = None
        if delinquent_days > 0:
            for bucket in sorted(self.buckets, key=lambda b: b.min_days):
                if bucket.min_days <= delinquent_days:
                    reached = bucket.code
                    if bucket.max_days is None or delinquent_days <= bucket.max_days:
                        break
        return reached


@dataclass(frozen=True)
class Policy:
    """A version of the rules of all products; `default` is for every product that is not named."""

    version: str = "test-1"
    time_zone: str = "Asia/Shanghai"
    products: dict[str, Product] = field(default_factory=lambda: {"default": Product()})

    def product(self, name: str) -> Product:
        """The rules of a product."""
        return self.products.get(name) or self.products["default"]

    @classmethod
    def from_toml(cls, path: Path) -> Policy:
        """Read a policy file of the product; keys that the oracle has no use for are passed over."""
        return cls.from_text(path.read_text("utf-8"))

    @classmethod
    def from_text(cls, text: str) -> Policy:
        """The same from its text."""
        said = tomllib.loads(text)
        default = said["products"].get("default", {})
        known = KNOWN | {name: own_scheme(keys) for name, keys in said.get("schemes", {}).items()}
        own = said.get("calendars", {})
        products = {name: _product(default | keys, known, own) for name, keys in said["products"].items()}
        return cls(said["version"], said["time_zone"], {"default": _product(default, known, own)} | products)


def _product(keys: dict[str, Any], known: dict[str, Scheme], own_calendars: dict[str, Any]) -> Product:
    materiality, cut_off = keys.get("materiality", {}), keys.get("cut_off", "24:00")
    rolls = keys.get("due_date_roll", "none") == "following"
    tolerance, allocation = keys.get("tolerance", {}), keys.get("allocation", {})
    plain = Product()
    return Product(
        grace_days=keys.get("grace_days", 0),
        tolerance_amount=tolerance.get("amount", 0),
        tolerance_percent=Fraction(str(tolerance.get("percent", "0"))),
        axis=allocation.get("axis", "horizontal"),
        order=tuple(allocation.get("order", plain.order)),
        principal_first_after_days=allocation.get("principal_first_after_days"),
        buckets=tuple(Bucket(b["code"], b["min_days"], b.get("max_days")) for b in keys["buckets"])
        if "buckets" in keys
        else plain.buckets,
        next_due=keys.get("next_due", plain.next_due),
        to_last_installment=_to_last_installment(keys.get("advance_payment", {})),
        due_soon_days=_notice_days(keys, "due_soon_days"),
        overdue_notice_days=_notice_days(keys, "overdue_days"),
        installment_level=keys.get("installment_level", False),
        schemes={name: known[name] for name in keys.get("schemes", CN_SCHEMES)},
        cut_off=None if cut_off == "24:00" else time.fromisoformat(cut_off),
        counts_due_date=keys.get("day_count") == "from_due_date",
        count_from=keys.get("count_from", "oldest_unpaid"),
        material_amount=materiality.get("amount", 0),
        material_percent=Fraction(materiality.get("percent", "0")),
        calendar=working_days(keys.get("calendar", "CN"), own_calendars) if rolls else None,
        replay_horizon_days=keys.get("replay_horizon_days", plain.replay_horizon_days),
    )


def _notice_days(keys: dict[str, Any], which: str) -> tuple[int, ...]:
    """None where the product has no notices; where it has, a day before and after by default."""
    return tuple(keys["notices"].get(which, (1,))) if "notices" in keys else ()


def _to_last_installment(advance: dict[str, str]) -> frozenset[str]:
    usual = advance.get("default", "next_installment")
    by_kind = {kind: advance.get(kind, usual) for kind in ("repayment", "down_payment", "refund")}
    by_kind["goodwill_credit"] = advance.get("goodwill_credit", "last_installment")
    return frozenset(kind for kind, where in by_kind.items() if where == "last_installment")
