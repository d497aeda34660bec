"""A decision: how likely a loan's next installment is to go wrong, why, and whether that is worth speaking of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from stream.warning import awaited as awaiting
from stream.warning.awaited import Awaited
from stream.warning.bands import KINDS, Group, Outcomes, clock_of, log_odds
from stream.warning.behaviour import Behaviour, behaviour
from stream.warning.calibration import Portfolio
from stream.warning.expectation import Foretold, foretell
from stream.warning.features import Past, borrower_past
from stream.warning.loan_view import LoanView
from stream.warning.next_look import next_look
from stream.warning.scorecard import FAMILIES, POINTS_PER_DOUBLING, Scorecard, ScoreReason, parts, reasons

ENOUGH_OUTCOMES: Final = 200
ENOUGH_BAD: Final = 20
"""Known outcomes of a group, and bad ones among them, from which on its precision is believed."""


class Speak(NamedTuple):
    """When to speak: policy section `early_warning`."""

    kinds: frozenset[str] = frozenset(KINDS)
    """The decision kinds that are made."""
    target_precision: float = 0.35
    """Speak where the outcome is at least this likely, once enough outcomes are known."""
    capacity: float = 0.1
    """Until then: speak of this share of decisions, the highest points first."""
    clear_below: int = 20
    """Points below the threshold at which a warning may be cleared."""
    clear_cycles: int = 2


class Decision(NamedTuple):
    """What is foretold of one installment by one family, on `date`."""

    loan_id: str
    borrower_id: str
    decision: str
    date: int
    days_to_due: int | None
    installment: int | None
    """The next that is unpaid and not yet due; None: there is none, or its due day has just ended, and nothing is
    foretold."""
    family: str
    points: int
    probability: float | None
    """That the installment is unpaid at its due day's end (late), that no money comes by then (cash_miss)."""
    good: int
    bad: int
    raised: bool
    threshold: int
    """Points from which on it would be raised."""
    reasons: tuple[ScoreReason, ...]
    seen: Behaviour
    """The features behind it."""


def decide(
    card: Scorecard,
    portfolio: Portfolio,
    past: Past,
    views: Sequence[LoanView],
    loan: LoanView,
    awaited: Awaited,
    kind: str,
    date: int,
    speak: Speak,
) -> tuple[Decision, ...]:
    """Decide about a loan, once per family; nothing where the kind is off or does not apply.

    `views`: all loans kept of the borrower, this one too; `past`: the ones that are folded already.
    """
    if kind not in speak.kinds or (kind == "due_minus" and loan.installment < 0):
        return ()
    seen = look(portfolio, past, views, loan, awaited, kind)
    points = [parts(card, family, seen) for family in FAMILIES]
    sums = [round(sum([number for _, number in found])) for found in points]
    if kind == "event" and sums == awaited.points:
        return ()
    awaited.points, rates = sums, portfolio.rates
    return tuple(
        [
            _decision(
                card, portfolio, speak, loan, awaited, (family, kind, date), total, reasons(found, seen, rates), seen
            )
            for family, found, total in zip(FAMILIES, points, sums, strict=True)
        ]
    )


def look(
    portfolio: Portfolio, past: Past, views: Sequence[LoanView], loan: LoanView, awaited: Awaited, kind: str
) -> Behaviour:
    """The features of a decision; a disbursement is judged by the borrower's other loans alone."""
    fresh = kind == "disbursement"
    others = [view for view in views if view.loan_id != loan.loan_id]
    counted = others if fresh else [*others, loan]
    ended = [view for view in counted if not view.open and view.days_late]
    ended.sort(key=lambda view: (view.paid_on, view.loan_id))
    running = [view for view in counted if view.open]
    borrower = borrower_past(past, ended, running)
    others_past_due = max([view.days_past_due for view in others if view.open], default=0)
    if fresh:
        return behaviour(borrower, (), 0, others_past_due, -1.0, portfolio.rates)
    return behaviour(borrower, loan.days_late, loan.days_past_due, others_past_due, awaited.missed, portfolio.rates)


def _decision(
    card: Scorecard,
    portfolio: Portfolio,
    speak: Speak,
    loan: LoanView,
    awaited: Awaited,
    asked: tuple[str, str, int],
    points: int,
    why: tuple[ScoreReason, ...],
    seen: Behaviour,
) -> Decision:
    family, kind, date = asked
    money_from = date if kind == "due_minus" else date + 1
    if loan.installment < 0 or loan.due < money_from:
        head = (loan.loan_id, loan.borrower_id, kind, date, None, None, family, points)
        return Decision(*head, None, 0, 0, False, card.speak_at[family], why, seen)
    days_to_due = loan.due - date
    group: Group = (family, kind, clock_of(days_to_due), loan.days_past_due > 0)
    foretold = foretell(card, portfolio, group, points)
    threshold = _threshold(card, portfolio, speak, group, foretold)
    if _enough(foretold.group_known):
        raised = foretold.probability is not None and foretold.probability >= speak.target_precision
        threshold = min(threshold, points) if raised else max(threshold, points + 1)
    else:
        raised = points >= threshold
    portfolio.decided(family, kind, points)
    awaiting.remember(awaited, group, points, loan.installment, money_from)
    known, probability = foretold.known, foretold.probability
    return Decision(
        loan.loan_id,
        loan.borrower_id,
        kind,
        date,
        days_to_due,
        loan.installment,
        family,
        points,
        None if probability is None else round(probability, 4),
        round(known.good),
        round(known.bad),
        raised,
        threshold,
        why,
        seen,
    )


def _enough(known: Outcomes) -> bool:
    return known.good + known.bad >= ENOUGH_OUTCOMES and known.bad >= ENOUGH_BAD


def _threshold(card: Scorecard, portfolio: Portfolio, speak: Speak, group: Group, foretold: Foretold) -> int:
    """The points from which on to speak; never at or below what is usual in the portfolio while little is known."""
    if _enough(foretold.group_known):
        return round(POINTS_PER_DOUBLING * (log_odds(speak.target_precision) - foretold.level))
    top = portfolio.top(group[0], group[1], speak.capacity)
    return card.speak_at[group[0]] if top is None else max(1, top)


class Scorer:
    """The functions of this module with a scorecard and a policy."""

    def __init__(self, card: Scorecard, speak: Speak) -> None:
        self._card = card
        self._speak = speak

    @property
    def kinds(self) -> frozenset[str]:
        """The decision kinds that are made."""
        return self._speak.kinds

    def observe(self, awaited: Awaited, view: LoanView) -> None:
        """See awaited.observe."""
        awaiting.observe(awaited, view)

    def close(self, portfolio: Portfolio, awaited: Awaited, view: LoanView, day: int) -> None:
        """See awaited.close."""
        awaiting.close(portfolio, awaited, view, day)

    def decide(
        self,
        portfolio: Portfolio,
        past: Past,
        views: Sequence[LoanView],
        loan: LoanView,
        awaited: Awaited,
        kind: str,
        date: int,
    ) -> tuple[Decision, ...]:
        """See decide."""
        return decide(self._card, portfolio, past, views, loan, awaited, kind, date, self._speak)

    def next_look(self, view: LoanView, awaited: Awaited, day: int) -> int:
        """See next_look."""
        return next_look(view, awaited, day, self._speak.kinds)
