"""`overdue kafka start|stop|status`: a local Kafka broker that runs until it is stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from stream.cli.app import app
from stream.cli.options import Json
from stream.cli.terminal import errors, progress, say, write
from stream.local.broker import Broker, Progress, Report, Status

commands = typer.Typer(
    help="A local Kafka broker: real Apache Kafka, no Docker; needs Java 17 and, the first time, Maven.",
    no_args_is_help=True,
)
app.add_typer(commands, name="kafka")

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder", metavar="PATH", help="Where the broker keeps its data; by default in the user's data folder."
    ),
]
Cache = Annotated[
    Path | None, typer.Option("--cache", metavar="PATH", help="Where Kafka's jars are; by default in the user's cache.")
]


@commands.command()
def start(
    folder: Folder = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="On 127.0.0.1; 0 picks a free one.")] = 9092,
    heap: Annotated[str, typer.Option("--heap", metavar="SIZE", help="Upper bound of Java's heap.")] = "768m",
    cache: Cache = None,
) -> None:
    """Start the broker unless it runs; print its address. It goes on until 'overdue kafka stop'."""
    broker = Broker(folder or default_folder(), port=port, heap=heap, cache=cache)
    before = broker.status()
    if before.running:
        say(f"Kafka runs already (process {before.pid}).")
    with start_report() as report:
        address = broker.start(report, detached=True)
    say(f"Kafka answers at {address}; its data and logs are in {broker.folder}. Stop it with: overdue kafka stop")
    write(address)


@commands.command()
def stop(folder: Folder = None) -> None:
    """Stop the broker in order; its data stays."""
    broker = Broker(folder or default_folder())
    say("Kafka is stopped." if broker.stop() else f"No broker of {broker.folder} runs.")


@commands.command()
def status(folder: Folder = None, as_json: Json = False) -> None:
    """Say whether the broker runs and answers; exit status 1 if it does not."""
    found = Broker(folder or default_folder()).status()
    if as_json:
        write(json.dumps({**found._asdict(), "folder": str(found.folder)}))
    else:
        write(_sentence(found))
    if not found.answers:
        raise typer.Exit(1)


def _sentence(status: Status) -> str:
    if not status.running:
        return f"not running: {status.folder}"
    state = "answers" if status.answers else "runs but does not answer"
    return f"{state}: {status.bootstrap}, process {status.pid}, {status.folder}"


def default_folder() -> Path:
    """The user's data folder by the XDG rules, and in it the broker's."""
    home = os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()
    return Path(home) / "overdue-stream" / "kafka"


@contextmanager
def start_report() -> Iterator[Report]:
    """Show the way to a running broker: a bar where a person watches, a line for each stage else."""
    bar = progress()
    stages: set[str] = set()
    words = {
        "download": "Fetching Apache Kafka, once",
        "format": "Preparing a Kafka folder",
        "start": "Starting Kafka",
    }
    with bar:
        task = bar.add_task("Looking for Kafka", total=None, name="")

        def report(step: Progress) -> None:
            if step.stage not in stages:
                stages.add(step.stage)
                if not errors().is_terminal:
                    say(words[step.stage] + " …")
            name = step.name[:22] if step.stage == "download" else ""
            bar.update(task, description=words[step.stage], completed=step.done, total=step.total or None, name=name)

        yield report
