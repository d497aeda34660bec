"""The loan book at the ends of months, from a file of events: what `overdue portfolio` tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from stream.engine import portfolio
from stream.engine.calendars import month_end, months_after
from stream.engine.facts import Disbursed, ScheduleRevised
from stream.engine.loan import CANCELLED, Loan
from stream.engine.money import Money
from stream.engine.policy import Policy
from stream.engine.portfolio import Position, Share
from stream.offline import OfflineRun, loans_at
from stream.translate.records import Record

PAR_DAYS: Final = (30, 60, 90)
FPD_DAYS: Final = (1, 7, 30)
GROUPS: Final[dict[str, Callable[[Loan], str]]] = {
    "product": lambda loan: loan.product,
    "segment": lambda loan: loan.segment,
}
"""What a book may be divided by, besides the currency."""

Group = tuple[str, ...]
"""Currency, then what the book is divided by."""


class Month(NamedTuple):
    """The book of one group at the end of a day, against the end of the month before."""

    group: Group
    day: int
    loans: int
    principal: Money
    overdue: Share
    at_risk: dict[int, Share]
    """PAR by days."""
    non_performing: Share
    buckets: dict[str, Money]
    """Principal by bucket, from the best; "" is not delinquent."""
    rolls: dict[tuple[str, str], Share]
    cures: dict[str, Share]


class Cohort(NamedTuple):
    """The loans of one group and month of disbursement."""

    group: Group
    cohort: str
    disbursed: Money
    late: dict[int, Share]
    """By months on book: principal at least so many days past due, over what was disbursed."""
    first_payment: dict[int, Share]
    """FPD by days."""


class Report(NamedTuple):
    """Months from the oldest, cohorts from the oldest."""

    months: list[Month]
    cohorts: list[Cohort]


def month_ends(as_of: int, months: int) -> list[int]:
    """The day asked about, and the ends of the months before it: one more than `months`, for the first to roll from."""
    first_of_month = months_after(as_of, 0)
    ends = [month_end(months_after(first_of_month, -back)) for back in range(months, 0, -1)]
    return [*ends, as_of]


def report(
    records: Sequence[Record],
    policy: Policy,
    days: Sequence[int],
    *,
    open_days: bool,
    known_by: int | None = None,
    divided_by: Sequence[str] = (),
    late_days: int = 30,
) -> Report:
    """The book at each of `days`, which rise; see `stream.offline.standings` for what counts on a day.

    late_days: how late a loan of a vintage counts.
    """
    paid_out = _disbursed(records, policy)
    books: dict[Group, dict[int, dict[str, Position]]] = {}
    cohorts: dict[Group, dict[str, Cohort]] = {}
    for day, loans in loans_at(records, policy, days, open_days=open_days, known_by=known_by):
        disbursed: dict[Group, dict[str, Money]] = {}
        for loan in loans:
            group = (loan.currency, *[GROUPS[name](loan) for name in divided_by])
            one = portfolio.position(loan)
            books.setdefault(group, {}).setdefault(day, {})[loan.loan_id] = one
            if loan.closed_as == CANCELLED:
                continue
            sums = disbursed.setdefault(group, {})
            sums[one.cohort] = sums.get(one.cohort, 0) + _until(paid_out.get(loan.loan_id, ()), day, known_by)
            if day == days[-1]:
                _add_first_payment(cohorts, group, one.cohort, loan, policy, day)
        for group, sums in disbursed.items():
            found = portfolio.vintage(books[group][day].values(), sums, late_days)
            for cohort, share in found.items():
                known = _cohort(cohorts, group, cohort)
                known.late[portfolio.months_on_book(cohort, day)] = share
                cohorts[group][cohort] = known._replace(disbursed=share.whole)
    months = [
        _month(group, day, before, policy, book)
        for group, book in sorted(books.items())
        for before, day in pairwise(days)
    ]
    return Report(months, [one for _, of_group in sorted(cohorts.items()) for _, one in sorted(of_group.items())])


def _disbursed(records: Iterable[Record], policy: Policy) -> dict[str, list[tuple[int, int, Money]]]:
    """By loan id: (recorded, effective, amount) of what was paid out; the first disbursement counts, tranches add."""
    run = OfflineRun(policy, open_days=False)
    found: dict[str, list[tuple[int, int, Money]]] = {}
    for record in records:
        fact = run.fact(record)
        if isinstance(fact, Disbursed):
            found.setdefault(fact.loan_id, []).insert(0, (fact.recorded, fact.disbursement_date, fact.principal))
        elif isinstance(fact, ScheduleRevised) and fact.disbursed:
            found.setdefault(fact.loan_id, []).append((fact.recorded, fact.effective_date, fact.disbursed))
    return found


def _until(paid_out: Iterable[tuple[int, int, Money]], day: int, known_by: int | None) -> Money:
    last = day if known_by is None else known_by
    return sum(amount for recorded, effective, amount in paid_out if recorded <= last and effective <= day)


def _cohort(cohorts: dict[Group, dict[str, Cohort]], group: Group, cohort: str) -> Cohort:
    return cohorts.setdefault(group, {}).setdefault(cohort, Cohort(group, cohort, 0, {}, {}))


def _add_first_payment(
    cohorts: dict[Group, dict[str, Cohort]], group: Group, cohort: str, loan: Loan, policy: Policy, day: int
) -> None:
    shares = _cohort(cohorts, group, cohort).first_payment
    for days in FPD_DAYS:
        defaulted = portfolio.first_payment_default(loan, policy.rules(loan.product), day, days)
        if defaulted is not None:
            part, whole = shares.get(days, Share(0, 0))
            shares[days] = Share(part + defaulted, whole + 1)


def _month(group: Group, day: int, before: int, policy: Policy, book: dict[int, dict[str, Position]]) -> Month:
    then, now = book.get(before, {}), book.get(day, {})
    by_bucket = portfolio.principal_by_bucket(now.values())
    ladder = _ladder(policy)
    return Month(
        group,
        day,
        sum(loan.in_book for loan in now.values()),
        sum(by_bucket.values()),
        portfolio.at_risk(now.values(), 0),
        {days: portfolio.at_risk(now.values(), days) for days in PAR_DAYS},
        portfolio.non_performing(now.values()),
        {bucket: by_bucket[bucket] for bucket in ["", *ladder] if bucket in by_bucket},
        portfolio.rolls(then.values(), now.values(), ladder),
        portfolio.cures(then.values(), now),
    )


def _ladder(policy: Policy) -> list[str]:
    """The bucket codes of all products, from the best to the worst."""
    buckets = {bucket for rules in (policy.default, *policy.products.values()) for bucket in rules.buckets}
    return list(dict.fromkeys(bucket.code for bucket in sorted(buckets, key=lambda one: (one.min_days, one.code))))
