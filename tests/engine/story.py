"""Loan stories in the words of lending: what happened, day by day, and what the engine made of it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from itertools import count

from stream.engine import servicing, step
from stream.engine.dates import Day, day_of, iso
from stream.engine.delinquency import next_check, overdue
from stream.engine.facts import (
    Allocation,
    ChargedBack,
    ChargePosted,
    ChargeWaived,
    DelinquencyPaused,
    DelinquencyResumed,
    Disbursed,
    DisbursementCancelled,
    Flagged,
    Repaid,
    RepaymentReversed,
    ScheduleRevised,
    StatusSet,
)
from stream.engine.findings import Alert
from stream.engine.loan import Loan
from stream.engine.money import Row
from stream.engine.policy import Bucket, Rules
from stream.translate import state

CN_BUCKETS = (
    Bucket("M1", 1, 30),
    Bucket("M2", 31, 60),
    Bucket("M3", 61, 90),
    Bucket("M4", 91, 120),
    Bucket("M5", 121, 150),
    Bucket("M6", 151, 180),
    Bucket("M6+", 181, None),
)
CN = Rules("test", CN_BUCKETS)


def cn_rules(**changes: object) -> Rules:
    """The CN profile with some rules changed."""
    return Rules("test", CN_BUCKETS, **changes)  # type: ignore[arg-type]


def months_after(day: str, months: int) -> str:
    """The same day of the month later; the last day where a month is too short (the anchor day stays)."""
    start = date.fromisoformat(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])).isoformat()


def installment(number: int, due: str, principal: int, interest: int = 0, fee: int = 0, penalty: int = 0) -> Row:
    """One row of a schedule, in minor units."""
    return [number, day_of(due), principal, interest, fee, penalty, principal + interest + fee + penalty]


# Loan A of the domain reference: 12,000.00 at 12 % over 12 months, annuity 1,066.19 (domain section 3)
LOAN_A_PARTS = [(94619, 12000), (95565, 11054)]


def loan_a(penalties: dict[int, tuple[int, int]] | None = None) -> list[Row]:
    """Loan A's schedule; `penalties`: what penalty interest has come to by number."""
    balance, rows = 1_200_000, []
    for number in range(1, 13):
        interest = (balance + 50) // 100
        principal = balance if number == 12 else 106_619 - interest
        balance -= principal
        penalty = sum((penalties or {}).get(number, (0, 0)))
        rows.append(installment(number, months_after("2024-01-15", number), principal, interest, 0, penalty))
    return rows


class Story:
    """One loan, told fact by fact; each step goes through bytes, as it does in the table."""

    def __init__(
        self, schedule: list[Row], *, rules: Rules = CN, on: str = "2024-01-15", grace: int | None = None
    ) -> None:
        self.rules = rules
        self.today = day_of(on)
        self.ids = count(1)
        self.alerts: list[Alert] = []
        self.schedule, self.grace = schedule, grace
        self._begin(None, "E-disbursed")

    def _begin(self, loan: Loan | None, event: str) -> None:
        schedule, rules, grace = self.schedule, self.rules, self.grace
        fact = Disbursed(
            event,
            self.today,
            "L1",
            "B1",
            "cash",
            "retail",
            "CNY",
            sum(row[2] for row in schedule),
            self.today,
            "0.12",
            [list(row) for row in schedule],
            grace,
            (),
        )
        begun = step.disburse(loan, fact, rules, self.today)
        assert begun is not None
        loan, said = begun
        self.alerts += said
        self.raw = state.store(loan, next_check(loan, rules), 0)

    @property
    def loan(self) -> Loan:
        """The loan as it stands."""
        return state.load(self.raw)

    def _keep(self, loan: Loan, said: list[Alert] | None) -> list[Alert] | None:
        self.raw = state.store(loan, next_check(loan, self.rules), 0)
        self.alerts += said or []
        return said

    def open(self, day: str) -> list[Alert]:
        """Open every business day up to and with `day`; the last one's alerts."""
        said: list[Alert] | None = []
        while self.today < day_of(day):
            self.today = Day(self.today + 1)
            loan = self.loan
            said = self._keep(loan, step.open_day(loan, self.rules, self.today))
        return said or []

    def pay(
        self,
        amount: int,
        *,
        valued: str | None = None,
        payment: str | None = None,
        event: str | None = None,
        kind: str = "repayment",
        installment: int | None = None,
        allocations: tuple[Allocation, ...] | None = None,
    ) -> list[Alert] | None:
        """A payment that is recorded today."""
        number = next(self.ids)
        fact = Repaid(
            event or f"E{number:06}",
            self.today,
            "L1",
            payment or f"P{number:06}",
            day_of(valued) if valued else self.today,
            amount,
            kind,
            installment,
            allocations,
        )
        loan = self.loan
        return self._keep(loan, step.repay(loan, fact, self.rules, self.today))

    def reverse(self, payment: str, *, reversal: str | None = None, event: str | None = None) -> list[Alert] | None:
        """A reversal that is recorded today."""
        number = next(self.ids)
        fact = RepaymentReversed(
            event or f"E{number:06}", self.today, "L1", payment, reversal or f"R{number:06}", self.today
        )
        loan = self.loan
        return self._keep(loan, step.reverse(loan, fact, self.rules, self.today))

    def disburse_again(self, event: str) -> None:
        """The loan is disbursed anew today, by the same schedule."""
        self._begin(self.loan, event)

    def cancel(self, event: str = "E-cancelled") -> list[Alert] | None:
        """The disbursement is cancelled today."""
        loan = self.loan
        fact = DisbursementCancelled(event, self.today, "L1", self.today)
        return self._keep(loan, step.cancel(loan, fact, self.rules, self.today))

    def _serve(self, fact: object) -> list[Alert] | None:
        loan = self.loan
        return self._keep(loan, servicing.STEPS[type(fact)](loan, fact, self.rules, self.today))

    def _event(self, event: str | None) -> str:
        return event or f"E{next(self.ids):06}"

    def charge_back(
        self,
        amount: int,
        payment: str,
        *,
        valued: str | None = None,
        chargeback: str | None = None,
        event: str | None = None,
    ) -> list[Alert] | None:
        """Money of a payment is taken back today, or of an earlier value date."""
        event = self._event(event)
        on = day_of(valued) if valued else self.today
        return self._serve(ChargedBack(event, self.today, "L1", chargeback or f"K-{event}", payment, on, amount))

    def revise(
        self,
        schedule: list[Row],
        *,
        effective: str,
        version: int = 2,
        reason: str = "correction",
        difficulty: bool = False,
        event: str | None = None,
    ) -> list[Alert] | None:
        """A new version of the schedule is told today."""
        fact = ScheduleRevised(
            self._event(event), self.today, "L1", version, day_of(effective), reason, difficulty, schedule
        )
        return self._serve(fact)

    def charge(
        self,
        amount: int,
        *,
        charge: str = "C1",
        kind: str = "penalty",
        due: str | None = None,
        installment: int | None = None,
        event: str | None = None,
    ) -> list[Alert] | None:
        """A charge is posted today."""
        on = day_of(due) if due else self.today
        return self._serve(ChargePosted(self._event(event), self.today, "L1", charge, kind, on, amount, installment))

    def waive(
        self,
        charge: str = "C1",
        amount: int | None = None,
        *,
        waiver: str = "W1",
        on: str | None = None,
        event: str | None = None,
    ) -> list[Alert] | None:
        """A charge is waived as of today or an earlier day, in part or as a whole."""
        day = day_of(on) if on else self.today
        return self._serve(ChargeWaived(self._event(event), self.today, "L1", charge, waiver, day, amount))

    def pause(self, start: str | None, end: str | None, *, event: str | None = None) -> list[Alert] | None:
        """A pause is told today."""
        first, last = (day_of(day) if day else None for day in (start, end))
        return self._serve(DelinquencyPaused(self._event(event), self.today, "L1", first, last))

    def resume(
        self, day: str | None = None, *, end: str | None = None, event: str | None = None, undated: bool = False
    ) -> list[Alert] | None:
        """The pause in force ends today."""
        on = None if undated else day_of(day) if day else self.today
        return self._serve(DelinquencyResumed(self._event(event), self.today, "L1", on, day_of(end) if end else None))

    def set_status(self, status: str, *, effective: str | None = None, event: str | None = None) -> list[Alert] | None:
        """The loan is charged_off, written_off, closed or transferred, as of today, an earlier or a later day."""
        on = day_of(effective) if effective else self.today
        return self._serve(StatusSet(self._event(event), max(on, self.today), "L1", status, on))

    def flag(self, flag: str, *, effective: str | None = None, event: str | None = None) -> list[Alert] | None:
        """Misuse or a technical overdue is found."""
        on = day_of(effective) if effective else self.today
        return self._serve(Flagged(self._event(event), self.today, "L1", flag, on))

    def days(self) -> tuple[int, int, str]:
        """Days past due, delinquent days, bucket."""
        loan = self.loan
        return loan.days_past_due, loan.delinquent_days, loan.bucket

    def unpaid(self) -> dict[int, tuple[int, int, int, int]]:
        """What is unpaid by installment: principal, interest, fee, penalty."""
        loan = self.loan
        rows = loan.rows + [[int(part) for part in line.split(" ")] for line in loan.later.split("\n")[:-1]]
        return {row[0]: (row[2], row[3], row[4], row[5]) for row in rows}

    def overdue(self) -> tuple[int, int, int, int]:
        """Principal, interest, fee and penalty past due today."""
        return overdue(self.loan, self.today, self.rules)


def said(alerts: list[Alert] | None) -> list[tuple[str, str, int, str | None]]:
    """Alerts in short: kind, as of, days past due, bucket."""
    return [(alert.kind, iso(alert.as_of), alert.days_past_due, alert.bucket) for alert in alerts or []]
