"""Decisions of the score: what is foretold, from what is known by then, and when it is worth speaking of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream.warning import awaited as awaiting
from stream.warning.awaited import Awaited
from stream.warning.calibration import Portfolio
from stream.warning.decisions import Decision, Scorer, Speak
from stream.warning.features import Past
from stream.warning.loan_view import LoanView
from stream.warning.scorecard import load
from tests.warning.test_score_features import view

DUE = 1000
"""The due day of every installment here."""
CARD = load()
SPEAK = Speak()


class Loan:
    """One loan with the score's memory of it."""

    def __init__(self, portfolio: Portfolio, loan_id: str, **figures: object) -> None:
        self.portfolio = portfolio
        self.view = view(loan_id, **({"due": DUE} | figures))
        self.awaited = Awaited()
        awaiting.observe(self.awaited, self.view)

    def now(self, **figures: object) -> Loan:
        """A new standing."""
        self.view = self.view._replace(**figures)  # type: ignore[arg-type]
        awaiting.observe(self.awaited, self.view)
        return self

    def decide(self, kind: str, day: int, speak: Speak = SPEAK, others: tuple[LoanView, ...] = ()) -> list[Decision]:
        """Decide as of `day`; the late family first."""
        scorer = Scorer(CARD, speak)
        found = (*others, self.view)
        return list(scorer.decide(self.portfolio, Past(), found, self.view, self.awaited, kind, day))

    def close(self, day: int) -> None:
        """The end of a day."""
        awaiting.close(self.portfolio, self.awaited, self.view, day)


@pytest.fixture
def portfolio() -> Portfolio:
    """Nothing learnt yet."""
    return Portfolio()


def settled(portfolio: Portfolio, number: int, bad: int, late_days: int = 3) -> Iterator[Loan]:
    """So many loans, decided about at due - 3, of which `bad` were unpaid at the end of the due day."""
    for count in range(number):
        loan = Loan(portfolio, f"S{count}")
        loan.decide("due_minus", DUE - 3)
        if count >= bad:
            loan.now(status="settled", installment=-1, due=0, days_late=(0,), paid_on=DUE)
        loan.close(DUE)
        yield loan


def outcomes(portfolio: Portfolio) -> dict[str, tuple[int, int]]:
    """What the day taught of one loan's decision: good and bad by family."""
    return {key[0]: (good, bad) for key, (good, bad, _) in portfolio.new_counts.items()}


def known_outcomes(portfolio: Portfolio) -> float:
    """How many outcomes are known, of all decisions."""
    return sum(good + bad for good, bad, _ in portfolio.counts.values())


def test_each_family_decides_for_itself(portfolio: Portfolio) -> None:
    """A decision is made once per family, with points and reasons of its own."""
    late, cash_miss = Loan(portfolio, "L").decide("due_minus", DUE - 3)
    assert (late.family, cash_miss.family) == ("late", "cash_miss")
    assert (late.installment, late.days_to_due, late.date) == (1, 3, DUE - 3)


def test_nothing_is_foretold_while_no_outcome_is_known(portfolio: Portfolio) -> None:
    """Without a known outcome there is no probability; the points are there all the same."""
    decision = Loan(portfolio, "L").decide("due_minus", DUE - 3)[0]
    assert (decision.probability, decision.good, decision.bad) == (None, 0, 0)


def test_outcomes_count_from_the_next_opening_on(portfolio: Portfolio) -> None:
    """What a day teaches is not used on that day: so the order of loans within a day changes nothing."""
    list(settled(portfolio, 10, 4))
    assert Loan(portfolio, "L").decide("due_minus", DUE - 3)[0].probability is None
    portfolio.open_day(DUE + 1)
    decision = Loan(portfolio, "L").decide("due_minus", DUE - 3)[0]
    assert (decision.good, decision.bad) == (6, 4)
    assert decision.probability == pytest.approx(0.4, abs=0.1)


def test_those_who_pay_early_are_counted_when_the_due_day_ends(portfolio: Portfolio) -> None:
    """Paid at due - 2: known to be good then, but counted at the end of the due day, like the bad ones."""
    loan = Loan(portfolio, "L")
    loan.decide("due_minus", DUE - 3)
    loan.now(status="settled", installment=-1, due=0, days_late=(-2,), paid_on=DUE - 2)
    for day in range(DUE - 2, DUE):
        loan.close(day)
    assert not portfolio.new_counts
    loan.close(DUE)
    assert outcomes(portfolio) == {"late": (1, 0), "cash_miss": (1, 0)}


def test_a_reversal_before_the_due_day_ends_leaves_no_trace(portfolio: Portfolio) -> None:
    """Paid and taken back: the outcome is the same as if it had never been paid."""
    loan = Loan(portfolio, "L")
    loan.decide("due_minus", DUE - 3)
    loan.now(installment=2, due=DUE + 30, days_late=(-1,), paid_on=DUE - 1)
    loan.now(installment=1, due=DUE, days_late=(), paid_on=0)
    loan.close(DUE)
    assert outcomes(portfolio) == {"late": (0, 1), "cash_miss": (0, 1)}


def test_late_and_cash_miss_are_different(portfolio: Portfolio) -> None:
    """Half paid on the due day: late, but no cash miss."""
    loan = Loan(portfolio, "L")
    loan.decide("due_minus", DUE - 3)
    loan.now(paid_on=DUE, payment_id="P")
    loan.close(DUE)
    assert outcomes(portfolio) == {"late": (0, 1), "cash_miss": (1, 0)}


def test_days_to_due_is_part_of_the_key(portfolio: Portfolio) -> None:
    """Outcomes of decisions at due - 3 say nothing at due - 10 until some are known there."""
    list(settled(portfolio, 10, 4))
    portfolio.open_day(DUE + 1)
    assert Loan(portfolio, "L").decide("due_minus", DUE - 10)[0].probability is None


def test_a_disbursement_is_judged_by_the_other_loans_only(portfolio: Portfolio) -> None:
    """What the new loan did on its first day is not looked at; the borrower's earlier loan is."""
    earlier = view("E", status="settled", installment=-1, days_late=(9,), paid_on=DUE - 40)
    new = Loan(portfolio, "N", days_late=(0, 0, 0))
    alone, chained = new.decide("disbursement", DUE - 30)[0], new.decide("disbursement", DUE - 30, others=(earlier,))[0]
    assert alone.points < chained.points
    assert alone.seen.settled == 0
    assert chained.reasons[0].code == "LATE_LIFT"
    assert chained.reasons[0].observed == "late in 1.0 of the last 1.0 weighted cycles"
    assert chained.reasons[0].portfolio == "15.0%"


def test_an_event_that_moves_no_points_is_no_decision(portfolio: Portfolio) -> None:
    """A second payment that changes nothing in the behaviour gives no second decision."""
    loan = Loan(portfolio, "L")
    assert len(loan.decide("event", DUE - 20)) == 2
    assert loan.decide("event", DUE - 19) == []
    assert len(loan.now(days_late=(12,)).decide("event", DUE - 18)) == 2


def test_nothing_is_foretold_of_an_installment_whose_due_day_has_ended(portfolio: Portfolio) -> None:
    """At the end of the due day its outcome is known: it is not given out as foretold."""
    decision = Loan(portfolio, "L").decide("month_end", DUE)[0]
    assert (decision.installment, decision.probability, decision.raised) == (None, None, False)
    assert not portfolio.new_spread


def test_kinds_that_the_policy_leaves_out_are_not_made(portfolio: Portfolio) -> None:
    """`decisions` of the policy says which kinds are made."""
    only = Speak(kinds=frozenset({"due_minus"}))
    loan = Loan(portfolio, "L")
    assert loan.decide("disbursement", DUE - 30, only) == []
    assert len(loan.decide("due_minus", DUE - 3, only)) == 2


def test_speaks_of_the_top_share_until_enough_outcomes_are_known(portfolio: Portfolio) -> None:
    """With a capacity of 10% and ten loans in a hundred that were late before, those ten are spoken of."""
    speak = Speak(capacity=0.1)
    loans = [Loan(portfolio, f"L{count}", days_late=(9, 9) if count < 10 else (0, 0)) for count in range(100)]
    for loan in loans:
        loan.decide("due_minus", DUE - 3, speak)
    portfolio.open_day(DUE - 1)
    raised = [loan.decide("due_minus", DUE - 1, speak)[0].raised for loan in loans]
    assert raised == [True] * 10 + [False] * 90


def test_speaks_by_expected_precision_once_enough_outcomes_are_known(portfolio: Portfolio) -> None:
    """250 outcomes, 40% bad: spoken of where 35% is asked, silent where 60% is."""
    list(settled(portfolio, 250, 100))
    portfolio.open_day(DUE + 1)
    spoken = Loan(portfolio, "A").decide("due_minus", DUE - 3, Speak(target_precision=0.35))[0]
    silent = Loan(portfolio, "B").decide("due_minus", DUE - 3, Speak(target_precision=0.6))[0]
    assert spoken.raised
    assert not silent.raised
    assert silent.threshold > silent.points


def test_the_portfolio_fades_at_the_turn_of_a_month(portfolio: Portfolio) -> None:
    """A month leaves 85% of every count, so that levels that move are followed."""
    list(settled(portfolio, 100, 50))
    portfolio.open_day(738_886)  # 2024-01-01
    before = known_outcomes(portfolio)
    portfolio.open_day(738_916)  # 2024-01-31
    assert known_outcomes(portfolio) == before
    portfolio.open_day(738_917)  # 2024-02-01
    assert known_outcomes(portfolio) == pytest.approx(0.85 * before)


def test_memory_survives_a_restart(portfolio: Portfolio) -> None:
    """What is packed and unpacked again says the same as what was never put away."""
    loans = list(settled(portfolio, 30, 12))
    loan = Loan(portfolio, "L")
    loan.decide("due_minus", DUE - 3)
    again = Portfolio.unpacked(portfolio.packed())
    assert again.packed() == portfolio.packed()
    assert Awaited.unpacked(loan.awaited.packed()).packed() == loan.awaited.packed()
    for one in (portfolio, again):
        one.open_day(DUE + 1)
    assert Loan(portfolio, "M").decide("due_minus", DUE - 3) == Loan(again, "M").decide("due_minus", DUE - 3)
    assert loans


def test_late_installments_teach_how_late(portfolio: Portfolio) -> None:
    """Settled eight days late: one resolved installment, seriously late; until then it is only late."""
    loan = Loan(portfolio, "L")
    loan.close(DUE)
    for day in range(DUE + 1, DUE + 8):
        loan.now(installment=-1, due=0, as_of=day, days_past_due=day - DUE, oldest_due=DUE)
        loan.close(day)
    assert portfolio.new_sums[2:4] == [0, 0]
    loan.now(status="settled", days_past_due=0, oldest_due=0, days_late=(8,), paid_on=DUE + 8)
    loan.close(DUE + 8)
    assert portfolio.new_sums[:5] == [1, 1, 1, 1, 8]
    assert not loan.awaited.installments


def test_next_look_is_the_next_decision_or_the_end_of_the_due_day(portfolio: Portfolio) -> None:
    """From due - 20: due - 10, -7, -5, -3, -2, -1, then the opening after the due day."""
    loan, scorer = Loan(portfolio, "L"), Scorer(CARD, Speak(kinds=frozenset({"due_minus"})))
    day, looks = DUE - 20, []
    while day := scorer.next_look(loan.view, loan.awaited, day):
        looks.append(day - DUE)
    assert looks == [-10, -7, -5, -3, -2, -1, 1]
