"""What classification alerts said of their days: kept in the journal, and found wrong by what is known later.

    L as_of episode cause scheme:class,scheme:class   one step's classification alerts; `-`: the day caused them
    M as_of episode scheme:class id supersedes        a correction of one

The ids of the alerts of an L follow from it, so that a loan in arrears keeps one short line and no ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from stream.engine.dates import Day
from stream.engine.delinquency import Situation
from stream.engine.entries import Chargeback, Ending
from stream.engine.findings import CLASSIFICATION_CHANGED, CLASSIFICATION_CORRECTED, Alert, Reason, alert_id
from stream.engine.journal import MoneyFact
from stream.engine.loan import ACTIVE, SETTLED, Loan
from stream.engine.policy import NO_BUCKET, Rules


class ClassStatement(NamedTuple):
    """On `as_of` the loan was in this class under the scheme."""

    as_of: int
    episode: int
    scheme: str
    code: str
    alert_id: str


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


def corrected_class(
    loan: Loan, rules: Rules, said: ClassStatement, truth: Situation, classes: str, cause: str
) -> tuple[Alert, str]:
    """The correction of a statement that stands no more, and its line for the journal.

    truth, classes: the end of its day as now known.
    """
    now = class_in(classes, said.scheme) or said.code
    about = f"{said.scheme}:{now}"
    own_id = alert_id(
        loan.loan_id, CLASSIFICATION_CORRECTED, said.episode, about, Day(said.as_of), cause, said.alert_id
    )
    bucket = rules.bucket(truth.delinquent_days, NO_BUCKET) or None
    alert = Alert(
        own_id,
        CLASSIFICATION_CORRECTED,
        loan.loan_id,
        loan.borrower_id,
        loan.product,
        loan.currency,
        Day(said.as_of),
        truth.days_past_due,
        truth.delinquent_days,
        bucket,
        bucket,
        truth.overdue,
        truth.outstanding_principal,
        Day(truth.oldest_due) if truth.oldest_due else None,
        said.episode,
        (Reason("class_as_now_known", now, said.code),),
        rules.policy_version,
        (cause,),
        said.alert_id,
        classes,
        None,
        (said.scheme, now, said.code),
    )
    return alert, f"M {said.as_of} {said.episode} {about} {own_id} {said.alert_id}\n"


def life_after(closed_as: str, fact: MoneyFact, loan: Loan) -> str:
    """How the loan's life stands once a fact took effect, if it stood so before; see Loan.closed_as."""
    if isinstance(fact, Ending):
        return SETTLED if fact.status == "closed" else fact.status
    if closed_as == SETTLED and isinstance(fact, Chargeback) and loan.rows:
        return ACTIVE
    return closed_as
