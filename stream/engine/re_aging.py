"""Re-aging: a loan in arrears is brought current without the arrears being paid; how often a lender may.

Source: Uniform Retail Credit Classification and Account Management Policy (FFIEC, 2000): nine months on the books,
three consecutive minimum payments or the equivalent amount, no more than once in twelve months and twice in five years.
"""

from __future__ import annotations

from collections.abc import Sequence

from stream.engine.calendars import months_after
from stream.engine.loan import Loan
from stream.engine.memory import Memory, keep, memory_of, memory_text
from stream.engine.money import DUE, TOTAL, Row
from stream.engine.payments import Payment
from stream.engine.policy import ReAging
from stream.engine.refused import Refused

PAID_BY: frozenset[str] = frozenset({"repayment", "down_payment"})
"""Kinds of payment that show the borrower's will to pay."""


def note(loan: Loan, day: int) -> None:
    """Remember that the loan was re-aged from a day on."""
    past = Memory(memory_text(loan))
    past.re_aged = sorted({*past.re_aged, day})[-2:]
    keep(loan, past)


def refuse(loan: Loan, limits: ReAging, day: int, schedule: Sequence[Row], payments: Sequence[Payment]) -> None:
    """Refuse a re-aging from `day` on that the limits forbid; the loan then keeps the days that it has.

    schedule: its installments; payments: those that stand.
    """
    if day < months_after(loan.disbursement_date, limits.months_on_books):
        raise Refused("re_age_too_early")
    earlier = memory_of(loan).re_aged
    if limits.once_in_months and earlier and day < months_after(earlier[-1], limits.once_in_months):
        raise Refused("re_age_too_often")
    if limits.twice_in_months and len(earlier) > 1 and day < months_after(earlier[-2], limits.twice_in_months):
        raise Refused("re_age_too_often")
    if limits.payments and not _paid(limits.payments, day, schedule, payments):
        raise Refused("re_age_without_payments")


def _paid(count: int, day: int, schedule: Sequence[Row], payments: Sequence[Payment]) -> bool:
    """Whether in as many months as payments are asked for so many installments, the last that fell due, came in."""
    since = months_after(day, -count)
    came = sum(
        [payment.amount for payment in payments if since < payment.value_date <= day and payment.kind in PAID_BY]
    )
    fell_due = [row[TOTAL] for row in schedule if row[DUE] <= day and row[TOTAL]]
    return len(fell_due) >= count and came >= sum(fell_due[-count:])
