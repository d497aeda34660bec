"""What a lender's policy says about early warning: rules as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

LOW: Final = "low"
MEDIUM: Final = "medium"
HIGH: Final = "high"
CRITICAL: Final = "critical"
SEVERITIES: Final = (LOW, MEDIUM, HIGH, CRITICAL)
"""The mildest first."""
RANK: Final = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Level(NamedTuple):
    """One step of a rule: when all its thresholds are met, the warning has this severity."""

    severity: str
    thresholds: Mapping[str, int]


class Rule(NamedTuple):
    """One indicator: what it looks at, from where on it speaks, and how it falls silent."""

    code: str
    levels: tuple[Level, ...]
    """The severest first."""
    clear: Mapping[str, int]
    """Thresholds that a standing warning is held to instead of the mildest level's: hysteresis."""
    max_age_days: int
    """An observation older than this does not count: the rule goes quiet."""
    clear_looks: int
    """Looks in a row at which the condition must be gone."""


class Levels(NamedTuple):
    """How warnings add up to a borrower's level."""

    points: Mapping[str, int]
    decay_days: int
    """A warning's points fade to nothing in as many days."""
    yellow: int
    orange: int
    red: int
    margin: int
    """So many points below yellow the borrower leaves the watch list."""


class Outcome(NamedTuple):
    """What counts as a warning that came true."""

    days_past_due: int
    within_days: int


class WarningPolicy(NamedTuple):
    """The section `early_warning` of a policy."""

    enabled: bool
    rules: tuple[Rule, ...]
    levels: Levels
    outcome: Outcome
    speak: Any
    """When the score speaks, and which decisions are made."""
    scorecard: Any
    policy_version: str


def _rule(
    code: str, *levels: tuple[str, dict[str, int]], clear: dict[str, int] | None = None, age: int = 45, looks: int = 1
) -> Rule:
    ordered = sorted((Level(severity, thresholds) for severity, thresholds in levels), key=_milder, reverse=True)
    return Rule(code, tuple(ordered), clear or {}, age, looks)


def _milder(level: Level) -> int:
    return RANK[level.severity]


DEFAULT_LEVELS: Final = Levels({LOW: 10, MEDIUM: 25, HIGH: 50, CRITICAL: 100}, 30, 25, 50, 100, 5)
DEFAULT_OUTCOME: Final = Outcome(30, 60)

# Thresholds are whole numbers: percent, days, counts; `slope` in tenths of a day a cycle, `debt` in basis points.
# Codes, thresholds and severities: the domain reference, section 5; rules C1 to C6: section 2.
DEFAULT_RULES: Final = (
    # repayment behaviour
    _rule("LATE_IN_GRACE", (MEDIUM, {"times": 2, "of_last": 3})),
    _rule("PAY_DRIFT", (MEDIUM, {"slope": 20, "last": -1}), clear={"slope": 10, "last": -30}),
    _rule("PARTIAL_PAY", (MEDIUM, {"in_row": 1}), (HIGH, {"in_row": 2}), age=62),
    _rule("RATIO_DECLINE", (MEDIUM, {"cycles": 2, "total": 10}), age=62),
    _rule("FPD", *((sev, {"number": 1, "days": d}) for sev, d in ((MEDIUM, 1), (HIGH, 7), (CRITICAL, 30)))),
    _rule("SPD", *((sev, {"number": 2, "days": d}) for sev, d in ((MEDIUM, 1), (HIGH, 7), (CRITICAL, 30)))),
    _rule("TPD", *((sev, {"number": 3, "days": d}) for sev, d in ((MEDIUM, 1), (HIGH, 7), (CRITICAL, 30)))),
    _rule("EARLY_ARREARS", (HIGH, {"from": 5, "to": 30}), clear={"from": 1, "to": 30}),
    _rule("RATE_SHOCK", (MEDIUM, {"rise": 20, "income": 50}), age=90),
    _rule("CROSS_LOAN", (MEDIUM, {"days": 1}), (HIGH, {"days": 31}), (CRITICAL, {"days": 91})),
    # balance, debits, cards, deposits, spending
    _rule(
        "DUE_LOW_BAL",
        (LOW, {"days_to_due": 3, "cover": 100}),
        (MEDIUM, {"days_to_due": 1, "cover": 100}),
        clear={"days_to_due": 3, "cover": 110},
        age=3,
    ),
    _rule("AUTOPAY_FAIL", (MEDIUM, {"times": 2, "cycles": 2}), age=62),
    _rule("AUTOPAY_OFF", (MEDIUM, {}), age=365),
    _rule("UTIL_JUMP", (MEDIUM, {"used": 80, "jump": 30}), clear={"used": 75, "jump": 20}),
    _rule("MIN_ONLY", (MEDIUM, {"statements": 3, "below": 110})),
    _rule("BAL_COLLAPSE", (HIGH, {"left": 5, "debt": 5}), clear={"left": 10, "debt": 10}, age=62),
    _rule("SPEND_SHIFT", (MEDIUM, {"fall": 60, "rise": 180, "share": 20, "empty": 2}), age=62),
    # income and business
    _rule("INCOME_DROP", (MEDIUM, {"left": 70}), clear={"left": 80}, age=62),
    _rule("JOB_LOSS", (HIGH, {}), age=365),
    _rule("TURNOVER_DROP", (MEDIUM, {"left": 70}), (HIGH, {"left": 50}), clear={"left": 75}, age=62),
    _rule(
        "TAX_INVOICE",
        (MEDIUM, {"left": 70, "silent": 0}),
        (HIGH, {"left": 0, "silent": 60}),
        clear={"left": 75, "silent": 0},
        age=92,
    ),
    # bureau, courts, guarantors, service
    _rule(
        "STACKING",
        (MEDIUM, {"queries": 7, "lenders": 3, "applications": 5}),
        (HIGH, {"queries": 11, "lenders": 0, "applications": 0}),
        clear={"queries": 6, "lenders": 3, "applications": 5},
    ),
    _rule(
        "BUREAU_OVERDUE",
        (MEDIUM, {"status": 1, "in_row": 0, "in_all": 0}),
        (HIGH, {"status": 3, "in_row": 3, "in_all": 6}),
        age=62,
    ),
    _rule("SCORE_DROP", (MEDIUM, {"bands": 2, "window": 92}), clear={"bands": 1, "window": 92}, age=92),
    _rule(
        "LEGAL",
        (MEDIUM, {"grade": 1, "share": 10}),
        (HIGH, {"grade": 2, "share": 0}),
        (CRITICAL, {"grade": 3, "share": 0}),
        age=730,
    ),
    _rule("GUARANTOR", (MEDIUM, {"grade": 1}), (HIGH, {"grade": 2}), age=62),
    _rule("MISUSE", (HIGH, {}), age=365),
    _rule("RELIEF_ASK", (LOW, {}), age=90),
    _rule("FORBORNE", (MEDIUM, {}), age=90),
    # what the Measures of 2023 make of one debt for the others (C1 to C6)
    _rule("DEBTOR_NON_PERFORMING", (CRITICAL, {"share": 10})),
    _rule("DEBT_OVERDUE_ELSEWHERE", (CRITICAL, {"share": 20}), age=92),
    _rule("BAD_DEBT", (HIGH, {}), age=92),
    _rule("IMPAIRED", (HIGH, {"loss": 50}), (CRITICAL, {"loss": 90}), age=92),
    _rule("MISUSED_FUNDS", (HIGH, {}), age=365),
)
