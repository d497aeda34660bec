"""What there is to say besides the bucket: classifications, pauses, and notices of installments."""

from __future__ import annotations

from stream.engine import class_statements
from stream.engine.alerts import alert_of
from stream.engine.classification import classify
from stream.engine.dates import Day, iso
from stream.engine.findings import (
    CLASSIFICATION_CHANGED,
    DUE_SOON,
    OVERDUE_NOTICED,
    PAUSE_CHANGED,
    RECOVERY_RECEIVED,
    Alert,
    Reason,
)
from stream.engine.loan import ACTIVE, CHARGED_OFF, WRITTEN_OFF, Loan
from stream.engine.money import NUMBER, Money
from stream.engine.notices import notices_of
from stream.engine.pauses import latest_pause, pause_on
from stream.engine.policy import Rules


def say_more(
    loan: Loan, rules: Rules, former_classes: str, cause: str | None, code: str, observed: int | str | None
) -> list[Alert]:
    """What changed besides the bucket, now that the loan is judged and classified; `cause` None: a day was opened."""
    said: list[Alert] = []
    if loan.classes != former_classes:
        what_happened = Reason(code, iso(loan.as_of) if observed is None else observed, None)
        said += _classifications(loan, rules, former_classes, cause, what_happened)
    if loan.extras is not None and loan.extras.pauses:
        said += _pause(loan, rules, cause)
    if cause is None and rules.notices and loan.rows and loan.closed_as != WRITTEN_OFF:
        said += _notices(loan, rules)
    return said


def classify_anew(loan: Loan, rules: Rules) -> None:
    """Set the loan's classes by the policy's schemes, now that it is judged."""
    if loan.days_past_due or loan.classes or loan.extras is not None or not loan.rows:
        loan.classes = classify(loan, rules)


def _classifications(loan: Loan, rules: Rules, before: str, cause: str | None, what_happened: Reason) -> list[Alert]:
    """An alert for each scheme by which the loan is in another class than before."""
    was = dict(_pairs(before or rules.normal_classes))
    said, classes = [], []
    for scheme, code in _pairs(loan.classes or rules.normal_classes):
        former = was.get(scheme, "")
        if code != former:
            reasons = (Reason("classified", code, former or None), what_happened)
            alert = alert_of(loan, rules, CLASSIFICATION_CHANGED, f"{scheme}:{code}", loan.bucket, reasons, cause)
            said.append(alert._replace(classification=(scheme, code, former)))
            classes.append((scheme, code))
    if classes:
        loan.note(class_statements.line(loan.as_of, loan.episode, cause, classes))
        if loan.as_of > loan.replay_before:
            loan.replay_before = loan.as_of
    return said


def _pairs(classes: str) -> list[tuple[str, str]]:
    """Scheme and code of each word."""
    found = []
    for word in classes.split(" ") if classes else ():
        scheme, _, code = word.rpartition(":")
        found.append((scheme, code))
    return found


def _pause(loan: Loan, rules: Rules, cause: str | None) -> list[Alert]:
    """An alert if a pause is in force since today, or no more since today; a loan that has ended says nothing of it."""
    extras = loan.extras
    today = loan.as_of
    pause = pause_on(loan, today)
    if extras is None or (pause is not None) == extras.paused:
        return []
    extras.paused = pause is not None
    if loan.closed_as not in (ACTIVE, CHARGED_OFF):
        return []
    start, end = pause or latest_pause(extras.pauses, today)
    reason = Reason("pause_started" if pause else "pause_ended", iso(start if pause else end), None)
    about = "paused" if pause else "resumed"
    alert = alert_of(loan, rules, PAUSE_CHANGED, about, loan.bucket, (reason,), cause)
    return [alert._replace(pause=(Day(start), Day(end), pause is not None))]


def _notices(loan: Loan, rules: Rules) -> list[Alert]:
    """The notices of today."""
    said = []
    for notice in notices_of(loan, loan.as_of, rules):
        number = notice.row[NUMBER]
        kind = DUE_SOON if notice.due_soon else OVERDUE_NOTICED
        code = "due_in_days" if notice.due_soon else "days_since_due"
        alert = alert_of(loan, rules, kind, str(number), loan.bucket, (Reason(code, notice.days, notice.days),), None)
        said.append(alert._replace(installment=number))
    return said


def recovery(loan: Loan, rules: Rules, amount: Money, cause: str) -> Alert:
    """Money came in for a loan that is written off."""
    reasons = (Reason("recovery_received", amount, None),)
    return alert_of(loan, rules, RECOVERY_RECEIVED, loan.bucket, loan.bucket, reasons, cause)
