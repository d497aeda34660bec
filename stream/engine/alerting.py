"""What there is to say: a loan is judged, and each change that matters becomes an alert with its reasons."""

from __future__ import annotations

from stream.engine import journal
from stream.engine.alerts import alert_of
from stream.engine.behaviour import note_bucket
from stream.engine.class_statements import ClassStatement, corrected_class
from stream.engine.corrections import Wrong
from stream.engine.dates import Day, iso
from stream.engine.delinquency import judge
from stream.engine.findings import (
    ALERT_CORRECTED,
    BUCKET_CHANGED,
    CURED,
    OVERDUE_STARTED,
    Alert,
    Reason,
    alert_id,
)
from stream.engine.further import classify_anew, say_more
from stream.engine.history import fold_old_facts
from stream.engine.journal import Statement
from stream.engine.loan import Loan
from stream.engine.pauses import in_force
from stream.engine.policy import Rules

JOURNAL_SOFT_LIMIT = 4096
"""Bytes of journal from which on it is worth asking whether facts are behind the replay horizon."""


def judge_and_say(
    loan: Loan, rules: Rules, today: int, cause: str | None, code: str, observed: int | str | None
) -> list[Alert]:
    """Judge the loan as of `today` and say what changed, if anything that matters did.

    `cause`: id of the event, None where the day is the cause; `code` and `observed`: what happened, as a reason.
    """
    was_delinquent, before = loan.delinquent_days > 0, loan.bucket
    extras = loan.extras
    if extras is not None:
        was_delinquent = was_delinquent and not extras.held
    judge(loan, today, rules)
    classes = loan.classes
    if rules.schemes:
        classify_anew(loan, rules)
    if loan.journal_size > JOURNAL_SOFT_LIMIT:
        fold_old_facts(loan, rules)
    delinquent = loan.delinquent_days > 0
    said: list[Alert] = []
    if extras is not None and cause is None and in_force(loan, today):
        loan.bucket = before  # while a pause is in force the passing of days moves nothing
        extras.held = delinquent and not was_delinquent
        if was_delinquent:
            loan.episode_worst = max(loan.episode_worst, loan.days_past_due)
    elif delinquent == was_delinquent and loan.bucket == before:
        if delinquent and loan.days_past_due > loan.episode_worst:
            loan.episode_worst = loan.days_past_due
    else:
        what_happened = Reason(code, iso(today) if observed is None else observed, None)
        said = [_transition(loan, rules, was_delinquent, before, cause, what_happened)]
    if extras is not None or rules.notices or loan.classes != classes:
        said += say_more(loan, rules, classes, cause, code, observed)
    return said


def _transition(
    loan: Loan, rules: Rules, was_delinquent: bool, before: str, cause: str | None, what_happened: Reason
) -> Alert:
    today = loan.as_of
    if not was_delinquent:
        kind = OVERDUE_STARTED
        loan.episode += 1
        loan.episode_start, loan.episode_worst = today, loan.days_past_due
    elif loan.delinquent_days == 0:
        kind = CURED
    else:
        kind = BUCKET_CHANGED
        loan.episode_worst = max(loan.episode_worst, loan.days_past_due)
    if loan.extras is not None:
        loan.extras.held = False
    if loan.bucket != before:
        loan.bucket_history = note_bucket(loan.bucket_history, loan.bucket, today)
    if today > loan.replay_before:
        loan.replay_before = today
    reasons = (_threshold(loan, rules, kind, before), what_happened)
    alert = alert_of(loan, rules, kind, loan.bucket, before, reasons, cause)
    said = Statement(today, loan.episode, loan.bucket, loan.delinquent_days > 0, alert.id)
    loan.note(journal.statement_line(said, None))
    return alert


def _threshold(loan: Loan, rules: Rules, kind: str, before: str) -> Reason:
    """The rule behind a transition, with what was observed."""
    if kind == CURED:
        return Reason("nothing_past_due" if loan.days_past_due == 0 else "within_grace", loan.days_past_due, 0)
    if kind == OVERDUE_STARTED:
        grace = rules.grace_days if loan.grace_days < 0 else loan.grace_days
        return Reason("days_past_due_reached", loan.days_past_due, grace + 1)
    reached, left = rules.min_days(loan.bucket), rules.min_days(before)
    if reached > left:
        return Reason("bucket_reached", loan.delinquent_days, reached)
    return Reason("bucket_left", loan.delinquent_days, left)


def correct(loan: Loan, rules: Rules, wrong: list[Wrong], cause: str) -> list[Alert]:
    """A correction for each statement that no longer stands."""
    alerts = []
    for said, look in wrong:
        truth = look.situation
        if isinstance(said, ClassStatement):
            alert, line = corrected_class(loan, rules, said, truth, look.classes, cause)
            loan.note(line)
            alerts.append(alert)
            continue
        bucket = rules.bucket(truth.delinquent_days, said.bucket)
        code = bucket or None
        now = Statement(
            said.as_of,
            said.episode,
            bucket,
            truth.delinquent_days > 0,
            alert_id(loan.loan_id, ALERT_CORRECTED, said.episode, code, Day(said.as_of), cause, said.alert_id),
        )
        loan.journal += journal.statement_line(now, said.alert_id).encode()
        alerts.append(
            Alert(
                now.alert_id,
                ALERT_CORRECTED,
                loan.loan_id,
                loan.borrower_id,
                loan.product,
                loan.currency,
                Day(said.as_of),
                truth.days_past_due,
                truth.delinquent_days,
                said.bucket or None,
                code,
                truth.overdue,
                truth.outstanding_principal,
                Day(truth.oldest_due) if truth.oldest_due else None,
                said.episode,
                (Reason("bucket_as_now_known", bucket or "none", said.bucket or "none"),),
                rules.policy_version,
                (cause,),
                said.alert_id,
            )
        )
    return alerts
