"""A loan's story: what was said and done day by day, and where each amount went, as it is known now."""

from __future__ import annotations

from typing import NamedTuple

from stream.engine.delinquency import overdue
from stream.engine.facts import Disbursed, Fact
from stream.engine.findings import Alert
from stream.engine.loan import Loan, status
from stream.engine.money import COMPONENTS, Money
from stream.engine.policy import Rules
from stream.engine.retelling import Retelling
from stream.engine.retold import told
from stream.engine.story_money import InstallmentStory, MoneyMoved, money_story


class Figures(NamedTuple):
    """What a loan's figures were after something happened."""

    status: str
    days_past_due: int
    delinquent_days: int
    bucket: str
    """Code, "" for none."""
    classes: str
    overdue: Money
    outstanding: Money
    credit: Money


class Moment(NamedTuple):
    """Something happened to a loan, or a day passed on which something about it changed or was said."""

    business_date: int
    fact: Fact | None
    """None: the day was opened."""
    before: Figures
    after: Figures
    alerts: tuple[Alert, ...]


class Story(NamedTuple):
    """All of it."""

    loan: Loan
    """As told again, judged on the last day."""
    moments: list[Moment]
    money: list[MoneyMoved]
    installments: list[InstallmentStory]


NOTHING = Figures("pending", 0, 0, "", "", 0, 0, 0)


def story_of(loan: Loan, rules: Rules, until: int) -> Story:
    """Tell the loan's story up to the end of the business date `until`, by these rules.

    Of a loan whose older facts are folded it begins on `loan.history_from`. Days that only add a day past due are left
    out.
    """
    telling = Retelling(loan, rules)
    moments: list[Moment] = []
    before = NOTHING
    facts = told(loan)
    facts.sort(key=lambda one: not isinstance(one.fact, Disbursed))
    for fact, booked in facts:
        before = _open_days(telling, rules, min(booked, until), moments, before)
        today = booked if telling.loan is None else max(booked, telling.loan.as_of)
        if today > until:
            break
        alerts = telling.take(fact, today)
        if alerts is not None and telling.loan is not None:
            before = _note(moments, telling.loan, rules, fact, before, alerts)
    _open_days(telling, rules, until, moments, before)
    telling.judge(until)
    past = loan if telling.loan is None else telling.loan
    money, installments = money_story(past, rules)
    return Story(past, moments, money, installments)


def _open_days(telling: Retelling, rules: Rules, day: int, moments: list[Moment], before: Figures) -> Figures:
    for _, alerts in telling.open_until(day):
        if telling.loan is not None:
            before = _note(moments, telling.loan, rules, None, before, alerts)
    return before


def _note(
    moments: list[Moment], loan: Loan, rules: Rules, fact: Fact | None, before: Figures, alerts: list[Alert]
) -> Figures:
    after = figures_of(loan, rules)
    only_older = after._replace(days_past_due=before.days_past_due, delinquent_days=before.delinquent_days) == before
    if fact is not None or alerts or not only_older:
        moments.append(Moment(loan.as_of, fact, before, after, tuple(alerts)))
    return after


def figures_of(loan: Loan, rules: Rules) -> Figures:
    """The figures of a loan on the day it was last judged on."""
    return Figures(
        status(loan),
        loan.days_past_due,
        loan.delinquent_days,
        loan.bucket,
        loan.classes or rules.normal_classes,
        sum(overdue(loan, loan.as_of, rules)),
        sum([loan.owed[component] for component in COMPONENTS]),
        loan.credit,
    )
