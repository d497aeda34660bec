"""Bounded state: facts behind the replay horizon become the opening balances of a shorter journal."""

from __future__ import annotations

from stream.engine import journal
from stream.engine.behaviour import since
from stream.engine.fold import folded_apart, opening_lines
from stream.engine.journal import digest
from stream.engine.loan import Loan
from stream.engine.money import DUE, NUMBER, TOTAL
from stream.engine.policy import Rules
from stream.engine.schedule import open_all

SLACK_DAYS = 60
"""A journal is folded only when it reaches this far behind the horizon, so that folding is rare."""
PAYMENTS = (b"p", b"P")
SERVICING = (b"V", b"H", b"W", b"K")
HARD_LIMIT = 200_000
"""Bytes of journal at which the older half is folded whatever its age: state stays below Kafka's record limit."""


def fold_old_facts(loan: Loan, rules: Rules) -> None:
    """Fold what is behind the horizon, if enough is."""
    horizon = loan.as_of - rules.replay_horizon_days
    marks = PAYMENTS if loan.extras is None else PAYMENTS + SERVICING
    if _first_day(loan.journal, marks) < horizon - SLACK_DAYS:
        fold_before(loan, rules, horizon)
    if len(loan.journal) > HARD_LIMIT:
        facts = journal.read(loan.journal).facts()
        if facts:
            fold_before(loan, rules, facts[len(facts) // 2][0])


def fold_before(loan: Loan, rules: Rules, day: int) -> None:
    """Fold every fact of a value date before `day`; the loan's figures stay as they are.

    Settled installments stay in the schedule, with nothing owed: a charge or a chargeback may still join one, and a
    revision may ask for less than was paid there.
    """
    entries = journal.read(loan.journal)
    folded = folded_apart(loan, entries, rules, [fact for fact in entries.facts() if fact[0] < day])
    opening = folded.loan
    open_all(opening)
    owed = {row[NUMBER]: row for row in opening.rows}
    kept_rows = [owed.get(row[NUMBER]) or [row[NUMBER], row[DUE], 0, 0, 0, 0, row[TOTAL]] for row in folded.schedule]
    lines = [*opening_lines(folded, day), *map(journal.schedule_line, kept_rows)]
    kept = _lines_from(loan.journal.decode("ascii").split("\n")[:-1], day)
    loan.journal = ("".join(lines) + "".join([line + "\n" for line in kept])).encode()
    loan.seen = b"".join(
        [
            digest(identifier)
            for line in loan.journal.decode("ascii").split("\n")[:-1]
            for identifier in journal.identifiers(line)
        ]
    )
    loan.bucket_history = since(loan.bucket_history, day)
    loan.history_from = day


def _first_day(lines: bytes, marks: tuple[bytes, ...]) -> int:
    """The day of the first line of any of these marks; they come nearly in the order of their days."""
    starts = [start for start in (lines.find(b"\n" + mark + b" ") for mark in marks) if start >= 0]
    return min((int(lines[start + 3 : lines.index(b" ", start + 3)]) for start in starts), default=1 << 40)


def _lines_from(lines: list[str], day: int) -> list[str]:
    """The lines that are still needed: of facts from `day` on, of reversals of such payments, and all bare ids."""
    payments = {journal.identifiers(line)[0] for line in lines if line[0] in "pP" and _day(line) >= day}
    return [
        line
        for line in lines
        if line[0] in "DCF"
        or (line[0] in "pPRALMVHWKXYZU" and _day(line) >= day)
        or (line[0] == "R" and journal.identifiers(line)[0] in payments)
    ]


def _day(line: str) -> int:
    """The day that a payment, reversal or statement is dated by."""
    return int(line.split(" ", 2)[1])
