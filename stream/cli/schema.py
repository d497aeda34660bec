"""`overdue schema export|check`: the contract to hand over, events judged by it, and changes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from schemas.differences import breaks
from schemas.earlier import HOME, EarlierError, contract_at
from schemas.export import export as export_contract
from stream.cli.app import app
from stream.cli.errors import CommandError, InputError, UsageError
from stream.cli.files import records
from stream.cli.options import PolicyFile, policy_of, settings_with
from stream.cli.terminal import clean, say, write
from stream.translate.inbound import Inbound
from stream.translate.rejected import Rejected

commands = typer.Typer(help="The contract: hand it over, judge events by it, compare it.", no_args_is_help=True)
app.add_typer(commands, name="schema")

MOST_SHOWN = 100


@commands.callback()
def schema() -> None:
    """The contract: hand it over, judge events by it, compare it."""


@commands.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; files of the same names are replaced.")],
) -> None:
    """Write JSON Schemas, AsyncAPI, the reference page, examples and partition test vectors into a folder."""
    if folder.resolve() == HOME:
        raise UsageError(f"{folder} is the contract's own folder; name another one")
    try:
        written = export_contract(folder)
    except OSError as error:
        raise UsageError(f"{folder}: can't be written: {error.strerror}; name a folder that can be made") from error
    say(f"{len(written)} files and the examples written to {folder}; begin with {folder / 'reference.md'}")


@commands.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="CloudEvents, one a line.")] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="FOLDER|COMMIT", help="An earlier contract: a folder that was exported, or a git commit."),
    ] = None,
    policy: PolicyFile = None,
) -> None:
    """Judge events as the worker would, before a producer is deployed; or changes of the contract, with --against.

    One line on stdout for each event that would be refused (file:line, reason code, sentence), or each change that
    would break somebody. Nothing is published. Exit status 3 where there is any.
    """
    if not files and not against:
        raise UsageError("name a file of events, or an earlier contract with --against")
    found = 0
    for line in islice(_findings(files or [], against or [], policy), MOST_SHOWN):
        write(clean(line))
        found += 1
    if found:
        more = " or more" if found == MOST_SHOWN else ""
        raise InputError(f"{found}{more} found; the contract in words: overdue schema export FOLDER")
    say("Nothing found: every event would be accepted." if files else "Nothing found: nobody is broken.")


def _findings(files: Sequence[Path], against: Sequence[str], policy: Path | None) -> Iterator[str]:
    for place in against:
        try:
            earlier, now = contract_at(place), contract_at(str(HOME))
        except EarlierError as error:
            raise CommandError(str(error)) from error
        yield from (f"{place}: {name}: {sentence}" for name, sentence in breaks(earlier, now))
    inbound = Inbound(policy_of(settings_with(policy_file=policy)).time_zone)
    for file in files:
        for line in records([file]):
            try:
                inbound.decode(line)
            except Rejected as refused:
                yield f"{file}:{line.offset}: {refused.reason_code}: {refused.message}"
