"""What changes a loan's debt besides its payments: chargebacks, new schedules, charges and their waivers.

Each step takes (loan, fact, rules, business date), changes the loan and gives the alerts; None where the fact was seen
before or has nothing new to say. Raises Refused where the loan's history forbids it.
"""

from __future__ import annotations

from stream.engine import entries, journal, known_ids, re_aging
from stream.engine.alerting import judge_and_say
from stream.engine.entries import Chargeback
from stream.engine.extras import ensure
from stream.engine.facts import ChargedBack, ChargePosted, ChargeWaived, ScheduleRevised
from stream.engine.findings import Alert
from stream.engine.fold import folded_apart
from stream.engine.loan import ACTIVE, CANCELLED, SETTLED, TRANSFERRED, WRITTEN_OFF, Loan
from stream.engine.money import NUMBER, Row
from stream.engine.pauses import in_force
from stream.engine.policy import Rules
from stream.engine.refused import Refused
from stream.engine.telling import refuse_by_date, refuse_closed, replay_before, seen, tell


def charge_back(loan: Loan, fact: ChargedBack, rules: Rules, today: int) -> list[Alert] | None:
    """Money that was received is taken back: it is owed again."""
    if seen(loan, fact.event_id, fact.chargeback_id, known_ids.holds_chargeback):
        return None
    refuse_closed(loan, CANCELLED, TRANSFERRED)
    refuse_by_date(loan, fact.value_date, rules, today)
    _refuse_more_than_paid(loan, fact)
    line = entries.chargeback_line(fact, today)
    said = tell(loan, fact.event_id, line, fact.value_date, rules, today)
    replay_before(loan, fact.value_date + 1)
    if loan.closed_as == SETTLED and loan.rows:
        loan.closed_as = ACTIVE
        ensure(loan).paused = in_force(loan, today)
    return said + judge_and_say(loan, rules, today, fact.event_id, "charged_back", fact.amount)


def _refuse_more_than_paid(loan: Loan, fact: ChargedBack) -> None:
    """The payment need not be known; where it is, no more of it can be taken back than was paid."""
    if known_ids.holds_reversal_of(loan.journal, fact.payment_id):
        raise Refused("payment_already_reversed")
    known = journal.read(loan.journal)
    paid = next((payment.amount for payment in known.payments if payment.payment_id == fact.payment_id), None)
    taken = [
        entry.amount
        for entry in known.servicing
        if isinstance(entry, Chargeback) and entry.payment_id == fact.payment_id
    ]
    if paid is not None and sum(taken) + fact.amount > paid:
        raise Refused("chargeback_exceeds_payment")


def revise(loan: Loan, fact: ScheduleRevised, rules: Rules, today: int) -> list[Alert] | None:
    """A new version of the schedule; None for one that is not newer than the present one."""
    version = 1 if loan.extras is None else loan.extras.schedule_version
    if fact.schedule_version <= version or seen(loan, fact.event_id):
        return None
    refuse_closed(loan, CANCELLED, TRANSFERRED, WRITTEN_OFF, SETTLED)
    refuse_by_date(loan, fact.effective_date, rules, today)
    if fact.reason == "re_age" and rules.re_aging is not None:
        known = journal.read(loan.journal)
        re_aging.refuse(loan, rules.re_aging, fact.effective_date, _schedule(loan, rules), known.payments)
    ensure(loan).schedule_version = fact.schedule_version
    line = entries.revision_line(fact, today)
    said = tell(loan, fact.event_id, line, fact.effective_date, rules, today)
    replay_before(loan, fact.effective_date)
    return said + judge_and_say(loan, rules, today, fact.event_id, "schedule_revised", fact.schedule_version)


def post_charge(loan: Loan, fact: ChargePosted, rules: Rules, today: int) -> list[Alert] | None:
    """A fee or penalty is owed on top of the schedule, from the day on which it was posted."""
    if seen(loan, fact.event_id, fact.charge_id, known_ids.holds_charge):
        return None
    refuse_closed(loan, CANCELLED, TRANSFERRED, WRITTEN_OFF, SETTLED)
    refuse_by_date(loan, fact.recorded, rules, today)
    if fact.due_date < loan.disbursement_date:
        raise Refused("date_before_disbursement")
    if fact.installment is not None and fact.installment not in _numbers(loan, rules):
        raise Refused("installment_unknown")
    line = entries.charge_line(fact, today)
    said = tell(loan, fact.event_id, line, fact.recorded, rules, today)
    replay_before(loan, fact.recorded)
    return said + judge_and_say(loan, rules, today, fact.event_id, "charge_posted", fact.amount)


def _numbers(loan: Loan, rules: Rules) -> set[int]:
    """The numbers of the installments, settled ones too."""
    return {row[NUMBER] for row in _schedule(loan, rules)}


def _schedule(loan: Loan, rules: Rules) -> list[Row]:
    """The installments by the present version of the schedule, settled ones too."""
    known = journal.read(loan.journal)
    return folded_apart(loan, known, rules, known.facts()).schedule


def waive_charge(loan: Loan, fact: ChargeWaived, rules: Rules, today: int) -> list[Alert] | None:
    """What is still owed of a charge is not owed any more; that may cure."""
    if seen(loan, fact.event_id, fact.waiver_id, known_ids.holds_waiver):
        return None
    refuse_closed(loan, CANCELLED, TRANSFERRED, WRITTEN_OFF, SETTLED)
    refuse_by_date(loan, fact.waiver_date, rules, today)
    if not known_ids.knows_charge(loan.journal, fact.charge_id):
        raise Refused("charge_unknown")
    line = entries.waiver_line(fact, today)
    said = tell(loan, fact.event_id, line, fact.waiver_date, rules, today)
    replay_before(loan, fact.waiver_date)
    observed = fact.charge_id if fact.amount is None else fact.amount
    return said + judge_and_say(loan, rules, today, fact.event_id, "charge_waived", observed)
