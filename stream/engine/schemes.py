"""Classification schemes as data: which code a loan has by its days, its history and its status."""

from __future__ import annotations

from typing import Final, NamedTuple

DAYS_PAST_DUE: Final = "days_past_due"
DELINQUENT_DAYS: Final = "delinquent_days"
DAYS_ONCE_GRACE_LAPSED: Final = "days_once_grace_lapsed"
MISSED_PAYMENTS: Final = "missed_payments"
MONTHS_MBA: Final = "months_mba"
MONTHS_OTS: Final = "months_ots"
COUNTERS: Final = (
    DAYS_PAST_DUE,
    DELINQUENT_DAYS,
    DAYS_ONCE_GRACE_LAPSED,
    MISSED_PAYMENTS,
    MONTHS_MBA,
    MONTHS_OTS,
)
"""What a scheme's ranges may count:

days_past_due: without grace and pauses; the regulator's counter.
delinquent_days: less grace and pauses; the collector's counter.
days_once_grace_lapsed: days past due, but 0 while the loan is within its grace.
missed_payments: installments past due.
months_mba: whole months past due, each complete on the day before the next due date (Mortgage Bankers Association).
months_ots: whole months past due, each complete on the next due date (Office of Thrift Supervision, 12 CFR 561.47).
"""
COUNTERS_OF_DAYS: Final = frozenset({DAYS_PAST_DUE, DELINQUENT_DAYS, DAYS_ONCE_GRACE_LAPSED})

MISUSE_FOUND: Final = "misuse_found"
TECHNICAL_OVERDUE: Final = "technical_overdue"
RESTRUCTURED: Final = "restructured"
RESTRUCTURED_TWICE: Final = "restructured_twice"
UNLIKELY_TO_PAY: Final = "unlikely_to_pay"
CREDIT_IMPAIRED: Final = "credit_impaired"
INDICATIONS_OF_UNLIKELINESS: Final = (
    "non_accrual",
    "credit_adjustment",
    "sold_at_loss",
    "distressed_restructuring",
    "bankruptcy_filed",
    "bankruptcy_protection",
    "other_unlikely_to_pay",
    "liquidation",
)
"""Any of these is unlikeliness to pay (CRR art. 178(3)(a) to (f), what the lender adds, and liquidation)."""
INDICATIONS: Final = (*INDICATIONS_OF_UNLIKELINESS, "refinanced_to_repay")
"""What upstream may say of a loan and take back: see indications.py."""
CIRCUMSTANCES: Final = (
    MISUSE_FOUND,
    RESTRUCTURED,
    RESTRUCTURED_TWICE,
    UNLIKELY_TO_PAY,
    CREDIT_IMPAIRED,
    *INDICATIONS,
)


class Range(NamedTuple):
    """The counts from `least` to `most`, both inclusive, that have a level.

    worth_days: the range holds only while at least the installments of so many days are unpaid (APRA); 0: always.
    by_month_end: the range begins at the end of the month in which `least` days are reached (FFIEC charge-off).
    """

    level: int
    least: int
    most: int | None = None
    worth_days: int = 0
    by_month_end: bool = False


class Table(NamedTuple):
    """Ranges of one counter, lowest first."""

    counter: str
    ranges: tuple[Range, ...]

    def by_days_alone(self) -> bool:
        """Whether the two counts of days tell the level, without the installments and the date."""
        return self.counter in COUNTERS_OF_DAYS and not any(
            part.worth_days or part.by_month_end for part in self.ranges
        )


class Floor(NamedTuple):
    """A circumstance under which a loan is at least at a level.

    least_loss: of a credit-impaired loan, only where the expected loss is at least so much of the book balance, in
        hundredths of a percent.
    """

    when: str
    level: int
    least_loss: int = 0


class Cure(NamedTuple):
    """How a loan that reached a level comes back: all arrears paid, then a time without any.

    months, two_periods: the time, the longer of both; two periods end on the second due date after the arrears were
        cleared. restructured_months: instead of `months` where the loan was restructured.
    segments: to whom the bar applies; empty: to all. Others improve by their days alone.
    """

    level: int
    months: int = 0
    two_periods: bool = False
    restructured_months: int = 0
    segments: frozenset[str] = frozenset()


class Observation(NamedTuple):
    """How long a restructured loan is watched: from its first adjusted due date; a miss begins it anew.

    It takes the longer of `months` and, if asked for, two periods.
    """

    months: int = 12
    two_periods: bool = True


class Scheme(NamedTuple):
    """One classification: codes from the best to the worst, and what leads to each."""

    name: str
    codes: tuple[str, ...]
    tables: tuple[Table, ...]
    """The worst of them counts."""
    floors: tuple[Floor, ...] = ()
    cure: Cure | None = None
    observation: Observation = Observation()
    technical_days: int = 0
    """Arrears flagged as technical (an operational or system error) count as none up to so many days."""
    statuses: tuple[tuple[str, str], ...] = ()
    """(status, code): what the code is once the loan's life ended this way, whatever its days."""

    def code_of_status(self, status: str) -> str | None:
        """The code that a status gives; None: the days decide."""
        for known, code in self.statuses:
            if known == status:
                return code
        return None
