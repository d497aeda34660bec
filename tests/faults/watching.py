"""What the early warning must say, computed again by the judge: raised, escalated, cleared, each once.

From the log alone: standings by the timestamps of what caused them, signals in the order of their partition. Warnings
of the codes in `TAKEN_OVER` follow from the agent's own memory; they come from the agent in one piece, see warned.py,
and count here in the borrower's points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from tests.faults import indicators as of
from tests.faults.indicators import Borrower, Holds, Loan, Look, Seen, ordinal

TAKEN_OVER = ("SCORE_LATE", "SCORE_CASH_MISS", "PARTIAL_PAY", "RATIO_DECLINE")
ORDER = ("low", "medium", "high", "critical")
POINTS = dict(zip(ORDER, (10, 25, 50, 100), strict=True))
LEVELS = {"red": (100, "critical"), "orange": (50, "high"), "yellow": (25, "medium"), "none": (0, "")}


class Rule(NamedTuple):
    """An indicator's numbers, from the domain reference."""

    holds: Holds
    steps: tuple[tuple[str, dict[str, Any]], ...]
    """The severest first."""
    reads: tuple[str, ...] = ()
    """Kinds of signals at which it is asked."""
    needs: str = ""
    """Without any signal of this kind it is not asked; where the newest is too old, it is cleared as stale."""
    age: int = 45
    clear: dict[str, Any] | None = None
    about_loan: bool = False


def _days(number: int) -> tuple[tuple[str, dict[str, Any]], ...]:
    steps = (("critical", 30), ("high", 7), ("medium", 1))
    return tuple((severity, {"number": number, "days": days}) for severity, days in steps)


def _on_loan(holds: Holds, *steps: tuple[str, dict[str, Any]], **more: Any) -> Rule:
    return Rule(holds, steps, about_loan=True, **more)


def _on_signal(holds: Holds, kind: str, age: int, *steps: tuple[str, dict[str, Any]], **more: Any) -> Rule:
    return Rule(holds, steps, (kind,), kind, age, **more)


BUREAU = "bureau_reported"
RULES: Mapping[str, Rule] = {
    "LATE_IN_GRACE": _on_loan(of.late_in_grace, ("medium", {"times": 2, "last": 3})),
    "PAY_DRIFT": _on_loan(of.pay_drift, ("medium", {"slope": 20, "least": -1}), clear={"slope": 10, "least": -30}),
    "FPD": _on_loan(of.early_default, *_days(1)),
    "SPD": _on_loan(of.early_default, *_days(2)),
    "TPD": _on_loan(of.early_default, *_days(3)),
    "EARLY_ARREARS": _on_loan(of.early_arrears, ("high", {"first": 5, "last": 30}), clear={"first": 1, "last": 30}),
    "RATE_SHOCK": _on_loan(of.rate_shock, ("medium", {"rise": 20, "income": 50}), reads=("income_reported",), age=90),
    "CROSS_LOAN": _on_loan(of.cross_loan, ("critical", {"days": 91}), ("high", {"days": 31}), ("medium", {"days": 1})),
    "DUE_LOW_BAL": _on_signal(
        of.due_low_balance,
        "balance_reported",
        3,
        ("medium", {"within": 1, "cover": 100}),
        ("low", {"within": 3, "cover": 100}),
        clear={"within": 3, "cover": 110},
        about_loan=True,
    ),
    "AUTOPAY_FAIL": _on_signal(of.autopay_fail, "debit_failed", 62, ("medium", {"times": 2}), about_loan=True),
    "AUTOPAY_OFF": _on_signal(of.autopay_off, "mandate_changed", 365, ("medium", {})),
    "UTIL_JUMP": _on_signal(
        of.utilisation_jump,
        "card_usage_reported",
        45,
        ("medium", {"used": 80, "jump": 30}),
        clear={"used": 75, "jump": 20},
    ),
    "MIN_ONLY": _on_signal(of.minimum_only, "card_usage_reported", 45, ("medium", {"statements": 3, "below": 110})),
    "BAL_COLLAPSE": _on_signal(
        of.balance_collapse, "deposits_reported", 62, ("high", {"left": 5, "debt": 5}), clear={"left": 10, "debt": 10}
    ),
    "SPEND_SHIFT": _on_signal(
        of.spending_shift, "spending_reported", 62, ("medium", {"fall": 60, "rise": 180, "share": 20, "empty": 2})
    ),
    "INCOME_DROP": _on_signal(of.income_drop, "income_reported", 62, ("medium", {"left": 70}), clear={"left": 80}),
    "JOB_LOSS": _on_signal(of.job_loss, "employment_changed", 365, ("high", {})),
    "TURNOVER_DROP": _on_signal(
        of.turnover_drop, "turnover_reported", 62, ("high", {"left": 50}), ("medium", {"left": 70}), clear={"left": 75}
    ),
    "TAX_INVOICE": _on_signal(
        of.tax_invoice,
        "tax_reported",
        92,
        ("high", {"left": 0, "silent": 60}),
        ("medium", {"left": 70, "silent": 0}),
        clear={"left": 75, "silent": 0},
    ),
    "STACKING": _on_signal(
        of.stacking,
        BUREAU,
        45,
        ("high", {"queries_3m": 11}),
        ("medium", {"queries_3m": 7, "open_lenders": 3, "applications_7d": 5}),
        clear={"queries_3m": 6, "open_lenders": 3, "applications_7d": 5},
    ),
    "BUREAU_OVERDUE": _on_signal(
        of.bureau_overdue,
        BUREAU,
        62,
        ("high", {"worst_status": 3, "overdue_months_in_row": 3, "overdue_months": 6}),
        ("medium", {"worst_status": 1}),
    ),
    "SCORE_DROP": _on_signal(of.score_drop, "score_changed", 92, ("medium", {"bands": 2}), clear={"bands": 1}),
    "LEGAL": Rule(
        of.legal,
        (
            ("critical", {"kinds": ("dishonest", "bankruptcy"), "share": 0}),
            ("high", {"kinds": ("enforcement", "dishonest", "bankruptcy"), "share": 0}),
            ("medium", {"kinds": ("defendant", "enforcement", "dishonest", "bankruptcy"), "share": 10}),
        ),
        ("legal_case_found", "legal_case_closed"),
        "legal_case_found",
        730,
    ),
    "GUARANTOR": _on_signal(
        of.guarantor,
        "guarantor_reported",
        62,
        ("high", {"statuses": ("defaulted",)}),
        ("medium", {"statuses": ("overdue", "defaulted")}),
    ),
    "MISUSE": Rule(of.misuse, (("high", {}),), ("misuse_found", "misuse_cleared"), age=365),
    "RELIEF_ASK": _on_signal(of.relief_ask, "relief_requested", 90, ("low", {})),
    "FORBORNE": _on_signal(of.forborne, "relief_granted", 90, ("medium", {})),
    "DEBTOR_NON_PERFORMING": _on_loan(of.debtor_non_performing, ("critical", {"share": 10})),
    "DEBT_OVERDUE_ELSEWHERE": _on_signal(
        of.debt_overdue_elsewhere, BUREAU, 92, ("critical", {"share": 20}), about_loan=True
    ),
    "BAD_DEBT": _on_loan(of.bad_debt, ("high", {}), reads=(BUREAU,), age=92),
    "IMPAIRED": _on_signal(
        of.impaired, "impairment_reported", 92, ("critical", {"loss": 90}), ("high", {"loss": 50}), about_loan=True
    ),
    "MISUSED_FUNDS": _on_loan(of.misused_funds, ("high", {}), reads=("misuse_found", "misuse_cleared"), age=365),
}


@dataclass
class Out:
    """A warning that stands."""

    severity: str
    since: int
    cycle: str
    warning_id: str


@dataclass
class Watched:
    """One borrower under watch."""

    borrower_id: str
    version: str
    borrower: Borrower = field(default_factory=Borrower)
    out: dict[tuple[str, str], Out] = field(default_factory=dict)
    ended: dict[tuple[str, str], str] = field(default_factory=dict)
    """The cycle in which a warning was cleared: it is not raised again in it."""
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Id to what is said."""
    told: set[str] = field(default_factory=set)
    """Ids of the signals so far."""

    # -- what comes ---------------------------------------------------------------------------------------------------

    def take_standing(self, data: dict[str, Any]) -> None:
        """A loan stands thus."""
        behaviour = data["behaviour"]
        number = behaviour["upcoming_number"]
        new = Loan(data, -1 if number is None else number, ordinal(behaviour["upcoming_due_date"]))
        old = self.borrower.loans.get(data["loan_id"])
        self.borrower.loans[data["loan_id"]] = new
        if old is None:
            return
        new.revised = old.revised
        if data["schedule_version"] > old.data["schedule_version"] and old.number >= 0 and new.number >= 0:
            was = old.data["behaviour"]["upcoming_scheduled"]
            new.revised = (ordinal(data["as_of"]), was, behaviour["upcoming_scheduled"])
        owed = new.owed if new.owed >= 0 else 10_000
        if owed < (old.owed if old.owed >= 0 else 10_000):  # money was taken back: the cycle is open again
            self.ended = {k: c for k, c in self.ended.items() if k[1] != data["loan_id"] or int(c) < owed}
            for (_, loan_id), out in self.out.items():
                if loan_id == data["loan_id"] and int(out.cycle) > owed:
                    out.cycle = str(owed)

    def open_day(self, day: int, taken_over: Mapping[str, dict[str, Any]]) -> None:
        """The day opens; `taken_over`: what the agent says on it of the codes that are not judged here."""
        for loan in self.borrower.loans.values():
            if 0 < loan.due < day:  # over, and not past due: what is unpaid is tolerated
                loan.number, loan.due = -1, 0
        self._look(day, RULES, taken_over)

    def take_signal(self, day: int, kind: str, event_id: str, data: Mapping[str, Any]) -> None:
        """A signal is judged on a day; one that was seen before changes nothing."""
        if event_id in self.told:
            return
        self.told.add(event_id)
        names = ("card_id", "debit_id", "case_id", "guarantor_id")
        about = [data.get(name) for name in names]
        new = Seen(ordinal(data["observation_date"]), event_id, data)
        seen = self.borrower.seen.setdefault(kind, [])
        seen[:] = [one for one in seen if one.day != new.day or [one.data.get(name) for name in names] != about]
        seen.append(new)
        seen.sort(key=lambda one: (one.day, one.event_id))
        self._look(day, {code: rule for code, rule in RULES.items() if kind in rule.reads}, {})

    # -- what is said -------------------------------------------------------------------------------------------------

    def _look(self, day: int, rules: Mapping[str, Rule], taken_over: Mapping[str, dict[str, Any]]) -> None:
        found = self._found(day, rules)
        said: list[dict[str, Any]] = []
        for code, loan_id in sorted(self.out):
            if code in rules and (code, loan_id) not in found:
                said += self._clear(code, loan_id, day, rules[code])
        for (code, loan_id), (severity, finding) in found.items():
            said += self._see(code, loan_id, day, severity, finding)
        for name, body in taken_over.items():
            self._take_over(body)
            said.append(body | {"id": name})
        points = self._points(day)
        said += self._watch_list(day, points)
        for one in said:
            name = one.pop("id")
            self.said[name] = one | {"points": points, "level": _level(points)}

    def _found(self, day: int, rules: Mapping[str, Rule]) -> dict[tuple[str, str], tuple[str, Any]]:
        """What holds: code and loan to severity and finding."""
        found: dict[tuple[str, str], tuple[str, Any]] = {}
        for code, rule in rules.items():
            if rule.needs and not self.borrower.seen.get(rule.needs):
                continue
            asked = [one for one in self.borrower.loans.values() if one.open] if rule.about_loan else [None]
            for loan in asked:
                look = Look(self.borrower, loan, day, rule.age)
                for severity, numbers in rule.steps:
                    finding = rule.holds(look, **numbers)
                    if finding is not None:
                        found[code, loan.data["loan_id"] if loan else ""] = severity, finding
                        break
        return found

    def _see(self, code: str, loan_id: str, day: int, severity: str, finding: Any) -> list[dict[str, Any]]:
        cycle = str(self.borrower.loans[loan_id].owed) if loan_id else date.fromordinal(day).isoformat()[:7]
        out = self.out.get((code, loan_id))
        if out is None:
            if self.ended.get((code, loan_id)) == cycle:
                return []
            name = self._id(loan_id, code, "raised", severity, cycle, day)
            out = self.out[code, loan_id] = Out(severity, day, cycle, name)
            return [self._body(name, "raised", code, loan_id, day, out, None, finding)]
        if ORDER.index(severity) <= ORDER.index(out.severity):
            return []
        before, out.severity, out.since = out.severity, severity, day
        of_cycle = out.cycle if code == "WATCH_LIST" else cycle
        name = self._id(loan_id, code, "escalated", severity, of_cycle, day)
        return [self._body(name, "escalated", code, loan_id, day, out, before, finding)]

    def _clear(self, code: str, loan_id: str, day: int, rule: Rule) -> list[dict[str, Any]]:
        loan, out = self.borrower.loans.get(loan_id), self.out[code, loan_id]
        if loan_id and (loan is None or not loan.open):
            because = "loan_ended"
        else:
            if rule.clear is not None and (not rule.needs or self.borrower.seen.get(rule.needs)):
                look = Look(self.borrower, loan, day, rule.age)
                if rule.holds(look, **{**rule.steps[-1][1], **rule.clear}) is not None:
                    return []
            because = "observations_too_old" if self._stale(code, day, rule) else "condition_gone"
            self.ended[code, loan_id] = out.cycle
        del self.out[code, loan_id]
        name = self._id(loan_id, code, "cleared", out.severity, out.cycle, day)
        events = [loan.data["last_event_id"]] if loan is not None else []
        body = self._body(name, "cleared", code, loan_id, day, out, None, (because, None, events))
        return [body | {"cleared_because": because}]

    def _stale(self, code: str, day: int, rule: Rule) -> bool:
        kinds = (rule.needs,) if rule.needs else ()
        days = [one.day for kind in kinds for one in self.borrower.seen.get(kind, [])]
        if code in ("MISUSE", "MISUSED_FUNDS"):
            days = [one.day for one in self.borrower.seen.get("misuse_found", [])]
            loans = self.borrower.loans.values()
            days += [ordinal(one.data["behaviour"].get("misuse_found_date")) for one in loans]
            return max(days, default=0) < day - rule.age
        return bool(kinds) and max(days, default=0) < day - rule.age

    def _take_over(self, one: Mapping[str, Any]) -> None:
        """Keep in mind what the agent says of the codes that are not judged here; it is right by another test."""
        key = (one["code"], one["loan_id"] or "")
        if "cleared_because" in one:
            self.out.pop(key, None)
        elif one["previous_severity"] is None:
            self.out[key] = Out(one["severity"], ordinal(one["as_of"]), one["cycle"], one["warning_id"])
        else:
            self.out[key].severity, self.out[key].since = one["severity"], ordinal(one["as_of"])

    def _points(self, day: int) -> int:
        by_code: dict[str, int] = {}
        worst = 0
        for (code, _), out in self.out.items():
            if code != "WATCH_LIST":
                full = POINTS[out.severity]
                by_code[code] = max(by_code.get(code, 0), full * max(0, 30 - (day - out.since)) // 30)
                worst = max(worst, full)
        return max(sum(by_code.values()), worst)

    def _watch_list(self, day: int, points: int) -> list[dict[str, Any]]:
        key, level = ("WATCH_LIST", ""), _level(points)
        if level != "none":
            least, severity = LEVELS[level]
            self.ended.pop(key, None)
            return self._see(*key, day, severity, (points, least, []))
        out = self.out.get(key)
        if out is None or points >= 20:
            return []
        del self.out[key]
        name = self._id("", "WATCH_LIST", "cleared", out.severity, out.cycle, day)
        body = self._body(name, "cleared", *key, day, out, None, ("condition_gone", None, []))
        return [body | {"cleared_because": "condition_gone"}]

    def _id(self, loan_id: str, code: str, kind: str, severity: str, cycle: str, day: int) -> str:
        as_of = date.fromordinal(day).isoformat()
        parts = (self.borrower_id, loan_id or "-", code, f"early_warning.{kind}", severity, cycle, as_of)
        return sha256("|".join(parts).encode()).hexdigest()[:32]

    def _body(
        self, name: str, kind: str, code: str, loan_id: str, day: int, out: Out, before: str | None, finding: Any
    ) -> dict[str, Any]:
        observed, threshold, events = finding[:3]
        loan = self.borrower.loans.get(loan_id)
        upcoming = loan is not None and loan.number >= 0
        causes = list(dict.fromkeys(events))[-20:] or [f"business-day:{date.fromordinal(day).isoformat()}"]
        return {
            "id": name,
            "type": f"early_warning.{kind}",
            "warning_id": out.warning_id,
            "borrower_id": self.borrower_id,
            "code": code,
            "severity": out.severity,
            "previous_severity": before,
            "as_of": date.fromordinal(day).isoformat(),
            "cycle": out.cycle,
            "installment": loan.number if loan is not None and upcoming else None,
            "days_to_due": max(0, loan.due - day) if loan is not None and upcoming else None,
            "probability": None,
            "outcomes": None,
            "minimum_class": finding[3] if len(finding) > 3 else None,
            **_of_loan(loan),
            "reasons": [
                {"code": code, "observed": observed, "threshold": threshold, "portfolio": None, "points": None}
            ],
            "policy_version": self.version,
            **({} if code == "WATCH_LIST" else {"causes": causes}),  # of all that is said at once: not judged
        }


def _level(points: int) -> str:
    return next(level for level, (least, _) in LEVELS.items() if points >= least)


def _of_loan(loan: Loan | None) -> dict[str, Any]:
    """The loan's part of a warning, copied from its standing."""
    names = (
        "loan_id", "product", "currency", "days_past_due", "delinquent_days", "bucket", "overdue",
        "outstanding_principal", "oldest_due_date",
    )  # fmt: skip
    if loan is None:
        return {**dict.fromkeys(names), "episode_id": None, "classifications": {}}
    episode = loan.data["episode"]
    of_loan = {name: loan.data[name] for name in (*names, "classifications")}
    return {**of_loan, "episode_id": None if episode is None else episode["id"]}
