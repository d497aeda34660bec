"""The early-warning indicators, written from the domain reference for the judge: what holds for a borrower on a day.

Shares no code with the agent: it reads the JSON of standings and signals, keeps everything, and looks at all of it
again each day. What follows from the agent's own bookkeeping (the score; what was paid by a due date) is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

ENDED = {"settled", "overpaid", "cancelled", "charged_off", "written_off", "transferred"}
CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")


class Seen(NamedTuple):
    """A signal: day observed, event id, data."""

    day: int
    event_id: str
    data: Mapping[str, Any]


@dataclass
class Loan:
    """A loan as it stood last."""

    data: dict[str, Any]
    number: int
    """Of the next installment not past due; -1: none."""
    due: int
    revised: tuple[int, int, int] | None = None
    """Day, amount due before and after, of the last new schedule."""

    @property
    def open(self) -> bool:
        return self.data["status"] not in ENDED

    @property
    def past_due(self) -> list[int]:
        return [row["number"] for row in self.data["past_due_installments"]]

    @property
    def owed(self) -> int:
        """Number of the installment owed next; -1: none."""
        return self.past_due[0] if self.past_due else self.number

    @property
    def rank(self) -> int:
        """Its class, 0 the best: of its standing, or else by days past due."""
        if (named := self.data["classifications"].get("cn_five_class_2023")) is not None:
            return CLASSES.index(named)
        days = self.data["days_past_due"]
        return 4 if days > 360 else 3 if days > 270 else 2 if days > 90 else 1 if days else 0


@dataclass
class Borrower:
    """All that is known of a borrower."""

    loans: dict[str, Loan] = field(default_factory=dict)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    """By kind, in the order of days and ids."""


class Look(NamedTuple):
    """One question: does it hold for this borrower, and this loan, on this day?"""

    borrower: Borrower
    loan: Loan | None
    day: int
    age: int

    def all(self, kind: str) -> list[Seen]:
        """Everything seen of a kind; nothing where the newest is too old."""
        seen = [one for one in self.borrower.seen.get(kind, []) if one.day <= self.day]
        return seen if seen and seen[-1].day >= self.day - self.age else []

    def fresh(self, kind: str) -> list[Seen]:
        """What is not too old."""
        return [one for one in self.all(kind) if one.day >= self.day - self.age]

    @property
    def of(self) -> dict[str, Any]:
        """The loan's standing."""
        assert self.loan is not None
        return self.loan.data


Finding = tuple[Any, Any, list[str]]
"""Observed, threshold, and the events that say so; a fourth part: the class that the loan must have at least."""
Holds = Callable[..., Any]


def ids(seen: list[Seen]) -> list[str]:
    return [one.event_id for one in seen]


def late_in_grace(look: Look, times: int, last: int) -> Any:
    late = [d for d in look.of["behaviour"]["days_late"][-last:] if 0 < d <= look.of["behaviour"]["grace_days"]]
    return (len(late), times, [look.of["last_event_id"]]) if len(late) >= times else None


def pay_drift(look: Look, slope: int, least: int) -> Any:
    days = look.of["behaviour"]["days_late"][-4:]
    if len(days) < 4 or days[-1] < least:
        return None
    mean = Fraction(sum(days), 4)  # least squares: sum of (x - 1.5)(y - mean) over sum of (x - 1.5)^2, which is 5
    found = sum((Fraction(x) - Fraction(3, 2)) * (y - mean) for x, y in enumerate(days)) / 5
    return (f"{float(found):.1f}", f"{slope / 10:.1f}", [look.of["last_event_id"]]) if found * 10 >= slope else None


def early_default(look: Look, number: int, days: int) -> Any:
    assert look.loan is not None
    before = look.of["behaviour"]["days_late"]
    good = look.loan.past_due[:1] == [number] and len(before) == number - 1 and all(d <= 0 for d in before)
    found = look.of["days_past_due"]
    return (found, days, [look.of["last_event_id"]]) if good and found >= days else None


def early_arrears(look: Look, first: int, last: int) -> Any:
    days = look.of["days_past_due"]
    return (days, first, [look.of["last_event_id"]]) if first <= days <= last else None


def rate_shock(look: Look, rise: int, income: int) -> Any:
    assert look.loan is not None
    if look.loan.revised is None or look.loan.revised[0] < look.day - look.age:
        return None
    _, before, after = look.loan.revised
    if before and Fraction(after, before) >= 1 + Fraction(rise, 100):
        return after * 100 // before - 100, rise, [look.of["last_event_id"]]
    pay = look.fresh("income_reported")[-1:]
    if pay and after > Fraction(income, 100) * pay[0].data["amount"]:
        return after, income, [look.of["last_event_id"], pay[0].event_id]
    return None


def cross_loan(look: Look, days: int) -> Any:
    others = [one for one in look.borrower.loans.values() if one is not look.loan and one.open]
    worst = max(others, key=lambda one: (one.data["days_past_due"], one.data["loan_id"]), default=None)
    if worst is None or worst.data["days_past_due"] < days:
        return None
    return worst.data["days_past_due"], days, [worst.data["last_event_id"]]


def due_low_balance(look: Look, within: int, cover: int) -> Any:
    assert look.loan is not None
    last = look.fresh("balance_reported")[-1:]
    if not last or look.loan.number < 0 or not 0 <= look.loan.due - look.day <= within:
        return None
    needed = look.of["behaviour"]["upcoming_unpaid"] * cover // 100
    balance = last[0].data["balance"]
    return (balance, needed, ids(last)) if balance < needed else None


def autopay_fail(look: Look, times: int) -> Any:
    assert look.loan is not None
    failed = [one for one in look.fresh("debit_failed") if one.data["loan_id"] == look.of["loan_id"]]
    now = [one for one in failed if one.data["installment"] == look.loan.owed]
    if len(now) >= times:
        return len(now), times, ids(now)
    cycles = {one.data["installment"] for one in failed}
    return (len(cycles), times, ids(failed)) if len(cycles) >= times else None


def autopay_off(look: Look) -> Any:
    last = look.all("mandate_changed")[-1:]
    return ("removed", None, ids(last)) if last and not last[0].data["active"] else None


def job_loss(look: Look) -> Any:
    last = look.fresh("employment_changed")[-1:]
    return ("unemployed", None, ids(last)) if last and last[0].data["status"] == "unemployed" else None


def balance_collapse(look: Look, left: int, debt: int) -> Any:
    seen = [one for one in look.all("deposits_reported") if one.day >= look.day - 184]
    if not seen:
        return None
    now, most = seen[-1].data["amount"], max(one.data["amount"] for one in seen)
    if most and Fraction(now, most) < Fraction(left, 100):
        return now * 100 // most, left, ids(seen[-1:])
    owed = sum(one.data["outstanding_total"] for one in look.borrower.loans.values() if one.open)
    mean = Fraction(sum(one.data["amount"] for one in seen), len(seen))
    if len(seen) >= 3 and mean < owed * Fraction(debt, 10_000):
        return int(mean), owed * debt // 10_000, ids(seen)
    return None


def utilisation_jump(look: Look, used: int, jump: int) -> Any:
    for card in sorted({one.data["card_id"] for one in look.borrower.seen.get("card_usage_reported", [])}):
        seen = [one for one in _of_card(look, card) if one.data["limit"]][-4:]
        shares = [Fraction(100 * one.data["balance"], one.data["limit"]) for one in seen]
        if len(seen) == 4 and shares[3] >= used and shares[3] - sum(shares[:3]) / 3 >= jump:
            return int(shares[3]), used, ids(seen)
    return None


def minimum_only(look: Look, statements: int, below: int) -> Any:
    for card in sorted({one.data["card_id"] for one in look.borrower.seen.get("card_usage_reported", [])}):
        seen = [one for one in _of_card(look, card) if one.data.get("minimum_due")][-statements:]
        paid = [Fraction(100 * one.data.get("paid", 0), one.data["minimum_due"]) for one in seen]
        if len(seen) == statements and all(100 <= share < below for share in paid):
            return statements, statements, ids(seen)
    return None


def _of_card(look: Look, card: str) -> list[Seen]:
    """A card's statements; nothing where the newest of this card is too old."""
    seen = [one for one in look.borrower.seen["card_usage_reported"] if one.data["card_id"] == card]
    seen = [one for one in seen if one.day <= look.day]
    return seen if seen and seen[-1].day >= look.day - look.age else []


def income_drop(look: Look, left: int) -> Any:
    seen = look.all("income_reported")
    share = _against_before(seen)
    return (int(share), left, ids(seen[-3:])) if share is not None and share <= left else None


def spending_shift(look: Look, fall: int, rise: int, share: int, empty: int) -> Any:
    seen = look.all("spending_reported")
    last = seen[-3:]
    found = _against_before(seen)
    if found is not None and (found <= fall or found >= rise):
        return int(found), fall if found <= fall else rise, ids(last)
    spent = sum(one.data["amount"] for one in last)
    risky = sum(one.data.get("cash_advance", 0) + one.data.get("gambling", 0) for one in last)
    if len(last) == 3 and spent and Fraction(risky, spent) >= Fraction(share, 100):
        return risky * 100 // spent, share, ids(last)
    if len(seen) >= empty and all(one.data.get("empty_before_payday") for one in seen[-empty:]):
        return empty, empty, ids(seen[-empty:])
    return None


def _against_before(seen: list[Seen]) -> Fraction | None:
    """Mean of the last three reports in percent of that of the six before."""
    amounts = [one.data["amount"] for one in seen]
    before = sum(amounts[-9:-3])
    return Fraction(100 * sum(amounts[-3:]) * 2, before) if len(amounts) >= 9 and before else None


def turnover_drop(look: Look, left: int) -> Any:
    share, events = _against_last_year(look.all("turnover_reported"))
    return (int(share), left, events) if share is not None and share <= left else None


def tax_invoice(look: Look, left: int, silent: int) -> Any:
    seen = look.all("tax_reported")
    share, events = _against_last_year(seen)
    if share is not None and left and share <= left:
        return int(share), left, events
    last = ordinal(seen[-1].data.get("last_invoice_date")) if seen else 0
    return (look.day - last, silent, ids(seen[-1:])) if last and silent and look.day - last >= silent else None


def _against_last_year(seen: list[Seen]) -> tuple[Fraction | None, list[str]]:
    """The last three months in percent of the same of the year before."""

    def month(day: int) -> int:
        found = date.fromordinal(day)
        return 12 * found.year + found.month

    amounts = {month(one.day): one.data["amount"] for one in seen}
    last = [max(amounts, default=0) - ago for ago in range(3)]
    if not all(one in amounts and one - 12 in amounts for one in last):
        return None, []
    before = sum(amounts[one - 12] for one in last)
    events = [one.event_id for one in seen if month(one.day) in last]
    return (Fraction(100 * sum(amounts[one] for one in last), before), events) if before else (None, [])


def _bureau(look: Look, limits: dict[str, int]) -> Any:
    last = look.fresh("bureau_reported")[-1:]
    for name, limit in limits.items() if last else ():
        if last[0].data.get(name, 0) >= limit:
            return last[0].data[name], limit, ids(last)
    return None


def stacking(look: Look, queries_3m: int, **more: int) -> Any:
    return _bureau(look, {"queries_3m": queries_3m, **more})


def bureau_overdue(look: Look, worst_status: int, **more: int) -> Any:
    return _bureau(look, {"worst_status": worst_status, **more})


def score_drop(look: Look, bands: int) -> Any:
    seen = [one for one in look.all("score_changed") if one.day >= look.day - 92]
    if len(seen) < 2:
        return None
    best = max(seen, key=lambda one: (one.data["band"], one.day))
    fall = best.data["band"] - seen[-1].data["band"]
    return (fall, bands, [best.event_id, seen[-1].event_id]) if fall >= bands else None


def legal(look: Look, kinds: tuple[str, ...], share: int) -> Any:
    closed = {one.data["case_id"]: one.day for one in look.borrower.seen.get("legal_case_closed", [])}
    owed = sum(one.data["outstanding_total"] for one in look.borrower.loans.values() if one.open)
    for one in reversed(look.fresh("legal_case_found")):
        is_closed = closed.get(one.data["case_id"], 0) >= one.day
        amount = one.data.get("amount", 0)
        if not is_closed and one.data["kind"] in kinds and amount * 100 >= owed * share:
            return one.data["kind"], share or None, [one.event_id]
    return None


def guarantor(look: Look, statuses: tuple[str, ...]) -> Any:
    seen = look.borrower.seen.get("guarantor_reported", [])
    for name in sorted({one.data["guarantor_id"] for one in seen}):
        last = [one for one in look.fresh("guarantor_reported") if one.data["guarantor_id"] == name][-1:]
        if last and last[0].data["status"] in statuses:
            return last[0].data["status"], None, ids(last)
    return None


def _misuse(look: Look, kinds: tuple[str, ...], loans: list[Loan]) -> Any:
    cleared = max((one.day for one in look.borrower.seen.get("misuse_cleared", [])), default=0)
    found = [one for one in look.fresh("misuse_found") if one.day > cleared and one.data["kind"] in kinds]
    if found:
        return found[-1].data["kind"], None, ids(found[-1:])
    for loan in sorted(loans, key=lambda one: one.data["loan_id"]):
        day = ordinal(loan.data["behaviour"].get("misuse_found_date"))
        if loan.open and day > cleared and look.day - look.age <= day <= look.day:
            return "loan.misuse_found", None, [loan.data["last_event_id"]]
    return None


def misuse(look: Look) -> Any:
    return _misuse(look, ("banned_use",), list(look.borrower.loans.values()))


def misused_funds(look: Look) -> Any:
    found = _misuse(look, ("banned_use", "refinance_to_repay"), [look.loan] if look.loan else [])
    return _at_least(look, 1, found)


def relief_ask(look: Look) -> Any:
    seen = look.fresh("relief_requested")[-1:]
    return ("requested", None, ids(seen)) if seen else None


def forborne(look: Look) -> Any:
    seen = look.fresh("relief_granted")[-1:]
    return (seen[0].data["kind"], None, ids(seen)) if seen else None


def _at_least(look: Look, rank: int, finding: Any) -> Any:
    """Only where the loan's own class is milder."""
    assert look.loan is not None
    return None if finding is None or look.loan.rank >= rank else (*finding, CLASSES[rank])


def debtor_non_performing(look: Look, share: int) -> Any:
    if look.of["segment"] == "retail":
        return None
    claims = [one for one in look.borrower.loans.values() if one.data["outstanding_principal"]]
    bad = sorted((one for one in claims if one.rank >= 2), key=lambda one: one.data["loan_id"])
    part = Fraction(sum(one.data["outstanding_principal"] for one in bad))
    whole = sum(one.data["outstanding_principal"] for one in claims)
    if part * 100 <= share * whole:
        return None
    return _at_least(look, 2, (f"{float(100 * part / whole):.2f}", share, [one.data["last_event_id"] for one in bad]))


def debt_overdue_elsewhere(look: Look, share: int) -> Any:
    last = look.fresh("bureau_reported")[-1:]
    if look.of["segment"] == "retail" or not last:
        return None
    over, debt = last[0].data.get("debt_over_90_days", 0), last[0].data.get("debt", 0)
    if over * 100 <= share * debt:
        return None
    return _at_least(look, 2, (f"{100 * over / debt:.2f}", share, ids(last)))


def bad_debt(look: Look) -> Any:
    if look.of["segment"] == "retail":
        return None
    last = look.fresh("bureau_reported")[-1:]
    if last and last[0].data.get("bad_debt"):
        return _at_least(look, 1, ("elsewhere", None, ids(last)))
    given_up = [one for one in look.borrower.loans.values() if one.data["status"] in ("written_off", "charged_off")]
    return _at_least(look, 1, ("here", None, [given_up[0].data["last_event_id"]])) if given_up else None


def impaired(look: Look, loss: int) -> Any:
    last = look.fresh("impairment_reported")[-1:]
    if not last:
        return None
    expected, exposure = last[0].data["expected_loss"], last[0].data["exposure"]
    if last[0].data.get("liquidation"):
        return _at_least(look, 4, ("liquidation", None, ids(last)))
    if expected * 100 < loss * exposure:
        return None
    rank = 4 if expected * 100 >= 90 * exposure else 3
    return _at_least(look, rank, (expected * 100 // exposure, loss, ids(last)))


def ordinal(text: str | None) -> int:
    """The day of an ISO date as a number; 0: none."""
    return date.fromisoformat(text).toordinal() if text else 0
