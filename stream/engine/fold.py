"""The figures of a loan as a fold over its facts in the order of money: by day, order within the day, and id."""

from __future__ import annotations

import json
from collections.abc import Sequence

from stream.engine import chargebacks, charges, conduct, indications, re_aging
from stream.engine.ageing import oldest_past_due
from stream.engine.allocation import apply, drop_settled, pay
from stream.engine.charges import NUMBER_OF
from stream.engine.entries import Charge, Chargeback, Ending, Flag, Revision, Waiver
from stream.engine.extras import ensure
from stream.engine.journal import Entries, MoneyFact
from stream.engine.loan import CHARGED_OFF, WRITTEN_OFF, Loan
from stream.engine.money import DUE, NUMBER, Row
from stream.engine.payments import Payment
from stream.engine.policy import Rules
from stream.engine.revisions import in_force
from stream.engine.schedule import begin, close_later


class Fold:
    """A loan on its way through its facts; between two facts its figures are those of that moment."""

    def __init__(self, loan: Loan, entries: Entries, rules: Rules, revisions: Sequence[Revision] = ()) -> None:
        """Begin before the first fact, by the schedule as these revisions have it."""
        self.loan = loan
        self.rules = rules
        self.written_off = False
        self.last_status_day = 0
        self.charges: charges.Charges = {}
        schedule, left = entries.schedule, 0
        if revisions:
            schedule, left = in_force(schedule, list(revisions), rules.order)
        self.schedule: list[Row] = rules.rolled(schedule)
        if entries.servicing:
            self.schedule = list(self.schedule)
        begin(loan, self.schedule)
        _set_opening(loan, entries)
        if loan.extras is not None and loan.extras.frozen_due >= 0:
            self.written_off, self.last_status_day = True, loan.extras.status_day
        if left:
            pay(loan, left, loan.history_from, rules)
        for line in entries.charges:
            _, charge_id, number, component, amount, waived = line.split(" ")
            self.charges[charge_id] = [int(number), int(component), int(amount), int(waived)]

    def take(self, fact: MoneyFact) -> None:
        """Let the next fact take effect.

        A revision or a flag moves no money on its day and may be dated ahead: how the loan is conducted until then is
        not known.
        """
        if self.rules.remembers and not _may_be_ahead(fact):
            conduct.before(self.loan, fact[0], self.rules)
            self._take(fact)
            conduct.after(self.loan, fact[0], self.rules)
        else:
            self._take(fact)

    def _take(self, fact: MoneyFact) -> None:
        loan = self.loan
        if isinstance(fact, Payment):
            apply(loan, fact, self.rules)
            if self.written_off and fact.kind != "credit_balance_refund":
                ensure(loan).recovered += fact.amount
        elif isinstance(fact, Chargeback):
            chargebacks.take_back(loan, fact, self.schedule)
        elif isinstance(fact, Charge):
            charges.post(loan, fact, self.schedule, self.charges)
        elif isinstance(fact, Waiver):
            if charges.waive(loan, fact, self.charges):
                drop_settled(loan, fact.waived)
        elif isinstance(fact, Ending):
            self._end(fact)
        elif isinstance(fact, Flag):
            _set_flag(loan, fact)
        else:
            self._revise(fact)

    def _revise(self, fact: Revision) -> None:
        """What a new schedule leaves behind besides its rows."""
        loan = self.loan
        if fact.re_aged:
            re_aging.note(loan, fact.effective)
        if fact.eased:
            first_due = min((row[DUE] for row in fact.rows if row[DUE] >= fact.effective), default=fact.effective)
            ensure(loan).restructured.append([fact.effective, first_due])

    def _end(self, fact: Ending) -> None:
        """Close or transfer: nothing is owed any more. Write off: days stand still, and what comes is a recovery."""
        loan = self.loan
        if fact.status == WRITTEN_OFF:
            extras = ensure(loan)
            extras.frozen_due = oldest_past_due(loan, fact.day, self.rules)
            self.last_status_day, extras.status_day = extras.status_day, fact.day
            self.written_off = True
        elif fact.status != CHARGED_OFF:
            loan.rows, loan.later, loan.owed = [], "", [0, 0, 0, 0, 0, 0]
            extras = ensure(loan)
            extras.added, extras.chargebacks, extras.frozen_due = {}, [], -1
            if self.written_off:
                self.written_off, extras.status_day = False, self.last_status_day


def fold(
    loan: Loan,
    entries: Entries,
    rules: Rules,
    facts: Sequence[MoneyFact],
    revisions: Sequence[Revision],
    worst_from: int = 0,
) -> Fold:
    """Set the money figures of the loan to a fold over these facts, which are in the order of money.

    revisions: those of them that the schedule is by. worst_from: the days past due of days before it don't count.
    """
    folded = Fold(loan, entries, rules, revisions)
    worst = loan.worst
    for fact in facts:
        if worst_from and fact[0] >= worst_from:
            loan.worst, worst_from = worst, 0
        folded.take(fact)
    if worst_from:
        loan.worst = worst
    if entries.servicing:
        close_later(loan)
    return folded


def folded_apart(loan: Loan, entries: Entries, rules: Rules, facts: Sequence[MoneyFact]) -> Fold:
    """The same fold on a loan of its own, so that this one stays as it is."""
    other = Loan()
    other.closed_as, other.replay_before, other.history_from = loan.closed_as, 0, loan.history_from
    other.segment, other.disbursement_date, other.grace_days = loan.segment, loan.disbursement_date, loan.grace_days
    other.extras = None
    if loan.extras is not None:
        ensure(other).status_day = loan.extras.status_day
    return fold(other, entries, rules, facts, [fact for fact in facts if isinstance(fact, Revision)])


def _may_be_ahead(fact: MoneyFact) -> bool:
    return isinstance(fact, Revision) or (isinstance(fact, Flag) and fact.flag in {"misuse_found", "technical_overdue"})


def _set_flag(loan: Loan, fact: Flag) -> None:
    extras = ensure(loan)
    if fact.flag == "misuse_found":
        extras.misuse_from = extras.misuse_from or fact.effective  # told again, it is so from the first day on
    elif fact.flag == "technical_overdue":
        extras.technical_from = fact.effective
    else:
        indications.note(loan, fact.flag)


def _set_opening(loan: Loan, entries: Entries) -> None:
    """Set the figures that are not in the schedule to what they were before the first fact of the journal."""
    loan.credit, loan.shortfalls, loan.worst, loan.lateness = 0, 0, 0, ""
    loan.last_value_date, loan.last_payment_id, loan.last_amount = 0, "", 0
    if loan.extras is not None:
        loan.extras.start_over()
    if entries.extras:
        places = json.loads(entries.extras)
        ensure(loan).set_folded([{int(number): added for number, added in places[0]}, *places[1:]])
    if entries.opening is not None:
        _, _, credit, shortfalls, worst, value_date, payment_id, amount, lateness = entries.opening.split(" ")
        loan.credit, loan.shortfalls, loan.worst = int(credit), int(shortfalls), int(worst)
        loan.lateness = "" if lateness == "-" else lateness
        loan.last_value_date, loan.last_amount = int(value_date), int(amount)
        loan.last_payment_id = "" if payment_id == "-" else payment_id


def opening_lines(folded: Fold, day: int) -> list[str]:
    """What the present money figures are, as the first lines of a journal that begins on `day`; all rows are open."""
    loan = folded.loan
    lines = [
        f"B {day} {loan.credit} {loan.shortfalls} {loan.worst} {loan.last_value_date} "
        f"{loan.last_payment_id or '-'} {loan.last_amount} {loan.lateness or '-'}\n"
    ]
    if loan.extras is not None:
        added, *rest = loan.extras.folded()
        text = json.dumps([sorted(added.items()), *rest], separators=(",", ":"))
        lines.append(f"E {text}\n")
        owed = {row[NUMBER] for row in loan.rows}
        lines += [
            f"J {charge_id} {' '.join(map(str, charge))}\n"
            for charge_id, charge in folded.charges.items()
            if charge[NUMBER_OF] in owed  # of a settled installment nothing can be waived any more
        ]
    return lines
