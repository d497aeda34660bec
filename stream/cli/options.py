"""Options that several commands have, and the settings with them applied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stream.cli.errors import UsageError
from stream.engine.policy import Policy
from stream.policy_file import PolicyError, load_policy
from stream.settings import Settings, SettingsError, read_settings
from stream.warning.policy import WarningPolicy
from stream.warning_policy import load_warning_policy

Brokers = Annotated[
    str | None,
    typer.Option("--brokers", metavar="HOST:PORT", help="Kafka's address; else OVERDUE_BROKERS, else 127.0.0.1:9092."),
]
Prefix = Annotated[
    str | None,
    typer.Option("--prefix", metavar="TEXT", help="Before every topic's name; else OVERDUE_TOPIC_PREFIX, else none."),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="Policy file; else OVERDUE_POLICY_FILE, else the shipped cn.toml."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines instead of words.")]


def settings_with(**overrides: Any) -> Settings:
    """The settings; options given win over the environment. Raises UsageError."""
    try:
        return read_settings(**overrides)
    except SettingsError as error:
        raise UsageError(str(error)) from error


def policy_of(settings: Settings) -> Policy:
    """The policy that the settings name. Raises UsageError."""
    try:
        return load_policy(settings.policy_file)
    except PolicyError as error:
        raise UsageError(str(error)) from error


def early_warning_of(settings: Settings) -> WarningPolicy:
    """What the policy that the settings name says about early warning. Raises UsageError."""
    try:
        return load_warning_policy(settings.policy_file)
    except PolicyError as error:
        raise UsageError(str(error)) from error
