"""Which conditions hold for a borrower now, and which standing warnings have lost theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stream.warning.borrower import Borrower, BorrowerLoan, Standing
from stream.warning.case import Case, Found
from stream.warning.decisions import Decision
from stream.warning.levels import WATCH_LIST
from stream.warning.loan_view import LoanView
from stream.warning.months import month_text
from stream.warning.policy import HIGH, MEDIUM, Rule, WarningPolicy
from stream.warning.registry import INDICATORS, NEEDS_SIGNAL
from stream.warning.warnings import ENDED, GONE, PAID, STALE, Reason
from stream.warning.watch import Gone, Sight

SCORE_CODES: Mapping[str, str] = {"late": "SCORE_LATE", "cash_miss": "SCORE_CASH_MISS"}
NOBODY: tuple[BorrowerLoan | None, ...] = (None,)
MISUSE = ("misuse_found",)
ABOUT_MISUSE = ("MISUSE", "MISUSED_FUNDS")
LIKELY = 0.5
"""Probability from which on a score's warning is of high severity."""


def sights_of_rules(borrower: Borrower, day: int, rules: Iterable[Rule]) -> Iterator[Sight]:
    """Every rule whose condition holds, with its severest level that does."""
    loans: list[BorrowerLoan | None] = [loan for loan in borrower.loans.values() if loan.view.open]
    signals = borrower.signals
    for rule in rules:
        code = rule.code
        if code in NEEDS_SIGNAL and not (signals and _has_signal(borrower, rule)):
            continue
        indicator = INDICATORS[code]
        for loan in loans if indicator.about_loan else NOBODY:
            case = Case(borrower, day, rule.max_age_days, loan)
            for level in rule.levels:
                found = indicator.holds(case, level.thresholds)
                if found is not None:
                    view = loan.view if loan is not None else None
                    yield Sight(rule.code, view.loan_id if view else "", level.severity, found, cycle_of(view, day))
                    break


def cycle_of(view: LoanView | None, day: int) -> str:
    """The cycle of a warning: the loan's installment that is owed next; for a borrower the month."""
    if view is None:
        return month_text(day)
    return str(view.oldest_number if view.past_due else view.installment)


def gone_of_rules(borrower: Borrower, day: int, rules: Iterable[Rule], seen: set[tuple[str, str]]) -> Iterator[Gone]:
    """Standing warnings of these rules whose condition, with the thresholds for clearing, does not hold any more."""
    by_code = {rule.code: rule for rule in rules}
    for (code, loan_id), standing in sorted(borrower.standing.items()):
        rule = by_code.get(code)
        if rule is None or (code, loan_id) in seen:
            continue
        loan = borrower.loans.get(loan_id)
        if loan_id and (loan is None or not loan.view.open):
            yield _ended(standing, loan)
            continue
        if rule.clear and _has_signal(borrower, rule):
            case = Case(borrower, day, rule.max_age_days, loan)
            eased = {**rule.levels[-1].thresholds, **rule.clear}
            if INDICATORS[code].holds(case, eased) is not None:
                standing.absent = 0
                continue
        evidence = (loan.view.last_event_id,) if loan is not None else ()
        yield Gone(code, loan_id, STALE if _is_stale(borrower, day, rule) else GONE, rule.clear_looks, evidence)


def _ended(standing: Standing, loan: BorrowerLoan | None) -> Gone:
    evidence = () if loan is None else (loan.view.last_event_id,)
    return Gone(standing.code, standing.loan_id, ENDED, 1, evidence)


def _has_signal(borrower: Borrower, rule: Rule) -> bool:
    needed = NEEDS_SIGNAL.get(rule.code)
    return needed is None or any(kind in borrower.signals for kind in needed)


def _is_stale(borrower: Borrower, day: int, rule: Rule) -> bool:
    """Whether the rule lives on observations, and the newest is too old."""
    needed = MISUSE if rule.code in ABOUT_MISUSE else NEEDS_SIGNAL.get(rule.code, ())
    days = [borrower.signals[kind][-1].observed for kind in needed if borrower.signals.get(kind)]
    if rule.code in ABOUT_MISUSE:
        days += [loan.view.misuse_found for loan in borrower.loans.values()]
    return bool(needed) and max(days, default=0) < day - rule.max_age_days


def sights_of_score(decisions: Iterable[Decision]) -> Iterator[Sight]:
    """Decisions that are worth speaking of; of several about one loan and family the last counts."""
    last = {(decision.loan_id, decision.family): decision for decision in decisions}
    for (loan_id, family), decision in sorted(last.items()):
        if not decision.raised:
            continue
        found = Found(decision.points, decision.threshold, ())
        reasons = tuple(Reason(why.code, why.observed, None, why.portfolio, why.points) for why in decision.reasons)
        likely = decision.probability is not None and decision.probability >= LIKELY
        yield Sight(
            SCORE_CODES[family],
            loan_id,
            HIGH if likely else MEDIUM,
            found,
            str(decision.installment),
            reasons,
            decision.probability,
            (decision.good, decision.bad),
        )


def gone_of_score(borrower: Borrower, decisions: Iterable[Decision], policy: WarningPolicy) -> Iterator[Gone]:
    """Standing warnings of the score: the installment was paid, the loan ended, or the points stayed low."""
    last = {(SCORE_CODES[decision.family], decision.loan_id): decision for decision in decisions}
    for (code, loan_id), standing in sorted(borrower.standing.items()):
        if code not in SCORE_CODES.values():
            continue
        loan = borrower.loans.get(loan_id)
        if loan is None or not loan.view.open:
            yield _ended(standing, loan)
        elif _is_paid(int(standing.cycle), loan.view):
            yield Gone(code, loan_id, PAID, 1, (loan.view.last_event_id,))
        elif (decision := last.get((code, loan_id))) is not None and not decision.raised:
            cycle = str(decision.installment)
            if decision.points < decision.threshold - policy.speak.clear_below and standing.absent_in != cycle:
                standing.absent_in = cycle
                yield Gone(code, loan_id, GONE, policy.speak.clear_cycles, (loan.view.last_event_id,))


def _is_paid(number: int, view: LoanView) -> bool:
    """Whether an installment is neither upcoming nor past due any more."""
    past_due = view.past_due and view.oldest_number <= number
    return not past_due and (view.installment > number or view.installment < 0)


def watched_codes(policy: WarningPolicy) -> set[str]:
    """Every code that a warning can have."""
    return {rule.code for rule in policy.rules} | set(SCORE_CODES.values()) | {WATCH_LIST}
