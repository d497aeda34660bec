"""`overdue doctor`: every reason why it would not work here, at once, each with its remedy."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer
from rich.text import Text

from stream.cli.app import app
from stream.cli.checkup import Finding, examine
from stream.cli.errors import CommandError, UsageError
from stream.cli.options import Brokers, Json, PolicyFile, Prefix
from stream.cli.terminal import clean, output, say, write
from stream.settings import SettingsError, read_settings

STYLES = {"ok": "green", "note": "yellow", "fault": "bold red"}


@app.command()
def doctor(
    brokers: Brokers = None,
    prefix: Prefix = None,
    policy: PolicyFile = None,
    producers: Annotated[
        bool, typer.Option("--producers/--no-producers", help="Look at the latest records for wrong partitions.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Look for everything that would keep a worker from working here; change nothing.

    Settings, policy, files, each broker's address, TLS, login, rights, topics, state, the group, and the producers'
    partitioner. One line each: ok, note (works, but look), or fault with what to do. Exit status 1 with any fault.
    """
    try:
        settings = read_settings(brokers=brokers, topic_prefix=prefix, policy_file=policy)
    except SettingsError as error:
        for line in str(error).splitlines():
            _show(Finding("fault", "settings", line), as_json=as_json)
        raise UsageError("The settings are wrong: nothing else can be looked at.") from error
    findings = asyncio.run(examine(settings, producers=producers))
    for finding in findings:
        _show(finding, as_json=as_json)
    faults = sum(finding.state == "fault" for finding in findings)
    if faults:
        said = "1 fault. Its line says" if faults == 1 else f"{faults} faults. Each line says"
        raise CommandError(f"{said} what to do; then run overdue doctor again.")
    say("No fault found.")


def _show(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        write(json.dumps(finding._asdict()))
        return
    line = Text(f"{finding.state:<5} ", style=STYLES[finding.state])
    line.append(f"{finding.about}: ", style="bold")
    line.append(clean(finding.said), style="default")
    output().print(line, soft_wrap=True)
