"""Versions of an event type, how to read them all, and which one an event is of.

A type goes to a new version where a change would break those who write it today; `python -m schemas check` says so. The
model as it was is kept under another name and becomes `EARLIER` of the new one, whose `VERSION` is one more and whose
`of_earlier` says what an event of the earlier version is in the new one. From then on both are published, examples lie
under `v1` and `v2`, and the worker takes both: each producer changes on a day of its own.

Only what comes in has versions. What the worker writes is read by others who may never have heard of a version 2: what
can't be added to a type goes into a new type beside it, and the old one is written until nobody reads it any more.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.envelope import DATASCHEMA_PREFIX
from schemas.types import Contract

FIRST = 1
"""The version of an event that names no schema: its producer knows of no other."""


def versions_of(model: type[Contract]) -> dict[int, type[Contract]]:
    """Every version that is accepted, the newest last, from the model of the newest."""
    found: list[type[Contract]] = []
    at: type[Contract] | None = model
    while at is not None:
        found.append(at)
        at = at.EARLIER
    return {one.VERSION: one for one in reversed(found)}


def named_version(dataschema: str | None, event_type: str, versions: Mapping[int, type[Contract]]) -> int | None:
    """The version that an event is of by its `dataschema`; None: one of ours that is not published.

    Without a `dataschema`, or with one that is none of ours: the first.
    """
    if dataschema is None or not dataschema.startswith(DATASCHEMA_PREFIX):
        return FIRST if FIRST in versions else min(versions)
    name, _, number = dataschema.removeprefix(DATASCHEMA_PREFIX).rpartition(":v")
    found = next((version for version in versions if str(version) == number), None)
    return found if name == event_type else None


def newest(model: type[Contract], data: Contract) -> Contract:
    """Data of any version of a model, as data of the newest."""
    for later in versions_of(model).values():
        if later.VERSION > type(data).VERSION:
            data = later.of_earlier(data)
    return data
