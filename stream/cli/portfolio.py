"""`overdue portfolio`: the loan book month by month, without Kafka."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import orjson
import typer

from stream.cli.app import app
from stream.cli.days import day_named
from stream.cli.files import files_for_two_passes, opens_days, records
from stream.cli.options import Json, PolicyFile, policy_of, settings_with
from stream.cli.portfolio_table import as_json, table
from stream.cli.replay import Files
from stream.cli.terminal import clean, write
from stream.portfolio import month_ends, report


class Division(StrEnum):
    """What the book may be divided by, besides the currency."""

    PRODUCT = "product"
    SEGMENT = "segment"


@app.command()
def portfolio(
    files: Files,
    as_of: Annotated[str, typer.Option(metavar="DATE", help="The last day; before it, the ends of months.")],
    months: Annotated[int, typer.Option(min=1, max=120, metavar="N", help="How many months to tell.")] = 12,
    by: Annotated[list[Division] | None, typer.Option(help="Divide the book; may be given twice.")] = None,
    late: Annotated[int, typer.Option(min=1, max=365, metavar="DAYS", help="How late counts in a vintage.")] = 30,
    known_by: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Count what was recorded up to this day and valued by the day asked about."),
    ] = None,
    policy: PolicyFile = None,
    json: Json = False,
) -> None:
    """Say how the whole book does: share overdue, PAR 30/60/90, NPL, roll and cure by balance, vintages, FPD.

    Roll from one bucket to the next: principal in the next one now, over principal in the first a month before. Cure:
    of the principal a month before, that of loans not delinquent now. Vintage: principal at least --late days past due,
    over what the month disbursed. FPD n: loans whose first installment reached n days, of those where it could have.
    """
    rules = policy_of(settings_with(policy_file=policy))
    days = month_ends(day_named(as_of), months)
    last = None if known_by is None else day_named(known_by)
    divided_by = list(dict.fromkeys(str(one) for one in by or ()))
    with files_for_two_passes(files) as paths:
        found = report(
            list(records(paths)),
            rules,
            days,
            open_days=not opens_days(paths),
            known_by=last,
            divided_by=divided_by,
            late_days=late,
        )
    if json:
        for line in as_json(found, divided_by):
            write(orjson.dumps(line, default=list))
    else:
        for row in table(found, late):
            write(clean(row))
