"""What the early warning sees of one loan: its last standing, reduced to the figures that rules and score read."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from stream.warning.classes import class_of

ENDED: Final = frozenset({"settled", "overpaid", "cancelled", "charged_off", "written_off", "transferred"})
"""Statuses of a loan that nothing more is foretold of."""


class LoanView(NamedTuple):
    """A loan as of its last standing. Days are ordinals, 0 where there is none; amounts are minor units."""

    loan_id: str
    borrower_id: str
    product: str
    segment: str
    currency: str
    status: str
    as_of: int
    days_past_due: int
    delinquent_days: int
    bucket: str
    classifications: dict[str, str]
    overdue: tuple[int, int, int, int]
    """Principal, interest, fee and penalty of the installments past due."""
    outstanding_principal: int
    outstanding_total: int
    oldest_due: int
    past_due: tuple[tuple[int, int], ...]
    """Number and unpaid amount of the oldest installments past due."""
    installment: int
    """Number of the next installment that is unpaid and not past due; -1: none."""
    due: int
    unpaid: int
    scheduled: int
    """What it came to in the schedule."""
    days_late: tuple[int, ...]
    """Settling date - due date of the last settled installments, the oldest first; negative: before."""
    paid_on: int
    payment_id: str
    grace_days: int
    max_days_past_due: int
    schedule_version: int
    episode_id: str
    last_event_id: str
    misuse_found: int = 0
    """Since when servicing knows that the money is misused."""

    @property
    def open(self) -> bool:
        """Whether the loan still runs."""
        return self.status not in ENDED

    @property
    def by_event(self) -> bool:
        """Whether an event made this standing, not the passing of a day."""
        return not self.last_event_id.startswith("business-day:")

    @property
    def oldest_number(self) -> int:
        """Number of the oldest installment past due; -1: none."""
        return self.past_due[0][0] if self.past_due else -1

    @property
    def loan_class(self) -> str:
        """Class of the five-class scheme, from the standing or else by days past due."""
        return self.classifications.get("cn_five_class_2023") or class_of(self.days_past_due)


def view_of(packed: list[Any]) -> LoanView:
    """The view that was packed as a list."""
    packed[OVERDUE] = tuple(packed[OVERDUE])
    packed[PAST_DUE] = tuple(map(tuple, packed[PAST_DUE]))
    packed[DAYS_LATE] = tuple(packed[DAYS_LATE])
    return LoanView(*packed)


OVERDUE: Final = LoanView._fields.index("overdue")
PAST_DUE: Final = LoanView._fields.index("past_due")
DAYS_LATE: Final = LoanView._fields.index("days_late")
