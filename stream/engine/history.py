"""Bounded state: facts behind the replay horizon become the opening balances of a shorter journal."""

from __future__ import annotations

from stream.engine import journal
from stream.engine.allocation import apply
from stream.engine.behaviour import since
from stream.engine.corrections import opening_line, start_over
from stream.engine.journal import digest
from stream.engine.loan import Loan
from stream.engine.policy import Rules
from stream.engine.schedule import open_all

SLACK_DAYS = 60
"""A journal is folded only when it reaches this far behind the horizon, so that folding is rare."""
HARD_LIMIT = 200_000
"""Bytes of journal at which the older half is folded whatever its age: state stays below Kafka's record limit."""


def fold_old_facts(loan: Loan, rules: Rules) -> None:
    """Fold what is behind the horizon, if enough is."""
    horizon = loan.as_of - rules.replay_horizon_days
    if _first_value_date(loan.journal) < horizon - SLACK_DAYS:
        fold_before(loan, rules, horizon)
    if len(loan.journal) > HARD_LIMIT:
        payments = journal.read(loan.journal).payments
        if payments:
            fold_before(loan, rules, payments[len(payments) // 2].value_date)


def fold_before(loan: Loan, rules: Rules, day: int) -> None:
    """Fold every fact of a value date before `day`; the loan's figures stay as they are."""
    entries = journal.read(loan.journal)
    opening = Loan()
    opening.closed_as, opening.replay_before = loan.closed_as, 0
    start_over(opening, entries)
    for payment in entries.payments:
        if payment.value_date < day:
            apply(opening, payment, rules)
    open_all(opening)
    lines = [opening_line(opening, day), *map(journal.schedule_line, opening.rows)]
    kept = _lines_from(loan.journal.decode("ascii").split("\n")[:-1], day)
    loan.journal = ("".join(lines) + "".join([line + "\n" for line in kept])).encode()
    loan.seen = b"".join([digest(identifier) for line in kept for identifier in journal.identifiers(line)])
    loan.bucket_history = since(loan.bucket_history, day)
    loan.history_from = day


def _first_value_date(lines: bytes) -> int:
    starts = [start for start in (lines.find(b"\np "), lines.find(b"\nP ")) if start >= 0]
    return min((int(lines[start + 3 : lines.index(b" ", start + 3)]) for start in starts), default=1 << 40)


def _lines_from(lines: list[str], day: int) -> list[str]:
    """The lines that are still needed: of facts from `day` on, of reversals of such payments, and all bare ids."""
    payments = {journal.identifiers(line)[0] for line in lines if line[0] in "pP" and _day(line) >= day}
    return [
        line
        for line in lines
        if line[0] in "DCF"
        or (line[0] in "pPRA" and _day(line) >= day)
        or (line[0] == "R" and journal.identifiers(line)[0] in payments)
    ]


def _day(line: str) -> int:
    """The day that a payment, reversal or statement is dated by."""
    return int(line.split(" ", 2)[1])
