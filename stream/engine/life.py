"""Turns in a loan's life: pauses of delinquency, charge-off, write-off, closing, transfer, and what is found out.

Each step takes (loan, fact, rules, business date), changes the loan and gives the alerts; None where the fact was seen
before. Raises Refused where the loan's history forbids it.
"""

from __future__ import annotations

from typing import Final

from stream.engine import entries, indications, known_ids, pauses
from stream.engine.alerting import judge_and_say
from stream.engine.dates import Day, iso
from stream.engine.extras import ensure
from stream.engine.facts import DelinquencyPaused, DelinquencyResumed, Flagged, StatusSet
from stream.engine.findings import Alert
from stream.engine.journal import read
from stream.engine.loan import CANCELLED, CHARGED_OFF, SETTLED, TRANSFERRED, WRITTEN_OFF, Loan
from stream.engine.policy import Rules
from stream.engine.refused import Refused
from stream.engine.telling import refuse_by_date, refuse_closed, refuse_inactive, replay_before, seen, tell


def pause(loan: Loan, fact: DelinquencyPaused, rules: Rules, today: int) -> list[Alert] | None:
    """Delinquent days stand still for a while; the pause may be backdated or lie in the future."""
    if seen(loan, fact.event_id):
        return None
    refuse_inactive(loan, today)
    start, end = fact.start_date, fact.end_date
    if start is None:
        raise Refused("missing_start_date")
    if end is None:
        raise Refused("missing_end_date")
    if end <= start:
        raise Refused("pause_too_short")
    if start < loan.disbursement_date:
        raise Refused("pause_before_disbursement")
    if loan.extras is not None and pauses.overlaps(loan.extras.pauses, start, end):
        raise Refused("pause_overlap")
    ensure(loan).pauses = sorted([*ensure(loan).pauses, [start, end]])
    line = entries.pause_line(start, end, fact.recorded, today, fact.event_id)
    said = tell(loan, fact.event_id, line, start, rules, today)
    return said + judge_and_say(loan, rules, today, fact.event_id, "delinquency_paused", iso(start))


def resume(loan: Loan, fact: DelinquencyResumed, rules: Rules, today: int) -> list[Alert] | None:
    """The pause that is in force on the date of the event ends on that day."""
    if seen(loan, fact.event_id):
        return None
    refuse_inactive(loan, today)
    day = fact.resume_date
    if day is None:
        raise Refused("missing_resume_date")
    if day != fact.recorded:
        raise Refused("resume_not_on_business_date")
    if fact.end_date is not None:
        raise Refused("resume_has_end_date")
    if known_ids.holds_resume(loan.journal, day):
        raise Refused("resume_duplicate")
    running = pauses.pause_on(loan, day)
    if running is None:
        raise Refused("resume_without_active_pause")
    running[1] = day
    line = entries.resume_line(day, today, fact.event_id)
    said = tell(loan, fact.event_id, line, day, rules, today)
    return said + judge_and_say(loan, rules, today, fact.event_id, "delinquency_resumed", iso(day))


_CLOSED_AS: Final = {
    "charged_off": CHARGED_OFF,
    "written_off": WRITTEN_OFF,
    "closed": SETTLED,
    "transferred": TRANSFERRED,
}


def set_status(loan: Loan, fact: StatusSet, rules: Rules, today: int) -> list[Alert] | None:
    """The loan is charged off, written off, closed or transferred."""
    if seen(loan, fact.event_id):
        return None
    closed_as = _CLOSED_AS[fact.status]
    if loan.closed_as == closed_as:
        raise Refused("status_already_set")
    refuse_closed(loan, CANCELLED, TRANSFERRED, SETTLED)
    if loan.closed_as == WRITTEN_OFF and closed_as == CHARGED_OFF:
        raise Refused("loan_not_active")
    refuse_by_date(loan, fact.effective_date, rules, today)
    day = min(fact.effective_date, fact.recorded)
    loan.closed_as = closed_as
    ensure(loan).status_day = day
    line = entries.ending_line(fact, today)
    said = tell(loan, fact.event_id, line, day, rules, today)
    replay_before(loan, day + 1)
    return said + judge_and_say(loan, rules, today, fact.event_id, fact.status, iso(fact.effective_date))


def flag(loan: Loan, fact: Flagged, rules: Rules, today: int) -> list[Alert] | None:
    """Something was found that a classification looks at."""
    if seen(loan, fact.event_id):
        return None
    if loan.closed_as != CHARGED_OFF:
        refuse_inactive(loan, today)
    kind, about = indications.parts(fact.flag)
    if kind in indications.KINDS:  # what is found out is not known ahead
        fact = fact._replace(effective_date=Day(min(fact.effective_date, fact.recorded, today)))
    refuse_by_date(loan, fact.effective_date, rules, today)
    if kind == indications.ENDED and not indications.in_force(read(loan.journal), about, fact.effective_date):
        raise Refused("indication_unknown")
    line = entries.flag_line(fact, today)
    said = tell(loan, fact.event_id, line, fact.effective_date, rules, today)
    return said + judge_and_say(loan, rules, today, fact.event_id, kind, about or iso(fact.effective_date))
