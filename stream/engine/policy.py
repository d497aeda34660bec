"""The rules that loans are judged by: data, one set per product, made ready for quick look-ups."""

from __future__ import annotations

from typing import Final, NamedTuple

from stream.engine.calendars import Calendar, roll
from stream.engine.cut_off import END_OF_DAY
from stream.engine.feed import FeedRules
from stream.engine.money import COMPONENTS, TOTAL, Money, Row
from stream.engine.schemes import RESTRUCTURED, Scheme

NO_BUCKET: Final = ""
NEVER: Final = 1 << 40

EARLIEST_UNPAID: Final = "earliest_unpaid"
NEXT_UNPAID: Final = "next_unpaid"

OLDEST_UNPAID: Final = "oldest_unpaid"
FIRST_ARREARS: Final = "first_arrears"
FIRST_MATERIAL: Final = "first_material"

SEGMENTS: Final = frozenset({"retail", "micro_business", "business"})


class Bucket(NamedTuple):
    """A range of delinquent days, both ends inclusive; `max_days` None: no upper end."""

    code: str
    min_days: int
    max_days: int | None


class ReAging(NamedTuple):
    """When arrears may be brought current without being paid; see re_aging.py.

    months_on_books: since the disbursement. payments: consecutive ones, or as much money, before it; 0: none.
    once_in_months, twice_in_months: no more than so often in so many months; 0: no such limit.
    """

    months_on_books: int = 9
    payments: int = 3
    once_in_months: int = 12
    twice_in_months: int = 60


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
    due_soon_days, overdue_notice_days: a notice so many days before or after the due date; empty: none.
    installment_level: whether delinquent days are also told per installment.
    cut_off: until when on its day a payment counts as of that day, in seconds after local midnight.
    calendar: due dates on closed days move to the next working day; None: they stay.
    counts_due_date: whether the due date itself counts as the first day past due, once it is over (RBI).
    count_from: what the days past due are counted from: `oldest_unpaid`, the oldest installment that is unpaid now;
        `first_arrears`, the day on which the present, unbroken arrears began, whichever installment it was;
        `first_material`, the first of the consecutive days on which the arrears are material (CRR art. 178).
    material_amount, material_percent: arrears are material while they exceed both the amount and the percentage of
        the exposure, as (numerator, denominator).
    schemes: the classifications that loans of the product are given.
    re_aging: the limits of re-aging; None: upstream's decision is taken as it comes.
    """

    __slots__ = (
        "advance_last",
        "bucket_of_day",
        "buckets",
        "by_days_alone",
        "calendar",
        "classes_of_days",
        "count_from",
        "counts_due_date",
        "cut_off",
        "due_soon_days",
        "exact",
        "grace_days",
        "installment_level",
        "labels",
        "late_after",
        "material_amount",
        "material_denominator",
        "material_numerator",
        "next_due",
        "normal_classes",
        "notices",
        "order",
        "overdue_notice_days",
        "plain",
        "policy_version",
        "re_aging",
        "remembered",
        "remembers",
        "replay_horizon_days",
        "schemes",
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
        due_soon_days: tuple[int, ...] = (),
        overdue_notice_days: tuple[int, ...] = (),
        installment_level: bool = False,
        cut_off: int = END_OF_DAY,
        calendar: Calendar | None = None,
        counts_due_date: bool = False,
        count_from: str = OLDEST_UNPAID,
        material_amount: Money = 0,
        material_percent: tuple[int, int] = (0, 1),
        schemes: tuple[Scheme, ...] = (),
        re_aging: ReAging | None = None,
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
        self.due_soon_days, self.overdue_notice_days = due_soon_days, overdue_notice_days
        self.notices = bool(due_soon_days or overdue_notice_days)
        self.installment_level = installment_level
        self.cut_off = cut_off
        self.calendar = calendar
        self.counts_due_date = counts_due_date
        self.count_from = count_from
        self.material_amount = material_amount
        self.material_numerator, self.material_denominator = material_percent
        self.schemes = schemes
        self.re_aging = re_aging
        self.labels = [[f"{scheme.name}:{code}" for code in scheme.codes] for scheme in schemes]
        self.normal_classes = " ".join([labels[0] for labels in self.labels])
        self.plain = count_from == OLDEST_UNPAID and not counts_due_date
        """Days past due are simply business date - oldest due date."""
        self.remembers = count_from != OLDEST_UNPAID or any(_remembers(scheme) for scheme in schemes)
        """Something may depend on more than what is unpaid now: see conduct.py."""
        self.remembered = _remembered(count_from, schemes)
        """Segments whose loans are remembered even if nothing but payments ever happens to them."""
        self.by_days_alone = all(table.by_days_alone() for scheme in schemes for table in scheme.tables)
        self.classes_of_days: dict[tuple[int, int], str] = {}
        """Classes by (days past due, delinquent days), of loans with nothing else to look at; filled as needed."""
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

    def rolled(self, schedule: list[Row]) -> list[Row]:
        """The schedule as the product's calendar has it; without a calendar, as it is."""
        return schedule if self.calendar is None else roll(schedule, self.calendar)

    def met(self, row: Row) -> bool:
        """Whether so little of the installment is unpaid that it counts as met (tolerance, upper end inclusive)."""
        unpaid = row[2] + row[3] + row[4] + row[5]
        return (
            unpaid <= self.tolerance_amount
            or unpaid * self.tolerance_denominator <= row[TOTAL] * self.tolerance_numerator
        )


def _remembers(scheme: Scheme) -> bool:
    return scheme.cure is not None or any(floor.when.startswith(RESTRUCTURED) for floor in scheme.floors)


def _remembered(count_from: str, schemes: tuple[Scheme, ...]) -> frozenset[str]:
    found: set[str] = set()
    if count_from != OLDEST_UNPAID:
        found |= SEGMENTS
    for scheme in schemes:
        if scheme.cure is not None:
            found |= scheme.cure.segments or SEGMENTS
    return frozenset(found)


class Policy(NamedTuple):
    """A lender's policy: a version, the bank's time zone, and rules per product."""

    version: str
    time_zone: str
    default: Rules
    products: dict[str, Rules]
    feed: FeedRules | None = None
    """When a business day is held because its repayments are missing; None: never."""

    def rules(self, product: str) -> Rules:
        """The rules of a product; a product that is not named has the default's."""
        return self.products.get(product, self.default)
