"""The classes of a loan under three schemes, from its days, its flags and its status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tests.oracle.figures import Figures
from tests.oracle.history import Fact, Flag, Revision

FIVE_CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")
TECHNICAL_DAYS = 7
PBOC_OF_STATUS = {"settled": "C", "overpaid": "C", "written_off": "B", "transferred": "G"}


def classes(schemes: Iterable[str], facts: Iterable[Fact], day: date, now: Figures, status: str) -> dict[str, str]:
    """Class by scheme on a day; the schemes are those of the Chinese default policy."""
    known = {
        "cn_five_class_2023": five_classes(list(facts), day, now),
        "pboc_bureau": pboc_bureau(now, status),
        "ifrs9": ifrs9(now, status),
    }
    return {scheme: known[scheme] for scheme in schemes}


def five_classes(facts: list[Fact], day: date, now: Figures) -> str:
    """2023 Measures: any overdue is special mention, more than 90, 270 and 360 days are worse.

    Arrears flagged as technical count as none for seven days. While anything is owed, misuse of the funds is at least
    special mention, and so is a restructured loan while it is watched (a year at the least); a second time
    substandard.
    """
    days = now.days_past_due
    technical = [f.day for f in facts if isinstance(f, Flag) and f.flag == "technical_overdue"]
    oldest = now.oldest_due_date
    level = sum(days > bound for bound in (0, 90, 270, 360))
    if days <= TECHNICAL_DAYS and oldest and any(flagged >= oldest for flagged in technical):
        level = 0
    if now.outstanding_total:
        misused = any(isinstance(f, Flag) and f.flag == "misuse_found" and f.day <= day for f in facts)
        eased = sum(isinstance(f, Revision) and f.eased and f.day <= day for f in facts)
        level = max(level, 1 if misused else 0, min(eased, 2))
    return FIVE_CLASSES[level]


def pboc_bureau(now: Figures, status: str) -> str:
    """Repayment status of the credit bureau: thirty days each up to 6, 7 beyond; counted once the grace is over."""
    if status in PBOC_OF_STATUS:
        return PBOC_OF_STATUS[status]
    return str(min(7, (now.days_past_due + 29) // 30)) if now.delinquent_days else "N"


def ifrs9(now: Figures, status: str) -> str:
    """More than 30 days are stage 2, more than 90 stage 3; so is what was charged or written off."""
    if status in {"charged_off", "written_off"}:
        return "stage_3"
    return f"stage_{1 + sum(now.days_past_due > bound for bound in (30, 90))}"
