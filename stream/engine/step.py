"""step(loan, fact) -> alerts: what each fact does to a loan, and what there is to say about it."""

from __future__ import annotations

from struct import Struct
from typing import Final
from zlib import crc32

from stream.engine import conduct, journal, known_ids, payments
from stream.engine.alerting import correct, judge_and_say
from stream.engine.allocation import apply, pay
from stream.engine.corrections import all_untrue, rebuild, rebuild_and_check
from stream.engine.dates import iso
from stream.engine.entries import Chargeback
from stream.engine.extras import ensure
from stream.engine.facts import Disbursed, DisbursementCancelled, Repaid, RepaymentReversed
from stream.engine.findings import Alert
from stream.engine.further import recovery
from stream.engine.journal import digest
from stream.engine.loan import ACTIVE, CANCELLED, CHARGED_OFF, TRANSFERRED, WRITTEN_OFF, Loan, counted_day
from stream.engine.money import DUE
from stream.engine.payments import Payment
from stream.engine.policy import NO_BUCKET, Rules
from stream.engine.refused import Refused
from stream.engine.schedule import past_due_rows, upcoming_row

__all__ = ["Refused", "cancel", "disburse", "forgotten", "open_day", "repay", "reverse"]

_two_digests: Final = Struct("<II").pack
"""As `journal.digest` makes them, one after the other."""


def disburse(loan: Loan | None, fact: Disbursed, rules: Rules, today: int) -> tuple[Loan, list[Alert]] | None:
    """Begin a loan; None for a disbursement seen before.

    A cancelled loan may be disbursed again. Raises Refused where the loan exists already.
    """
    fresh = _new_loan(fact)
    if loan is not None:
        if digest(fact.event_id) in loan.seen and known_ids.holds_event(loan.journal, fact.event_id):
            return None
        if loan.closed_as != CANCELLED:
            raise Refused("loan_already_disbursed")
        fresh.seen, fresh.journal = loan.seen, journal.former_ids(loan.journal)
        fresh.episode, fresh.bucket_history = loan.episode, loan.bucket_history
    fresh.seen += digest(fact.event_id)
    lines = [journal.disbursement_line(fact, today), *map(journal.schedule_line, fact.schedule)]
    fresh.journal += "".join(lines).encode()
    rebuild(fresh, journal.read(fresh.journal), rules)
    return fresh, judge_and_say(fresh, rules, today, fact.event_id, "loan_disbursed", fact.principal)


def _new_loan(fact: Disbursed) -> Loan:
    loan = Loan()
    loan.loan_id, loan.borrower_id, loan.product = fact.loan_id, fact.borrower_id, fact.product
    loan.segment, loan.currency = fact.segment, fact.currency
    loan.disbursement_date = fact.disbursement_date
    loan.grace_days = -1 if fact.grace_days is None else fact.grace_days
    loan.closed_as = ACTIVE
    loan.as_of = loan.days_past_due = loan.delinquent_days = loan.oldest_due = 0
    loan.bucket, loan.bucket_history = NO_BUCKET, ""
    loan.episode = loan.episode_start = loan.episode_worst = 0
    loan.replay_before = loan.history_from = 0
    loan.last_event_id, loan.seen, loan.journal = fact.event_id, b"", b""
    loan.classes, loan.extras = "", None
    return loan


def repay(loan: Loan, fact: Repaid, rules: Rules, today: int) -> list[Alert] | None:
    """Apply a payment; None for one seen before. Raises Refused."""
    event_id, _, _, payment_id, on, amount, kind, installment, allocations = fact
    digests = _two_digests(crc32(payment_id.encode()), crc32(event_id.encode()))
    seen = loan.seen
    known = digests[:4] in seen or digests[4:] in seen
    if known and (known_ids.holds_payment(loan.journal, payment_id) or known_ids.holds_event(loan.journal, event_id)):
        return None
    if loan.closed_as:
        _refuse_after_the_end(loan, on)
    if on < loan.history_from or on < today - rules.replay_horizon_days:
        raise Refused("older_than_replay_horizon")
    directed = kind != "repayment" or installment is not None or allocations is not None
    if directed:
        _refuse_by_kind(loan, fact)
    loan.seen = seen + digests
    loan.last_event_id = event_id
    loan.note(payments.payment_line(fact, today, directed))
    last = loan.last_value_date
    said: list[Alert] = []
    if known or on < loan.replay_before or on < last or (on == last and payment_id < loan.last_payment_id):
        wrong = rebuild_and_check(loan, journal.read(loan.journal), rules, on)
        said = correct(loan, rules, wrong, event_id)
    elif directed or loan.extras is not None or (_late(loan, on) and loan.segment in rules.remembered):
        _apply_in_order(loan, payments.payment(fact, today), rules)
    else:
        pay(loan, amount, on, rules)
        loan.last_value_date, loan.last_payment_id, loan.last_amount = on, payment_id, amount
    said += judge_and_say(loan, rules, today, event_id, "payment_received", amount)
    if loan.closed_as == WRITTEN_OFF and on > ensure(loan).status_day and kind != "credit_balance_refund":
        said.append(recovery(loan, rules, amount, event_id))
    return said


def _late(loan: Loan, on: int) -> bool:
    return bool(loan.rows) and loan.rows[0][DUE] < on


def _apply_in_order(loan: Loan, payment: Payment, rules: Rules) -> None:
    """A payment that comes last in the order of money."""
    if rules.remembers:
        conduct.before(loan, payment.value_date, rules)
    apply(loan, payment, rules)
    if rules.remembers:
        conduct.after(loan, payment.value_date, rules)
    if loan.closed_as == WRITTEN_OFF and payment.kind != "credit_balance_refund":
        ensure(loan).recovered += payment.amount


def _refuse_after_the_end(loan: Loan, on: int) -> None:
    """Money still comes in after a charge-off, write-off or closing; after a transfer, what was paid before it."""
    if loan.closed_as == CANCELLED or (loan.closed_as == TRANSFERRED and on > ensure(loan).status_day):
        raise Refused("loan_not_active")


def _refuse_by_kind(loan: Loan, fact: Repaid) -> None:
    if fact.kind == "recovery" and loan.closed_as != WRITTEN_OFF:
        raise Refused("loan_not_written_off")
    if fact.kind == "credit_balance_refund" and fact.amount > loan.credit:
        raise Refused("credit_balance_too_small")
    if fact.allocations is not None and sum(sum(part[1:]) for part in fact.allocations) > fact.amount:
        raise Refused("allocations_exceed_amount")


def reverse(loan: Loan, fact: RepaymentReversed, rules: Rules, today: int) -> list[Alert] | None:
    """Take a payment back as if it had never been made; None for a reversal seen before. Raises Refused.

    A reversal may come before its payment.
    """
    seen = loan.seen
    if digest(fact.event_id) in seen and known_ids.holds_event(loan.journal, fact.event_id):
        return None
    if digest(fact.reversal_id) in seen and known_ids.holds_reversal(loan.journal, fact.reversal_id):
        return None
    if loan.closed_as in (CANCELLED, TRANSFERRED):
        raise Refused("loan_not_active")
    if known_ids.holds_reversal_of(loan.journal, fact.payment_id):
        raise Refused("payment_already_reversed")
    entries = journal.read(loan.journal)
    if any(isinstance(taken, Chargeback) and taken.payment_id == fact.payment_id for taken in entries.servicing):
        raise Refused("payment_charged_back")
    paid = next((payment for payment in entries.payments if payment.payment_id == fact.payment_id), None)
    loan.seen = seen + digest(fact.payment_id) + digest(fact.reversal_id) + digest(fact.event_id)
    loan.last_event_id = fact.event_id
    loan.journal += journal.reversal_line(fact, today).encode()
    said: list[Alert] = []
    if paid is not None:
        wrong = rebuild_and_check(loan, journal.read(loan.journal), rules, journal.counts_from(paid))
        said = correct(loan, rules, wrong, fact.event_id)
    return said + judge_and_say(loan, rules, today, fact.event_id, "payment_reversed", fact.payment_id)


def cancel(loan: Loan, fact: DisbursementCancelled, rules: Rules, today: int) -> list[Alert] | None:
    """Undo a disbursement: nothing was ever due. None for a cancellation seen before. Raises Refused."""
    if digest(fact.event_id) in loan.seen and known_ids.holds_event(loan.journal, fact.event_id):
        return None
    if loan.closed_as not in (ACTIVE, CHARGED_OFF):
        raise Refused("loan_not_active")
    entries = journal.read(loan.journal)
    loan.closed_as = CANCELLED
    if loan.extras is not None and loan.extras.held:
        loan.delinquent_days = 0  # a pause held it back: it was never said that the loan is overdue
    loan.extras = None
    loan.seen += digest(fact.event_id)
    loan.journal += journal.cancellation_line(fact, today).encode()
    loan.last_event_id = fact.event_id
    loan.rows, loan.later, loan.owed = [], "", [0, 0, 0, 0, 0, 0]
    loan.credit = loan.worst = 0
    said = correct(loan, rules, all_untrue(loan, entries, rules), fact.event_id)
    why = "disbursement_cancelled"
    return said + judge_and_say(loan, rules, today, fact.event_id, why, iso(fact.cancellation_date))


def open_day(loan: Loan, rules: Rules, today: int) -> list[Alert] | None:
    """Age the loan to `today`; None if nothing but the date changed.

    Where there is only something to say and no figure changed, `last_event_id` stays.
    """
    before = _figures_of_the_day(loan, rules)
    alerts = judge_and_say(loan, rules, today, None, "day_passed", None)
    if before != _figures_of_the_day(loan, rules):
        loan.last_event_id = f"business-day:{iso(today)}"
    elif not alerts:
        return None
    return alerts


def _figures_of_the_day(loan: Loan, rules: Rules) -> tuple[object, ...]:
    """Everything about a loan that the passing of days can change."""
    upcoming = None if rules.exact and rules.plain else upcoming_row(loan, loan.as_of)
    counted = counted_day(loan, loan.as_of)
    return (
        # each installment past due tells its own days, also while the loan has none
        rules.plain or [counted - row[DUE] for row in past_due_rows(loan, counted, rules)],
        loan.oldest_due,
        loan.days_past_due,
        loan.delinquent_days,
        loan.bucket,
        loan.classes,
        loan.extras and [start <= loan.as_of <= end for start, end in loan.extras.pauses],
        not loan.closed_as and loan.as_of < loan.disbursement_date,
        upcoming and upcoming[DUE],  # a tolerated or immaterial installment falls due and no days begin
    )


def forgotten(loan: Loan, rules: Rules, today: int) -> bool:
    """Whether the loan has ended and all its facts are behind the replay horizon on `today`."""
    ended = loan.closed_as not in (ACTIVE, CHARGED_OFF) or not loan.rows
    return ended and today >= loan.as_of + rules.replay_horizon_days
