"""Repayment schedules of the common products (domain reference, section 3), as rows of installments."""

from stream.engine.schedules.amortising import (
    annuity,
    annuity_shortened,
    equal_principal,
    in_parts,
    level_installment,
)
from stream.engine.schedules.at_the_end import bullet, daily, daily_interest, interest_only
from stream.engine.schedules.card import late_fee, minimum_payment, statement
from stream.engine.schedules.terms import due_dates, half_up, interest_of_days

__all__ = [
    "annuity",
    "annuity_shortened",
    "bullet",
    "daily",
    "daily_interest",
    "due_dates",
    "equal_principal",
    "half_up",
    "in_parts",
    "interest_of_days",
    "interest_only",
    "late_fee",
    "level_installment",
    "minimum_payment",
    "statement",
]
