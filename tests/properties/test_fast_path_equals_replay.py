"""The fast path of a payment in order, and the replay of the whole journal, are one and the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.engine import journal, step
from stream.engine.corrections import rebuild
from stream.engine.dates import Day
from stream.engine.delinquency import judge
from stream.engine.facts import Allocation, Disbursed, Repaid, RepaymentReversed
from stream.engine.history import fold_before
from stream.engine.loan import Loan
from stream.engine.money import FEE, INTEREST, PENALTY, PRINCIPAL
from stream.engine.policy import Rules
from stream.engine.schedule import open_all
from stream.translate import state
from tests.engine.story import CN_BUCKETS
from tests.properties.size import sized

START = 738_900

rules_drawn = st.builds(
    Rules,
    st.just("drawn"),
    st.just(CN_BUCKETS),
    grace_days=st.integers(0, 5),
    tolerance_amount=st.sampled_from([0, 0, 50]),
    tolerance_percent=st.sampled_from([(0, 1), (0, 1), (1, 100)]),
    order=st.permutations([PENALTY, FEE, INTEREST, PRINCIPAL]).map(tuple),
    principal_first_after_days=st.sampled_from([None, 0, 20]),
    vertical=st.booleans(),
)
schedules = st.lists(
    st.tuples(st.integers(1, 100_000), st.integers(0, 9_000), st.integers(0, 500), st.integers(0, 500)),
    min_size=1,
    max_size=12,
).map(lambda rows: [[number, START + 30 * number, *parts, sum(parts)] for number, parts in enumerate(rows, 1)])
payments = st.tuples(
    st.just("pay"),
    st.integers(0, 11),
    st.integers(0, 400),
    st.integers(1, 400_000),
    st.sampled_from(["repayment"] * 6 + ["goodwill_credit", "down_payment", "credit_balance_refund"]),
    st.sampled_from([None] * 6 + [1, 3, 12]),
    st.sampled_from([None] * 8 + [(Allocation(2, 1, 0, 0, 0),)]),
)
facts = st.lists(
    st.one_of(
        payments,
        payments,
        payments,
        st.tuples(st.just("reverse"), st.integers(0, 11)),
        st.tuples(st.just("day"), st.integers(1, 60)),
    ),
    max_size=30,
)
MONEY = ("owed", "credit", "lateness", "shortfalls", "worst", "last_payment_id", "last_value_date", "last_amount")


def money(loan: Loan) -> list[object]:
    """Every figure that is a fold over the journal."""
    open_all(loan)
    return [loan.rows, *[getattr(loan, name) for name in MONEY]]


def through_bytes(loan: Loan) -> Loan:
    return state.load(state.store(loan, 0, 0))


DRAWN = {"rules": rules_drawn, "schedule": schedules, "told": facts, "fold_at": st.integers(0, 30)}


@sized(400)
@given(**DRAWN)
def test_fast_path_equals_replay(rules: Rules, schedule: list[list[int]], told: list[tuple], fold_at: int) -> None:
    """After every fact the figures equal a replay of the journal; money is conserved; folding changes nothing."""
    check(rules, schedule, told, fold_at)


def check(rules: Rules, schedule: list[list[int]], told: list[tuple], fold_at: int) -> None:
    today = Day(START)
    begun = step.disburse(
        None, Disbursed("D", today, "L", "B", "C", "retail", "CNY", 1, today, "0", schedule, None, ()), rules, today
    )
    assert begun is not None
    loan = begun[0]
    total = sum(sum(row[2:6]) for row in schedule)
    paid: dict[str, int] = {}
    first: dict[int, Repaid] = {}  # a payment that comes again is the same payment
    refunded = False
    reversed_ids: set[str] = set()
    for number, fact in enumerate(told):
        loan = through_bytes(loan)
        if fact[0] == "day":
            today = Day(today + fact[1])
            step.open_day(loan, rules, today)
        elif fact[0] == "pay":
            _, payment, value, amount, kind, installment, given_allocations = fact
            value_date = Day(min(START + value, today))
            event = Repaid(
                f"E{number}", today, "L", f"P{payment:02}", value_date, amount, kind, installment, given_allocations
            )
            event = first.setdefault(payment, event)._replace(event_id=f"E{number}", recorded=today)
            kind, amount = event.kind, event.amount
            try:
                said = step.repay(loan, event, rules, today)
            except step.Refused:
                continue
            assert (said is None) == (event.payment_id in paid)
            paid.setdefault(event.payment_id, -amount if kind == "credit_balance_refund" else amount)
            refunded = refunded or kind == "credit_balance_refund"
        else:
            event_id = f"P{fact[1]:02}"
            try:
                step.reverse(
                    loan, RepaymentReversed(f"E{number}", today, "L", event_id, f"R{number}", today), rules, today
                )
            except step.Refused:
                continue
            reversed_ids.add(event_id)
        if number == fold_at:
            fold_before(loan, rules, START + 100)
            before = money(through_bytes(loan))
        again = through_bytes(loan)
        rebuild(again, journal.read(again.journal), rules)
        judge(again, today, rules)
        assert money(again) == money(through_bytes(loan))
        if number == fold_at:
            assert money(again) == before
        assert sum(loan.owed) == sum(sum(row[2:6]) for row in again.rows)
        if not refunded and number < fold_at:
            received = sum(amount for payment, amount in paid.items() if payment not in reversed_ids)
            assert total - sum(loan.owed) + loan.credit == received
