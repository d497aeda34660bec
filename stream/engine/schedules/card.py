"""Credit cards: the minimum payment of a statement is its installment."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from stream.engine.money import Money, Row
from stream.engine.schedules.terms import half_up, installment


def minimum_payment(
    purchases: Money,
    *,
    interest: Money = 0,
    fees: Money = 0,
    past_minimum: Money = 0,
    instalments: Money = 0,
    over_limit: Money = 0,
    part: str = "0.10",
) -> Money:
    """The minimum payment (最低还款额): a part of the purchases, and the whole of everything else.

    The part is the issuer's.
    """
    share = half_up(purchases * Fraction(Decimal(part)))
    return share + interest + fees + past_minimum + instalments + over_limit


def late_fee(minimum: Money, paid: Money, part: str = "0.05") -> Money:
    """What an issuer may charge for a minimum payment that was not made in full (违约金): a part of what is missing."""
    return half_up(max(0, minimum - paid) * Fraction(Decimal(part)))


def statement(number: int, due: int, minimum: Money) -> Row:
    """A statement as an installment: what must be paid by its due date."""
    return installment(number, due, minimum)
