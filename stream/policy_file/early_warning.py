"""The section `early_warning` of a policy file: rules, levels, outcome, and when the score speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stream.policy_file.errors import PolicyError
from stream.warning import scorecard
from stream.warning.decisions import Speak
from stream.warning.policy import (
    DEFAULT_LEVELS,
    DEFAULT_OUTCOME,
    DEFAULT_RULES,
    RANK,
    Level,
    Levels,
    Outcome,
    Rule,
    WarningPolicy,
)

Severity = Literal["low", "medium", "high", "critical"]
Threshold = Annotated[int, Field(ge=-100_000, le=1_000_000)]
Points = Annotated[int, Field(ge=0, le=10_000)]
_DEFAULT_OF_CODE = {rule.code: rule for rule in DEFAULT_RULES}
_SPEAK = Speak()


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class RulePart(_Part):
    """What a policy changes of one rule."""

    enabled: bool = True
    levels: dict[Severity, dict[str, Threshold]] | None = Field(default=None, min_length=1)
    clear: dict[str, Threshold] | None = None
    max_age_days: Annotated[int, Field(ge=1, le=800)] | None = None
    clear_looks: Annotated[int, Field(ge=1, le=90)] | None = None


class LevelsPart(_Part):
    """How warnings add up."""

    low: Points = DEFAULT_LEVELS.points["low"]
    medium: Points = DEFAULT_LEVELS.points["medium"]
    high: Points = DEFAULT_LEVELS.points["high"]
    critical: Points = DEFAULT_LEVELS.points["critical"]
    decay_days: Annotated[int, Field(ge=1, le=800)] = DEFAULT_LEVELS.decay_days
    yellow: Points = DEFAULT_LEVELS.yellow
    orange: Points = DEFAULT_LEVELS.orange
    red: Points = DEFAULT_LEVELS.red
    margin: Points = DEFAULT_LEVELS.margin

    @model_validator(mode="after")
    def _rise(self) -> LevelsPart:
        if not self.margin < self.yellow < self.orange < self.red:
            raise ValueError("must rise: margin, yellow, orange, red")
        return self


class OutcomePart(_Part):
    """What counts as a warning that came true."""

    days_past_due: Annotated[int, Field(ge=1, le=1_000)] = DEFAULT_OUTCOME.days_past_due
    within_days: Annotated[int, Field(ge=1, le=800)] = DEFAULT_OUTCOME.within_days


class EarlyWarningPart(_Part):
    """The section `early_warning`."""

    enabled: bool = True
    decisions: list[Literal["disbursement", "due_minus", "event", "month_end"]] = [
        "disbursement",
        "due_minus",
        "event",
        "month_end",
    ]
    target_precision: Annotated[float, Field(gt=0, lt=1, strict=False)] = _SPEAK.target_precision
    capacity: Annotated[float, Field(gt=0, le=1, strict=False)] = _SPEAK.capacity
    clear_below: Points = _SPEAK.clear_below
    clear_cycles: Annotated[int, Field(ge=1, le=24)] = _SPEAK.clear_cycles
    scorecard: str | None = None
    levels: LevelsPart = LevelsPart()
    outcome: OutcomePart = OutcomePart()
    rules: dict[str, RulePart] = {}

    @field_validator("rules")
    @classmethod
    def _known(cls, rules: dict[str, RulePart]) -> dict[str, RulePart]:
        for code, part in rules.items():
            known = _DEFAULT_OF_CODE.get(code)
            if known is None:
                raise ValueError(f"{code} is no rule; there are {', '.join(_DEFAULT_OF_CODE)}")
            names = set(known.levels[0].thresholds)
            for level in [*(part.levels or {}).values(), part.clear or {}]:
                if unknown := set(level) - names:
                    raise ValueError(f"{code} has no threshold {min(unknown)}; it has {', '.join(sorted(names))}")
            for severity, level in (part.levels or {}).items():
                if missing := names - set(level):
                    raise ValueError(f"{code}, {severity}: {min(missing)} is missing")
        return rules


def warning_policy(part: EarlyWarningPart, version: str, folder: Path | None = None) -> WarningPolicy:
    """The section ready for use; `folder` is where the policy file lies. Raises PolicyError, ScorecardError."""
    card = None if part.scorecard is None else (folder or Path()) / part.scorecard
    try:
        ready = scorecard.load(card)
    except scorecard.ScorecardError as error:
        raise PolicyError(f"early_warning.scorecard: {error}") from error
    levels, outcome = part.levels, part.outcome
    points = {severity: getattr(levels, severity) for severity in RANK}
    return WarningPolicy(
        enabled=part.enabled,
        rules=tuple(
            _rule(rule, part.rules[rule.code]) if rule.code in part.rules else rule
            for rule in DEFAULT_RULES
            if rule.code not in part.rules or part.rules[rule.code].enabled
        ),
        levels=Levels(points, levels.decay_days, levels.yellow, levels.orange, levels.red, levels.margin),
        outcome=Outcome(outcome.days_past_due, outcome.within_days),
        speak=Speak(
            frozenset(part.decisions), part.target_precision, part.capacity, part.clear_below, part.clear_cycles
        ),
        scorecard=ready,
        policy_version=version,
    )


def _rule(default: Rule, part: RulePart) -> Rule:
    levels = default.levels
    if part.levels is not None:
        chosen = [Level(severity, thresholds) for severity, thresholds in part.levels.items()]
        levels = tuple(sorted(chosen, key=lambda level: -RANK[level.severity]))
    return Rule(
        default.code,
        levels,
        default.clear if part.clear is None else part.clear,
        part.max_age_days or default.max_age_days,
        part.clear_looks or default.clear_looks,
    )
