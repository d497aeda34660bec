"""What happens to a loan besides its payments; these facts are rare, so each folds the loan anew from its journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stream.engine.debts import charge_back, post_charge, revise, waive_charge
from stream.engine.facts import (
    ChargedBack,
    ChargePosted,
    ChargeWaived,
    DelinquencyPaused,
    DelinquencyResumed,
    Flagged,
    ScheduleRevised,
    StatusSet,
)
from stream.engine.findings import Alert
from stream.engine.life import flag, pause, resume, set_status

STEPS: Final[dict[type, Callable[..., list[Alert] | None]]] = {
    ChargedBack: charge_back,
    ScheduleRevised: revise,
    ChargePosted: post_charge,
    ChargeWaived: waive_charge,
    DelinquencyPaused: pause,
    DelinquencyResumed: resume,
    StatusSet: set_status,
    Flagged: flag,
}
"""The step of each fact."""
