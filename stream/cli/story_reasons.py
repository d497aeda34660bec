"""An alert of a loan's story with why it was raised, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Json = Mapping[str, Any]
Money = Callable[[int], str]


def why(alert: Json, said: Mapping[str, Json], money: Money) -> str:
    """What the alert says, why, and what it replaces; `said`: the alerts before it, by id."""
    data = alert["data"]
    kind = str(alert["type"]).removeprefix("loan.").replace("_", " ")
    about = kind
    if alert["type"] in _ABOUT_BUCKETS:
        about += f": {_place(data)}"
    elif data.get("scheme"):
        about += f": {data['scheme']}"
    elif data.get("installment") is not None:
        about += f": no. {data['installment']}"
    reasons = [words for reason in data["reasons"] if (words := _reason(reason, money))]
    return f"{about} [{alert['id'][:8]}]: {'; '.join([*reasons, *_replaced(data, said)])}"


_ABOUT_BUCKETS: Final = {"loan.overdue_started", "loan.bucket_changed", "loan.alert_corrected"}


def days(count: int) -> str:
    """The number with its word."""
    return f"{count} day" if count == 1 else f"{count} days"


def _place(data: Json) -> str:
    return f"{days(data['days_past_due'])} past due, {data['bucket'] or 'no bucket'}"


def _replaced(data: Json, said: Mapping[str, Json]) -> list[str]:
    superseded = data.get("supersedes")
    if superseded is None:
        return []
    former = said.get(superseded)
    if former is None:
        return [f"replaces [{superseded[:8]}] of {data['as_of']}"]
    was = former["data"]
    if data.get("scheme"):
        return [f"replaces [{superseded[:8]}], which said of {data['as_of']}: {was['classification']}"]
    return [f"replaces [{superseded[:8]}], which said of {data['as_of']}: {_place(was)}"]


def _reason(reason: Json, money: Money) -> str:
    """Why, in words; "" for what the event's own line says."""
    words = _WORDS.get(reason["code"])
    return "" if words is None else words(reason["observed"], reason["threshold"], money)


Words = Callable[[Any, Any, Money], str]
_WORDS: Final[Mapping[str, Words]] = {
    "days_past_due_reached": lambda seen, limit, _: f"{days(seen)} past due, overdue from {limit} on",
    "bucket_reached": lambda seen, limit, _: f"{days(seen)} delinquent, the bucket begins at {limit}",
    "bucket_left": lambda seen, limit, _: f"{days(seen)} delinquent, the bucket before began at {limit}",
    "nothing_past_due": lambda _seen, _limit, _money: "nothing is past due any more",
    "within_grace": lambda seen, _limit, _money: f"{days(seen)} past due, all within the days that do not count",
    "bucket_as_now_known": lambda seen, limit, _: f"as now known the bucket was {seen}, not {limit}",
    "due_in_days": lambda seen, _limit, _money: f"it falls due in {days(seen)}",
    "days_since_due": lambda seen, _limit, _money: f"it fell due {days(seen)} ago and is unpaid",
    "classified": lambda seen, limit, _: f"class {seen}, was {limit or 'none'}",
    "class_as_now_known": lambda seen, limit, _: f"as now known the class was {seen}, not {limit}",
    "pause_started": lambda seen, _limit, _money: f"the pause is in force since {seen}",
    "pause_ended": lambda seen, _limit, _money: f"the pause was in force until {seen}",
    "recovery_received": lambda seen, _limit, money: f"{money(int(seen))} came in after the write-off",
}
