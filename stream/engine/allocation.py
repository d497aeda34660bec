"""The waterfall: how a payment covers what is owed.

Source: Civil Code of China art. 561 and the lender's policy for the order; Fineract's axes for horizontal and
vertical. Every payment conserves money: amount = what was allocated + what went to credit.
"""

from __future__ import annotations

from stream.engine.ageing import oldest_past_due
from stream.engine.behaviour import note_settled
from stream.engine.counting import days_past_due
from stream.engine.loan import Loan, counted_day
from stream.engine.memory import memory_of
from stream.engine.money import COMPONENTS, DUE, FEE, INTEREST, NUMBER, PENALTY, PRINCIPAL, Money, Row
from stream.engine.payments import Payment
from stream.engine.policy import Rules
from stream.engine.schedule import open_all, open_next, open_until


def take(row: Row, component: int, left: Money, owed: Row) -> Money:
    """Pay one component of one installment; what is left of the money."""
    due = row[component]
    part = due if due < left else left
    row[component] = due - part
    owed[component] -= part
    return left - part


def pay(loan: Loan, amount: Money, on: int, rules: Rules) -> None:
    """Allocate a repayment of value date `on` by the waterfall; drop the installments that it settles."""
    rows, owed, left, order = loan.rows, loan.owed, amount, rules.order
    by_component = False
    if rows:
        oldest_due = rows[0][DUE]
        if oldest_due < on or loan.extras is not None:
            late = _note_lateness(loan, on, rules)
            if rules.vertical or late > rules.late_after:
                by_component = True
                left = _pay_past_due_by_component(loan, left, on, rules, late)
        settled = 0
        while settled < len(rows) or open_next(loan):
            row = rows[settled]
            for component in order:
                if row[component] and left:
                    left = take(row, component, left, owed)
            if row[PRINCIPAL] or row[INTEREST] or row[FEE] or row[PENALTY]:
                break
            settled += 1
            loan.lateness = note_settled(loan.lateness, on - row[DUE])
        if settled:
            del rows[:settled]
        elif oldest_due <= on:
            loan.shortfalls += 1
    if by_component:
        drop_settled(loan, on)
    loan.credit += left


def apply(loan: Loan, payment: Payment, rules: Rules) -> None:
    """Apply any payment of the journal: its kind, the installment it is meant for, a given allocation."""
    on = payment.value_date
    if payment.kind == "credit_balance_refund":
        loan.credit -= min(loan.credit, payment.amount)
        loan.replay_before = max(loan.replay_before, on + 1)
        return
    if payment.allocations is None and payment.installment is None and payment.kind not in rules.advance_last:
        pay(loan, payment.amount, on, rules)
    else:
        _pay_as_directed(loan, payment, rules)
    loan.last_value_date = on
    loan.last_payment_id = payment.payment_id
    loan.last_amount = payment.amount


def _note_lateness(loan: Loan, on: int, rules: Rules) -> int:
    """Days past due on the value date, before the payment counts."""
    if loan.extras is None and rules.exact and rules.plain:
        late = on - loan.rows[0][DUE]
    else:
        oldest, counted = oldest_past_due(loan, on, rules), counted_day(loan, on)
        late = days_past_due(loan, memory_of(loan), counted, rules, oldest) if oldest else 0
    if late > loan.worst:
        loan.worst = late
    return late


def _pay_past_due_by_component(loan: Loan, left: Money, on: int, rules: Rules, late: int) -> Money:
    """Across all installments that were due before `on`: principal first where they are late enough, then, on the
    vertical axis, one component after the other."""
    open_until(loan, on)
    past_due = [row for row in loan.rows if row[DUE] < on]
    first = (PRINCIPAL,) if late > rules.late_after else ()
    for component in first + (rules.order if rules.vertical else ()):
        for row in past_due:
            left = take(row, component, left, loan.owed)
    return left


def _pay_as_directed(loan: Loan, payment: Payment, rules: Rules) -> None:
    """The directed part first; what is left of it follows the ordinary order (design, finer point 15)."""
    on, left = payment.value_date, payment.amount
    open_all(loan)
    late = 0
    if loan.rows and (loan.rows[0][DUE] < on or loan.extras is not None):
        late = _note_lateness(loan, on, rules)
    by_number = {row[NUMBER]: row for row in loan.rows}
    if payment.allocations is not None:
        for part in payment.allocations:
            row = by_number.get(part.installment)
            if row is not None:
                left -= _take_given(loan, row, part[1:])
    elif payment.installment is not None:
        row = by_number.get(payment.installment)
        if row is not None:
            for component in rules.order:
                left = take(row, component, left, loan.owed)
    elif payment.kind in rules.advance_last:
        left = _pay_past_due_by_component(loan, left, on, rules, late)
        due = [row for row in loan.rows if row[DUE] <= on]
        advance = [row for row in loan.rows if row[DUE] > on]
        for row in due + advance[::-1]:
            for component in rules.order:
                left = take(row, component, left, loan.owed)
    drop_settled(loan, on)
    if left:
        pay(loan, left, on, rules)


def _take_given(loan: Loan, row: Row, amounts: tuple[Money, ...]) -> Money:
    """Take each component as given, at most what is owed of it; what was taken."""
    taken = 0
    for component, amount in zip(COMPONENTS, amounts, strict=True):
        taken += amount - take(row, component, amount, loan.owed)
    return taken


def drop_settled(loan: Loan, on: int) -> None:
    """Take the installments of which nothing is owed any more off the open ones: they were settled on `on`."""
    still_owed = []
    for row in loan.rows:
        if row[PRINCIPAL] or row[INTEREST] or row[FEE] or row[PENALTY]:
            still_owed.append(row)
        else:
            loan.lateness = note_settled(loan.lateness, on - row[DUE])
    loan.rows[:] = still_owed
