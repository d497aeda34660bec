"""The rules that loans are judged by: data, one set per product, made ready for quick look-ups."""

from __future__ import annotations

from typing import Final, NamedTuple

from stream.engine.money import COMPONENTS, TOTAL, Money, Row

NO_BUCKET: Final = ""
NEVER: Final = 1 << 40

EARLIEST_UNPAID: Final = "earliest_unpaid"
NEXT_UNPAID: Final = "next_unpaid"


class Bucket(NamedTuple):
    """A range of delinquent days, both ends inclusive; `max_days` None: no upper end."""

    code: str
    min_days: int
    max_days: int | None


class Rules:
    """How loans of one product are judged.

    grace_days: days after the due date on which an unpaid installment is not yet delinquent.
    tolerance_amount, tolerance_percent: an installment counts as met while no more than the larger of the two is
        unpaid; the percentage is of what the installment came to in the schedule, as (numerator, denominator).
    order: the components in the order in which a payment covers them.
    principal_first_after_days: past this many days past due, the principal of all past-due installments is covered
        first, then the ordinary order; None: never.
    vertical: True: a component of all past-due installments before the next component; False: installment by
        installment (the default of most lenders).
    next_due: `earliest_unpaid` or `next_unpaid` (the earliest that is not before the business date).
    replay_horizon_days: facts older than this are folded into opening balances and can't be changed any more.
    """

    __slots__ = (
        "advance_last",
        "bucket_of_day",
        "buckets",
        "exact",
        "grace_days",
        "late_after",
        "next_due",
        "order",
        "policy_version",
        "replay_horizon_days",
        "tolerance_amount",
        "tolerance_denominator",
        "tolerance_numerator",
        "vertical",
    )

    def __init__(
        self,
        policy_version: str,
        buckets: tuple[Bucket, ...],
        grace_days: int = 0,
        tolerance_amount: Money = 0,
        tolerance_percent: tuple[int, int] = (0, 1),
        order: tuple[int, ...] = COMPONENTS[::-1],
        principal_first_after_days: int | None = None,
        vertical: bool = False,
        advance_last: frozenset[str] = frozenset({"goodwill_credit"}),
        next_due: str = EARLIEST_UNPAID,
        replay_horizon_days: int = 800,
    ) -> None:
        self.policy_version = policy_version
        self.buckets = buckets
        self.grace_days = grace_days
        self.tolerance_amount = tolerance_amount
        self.tolerance_numerator, self.tolerance_denominator = tolerance_percent
        self.exact = tolerance_amount == 0 and self.tolerance_numerator == 0
        self.order = order
        self.late_after = NEVER if principal_first_after_days is None else principal_first_after_days
        self.vertical = vertical
        self.advance_last = advance_last
        self.next_due = next_due
        self.replay_horizon_days = replay_horizon_days
        longest = max((bucket.max_days or bucket.min_days for bucket in buckets), default=0) + 1
        self.bucket_of_day = [self._first_bucket(days) for days in range(longest + 1)]

    def _first_bucket(self, days: int) -> str:
        for bucket in self.buckets:
            if bucket.min_days <= days and (bucket.max_days is None or days <= bucket.max_days):
                return bucket.code
        return NO_BUCKET

    def bucket(self, delinquent_days: int, last: str) -> str:
        """Code of the first bucket that holds these days; days that fit none keep the `last` one."""
        if delinquent_days <= 0:
            return NO_BUCKET
        table = self.bucket_of_day
        found = table[delinquent_days] if delinquent_days < len(table) else table[-1]
        return last if found == NO_BUCKET else found

    def min_days(self, bucket: str) -> int:
        """Where a bucket begins; 0 for none, and for a code that only a former policy knew."""
        return next((known.min_days for known in self.buckets if known.code == bucket), 0)

    def met(self, row: Row) -> bool:
        """Whether so little of the installment is unpaid that it counts as met (tolerance, upper end inclusive)."""
        unpaid = row[2] + row[3] + row[4] + row[5]
        return (
            unpaid <= self.tolerance_amount
            or unpaid * self.tolerance_denominator <= row[TOTAL] * self.tolerance_numerator
        )


class Policy(NamedTuple):
    """A lender's policy: a version, the bank's time zone, and rules per product."""

    version: str
    time_zone: str
    default: Rules
    products: dict[str, Rules]

    def rules(self, product: str) -> Rules:
        """The rules of a product; a product that is not named has the default's."""
        return self.products.get(product, self.default)
