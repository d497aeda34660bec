"""`overdue config show`: every setting, its value, and where that comes from."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import typer
from rich.text import Text

from stream.cli.app import app
from stream.cli.errors import UsageError
from stream.cli.options import Json
from stream.cli.terminal import clean, output, write
from stream.settings import PREFIX, Settings, SettingsError, read_settings, sources_of

commands = typer.Typer(help="The settings: what they are, and where each comes from.", no_args_is_help=True)
app.add_typer(commands, name="config")

MASKED = "***"


class Shown(NamedTuple):
    """One setting."""

    variable: str
    value: str | None
    source: str
    meaning: str


@commands.callback()
def config() -> None:
    """The settings: what they are, and where each comes from."""


@commands.command()
def show(as_json: Json = False) -> None:
    """Print every setting with its value and source: environment, file or default. No secret is ever shown.

    An OVERDUE_* variable that is no setting is an error which names the nearest one.
    """
    try:
        settings = read_settings()
    except SettingsError as error:
        raise UsageError(str(error)) from error
    for shown in settings_shown(settings):
        if as_json:
            write(json.dumps(shown._asdict()))
            continue
        line = Text(f"{shown.variable}={clean(shown.value) if shown.value is not None else ''}")
        line.append(f"  # {shown.source}; {shown.meaning}", style="dim")
        output().print(line, soft_wrap=True)


def settings_shown(settings: Settings) -> list[Shown]:
    """All settings in the order of their definition."""
    sources = sources_of(settings)
    return [
        Shown(f"{PREFIX}{name.upper()}", text_of(name, getattr(settings, name)), sources[name], field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def text_of(name: str, value: Any) -> str | None:
    """A setting never holds a secret, only the name of a file that does; should one come, it is masked by its name."""
    if value is None:
        return None
    secret = any(word in name for word in ("password", "secret", "token")) and not name.endswith("_file")
    return MASKED if secret else str(value)
