"""What classification alerts said of their days: kept in the journal, and found wrong by what is known later.

    L as_of episode cause scheme:class,scheme:class   one step's classification alerts; `-`: the day caused them
    M as_of episode scheme:class id supersedes        a correction of one

The ids of the alerts of an L follow from it, so that a loan in arrears keeps one short line and no ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from stream.engine.dates import Day
from stream.engine.findings import ALERT_CORRECTED, CLASSIFICATION_CHANGED, Alert, Reason, alert_id
from stream.engine.loan import CANCELLED, SETTLED, Loan
from stream.engine.money import Money

MARKS: Final = "LM"


class ClassStatement(NamedTuple):
    """On `as_of` the loan was in this class under the scheme."""

    as_of: int
    episode: int
    scheme: str
    code: str
    alert_id: str


class ClassTruth(NamedTuple):
    """What was true of a day, as now known, with all classes."""

    days_past_due: int
    delinquent_days: int
    oldest_due: int
    overdue: tuple[Money, Money, Money, Money]
    outstanding_principal: Money
    bucket: str
    classes: str


def line(as_of: int, episode: int, cause: str | None, said: Iterable[tuple[str, str]]) -> str:
    """The line of classes said in one step; `said`: scheme and class."""
    words = ",".join([f"{scheme}:{code}" for scheme, code in said])
    return f"L {as_of} {episode} {cause or '-'} {words}\n"


def standing(loan_id: str, lines: Iterable[str], first: int) -> list[ClassStatement]:
    """The statements of these lines about days from `first` on that no correction replaces, in the order of saying."""
    found: dict[str, ClassStatement] = {}
    superseded = set()
    for text in lines:
        mark, day, number, *rest = text.split(" ")
        as_of, episode = int(day), int(number)
        if mark == "M":
            about, own_id, replaced = rest
            superseded.add(replaced)
            if as_of >= first:
                found[own_id] = _statement(as_of, episode, about, own_id)
        elif as_of >= first:
            cause = None if rest[0] == "-" else rest[0]
            for about in rest[1].split(","):
                own_id = alert_id(loan_id, CLASSIFICATION_CHANGED, episode, about, Day(as_of), cause, None)
                found[own_id] = _statement(as_of, episode, about, own_id)
    return [said for own_id, said in found.items() if own_id not in superseded]


def _statement(as_of: int, episode: int, about: str, own_id: str) -> ClassStatement:
    scheme, _, code = about.rpartition(":")
    return ClassStatement(as_of, episode, scheme, code, own_id)


def class_in(classes: str, scheme: str) -> str | None:
    """The class under a scheme of a text "scheme:class scheme:class"; None: the policy has no such scheme any more."""
    for word in classes.split(" "):
        known, _, code = word.rpartition(":")
        if known == scheme:
            return code
    return None


def corrected(
    loan: Loan, policy_version: str, said: ClassStatement, truth: ClassTruth, cause: str
) -> tuple[Alert, str]:
    """The correction of a statement that stands no more, and its line for the journal."""
    now = class_in(truth.classes, said.scheme) or said.code
    about = f"{said.scheme}:{now}"
    own_id = alert_id(loan.loan_id, ALERT_CORRECTED, said.episode, about, Day(said.as_of), cause, said.alert_id)
    alert = Alert(
        own_id,
        ALERT_CORRECTED,
        loan.loan_id,
        loan.borrower_id,
        loan.product,
        loan.currency,
        Day(said.as_of),
        truth.days_past_due,
        truth.delinquent_days,
        truth.bucket or None,
        truth.bucket or None,
        truth.overdue,
        truth.outstanding_principal,
        Day(truth.oldest_due) if truth.oldest_due else None,
        said.episode,
        (Reason("class_as_now_known", now, said.code),),
        policy_version,
        (cause,),
        said.alert_id,
        truth.classes,
        None,
        (said.scheme, now, said.code),
    )
    return alert, f"M {said.as_of} {said.episode} {about} {own_id} {said.alert_id}\n"


def life_after(closed_as: str, fact: object, loan: Loan) -> str:
    """How the loan's life stands once a fact took effect, if it stood so before; see Loan.closed_as."""
    status = getattr(fact, "status", None)
    if isinstance(status, str):
        return SETTLED if status == "closed" else status
    if closed_as == SETTLED and hasattr(fact, "chargeback_id") and loan.rows:
        return ""
    return CANCELLED if closed_as == CANCELLED else closed_as
