"""`overdue warnings report`: what early warnings came to."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer
from prometheus_client.parser import text_string_to_metric_families

from schemas.catalogue import EARLY_WARNINGS, STANDING
from stream.cli.app import app
from stream.cli.errors import InputError, UsageError
from stream.cli.files import lines
from stream.cli.options import Json, PolicyFile, early_warning_of, settings_with
from stream.cli.terminal import write
from stream.warning.report import Line, Report, lines_of_counts

commands = typer.Typer(no_args_is_help=True, help="What early warnings came to.")
app.add_typer(commands, name="warnings")

RAISED = "early_warning.raised"
DAY_SECONDS = 86_400
TIMEOUT_SECONDS = 10


@commands.callback()
def _warnings() -> None:
    """Keep `report` a command of its own."""


@commands.command("report")
def report(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Output of `overdue replay`; .gz or - (stdin) too.")
    ] = None,
    metrics: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A worker's metrics, instead of files; once per worker.")
    ] = None,
    days_past_due: Annotated[
        int | None, typer.Option(min=1, help="A warning comes true at so many days past due; else the policy's.")
    ] = None,
    within: Annotated[
        int | None, typer.Option(min=1, help="Within so many days of the warning; else the policy's.")
    ] = None,
    policy: PolicyFile = None,
    as_json: Json = False,
) -> None:
    """Show precision, recall, burden and lead time of every rule and band of the early warning."""
    if bool(files) == bool(metrics):
        raise UsageError("give files of `overdue replay`, or --metrics URL of a worker")
    if metrics:
        if days_past_due is not None or within is not None:
            raise UsageError("a worker counts by its policy's outcome: leave --days-past-due and --within out")
        found, outcome = _from_workers(metrics), "the worker's policy says what counts as true"
    else:
        by_policy = early_warning_of(settings_with(policy_file=policy)).outcome
        asked = Report(days_past_due or by_policy.days_past_due, within or by_policy.within_days)
        found = _from_files(files or [], asked)
        outcome = (
            f"true = {days_past_due or by_policy.days_past_due} days past due within "
            f"{within or by_policy.within_days} days"
        )
    if as_json:
        for line in found:
            write(orjson.dumps(line._asdict()))
        return
    for text in _table(found, outcome):
        write(text)


def _from_files(files: Sequence[Path], asked: Report) -> list[Line]:
    for number, raw in enumerate(lines(files), 1):
        try:
            record = orjson.loads(raw)
            topic, value = record["topic"], record["value"]
            if value is None:
                continue
            if topic == STANDING:
                asked.standing(value["data"])
            elif topic == EARLY_WARNINGS and value["type"] == RAISED:
                asked.raised(value["data"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError(f"line {number}: not a line of `overdue replay`; give its output") from error
    return asked.lines()


def _from_workers(urls: Sequence[str]) -> list[Line]:
    totals: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for url in urls:
        for family in text_string_to_metric_families(_text_of(url)):
            for sample in family.samples:
                totals[" ".join([sample.name, sample.labels.get("outcome", "")]).strip()][
                    sample.labels.get("code", "")
                ] += sample.value
    outcomes = "loan_early_warning_outcomes"
    return lines_of_counts(
        totals[f"{outcomes} warned"],
        totals[f"{outcomes} true"],
        totals[f"{outcomes} false"],
        totals[f"{outcomes} caught"],
        {code: lead / DAY_SECONDS for code, lead in totals["loan_early_warning_lead_seconds"].items()},
        totals["loan_early_warning_went_bad"][""],
        totals["loan_early_warning_loan_seconds"][""] / DAY_SECONDS,
    )


def _text_of(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url}: give http://HOST:PORT/metrics of a worker")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  (http only, checked above)
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError) as error:
        raise InputError(f"{url}: no answer ({error}); is the worker running, and is this its metrics port?") from error


def _table(found: Sequence[Line], outcome: str) -> Iterator[str]:
    yield f"Early warnings: {outcome}."
    if not found:
        yield "None was raised."
        return
    yield f"{'code':<24}{'band':>9}{'raised':>8}{'precision':>11}{'recall':>8}{'per 1,000':>11}{'lead':>7}"
    yield f"{'':<24}{'':>9}{'':>8}{'':>11}{'':>8}{'loan-months':>11}{'days':>6}"
    for line in found:
        name = line.code if line.band == "all" else ""
        yield (
            f"{name[:23]:<24}{line.band:>9}{line.raised:>8}{_share(line.precision):>11}{_share(line.recall):>8}"
            f"{line.per_thousand_loan_months:>11.1f}{_days(line.median_lead_days):>7}"
        )


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _days(days: float | None) -> str:
    return "-" if days is None else f"{days:.0f}"
