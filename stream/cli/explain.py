"""`overdue explain`: a loan's story, from files of events or from a running worker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from stream.agents.days import NO_LIMIT
from stream.cli.app import app
from stream.cli.days import day_named
from stream.cli.errors import InputError, UsageError
from stream.cli.files import files_for_two_passes, opens_days, records
from stream.cli.options import Json, PolicyFile, policy_of, settings_with
from stream.cli.query_client import ask
from stream.cli.story_words import words_of
from stream.cli.terminal import write
from stream.engine.policy import Policy
from stream.offline_loan import loan_told_by
from stream.settings import Settings, SettingsError, query_token
from stream.translate.story import story_json


@app.command()
def explain(
    loan_id: Annotated[str, typer.Argument(metavar="LOAN_ID", help="The loan whose story is told.")],
    events: Annotated[
        list[Path] | None,
        typer.Option("--events", metavar="FILE", help="Tell it from this file of events; may be given several times."),
    ] = None,
    worker: Annotated[
        str | None,
        typer.Option(
            "--worker",
            metavar="URL",
            help="Ask this worker; else the one of OVERDUE_QUERY_HOST and OVERDUE_QUERY_PORT.",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="With --events: up to the end of this day; else of the last event."),
    ] = None,
    policy: PolicyFile = None,
    as_json: Json = False,
) -> None:
    """Tell a loan's story, so that each of its figures can be understood.

    Its installments; its money with where each amount went, as it is known now; and what happened day by day: every
    event, what it changed, and every alert with its reasons and what it replaced.
    """
    settings = settings_with(policy_file=policy)
    if events and worker is not None:
        raise UsageError("give either --events or --worker")
    if events:
        until = NO_LIMIT if as_of is None else day_named(as_of)
        story = _from_files(loan_id, events, policy_of(settings), until)
    elif as_of is not None:
        raise UsageError("--as-of goes with --events; a worker tells the story up to its business date")
    else:
        story = ask(_address(worker, settings), loan_id, _token(settings))
    if as_json:
        write(orjson.dumps(story, option=orjson.OPT_INDENT_2 if os.isatty(1) else 0))
        return
    for line in words_of(story):
        write(line)


def _from_files(loan_id: str, files: list[Path], policy: Policy, until: int) -> dict[str, Any]:
    with files_for_two_passes(files) as paths:
        found = loan_told_by(records(paths), policy, loan_id, open_days=not opens_days(paths), until=until)
    if found is None:
        raise InputError(f"no event of these files begins a loan {loan_id}; its id is in the field loan_id")
    story = story_json(found.loan, policy.rules(found.loan.product), found.business_date)
    letters = [orjson.loads(sent.value) for sent in found.refused if sent.value is not None]
    return story | {"refused": [{name: letter[name] for name in ("event_id", "reason_code")} for letter in letters]}


def _address(worker: str | None, settings: Settings) -> str:
    if worker is not None:
        return worker
    if settings.query_url is not None:
        return settings.query_url
    if not settings.query_port:
        raise UsageError("name the file with --events, or the worker with --worker http://HOST:PORT")
    return f"http://{settings.query_host}:{settings.query_port}"


def _token(settings: Settings) -> str:
    try:
        token = query_token(settings)
    except SettingsError as error:
        raise UsageError(str(error)) from error
    if not token:
        raise UsageError("a worker wants a token: set OVERDUE_QUERY_TOKEN_FILE or OVERDUE_QUERY_TOKEN")
    return token
