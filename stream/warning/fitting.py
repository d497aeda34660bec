"""A lender's own scorecard: the default's terms, weighed by the lender's history, and adopted only if it wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Final, NamedTuple

from stream.warning.behaviour import Behaviour
from stream.warning.ridge import fit_ridge
from stream.warning.scorecard import CASH_MISS, FAMILIES, LATE, POINTS_PER_DOUBLING, Scorecard, Term, parts, values
from stream.warning.validation import LATE_DAYS, RULE, Case, Result, Score, judge

STRENGTH: Final = 50.0
"""How strongly weights are drawn to the default's: about as much as 300 decisions."""
ENOUGH_CASES: Final = 200
ENOUGH_BAD: Final = 30
CONFIDENCE: Final = 0.9
"""Share of resamples in which a fit must find more than the default and the plain rule, over all targets."""
POINTS_PER_LOG_ODDS: Final = POINTS_PER_DOUBLING / log(2)
DEFAULT: Final = "default"
FIT: Final = "fit"


class TooLittle(Exception):  # noqa: N818  (what it says)
    """There are too few decisions with a known outcome to fit on."""


class Fit(NamedTuple):
    """A scorecard fitted on the earlier part of a history, and how it did on the later part."""

    card: Scorecard
    fitted_on: int
    """Cases that it was fitted on."""
    judged_on: int
    results: list[Result]
    adopted: bool
    why: str
    """Why it was adopted, or not."""


def split_day(cases: Sequence[Case], share: float) -> int:
    """The day before which this share of the decisions was made."""
    dates = sorted([case.decision.date for case in cases])
    if not dates:
        raise TooLittle("no decision with a known outcome: give a longer history")
    return dates[min(len(dates) - 1, int(len(dates) * share))]


def score_of(card: Scorecard, family: str = LATE) -> Score:
    """The points of a family by a scorecard."""

    def score(seen: Behaviour) -> float:
        return sum([points for _, points in parts(card, family, seen)])

    return score


def fit(cases: Sequence[Case], default: Scorecard, share: float, strength: float = STRENGTH) -> Fit:
    """Fit on the decisions of the first `share` whose outcome was known by then, judge on the later ones.

    Raises TooLittle.
    """
    day = split_day(cases, share)
    earlier = [case for case in cases if _known(case) < day]
    later = [case for case in cases if case.decision.date >= day]
    terms = {family: fitted_terms(earlier, default, family, strength) for family in FAMILIES}
    card = default._replace(version=f"{default.version}-fit", terms=terms)
    results = judge(later, {DEFAULT: score_of(default), FIT: score_of(card)})
    adopted, why = _wins(results)
    return Fit(card, len(earlier), len(later), results, adopted, why)


def _known(case: Case) -> int:
    """The day from which on the outcome of a case is known."""
    return case.decision.date + (case.decision.days_to_due or 0) + LATE_DAYS + 1


def fitted_terms(cases: Sequence[Case], default: Scorecard, family: str, strength: float) -> tuple[Term, ...]:
    """The default's terms with weights of the cases: decisions at disbursement and at due-3 of one family."""
    used = [
        case
        for case in cases
        if case.decision.family == family
        and (case.decision.decision == "disbursement" or case.decision.days_to_due == 3)
    ]
    outcomes = [case.late if family == LATE else case.missed for case in used]
    if len(used) < ENOUGH_CASES or not ENOUGH_BAD <= sum(outcomes) <= len(used) - ENOUGH_BAD:
        raise TooLittle(
            f"{family}: {len(used)} decisions, {sum(outcomes)} of them bad, in the earlier part of the history; "
            f"at least {ENOUGH_CASES} and {ENOUGH_BAD} are needed to fit"
        )
    terms = default.terms[family]
    # a constant of its own for decisions just before the due date: unpaid then, the odds are higher
    rows = [
        [*(values(case.decision.seen)[term.code] for term in terms), float(case.decision.decision == "due_minus")]
        for case in used
    ]
    towards = [*(term.weight / POINTS_PER_LOG_ODDS for term in terms), 0.0]
    weights = fit_ridge(rows, outcomes, towards, strength)[1:]
    means = [sum([row[place] for row in rows]) / len(rows) for place in range(len(terms))]
    return tuple(
        [
            Term(term.code, round(weight * POINTS_PER_LOG_ODDS, 1), round(mean, 2))
            for term, weight, mean in zip(terms, weights, means, strict=False)
        ]
    )


def _wins(results: Sequence[Result]) -> tuple[bool, str]:
    """Whether the fit found more than both others, target by target and on the whole."""
    fits = [result for result in results if result.who == FIT]
    if not fits:
        return False, "the plain rule warned about nobody in the later part: nothing to be judged by"
    of = {(result.target, result.who): result.precision.value for result in results}
    for result in fits:
        for other in (DEFAULT, RULE):
            if result.precision.value < of[result.target, other] - 0.005:
                return False, f"it does worse than the {other} on: {result.target}"
    against_default = sum([result.ahead_of_first for result in fits]) / len(fits)
    against_rule = sum([result.ahead_of_rule for result in fits]) / len(fits)
    if against_default < CONFIDENCE or against_rule < CONFIDENCE:
        return False, (
            f"it is ahead of the default in {against_default:.0%} and of the plain rule in {against_rule:.0%} of "
            f"resamples; {CONFIDENCE:.0%} of both are needed"
        )
    return True, f"ahead of the default in {against_default:.0%}, of the plain rule in {against_rule:.0%} of resamples"


def toml_of(card: Scorecard, provenance: Mapping[str, str]) -> str:
    """A scorecard as a file, with what it was made from as comments."""
    lines = ["# A scorecard of `overdue scorecard fit`.", *(f"# {key}: {said}" for key, said in provenance.items())]
    lines += ["", f'version = "{card.version}"']
    for family in (LATE, CASH_MISS):
        lines += ["", f"[families.{family}]", f"speak_at = {card.speak_at[family]}"]
        lines += [f"overdue = {card.overdue[family]:g}", "", f"[families.{family}.terms]"]
        lines += [f"{term.code} = {{ weight = {term.weight:g}, mean = {term.mean:g} }}" for term in card.terms[family]]
        lines += ["", f"[families.{family}.clock]"]
        lines += [f"{days} = {doublings:g}" for days, doublings in card.clock[family].items()]
    return "\n".join(lines) + "\n"
