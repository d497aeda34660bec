"""One loan: all that was ever said about it, and what is true of it by that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tests.oracle import history
from tests.oracle.alert import (
    BUCKET_CHANGED,
    CLASSIFICATION_CORRECTED,
    CORRECTED,
    CURED,
    OVERDUE_STARTED,
    STATEMENTS,
    Alert,
    an_alert,
)
from tests.oracle.classes import best_classes, classes
from tests.oracle.figures import NOTHING_OWED, Figures, View, figures
from tests.oracle.history import Fact, Payment, Revision
from tests.oracle.money import Balance
from tests.oracle.notices import classification_changes, notices, pause_changed, recovery_received
from tests.oracle.policy import Policy, Product


@dataclass(frozen=True)
class Moment:
    """What was so at a moment of a day."""

    figures: Figures
    classes: dict[str, str]


@dataclass
class Loan:
    """The history of a loan, and the alerts that it has given."""

    loan_id: str
    policy: Policy
    disbursement: dict[str, Any] | None = None
    """Data of `loan.disbursed`; None: not known yet."""
    closed_as: str | None = None
    """cancelled, charged_off, written_off, closed or transferred."""
    facts: list[Fact] = field(default_factory=list)
    """All that was taken, reversed payments too."""
    reversals: dict[str, str] = field(default_factory=dict)
    """Reversal id of each reversed payment, known or not."""
    alerts: list[Alert] = field(default_factory=list)
    standing_alerts: list[Alert] = field(default_factory=list)
    """The statements, of buckets and of classes, that no other one supersedes."""
    episodes: int = 0
    episode_started: date | None = None
    episode_worst: int = 0
    delinquent: bool = False
    bucket: str | None = None
    paused: bool = False
    classes: dict[str, str] = field(default_factory=dict)
    bucket_history: list[dict[str, str | None]] = field(default_factory=list)
    _balance: Balance | None = None

    def begin(self, disbursement: dict[str, Any]) -> None:
        """A disbursement begins the loan; after a cancellation it begins anew."""
        self.disbursement, self.closed_as = disbursement, None
        self.facts, self.reversals, self.standing_alerts = [], {}, []
        self.classes = best_classes(self.product.schemes, "pending")
        self.forget()

    def forget(self) -> None:
        """The history has changed: what was computed from it no longer holds."""
        self._balance = None

    @property
    def cancelled(self) -> bool:
        """The disbursement did not happen after all."""
        return self.closed_as == "cancelled"

    @property
    def product(self) -> Product:
        """The product's rules, with the loan's own grace where it has one."""
        assert self.disbursement
        product = self.policy.product(self.disbursement["product"])
        own = self.disbursement.get("grace_days")
        schemes = {name: scheme.of_segment(self.disbursement["segment"]) for name, scheme in product.schemes.items()}
        return replace(product, grace_days=product.grace_days if own is None else own, schemes=schemes)

    @property
    def disbursed(self) -> date:
        """The day of the disbursement."""
        assert self.disbursement
        return date.fromisoformat(self.disbursement["disbursement_date"])

    @property
    def pauses(self) -> list[tuple[date, date]]:
        """Its pauses, as resumed."""
        return history.pauses(self.facts)

    def status(self, day: date, now: Figures) -> str:
        """pending, active, settled, overpaid, cancelled, charged_off, written_off or transferred."""
        return self._status("settled" if self.closed_as == "closed" else self.closed_as, day, now)

    def _status(self, ended_as: str | None, day: date, now: Figures) -> str:
        if ended_as:
            return ended_as
        if self.disbursed > day:
            return "pending"
        if now.outstanding_total:
            return "active"
        return "overpaid" if now.credit else "settled"

    def counted(self) -> list[Fact]:
        """The facts that count: all but reversed payments."""
        return [f for f in self.facts if not (isinstance(f, Payment) and f.payment_id in self.reversals)]

    def view(self, facts: Iterable[Fact]) -> View:
        """The loan by some of the facts."""
        assert self.disbursement
        return View(self.disbursement["schedule"], self.disbursed, self.product, tuple(facts))

    def balance(self) -> Balance:
        """What is unpaid by all facts that count."""
        if self._balance is None:
            self._balance = self.view(self.counted()).balance()
        return self._balance

    def now(self, day: date) -> Figures:
        """The figures on the business date by all that is known."""
        return NOTHING_OWED if self.cancelled else figures(self.view(self.counted()), day, self.balance())

    def moments(self, day: date) -> list[Moment]:
        """What was so at every moment of a day as now known: its opening, then after each fact of it."""
        if self.cancelled:
            return [Moment(NOTHING_OWED, best_classes(self.product.schemes, "cancelled"))]
        before = [f for f in self.counted() if f.counts_from < day]
        during = [f for f in self.counted() if f.counts_from == day]
        during.sort(key=lambda f: f.place)
        return [self._moment(before + during[:count], day) for count in range(len(during) + 1)]

    def _moment(self, facts: list[Fact], day: date) -> Moment:
        view = self.view(facts)
        balance = view.balance()
        now = figures(view, day, balance)
        return Moment(now, classes(balance, facts, day, now, self._status(balance.life, day, now)))

    def worst(self) -> int:
        """The most days past due before each payment counted, and before each revision did.

        Each payment is judged by the versions of the schedule that were in force on its day, a revision by those before
        it: it does not undo the arrears that it puts off.
        """
        counted = self.counted()
        revisions = [f for f in counted if isinstance(f, Revision)]
        worst, last = 0, date.min
        for day in sorted({f.counts_from for f in revisions}):
            known = [f for f in counted if f not in revisions or f.counts_from < day]
            openings = self.view(known).balance().openings
            opening = figures(self.view([f for f in known if f.counts_from < day]), day).days_past_due
            worst = max([worst, opening, *(days for on, days in openings if last <= on < day)])
            last = day
        return max([worst, *(days for on, days in self.balance().openings if on >= last)])

    def correct(self, cause: str, since: date) -> list[Alert]:
        """Supersede each standing alert of `since` or later that was true at no moment of its day.

        An event bears on no day before `since`; what was said of those stays true. Of one day, the buckets come first,
        then the classes in the order of the policy's schemes.
        """
        wrong: list[tuple[Alert, Moment]] = []
        looked: dict[date, list[Moment]] = {}
        for alert in self.standing_alerts:
            if alert.as_of >= since:
                moments = looked.get(alert.as_of) or looked.setdefault(alert.as_of, self.moments(alert.as_of))
                if not any(alert.is_true(moment.figures, moment.classes) for moment in moments):
                    wrong.append((alert, moments[-1]))
        schemes = [None, *self.product.schemes]
        wrong.sort(key=lambda pair: (pair[0].as_of, schemes.index(pair[0].scheme)))
        for alert, _ in wrong:
            self.standing_alerts.remove(alert)
        return [self._corrected(alert, end, cause) for alert, end in wrong]

    def _corrected(self, alert: Alert, end: Moment, cause: str) -> Alert:
        if alert.scheme is None:
            return self.say(CORRECTED, alert.as_of, end.figures, cause, alert.bucket, alert.episode, alert.id)
        code = end.classes[alert.scheme]
        return self.say(
            CLASSIFICATION_CORRECTED,
            alert.as_of,
            end.figures,
            cause,
            end.figures.bucket,
            alert.episode,
            alert.id,
            named=end.classes,
            what=f"{alert.scheme}:{code}",
            more={
                "scheme": alert.scheme,
                "classification": code,
                "previous_classification": alert.more["classification"],
            },
        )

    def judge(self, day: date, now: Figures, cause: str | None, payment: Payment | None = None) -> list[Alert]:
        """What there is to say of what changed since the loan was last judged; `cause` None: the day passed."""
        before, self.classes = self.classes, self._classes(day, now)
        said = [] if cause is None and now.paused else self._transition(day, now, cause)
        if self.delinquent:
            self.episode_worst = max(self.episode_worst, now.days_past_due)
        said += classification_changes(self, day, now, cause, before)
        was_paused, self.paused = self.paused, now.paused
        if was_paused != self.paused and self.closed_as in {None, "charged_off"}:
            said.append(pause_changed(self, day, now, cause))
        if payment:
            said += recovery_received(self, day, now, payment)
        return said + (notices(self, day, now) if cause is None else [])

    def _classes(self, day: date, now: Figures) -> dict[str, str]:
        status = self.status(day, now)
        if self.cancelled:
            return best_classes(self.product.schemes, status)
        return classes(self.balance(), self.counted(), day, now, status)

    def _transition(self, day: date, now: Figures, cause: str | None) -> list[Alert]:
        was_delinquent, previous = self.delinquent, self.bucket
        self.delinquent, self.bucket = now.statement
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
            return []
        return [self.say(kind, day, now, cause, previous, self.episodes)]

    def _note_bucket(self, day: date, bucket: str | None) -> None:
        if self.bucket_history and self.bucket_history[-1]["to_date"] is None:
            self.bucket_history[-1]["to_date"] = day.isoformat()
        if bucket:
            self.bucket_history.append({"bucket": bucket, "from_date": day.isoformat(), "to_date": None})

    def say(
        self,
        kind: str,
        as_of: date,
        figures: Figures,
        cause: str | None,
        previous: str | None,
        episode: int,
        supersedes: str | None = None,
        named: dict[str, str] | None = None,
        **more: Any,
    ) -> Alert:
        """Give an alert; `named`: the classes that it names, by default those of now, and none of a correction."""
        assert self.disbursement
        about = {key: self.disbursement[key] for key in ("loan_id", "borrower_id", "product", "currency")}
        about["policy_version"] = self.policy.version
        if named is None:
            named = {} if kind == CORRECTED else dict(self.classes)
        alert = an_alert(about, kind, as_of, figures, cause, previous, episode, supersedes, named, **more)
        self.alerts.append(alert)
        if kind in STATEMENTS:
            self.standing_alerts.append(alert)
        return alert
