"""Replay: the figures from the journal alone, and the alerts that turn out to have been wrong.

An alert is a statement: on its day the loan was in its bucket. It stands while that was true at some moment of that
day by the facts now known: at its opening, or after one of the day's payments. One that no longer stands is
superseded by a correction that says what was true at the end of that day.
"""

from __future__ import annotations

from collections.abc import Callable

from stream.engine.allocation import apply
from stream.engine.delinquency import NOTHING_OWED, Situation, situation
from stream.engine.journal import Entries, Payment, Statement
from stream.engine.loan import Loan
from stream.engine.policy import Rules
from stream.engine.schedule import begin

Wrong = tuple[Statement, Situation]
"""A statement that no longer stands, and the end of its day as now known."""


def rebuild(loan: Loan, entries: Entries, rules: Rules) -> None:
    """Set the money figures of the loan to a fold over all facts that stand."""
    start_over(loan, entries)
    for payment in entries.payments:
        apply(loan, payment, rules)


def rebuild_and_check(loan: Loan, entries: Entries, rules: Rules, touched: int) -> list[Wrong]:
    """Rebuild, and find the statements about days from `touched` on that no longer stand, oldest first."""
    statements = [said for said in entries.statements if said.as_of >= touched]
    if not statements:
        rebuild(loan, entries, rules)
        return []
    if _in_order_of_days(entries.payments):
        return _check_in_one_pass(loan, entries, rules, statements)
    wrong: list[Wrong] = []
    for said in statements:
        wrong += _check_one_day(loan, entries, rules, said)
    rebuild(loan, entries, rules)
    return wrong


def all_delinquent(entries: Entries) -> list[Wrong]:
    """Of a cancelled loan, nothing was ever due: each statement that said otherwise is wrong."""
    return [(said, NOTHING_OWED) for said in entries.statements if said.delinquent]


def start_over(loan: Loan, entries: Entries) -> None:
    """Set the money figures to what they were before the first payment of the journal."""
    begin(loan, entries.schedule)
    loan.credit, loan.shortfalls, loan.worst, loan.lateness = 0, 0, 0, ""
    loan.last_value_date, loan.last_payment_id, loan.last_amount = 0, "", 0
    if entries.opening is not None:
        _, _, credit, shortfalls, worst, value_date, payment_id, amount, lateness = entries.opening.split(" ")
        loan.credit, loan.shortfalls, loan.worst = int(credit), int(shortfalls), int(worst)
        loan.lateness = "" if lateness == "-" else lateness
        loan.last_value_date, loan.last_amount = int(value_date), int(amount)
        loan.last_payment_id = "" if payment_id == "-" else payment_id


def opening_line(loan: Loan, day: int) -> str:
    """What the loan's present money figures are, as the first line of a journal that begins on `day`."""
    return (
        f"B {day} {loan.credit} {loan.shortfalls} {loan.worst} {loan.last_value_date} "
        f"{loan.last_payment_id or '-'} {loan.last_amount} {loan.lateness or '-'}\n"
    )


def _in_order_of_days(payments: list[Payment]) -> bool:
    """Whether the order of allocation is also the order of the days from which the payments count."""
    last = 0
    for payment in payments:
        counts_from = payment.counts_from()
        if counts_from < last:
            return False
        last = counts_from
    return True


def _check_in_one_pass(loan: Loan, entries: Entries, rules: Rules, statements: list[Statement]) -> list[Wrong]:
    start_over(loan, entries)
    payments = entries.payments
    done = 0
    wrong: list[Wrong] = []
    index = 0
    while index < len(statements):
        day = statements[index].as_of
        end = index
        while end < len(statements) and statements[end].as_of == day:
            end += 1
        while done < len(payments) and payments[done].counts_from() < day:
            apply(loan, payments[done], rules)
            done += 1
        moments = [situation(loan, day, rules)]
        while done < len(payments) and payments[done].counts_from() == day:
            apply(loan, payments[done], rules)
            done += 1
            moments.append(situation(loan, day, rules))
        wrong += [(said, moments[-1]) for said in statements[index:end] if not _stands(said, moments, rules)]
        index = end
    for payment in payments[done:]:
        apply(loan, payment, rules)
    return wrong


def _check_one_day(loan: Loan, entries: Entries, rules: Rules, said: Statement) -> list[Wrong]:
    start_over(loan, entries)
    day = said.as_of
    _apply_all(loan, entries.payments, rules, lambda payment: payment.counts_from() < day)
    moments = [situation(loan, day, rules)]
    of_the_day = [payment for payment in entries.payments if payment.counts_from() == day]
    for count in range(1, len(of_the_day) + 1):
        known = set(of_the_day[:count])
        start_over(loan, entries)
        _apply_all(loan, entries.payments, rules, lambda payment: payment.counts_from() < day or payment in known)  # noqa: B023
        moments.append(situation(loan, day, rules))
    return [] if _stands(said, moments, rules) else [(said, moments[-1])]


def _apply_all(loan: Loan, payments: list[Payment], rules: Rules, counts: Callable[[Payment], bool]) -> None:
    for payment in payments:
        if counts(payment):
            apply(loan, payment, rules)


def _stands(said: Statement, moments: list[Situation], rules: Rules) -> bool:
    for moment in moments:
        delinquent = moment.delinquent_days > 0
        if delinquent == said.delinquent and rules.bucket(moment.delinquent_days, said.bucket) == said.bucket:
            return True
    return False
