"""`overdue scorecard`: fit a scorecard to a lender's own history, and judge any scorecard by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from stream.cli.app import app
from stream.cli.errors import InputError, UsageError
from stream.cli.files import files_for_two_passes, opens_days, records
from stream.cli.options import Json, PolicyFile, early_warning_of, policy_of, settings_with
from stream.cli.scorecard_table import table
from stream.cli.terminal import say, waiting, write
from stream.engine.dates import iso
from stream.scorecard_cases import cases
from stream.warning import fitting
from stream.warning.calibration_error import Calibration, calibration
from stream.warning.scorecard import FAMILIES, Scorecard, ScorecardError, load
from stream.warning.validation import Case, Result, judge

commands = typer.Typer(no_args_is_help=True, help="Fit and judge the scorecard of the early warning.")
app.add_typer(commands, name="scorecard")

Events = Annotated[
    list[Path], typer.Option("--events", metavar="FILE", help="CloudEvents, one a line; .gz or - (stdin) too.")
]
Card = Annotated[
    Path | None, typer.Option("--scorecard", metavar="FILE", help="The scorecard; else the policy's, else the shipped.")
]
Split = Annotated[
    float, typer.Option(min=0.2, max=0.9, metavar="SHARE", help="Share of decisions before the slice that judges.")
]


@commands.command("evaluate")
def evaluate(
    events: Events, scorecard: Card = None, policy: PolicyFile = None, split: Split = 0.6, as_json: Json = False
) -> None:
    """Judge a scorecard beside the plain rule on the later part of a history.

    Replays the events, makes every decision as it would have been made, and compares precision and recall where the
    score warns about as many as the plain rule ("the last installment was late, or one is overdue"), with intervals
    from resampled borrowers; and how far probabilities are from what came true.
    """
    card, found = _cases(events, scorecard, policy)
    try:
        day = fitting.split_day(found, split)
    except fitting.TooLittle as error:
        raise InputError(str(error)) from error
    later = [case for case in found if case.decision.date >= day]
    results = judge(later, {card.version: fitting.score_of(card)})
    _show(day, later, results, as_json, {"scorecard": card.version})


@commands.command("fit")
def fit(
    events: Events,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the scorecard, if it wins.")],
    scorecard: Card = None,
    policy: PolicyFile = None,
    split: Split = 0.6,
    as_json: Json = False,
) -> None:
    """Fit the scorecard to a history; write it only if it beats the default and the plain rule on the later part.

    The weights are drawn towards the default's, so that a short history changes little. Exit status 0 whether it won
    or not; the file is there only if it did.
    """
    card, found = _cases(events, scorecard, policy)
    try:
        fitted = fitting.fit(found, card, split)
    except fitting.TooLittle as error:
        raise InputError(str(error)) from error
    day = fitting.split_day(found, split)
    later = [case for case in found if case.decision.date >= day]
    _show(day, later, fitted.results, as_json, {"adopted": fitted.adopted, "why": fitted.why})
    if not fitted.adopted:
        say(f"Not written: {fitted.why}. Stay with {card.version}.")
        return
    provenance = {
        "events": ", ".join(path.name for path in events),
        "fitted on": f"{fitted.fitted_on} decisions whose outcome was known before {iso(day)}",
        "judged on": f"{fitted.judged_on} decisions from then on",
        "result": fitted.why,
    }
    provenance |= {f"{result.target}, {result.who}": _figures(result) for result in fitted.results}
    out.write_text(fitting.toml_of(fitted.card, provenance), encoding="utf-8")
    say(f'Written: {out} ({fitted.why}). Name it in the policy: [early_warning] scorecard = "{out.name}"')


def _cases(events: Sequence[Path], scorecard: Path | None, policy: Path | None) -> tuple[Scorecard, list[Case]]:
    settings = settings_with(policy_file=policy)
    early_warning = early_warning_of(settings)
    try:
        card = early_warning.scorecard if scorecard is None else load(scorecard)
    except ScorecardError as error:
        raise UsageError(str(error)) from error
    with files_for_two_passes(events) as paths, waiting("replaying the events"):
        found = cases(records(paths), policy_of(settings), early_warning, card, open_days=not opens_days(paths))
    return card, found


def _show(day: int, later: Sequence[Case], results: Sequence[Result], as_json: bool, more: dict[str, Any]) -> None:
    errors = [calibration(later, family) for family in FAMILIES]
    if as_json:
        said = more | {
            "judged_from": iso(day),
            "results": [_json(result) for result in results],
            "calibration": [error._asdict() | {"by_chance": error.by_chance._asdict()} for error in errors],
        }
        write(orjson.dumps(said, option=orjson.OPT_INDENT_2))
        return
    write(f"Judged on {len(later)} decisions from {iso(day)} on.")
    write("Each score warns about as many as the plain rule.")
    for line in table(results):
        write(line)
    for error in errors:
        write(_calibration_line(error))


def _json(result: Result) -> dict[str, Any]:
    return result._asdict() | {"precision": result.precision._asdict(), "recall": result.recall._asdict()}


def _figures(result: Result) -> str:
    precision, recall = result.precision, result.recall
    return (
        f"precision {precision.value:.1%} [{precision.low:.1%}, {precision.high:.1%}], "
        f"recall {recall.value:.1%} [{recall.low:.1%}, {recall.high:.1%}] at {result.burden:.1%} warned"
    )


def _calibration_line(error: Calibration) -> str:
    chance = error.by_chance
    return (
        f"{error.family}: expected calibration error {error.expected_error:.4f} on {error.installments} installments;\n"
        f"  by chance, with right probabilities: {chance.value:.4f} (95%: {chance.low:.4f}-{chance.high:.4f})"
    )
