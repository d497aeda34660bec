"""`overdue policy check|diff|show`: a policy file before it is put to work."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from stream.cli.app import app
from stream.cli.days import day_named
from stream.cli.errors import InputError
from stream.cli.files import files_for_two_passes, opens_days, records
from stream.cli.options import Json
from stream.cli.terminal import clean, say, waiting, write
from stream.engine.dates import iso
from stream.engine.policy import Policy
from stream.policy_diff import Difference, Outcome, counts, differences, only_in, outcome
from stream.policy_file import PolicyError, load_policy, shipped_policies
from stream.policy_file.notes import notes
from stream.policy_file.shown import shown

commands = typer.Typer(
    help="The policy file: check it, show what it comes to, and see what it would change.", no_args_is_help=True
)
app.add_typer(commands, name="policy")

SHOWN_LOANS = 20
PolicyArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A policy file, or the name of a shipped one, such as cn.toml.")
]


@commands.command()
def check(file: PolicyArgument, as_json: Json = False) -> None:
    """Say whether a policy file is right; exit status 3 if not, with a line for each mistake.

    Notes are no mistakes: things that are allowed and may surprise.
    """
    try:
        policy = load_policy(file)
    except PolicyError as error:
        if as_json:
            for line, key, words in error.problems:
                write(orjson.dumps({"line": line, "key": key, "problem": words}))
        raise InputError(str(error)) from error
    remarks = notes(policy)
    if as_json:
        write(orjson.dumps({"version": policy.version, "products": sorted(policy.products), "notes": remarks}))
        return
    for remark in remarks:
        say(f"note: {remark}")
    say(f"{file}: right; version {policy.version}, products default{''.join(f', {name}' for name in policy.products)}")


@commands.command()
def show(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A policy file or a shipped one; without it cn.toml.")
    ] = None,
    product: Annotated[str, typer.Option(metavar="NAME", help="Which product's rules.")] = "default",
    as_json: Json = False,
) -> None:
    """Show the rules that a product comes to, inherited and built-in ones included; without FILE the default's."""
    policy = _load(file)
    figures = shown(policy, product)
    if as_json:
        write(orjson.dumps(figures))
        return
    known = "" if product == "default" or product in policy.products else " (not in the file: the default's rules)"
    say(f"product {clean(product)}{known}; shipped policies: {', '.join(shipped_policies())}")
    for key, value in figures.items():
        for first, line in _wrapped(value):
            write(f"{key if first else '':28}{line}".rstrip())


@commands.command()
def diff(
    first: Annotated[Path, typer.Argument(metavar="A", help="A policy file, or the name of a shipped one.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The other.")],
    events: Annotated[
        list[Path], typer.Option(metavar="FILE", help="Events to judge by both, one a line; may be given repeatedly.")
    ],
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day on which to compare; else the events' last day.")
    ] = None,
    all_loans: Annotated[bool, typer.Option("--all", help=f"Every loan, not the first {SHOWN_LOANS}.")] = False,
    as_json: Json = False,
) -> None:
    """Say which loans would stand differently under policy B than under policy A, on the same events."""
    policies = _load(first), _load(second)
    until = None if as_of is None else day_named(as_of)
    with files_for_two_passes(events) as paths, waiting("judging by both policies"):
        opening = not opens_days(paths)
        here, there = (outcome(records(paths), policy, open_days=opening, until=until) for policy in policies)
    found = list(differences(here, there))
    loans = list(dict.fromkeys(one.loan_id for one in found))
    if as_json:
        _write_json(found, loans)
    else:
        _write_table(found, loans if all_loans else loans[:SHOWN_LOANS], here, there)
    say(
        f"{len(loans)} of {len(here.loans)} loans stand differently on {iso(here.day)} "
        f"(A: {policies[0].version}, B: {policies[1].version})"
    )


def _load(file: Path | None) -> Policy:
    try:
        return load_policy(file)
    except PolicyError as error:
        raise InputError(str(error)) from error


def _write_json(found: list[Difference], loans: list[str]) -> None:
    changes: dict[str, dict[str, Any]] = {loan: {} for loan in loans}
    for one in found:
        changes[one.loan_id][one.figure] = [one.first, one.second]
    for loan_id, figures in changes.items():
        write(orjson.dumps({"loan_id": loan_id, "changes": figures}))


def _write_table(found: list[Difference], loans: list[str], here: Outcome, there: Outcome) -> None:
    """Counts of each change first, then the loans; 80 columns."""
    write(f"{'figure':24}{'A':>18}    {'B':18}{'loans':>7}")
    for figure, was, becomes, number in counts(found, _word):
        arrow = "->" if was or becomes else "  "
        write(f"{clean(figure)[:23]:24}{clean(was)[:18]:>18} {arrow} {clean(becomes)[:17]:18}{number:>7}")
    kinds = sorted(kind for kind in here.alerts.keys() | there.alerts.keys() if here.alerts[kind] != there.alerts[kind])
    if kinds:
        write(f"\n{'alerts':30}{'A':>12}    B")
        for kind in kinds:
            write(f"{kind[:29]:30}{here.alerts[kind]:>12}    {there.alerts[kind]}")
    for letter, has, lacks in (("A", here, there), ("B", there, here)):
        for scheme, codes in only_in(has, lacks).items():
            write(f"\nonly in {letter}: {clean(scheme)}")
            for code, number in codes.most_common():
                write(f"{'':24}{clean(code)[:40]:40}{number:>8}")
    if loans:
        write(f"\n{'loan':24}{'figure':20}{'A':>16}    B")
    shown_loans = set(loans)
    before = ""
    for one in found:
        if one.loan_id in shown_loans:
            name = "" if one.loan_id == before else clean(one.loan_id)
            before = one.loan_id
            write(
                f"{name[:23]:24}{clean(one.figure)[:19]:20}{clean(_word(one.first))[:16]:>16} -> "
                f"{clean(_word(one.second))[:16]}"
            )


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def _wrapped(value: Any) -> list[tuple[bool, str]]:
    """A value as lines; the first is marked."""
    if isinstance(value, list) and value and isinstance(value[0], (str, dict)):
        lines = [one if isinstance(one, str) else ", ".join(f"{k} {v}" for k, v in one.items()) for one in value]
    else:
        lines = [_plain(value)]
    return [(index == 0, line) for index, line in enumerate(lines)]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return "none" if value in (None, [], {}) else str(value)
