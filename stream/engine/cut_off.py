"""Cut-off: until when on a day money counts as of that day.

Source: domain reference section 1: on time means value date <= due date, that is before 24:00 local; per product.
"""

from __future__ import annotations

from typing import Final

END_OF_DAY: Final = 86_400
"""24:00, in seconds after local midnight: no cut-off but the day itself."""


def value_day(value_date: int, recorded: int, second_of_day: int, cut_off: int) -> int:
    """The day that a payment counts from: its value date, or the day after where it was made after the cut-off.

    `recorded` and `second_of_day` are the local date and time of day of the payment event; a payment that is told on
    another day than its value date says nothing about the hour, so its value date stands.
    """
    if recorded == value_date and second_of_day >= cut_off:
        return value_date + 1
    return value_date
