"""One loan: all that was ever said about it, and what is true of it by that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tests.oracle.alert import BUCKET_CHANGED, CORRECTED, CURED, OVERDUE_STARTED, Alert, an_alert, iso
from tests.oracle.figures import NOTHING_OWED, Figures, figures
from tests.oracle.money import Balance, Payment, balance
from tests.oracle.policy import Policy, Product


@dataclass
class Loan:
    """The history of a loan, and the alerts that it has given."""

    loan_id: str
    policy: Policy
    disbursement: dict[str, Any] | None = None
    """Data of `loan.disbursed`; None: not known yet."""
    cancelled: bool = False
    payments: dict[str, Payment] = field(default_factory=dict)
    reversals: dict[str, str] = field(default_factory=dict)
    """Reversal id of each reversed payment, known or not."""
    alerts: list[Alert] = field(default_factory=list)
    standing_alerts: list[Alert] = field(default_factory=list)
    """The alerts that no other one supersedes."""
    episodes: int = 0
    episode_started: date | None = None
    episode_worst: int = 0
    delinquent: bool = False
    bucket: str | None = None
    bucket_history: list[dict[str, str | None]] = field(default_factory=list)
    _balance: Balance | None = None

    def begin(self, disbursement: dict[str, Any]) -> None:
        """A disbursement begins the loan; after a cancellation it begins anew."""
        self.disbursement, self.cancelled = disbursement, False
        self.payments, self.reversals, self.standing_alerts = {}, {}, []
        self.forget()

    def forget(self) -> None:
        """The history has changed: what was computed from it no longer holds."""
        self._balance = None

    @property
    def product(self) -> Product:
        """The product's rules, with the loan's own grace where it has one."""
        assert self.disbursement
        product = self.policy.product(self.disbursement["product"])
        own = self.disbursement.get("grace_days")
        return product if own is None else replace(product, grace_days=own)

    @property
    def disbursed(self) -> date:
        """The day of the disbursement."""
        assert self.disbursement
        return date.fromisoformat(self.disbursement["disbursement_date"])

    def counted(self) -> list[Payment]:
        """The payments that count: all but the reversed."""
        return [p for p in self.payments.values() if p.payment_id not in self.reversals]

    def balance(self, payments: list[Payment] | None = None) -> Balance:
        """What is unpaid after those payments; None: after all that count."""
        assert self.disbursement
        if payments is not None:
            return balance(self.disbursement["schedule"], payments, self.product)
        if self._balance is None:
            self._balance = balance(self.disbursement["schedule"], self.counted(), self.product)
        return self._balance

    def now(self, day: date) -> Figures:
        """The figures on the business date by all that is known."""
        return NOTHING_OWED if self.cancelled else self._figures(self.balance(), day)

    def _figures(self, balance: Balance, day: date) -> Figures:
        return figures(balance, day, self.product, self.disbursed)

    def moments(self, day: date) -> list[Figures]:
        """The figures at every moment of a day as now known: its opening, then after each payment of it."""
        if self.cancelled:
            return [NOTHING_OWED]
        before = [p for p in self.counted() if p.value_date < day]
        during = [p for p in self.counted() if p.value_date == day or (p.value_date > day and p.booked <= day)]
        during.sort(key=lambda p: p.place)
        return [self._figures(self.balance(before + during[:count]), day) for count in range(len(during) + 1)]

    def correct(self, cause: str, since: date) -> list[Alert]:
        """Supersede each standing alert of `since` or later that was true at no moment of its day.

        An event bears on no day before `since`; what was said of those stays true.
        """
        wrong: list[tuple[Alert, Figures]] = []
        for alert in self.standing_alerts:
            if alert.as_of >= since:
                moments = self.moments(alert.as_of)
                said = (alert.delinquent_days > 0, alert.bucket)
                if said not in {(moment.delinquent_days > 0, moment.bucket) for moment in moments}:
                    wrong.append((alert, moments[-1]))
        wrong.sort(key=lambda pair: pair[0].as_of)
        for alert, _ in wrong:
            self.standing_alerts.remove(alert)
        return [
            self._say(CORRECTED, alert.as_of, end, cause, alert.bucket, alert.episode, alert.id) for alert, end in wrong
        ]

    def judge(self, day: date, now: Figures, cause: str | None) -> list[Alert]:
        """The alert, if any, for what changed since the loan was last judged; `cause` None: the passing of the day."""
        was_delinquent, previous = self.delinquent, self.bucket
        self.delinquent, self.bucket = now.delinquent_days > 0, now.bucket
        if previous != now.bucket:
            self._note_bucket(day, now.bucket)
        if self.delinquent and not was_delinquent:
            self.episodes, self.episode_started, self.episode_worst = self.episodes + 1, day, 0
            kind = OVERDUE_STARTED
        elif was_delinquent and not self.delinquent:
            kind = CURED
        elif previous != now.bucket:
            kind = BUCKET_CHANGED
        else:
            kind = None
        self.episode_worst = max(self.episode_worst, now.days_past_due)
        return [self._say(kind, day, now, cause, previous, self.episodes, None)] if kind else []

    def _note_bucket(self, day: date, bucket: str | None) -> None:
        if self.bucket_history and self.bucket_history[-1]["to_date"] is None:
            self.bucket_history[-1]["to_date"] = day.isoformat()
        if bucket:
            self.bucket_history.append({"bucket": bucket, "from_date": day.isoformat(), "to_date": None})

    def _say(
        self,
        kind: str,
        as_of: date,
        figures: Figures,
        cause: str | None,
        previous: str | None,
        episode: int,
        supersedes: str | None,
    ) -> Alert:
        assert self.disbursement
        about = {key: self.disbursement[key] for key in ("loan_id", "borrower_id", "product", "currency")}
        about["policy_version"] = self.policy.version
        alert = an_alert(about, kind, as_of, figures, cause, previous, episode, supersedes)
        self.alerts.append(alert)
        self.standing_alerts.append(alert)
        return alert

    def status(self, day: date, now: Figures) -> str:
        """pending, active, settled, overpaid or cancelled."""
        if self.cancelled:
            return "cancelled"
        if self.disbursed > day:
            return "pending"
        if now.outstanding_total:
            return "active"
        return "overpaid" if now.credit else "settled"

    def standing(self, day: date, now: Figures | None = None) -> dict[str, Any]:
        """The record of `loans.standing` on a business date, its dates as ISO texts."""
        assert self.disbursement
        now = now or self.now(day)
        overdue = now.overdue
        last = self.balance().last_payment
        worst = 0 if self.cancelled else max(now.days_past_due, self.balance().worst_at_payments)
        return {
            **{key: self.disbursement[key] for key in ("loan_id", "borrower_id", "product", "segment", "currency")},
            "status": self.status(day, now),
            "as_of": day.isoformat(),
            "days_past_due": now.days_past_due,
            "delinquent_days": now.delinquent_days,
            "delinquent_date": iso(now.delinquent_date),
            "bucket": now.bucket,
            "overdue": overdue,
            "delinquent_amount": overdue["total"],
            "outstanding_principal": now.outstanding_principal,
            "outstanding_total": now.outstanding_total,
            "credit_balance": now.credit,
            "oldest_due_date": iso(now.oldest_due_date),
            "next_due_date": iso(now.next_due_date),
            "next_due_amount": now.next_due_amount,
            "past_due_installments": list(now.past_due),
            "last_payment": last
            and {"payment_id": last.payment_id, "value_date": iso(last.value_date), "amount": last.amount},
            "bucket_history": [dict(row) for row in self.bucket_history],
            "episode": {
                "id": f"{self.loan_id}:{self.episodes}",
                "started_date": iso(self.episode_started),
                "worst_days_past_due": self.episode_worst,
            }
            if self.delinquent
            else None,
            "max_days_past_due_ever": worst,
            "policy_version": self.policy.version,
        }
