"""Figures of a whole loan book: shares overdue, roll and cure from one month to the next, vintages, first payments.

Source: domain reference, section 5 (portfolio metrics). Every figure is a pair (part, whole), so that groups can be
added up and nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from stream.engine.dates import iso
from stream.engine.fold import folded_apart
from stream.engine.journal import read
from stream.engine.loan import CANCELLED, CHARGED_OFF, TRANSFERRED, WRITTEN_OFF, Loan
from stream.engine.money import DUE, NUMBER, PRINCIPAL, TOTAL, Money
from stream.engine.policy import NO_BUCKET, Rules
from stream.engine.schedule import open_all

NON_PERFORMING: Final = frozenset({"substandard", "doubtful", "loss"})
"""The three worst of the five classes."""


class Share(NamedTuple):
    """A part of a whole: money in minor units, or a number of loans."""

    part: int
    whole: int

    @property
    def ratio(self) -> float | None:
        """The part over the whole; None where there is no whole."""
        return self.part / self.whole if self.whole else None


class Position(NamedTuple):
    """What the figures of a book need to know of one loan at the end of a day."""

    loan_id: str
    cohort: str
    """Month of its disbursement, `YYYY-MM`."""
    bucket: str
    """By delinquent days; "" where the loan is not delinquent."""
    days_past_due: int
    principal: Money
    """Unpaid principal, due or not."""
    in_book: bool
    """It has not ended: not cancelled, charged off, written off, transferred or closed, and owes principal."""
    classes: frozenset[str]
    """Its classes by all schemes, codes alone."""
    left: bool
    """It was written off, charged off or transferred: out of the book, and no cure."""


def position(loan: Loan) -> Position:
    """The position of a loan as it was last judged."""
    return Position(
        loan.loan_id,
        iso(loan.disbursement_date)[:7],
        loan.bucket,
        loan.days_past_due,
        loan.owed[PRINCIPAL],
        not loan.closed_as and loan.owed[PRINCIPAL] > 0,
        frozenset(word.rpartition(":")[2] for word in loan.classes.split()),
        loan.closed_as in (CHARGED_OFF, WRITTEN_OFF, TRANSFERRED),
    )


def at_risk(book: Iterable[Position], more_than_days: int) -> Share:
    """PAR: the whole principal of loans more than so many days past due, over all principal; 0 days: overdue rate."""
    loans = [loan for loan in book if loan.in_book]
    late = sum(loan.principal for loan in loans if loan.days_past_due > more_than_days)
    return Share(late, sum(loan.principal for loan in loans))


def non_performing(book: Iterable[Position]) -> Share:
    """NPL: principal that is classified substandard, doubtful or loss, over all principal."""
    loans = [loan for loan in book if loan.in_book]
    bad = sum(loan.principal for loan in loans if loan.classes & NON_PERFORMING)
    return Share(bad, sum(loan.principal for loan in loans))


def principal_by_bucket(book: Iterable[Position]) -> dict[str, Money]:
    """Principal of each bucket; "" holds what is not delinquent."""
    sums: dict[str, Money] = {}
    for loan in book:
        if loan.in_book:
            sums[loan.bucket] = sums.get(loan.bucket, 0) + loan.principal
    return sums


def rolls(
    before: Iterable[Position], after: Iterable[Position], buckets: Iterable[str]
) -> dict[tuple[str, str], Share]:
    """Roll from each bucket to the next worse one: principal of the next one now, over principal of the one before.

    buckets: the codes from the best to the worst; what is not delinquent comes before the first.
    """
    then, now = principal_by_bucket(before), principal_by_bucket(after)
    ladder = [NO_BUCKET, *buckets]
    return {(left, reached): Share(now.get(reached, 0), then.get(left, 0)) for left, reached in pairwise(ladder)}


def cures(before: Iterable[Position], after: Mapping[str, Position]) -> dict[str, Share]:
    """Cure by bucket: of the principal that was in it, that of the loans that are not delinquent now, repaid ones too.

    Each loan counts with its principal of before. after: positions by loan id.
    """
    found: dict[str, Share] = {}
    for loan in before:
        if not loan.in_book or loan.bucket == NO_BUCKET:
            continue
        now = after.get(loan.loan_id)
        cured = now is not None and not now.left and now.bucket == NO_BUCKET
        part, whole = found.get(loan.bucket, Share(0, 0))
        found[loan.bucket] = Share(part + (loan.principal if cured else 0), whole + loan.principal)
    return found


def vintage(book: Iterable[Position], disbursed: Mapping[str, Money], least_days: int) -> dict[str, Share]:
    """By month of disbursement: principal of loans at least so many days past due, over what the month disbursed.

    Loans charged off or written off count with what they still owed then.
    disbursed: by month, cancelled loans left out.
    """
    late: dict[str, Money] = {}
    for loan in book:
        if loan.days_past_due >= least_days:
            late[loan.cohort] = late.get(loan.cohort, 0) + loan.principal
    return {cohort: Share(late.get(cohort, 0), amount) for cohort, amount in sorted(disbursed.items())}


def months_on_book(cohort: str, day: int) -> int:
    """MOB: whole calendar months from the month of disbursement, which is month 0."""
    seen = date.fromordinal(day)
    year, month = cohort.split("-")
    return (seen.year - int(year)) * 12 + seen.month - int(month)


def first_payment_default(loan: Loan, rules: Rules, day: int, least_days: int) -> bool | None:
    """FPD: whether the first installment reached so many days past due; None: too young to tell, or cancelled.

    Nor is a loan told that begins behind the replay horizon, or was handed over without its installment 1.
    """
    if loan.closed_as == CANCELLED or loan.history_from:
        return None
    entries = read(loan.journal)
    facts = entries.facts()
    scheduled = next((row for row in rules.rolled(entries.schedule) if row[TOTAL]), None)
    if scheduled is None:
        return None
    at_first = folded_apart(loan, entries, rules, [fact for fact in facts if fact[0] <= scheduled[DUE]])
    first = next((row for row in at_first.schedule if row[TOTAL]), scheduled)  # an extension may have moved it
    if first[NUMBER] > 1:
        return None
    reached = first[DUE] + least_days
    if reached > day:
        return None
    then = folded_apart(loan, entries, rules, [fact for fact in facts if fact[0] < reached]).loan
    open_all(then)
    unpaid = next((row for row in then.rows if row[NUMBER] == first[NUMBER]), None)
    return unpaid is not None and not rules.met(unpaid)
