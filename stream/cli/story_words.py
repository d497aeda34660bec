"""A loan's story in words: what a collections officer reads, at most 80 columns wide. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

from stream.cli.alerts import amount
from stream.cli.story_events import event_words
from stream.cli.story_reasons import days as days_words
from stream.cli.story_reasons import why
from stream.cli.terminal import clean

WIDTH: Final = 80
Json = Mapping[str, Any]
COMPONENTS: Final = ("penalty", "fee", "interest", "principal")


def words_of(story: Json) -> Iterator[str]:
    """The story, line by line: where the loan stands, its installments, its money, and what happened."""
    for line in _all(story):
        yield clean(line)


def _all(story: Json) -> Iterator[str]:
    money = Amounts(story["standing"]["currency"])
    yield from _head(story, money)
    yield ""
    yield from _installments(story["installments"], money)
    yield ""
    yield from _money(story["money"], money)
    yield ""
    yield from _history(story, money)
    if story.get("refused"):
        yield ""
        yield "REFUSED, and without any effect"
        for one in story["refused"]:
            yield from paragraph(f"{one['event_id'] or 'an event'}: {one['reason_code']}", "  ", "    ")


class Amounts:
    """Writes amounts of one currency without its name."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __call__(self, minor: int) -> str:
        """1,066.19; with a minus sign below 0."""
        return ("-" if minor < 0 else "") + amount(abs(minor), self.currency).partition(" ")[2]


def paragraph(text: str, indent: str = "", hanging: str = "") -> list[str]:
    """Text in lines that fit."""
    return wrap(text, WIDTH, initial_indent=indent, subsequent_indent=hanging or indent, break_on_hyphens=False)


def _head(story: Json, money: Amounts) -> Iterator[str]:
    standing = story["standing"]
    yield from paragraph(
        f"Loan {story['loan_id']} of borrower {standing['borrower_id']}: {standing['product']}, {standing['segment']},"
        f" amounts in {standing['currency']}, disbursed {story['disbursement_date']}",
        hanging="  ",
    )
    yield from paragraph(f"At the end of {standing['as_of']}: {_standing_words(standing, money)}", hanging="  ")
    grace, tolerance = story["grace_days"], story["tolerance"]
    rules = f"Policy {story['policy_version']}: {days_words(grace)} of grace"
    if tolerance:
        rules += f"; an installment of which {money(tolerance)} or less is unpaid counts as met"
    yield from paragraph(rules, hanging="  ")
    if classes := standing["classifications"]:
        yield from paragraph("Classes: " + ", ".join(f"{scheme} {code}" for scheme, code in classes.items()), "", "  ")
    for pause in standing["pauses"]:
        state = "in force" if pause["active"] else "not in force"
        yield f"Pause from {pause['start_date']} to {pause['end_date']}, {state}"
    if story["told_from"]:
        yield from paragraph(
            f"What lies before {story['told_from']} is behind the replay horizon: only its balances are kept", "", "  "
        )


def _standing_words(standing: Json, money: Amounts) -> str:
    said = [str(standing["status"]).replace("_", " ")]
    if standing["days_past_due"]:
        days = f"{days_words(standing['days_past_due'])} past due since {standing['oldest_due_date']}"
        if standing["delinquent_days"] != standing["days_past_due"]:
            days += f", {standing['delinquent_days']} of them delinquent"
        bucket = f", bucket {standing['bucket']}" if standing["bucket"] else ""
        said.append(f"{days}{bucket}; {money(standing['overdue']['total'])} overdue")
    else:
        said.append("nothing past due")
    said.append(f"{money(standing['outstanding_total'])} outstanding")
    if standing["credit_balance"]:
        said.append(f"{money(standing['credit_balance'])} credit")
    return "; ".join(said)


def _installments(installments: Sequence[Json], money: Amounts) -> Iterator[str]:
    yield "INSTALLMENTS"
    if not installments:
        yield "  none"
        return
    yield f"{'no.':>5} {'due':<10} {'scheduled':>13} {'paid':>13} {'unpaid':>13}  state"
    for one in installments:
        unpaid = one["unpaid"]["total"]
        yield (
            f"{one['number']:>5} {one['due_date']:<10} {money(one['scheduled']):>13} {money(one['paid']):>13} "
            f"{money(unpaid):>13}  {_state(one)}"
        )
        if one["on_top"]:
            yield f"{'':>16} {money(one['on_top']):>13} more by charges and chargebacks, less waived"


def _state(one: Json) -> str:
    if one["ended_with_the_loan"]:
        return "ended with loan"
    late = one["days_late"]
    if one["settled_on"]:
        return f"{days_words(late)} late" if late else "paid in time"
    return f"due {days_words(late)}" if late else "not due yet"


_MOVED: Final = {
    "payment": "paid",
    "chargeback": "charged back",
    "charge": "charged",
    "waiver": "waived",
    "schedule": "new schedule",
    "ending": "ended",
    "flag": "noted",
}


def _money(moved: Sequence[Json], money: Amounts) -> Iterator[str]:
    yield "MONEY, by value date, as it is known now (what was reversed is left out)"
    if not moved:
        yield "  none"
    for one in moved:
        sum_of = "" if one["amount"] is None else f" {money(one['amount'])}"
        kind = str(one.get("kind") or "").replace("_", " ")
        about = f" ({kind})" if kind not in ("", "repayment") else ""
        yield from paragraph(f"{one['date']}  {_MOVED[one['what']]}{sum_of}{about}, {one['id']}", "  ", " " * 16)
        paid = one["what"] in ("payment", "waiver", "ending")
        for part in one["less_owed"]:
            where = "to" if paid else "on"
            yield from paragraph(
                f"{where} no. {part['installment']}: {_parts(part, money, 1 if paid else -1)}", " " * 14
            )
        if one["more_credit"]:
            more = one["more_credit"]
            yield f"{'':<14}{'to' if more > 0 else 'from'} credit: {money(abs(more))}"


def _parts(part: Json, money: Amounts, sign: int) -> str:
    return ", ".join(f"{name} {money(sign * part[name])}" for name in COMPONENTS if part[name])


def _history(story: Json, money: Amounts) -> Iterator[str]:
    yield "WHAT HAPPENED, by business date"
    said: dict[str, Json] = {}
    for moment in story["history"]:
        event = moment["event"]
        happened = "the day was opened" if event is None else event_words(event, money)
        yield from paragraph(f"{moment['business_date']}  {happened}", "  ", " " * 14)
        if event is not None and event["recorded"] != moment["business_date"]:
            yield f"{'':<14}recorded {event['recorded']}"
        if changed := _changes(moment["before"], moment["after"], money):
            yield from paragraph(changed, " " * 14)
        for alert in moment["alerts"]:
            yield from paragraph(f"ALERT {why(alert, said, money)}", " " * 14, " " * 16)
            said[alert["id"]] = alert


def _changes(before: Json, after: Json, money: Amounts) -> str:
    """What is different after it."""
    names = ("status", "days_past_due", "delinquent_days", "bucket")
    changes = [
        f"{name.replace('_', ' ')} {_or_none(before[name])} -> {_or_none(after[name])}"
        for name in names
        if before[name] != after[name]
    ]
    changes += [
        f"{name} {money(before[name])} -> {money(after[name])}"
        for name in ("overdue", "outstanding", "credit")
        if before[name] != after[name]
    ]
    return "; ".join(changes)


def _or_none(value: object) -> str:
    return "none" if value is None else str(value)
