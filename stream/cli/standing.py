"""`overdue standing`: where every loan stood on a day, without Kafka."""

from __future__ import annotations

from typing import Annotated

import typer

from stream.cli.app import app
from stream.cli.days import day_named
from stream.cli.files import files_for_two_passes, opens_days, records
from stream.cli.options import PolicyFile, policy_of, settings_with
from stream.cli.replay import Files
from stream.cli.terminal import write
from stream.offline import standings


@app.command()
def standing(
    files: Files,
    as_of: Annotated[list[str], typer.Option(metavar="DATE", help="The day asked about; may be given several times.")],
    known_by: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Count what was recorded up to this day and valued by the day asked about."),
    ] = None,
    policy: PolicyFile = None,
) -> None:
    """Say where every loan stood at the end of a day: one JSON line per loan, without Kafka.

    Counts what was recorded (the event's time, in the policy's zone) up to the end of that day; events are taken in
    the order of their time.
    """
    rules = policy_of(settings_with(policy_file=policy))
    days = [day_named(day) for day in as_of]
    last = None if known_by is None else day_named(known_by)
    with files_for_two_passes(files) as paths:
        days_open_themselves = not opens_days(paths)
        for line in standings(records(paths), rules, days, open_days=days_open_themselves, known_by=last):
            write(line)
