"""What all servicing facts have in common: they are looked up, checked, put into the journal, and folded anew."""

from __future__ import annotations

from collections.abc import Callable

from stream.engine import journal, known_ids
from stream.engine.alerting import correct
from stream.engine.corrections import rebuild_and_check
from stream.engine.extras import ensure
from stream.engine.findings import Alert
from stream.engine.journal import digest
from stream.engine.loan import Loan, status
from stream.engine.policy import Rules
from stream.engine.refused import Refused


def seen(
    loan: Loan, event_id: str, own_id: str | None = None, holds: Callable[[bytes, str], bool] | None = None
) -> bool:
    """Whether the journal has this event, or this fact under another event id."""
    if digest(event_id) in loan.seen and known_ids.holds_event(loan.journal, event_id):
        return True
    return own_id is not None and holds is not None and digest(own_id) in loan.seen and holds(loan.journal, own_id)


def refuse_closed(loan: Loan, *statuses: str) -> None:
    """Refuse what comes after one of these ends."""
    if loan.closed_as in statuses:
        raise Refused("loan_not_active")


def refuse_inactive(loan: Loan, today: int) -> None:
    """Refuse what only an active loan takes; one that was last judged before it began may have begun since."""
    if status(loan) != "active" and not (status(loan) == "pending" and today >= loan.disbursement_date):
        raise Refused("loan_not_active")


def refuse_by_date(loan: Loan, day: int, rules: Rules, today: int) -> None:
    """Refuse what is dated before the loan, or behind the replay horizon."""
    if day < loan.disbursement_date:
        raise Refused("date_before_disbursement")
    if day < loan.history_from or day < today - rules.replay_horizon_days:
        raise Refused("older_than_replay_horizon")


def tell(loan: Loan, event_id: str, line: str, day: int, rules: Rules, today: int) -> list[Alert]:
    """Put a line into the journal, fold anew, and correct what it makes wrong from `day` on."""
    ensure(loan)
    loan.seen += b"".join([digest(identifier) for identifier in journal.identifiers(line[:-1])])
    loan.last_event_id = event_id
    loan.journal += line.encode()
    known = journal.read(loan.journal)
    wrong = rebuild_and_check(loan, known, rules, min(day, today))
    return correct(loan, rules, wrong, event_id)


def replay_before(loan: Loan, day: int) -> None:
    """A payment of an earlier value date comes before what was just told."""
    if day > loan.replay_before:
        loan.replay_before = day
