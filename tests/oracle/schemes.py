"""Classification schemes: codes from best to worst, and what leads to each; those of the lending reference, section 2.

A scheme of a policy file's own is read from the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Step:
    """Counts from `least` to `most`, both included, that have a code; `most` None: no upper end.

    worth_days: only while at least the installments of so many days are unpaid (APRA).
    by_month_end: only from the end of the month on in which `least` is reached (FFIEC).
    """

    code: str
    least: int
    most: int | None = None
    worth_days: int = 0
    by_month_end: bool = False


@dataclass(frozen=True)
class Floor:
    """A circumstance, and the code that the loan is at least at; an impairment only from an expected loss on."""

    when: str
    code: str
    least_loss: Fraction = Fraction(0)


@dataclass(frozen=True)
class Cure:
    """How a loan that reached a code comes back: all arrears paid, then `months` (and two periods, if longer)."""

    code: str
    months: int = 0
    two_periods: bool = False
    restructured_months: int = 0
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scheme:
    """One classification."""

    codes: tuple[str, ...]
    tables: tuple[tuple[str, tuple[Step, ...]], ...]
    """Counter and steps; the worst of all tables counts."""
    floors: tuple[Floor, ...] = ()
    cure: Cure | None = None
    watched_months: int = 12
    watched_two_periods: bool = True
    technical_days: int = 0
    statuses: dict[str, str] = field(default_factory=dict)

    @property
    def watches(self) -> bool:
        """Whether restructured loans are observed."""
        return any(floor.when.startswith("restructured") for floor in self.floors)

    def of_segment(self, segment: str) -> Scheme:
        """The scheme without its cure's conditions where they do not apply."""
        applies = self.cure and (not self.cure.segments or segment in self.cure.segments)
        return self if applies else replace(self, cure=None)

    def level_of_days(self, days: int) -> int:
        """Place of the worst code that so many days past due have."""
        steps = [step for _, steps in self.tables for step in steps if step.least <= days]
        return max((self.codes.index(step.code) for step in steps), default=0)


def _steps(*least: int, codes: tuple[str, ...]) -> tuple[Step, ...]:
    """Steps that begin at these counts, each up to the next."""
    most = [*(bound - 1 for bound in least[1:]), None]
    return tuple(Step(code, low, high) for code, low, high in zip(codes[1:], least, most, strict=True))


FIVE = ("normal", "special_mention", "substandard", "doubtful", "loss")
UNLIKELY = frozenset(
    {
        "non_accrual",
        "credit_adjustment",
        "sold_at_loss",
        "distressed_restructuring",
        "bankruptcy_filed",
        "bankruptcy_protection",
        "other_unlikely_to_pay",
        "liquidation",
    }
)
"""CRR art. 178(3)."""
CN_FLOORS = (
    Floor("misuse_found", "special_mention"),
    Floor("refinanced_to_repay", "special_mention"),
    Floor("credit_impaired", "substandard"),
    Floor("credit_impaired", "doubtful", Fraction(50)),
    Floor("credit_impaired", "loss", Fraction(90)),
    Floor("liquidation", "loss"),
    Floor("restructured", "special_mention"),
    Floor("restructured_twice", "substandard"),
)


def _impaired(code: str) -> tuple[Floor, ...]:
    return (Floor("credit_impaired", code), Floor("unlikely_to_pay", code))


FIVE_STEPS = _steps(1, 91, 271, 361, codes=FIVE)
BUREAU = ("N", "1", "2", "3", "4", "5", "6", "7")
BUREAU_STATUSES = {"settled": "C", "overpaid": "C", "written_off": "B", "transferred": "G"}
STAGES = ("stage_1", "stage_2", "stage_3")
SMA = ("standard", "SMA-0", "SMA-1", "SMA-2", "NPA")
METRO = ("11", "71", "78", "80", "82", "83", "84")
MONTHS = ("current", "30", "60", "90", "120+")
FFIEC = ("current", "substandard", "loss", "charge_off_due")
APRA = ("current", "past_due", "past_due_90")


def _ffiec(loss: int) -> Scheme:
    steps = (Step("substandard", 90, loss - 1), Step("loss", loss), Step("charge_off_due", loss, by_month_end=True))
    return Scheme(FFIEC, (("days_past_due", steps),))


KNOWN = {
    "cn_five_class_2023": Scheme(
        FIVE,
        (("days_past_due", FIVE_STEPS),),
        CN_FLOORS,
        Cure("substandard", 6, two_periods=True, segments=frozenset({"business"})),
        technical_days=7,
    ),
    "cn_cards": Scheme(
        FIVE,
        (("days_past_due", _steps(1, 91, 121, 181, codes=FIVE)), ("days_past_due", FIVE_STEPS)),
        CN_FLOORS,
        technical_days=7,
    ),
    "pboc_bureau": Scheme(
        BUREAU,
        (("days_once_grace_lapsed", _steps(1, 31, 61, 91, 121, 151, 181, codes=BUREAU)),),
        statuses=BUREAU_STATUSES,
    ),
    "pboc_bureau_cards": Scheme(
        BUREAU, (("missed_payments", _steps(1, 2, 3, 4, 5, 6, 7, codes=BUREAU)),), statuses=BUREAU_STATUSES
    ),
    "ifrs9": Scheme(
        STAGES,
        (("days_past_due", _steps(31, 91, codes=STAGES)),),
        _impaired("stage_3"),
        statuses={"charged_off": "stage_3", "written_off": "stage_3"},
    ),
    "crr_178": Scheme(
        ("performing", "default"),
        (("days_past_due", (Step("default", 91),)),),
        _impaired("default"),
        cure=Cure("default", 3, restructured_months=12),
        statuses={"charged_off": "default", "written_off": "default"},
    ),
    "ffiec_closed_end": _ffiec(120),
    "ffiec_open_end": _ffiec(180),
    "mba": Scheme(MONTHS, (("months_mba", _steps(1, 2, 3, 4, codes=MONTHS)),)),
    "ots": Scheme(MONTHS, (("months_ots", _steps(1, 2, 3, 4, codes=MONTHS)),)),
    "rbi": Scheme(
        SMA,
        (("days_past_due", _steps(1, 31, 61, 91, codes=SMA)),),
        cure=Cure("NPA"),
        statuses={"charged_off": "NPA", "written_off": "NPA"},
    ),
    "apra": Scheme(APRA, (("days_past_due", (Step("past_due", 1), Step("past_due_90", 90, worth_days=90))),)),
    "metro2": Scheme(
        METRO,
        (("days_past_due", _steps(30, 60, 90, 120, 150, 180, codes=METRO)),),
        statuses={
            "settled": "13",
            "overpaid": "13",
            "charged_off": "97",
            "written_off": "97",
            "transferred": "05",
        },
    ),
}


def own_scheme(keys: dict[str, Any]) -> Scheme:
    """A scheme that a policy file defines."""
    steps = tuple(
        Step(r["code"], r["min"], r.get("max"), r.get("unpaid_worth_days", 0), r.get("by_month_end", False))
        for r in keys.get("ranges", ())
    )
    watched, cure = keys.get("observation", {}), keys.get("cure")
    return Scheme(
        tuple(keys["codes"]),
        ((keys.get("counter", "days_past_due"), steps),),
        tuple(
            Floor(floor["when"], floor["code"], Fraction(str(floor.get("expected_loss_percent", 0))))
            for floor in keys.get("floors", ())
        ),
        cure
        and Cure(
            cure["from"],
            cure.get("months", 0),
            cure.get("two_periods", False),
            cure.get("restructured_months", 0),
            frozenset(cure.get("segments", ())),
        ),
        watched.get("months", 12),
        watched.get("two_periods", True),
        keys.get("technical_days", 0),
        keys.get("statuses", {}),
    )
