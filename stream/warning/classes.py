"""The five classes of the Chinese risk classification (Measures of 2023), worst last, and who is non-performing."""

from __future__ import annotations

from typing import Final

NORMAL: Final = "normal"
SPECIAL_MENTION: Final = "special_mention"
SUBSTANDARD: Final = "substandard"
DOUBTFUL: Final = "doubtful"
LOSS: Final = "loss"

RANK: Final = {NORMAL: 0, SPECIAL_MENTION: 1, SUBSTANDARD: 2, DOUBTFUL: 3, LOSS: 4}


def class_of(days_past_due: int) -> str:
    """The class by days past due alone: over 90 substandard, over 270 doubtful, over 360 loss."""
    if days_past_due > 360:
        return LOSS
    if days_past_due > 270:
        return DOUBTFUL
    if days_past_due > 90:
        return SUBSTANDARD
    return SPECIAL_MENTION if days_past_due else NORMAL


def non_performing(loan_class: str) -> bool:
    """Substandard or worse; a code of another scheme counts as performing."""
    return RANK.get(loan_class, 0) >= RANK[SUBSTANDARD]
