"""`overdue`: the command itself. Commands register themselves when their module is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from stream.cli.errors import EXIT_STATUSES, CommandError
from stream.cli.terminal import say
from stream.local.progress import BrokerError

COMMANDS = (
    "demo",
    "worker",
    "replay",
    "standing",
    "portfolio",
    "explain",
    "policy",
    "publish",
    "tick",
    "watch",
    "topics",
    "kafka",
    "scorecard",
    "warnings",
    "doctor",
    "config",
    "dlq",
    "schema",
)
"""Every command, in the order of the help; each lives in the module of its name."""

# Typer carries a copy of click of its own in newer releases: this is the base of its errors in either case.
ClickException: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")

app = typer.Typer(
    name="overdue",
    help="Event-driven overdue detection: loan events in from Kafka, overdue alerts out, exactly once.",
    epilog="[bold]Exit status[/bold]\n\n"
    + "\n\n".join(f"{code}  {meaning}" for code, meaning in EXIT_STATUSES.items()),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point of the console command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    _register(arguments)
    try:
        status = app(args=list(arguments), prog_name="overdue", standalone_mode=False)
        sys.stdout.flush()
    except ClickException as error:
        error.show()
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        say("overdue: interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`overdue replay … | head`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except CommandError as error:
        say(f"overdue: {error}")
        return error.exit_status
    except BrokerError as error:
        say(f"overdue: {error}")
        return 1
    return status if isinstance(status, int) else 0


def _register(arguments: Sequence[str]) -> None:
    """Import the asked command's module, or all of them where help or a mistake needs them."""
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        import_module(f"stream.cli.{name}")


def _print_version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"overdue {version('overdue-stream')}")
        except PackageNotFoundError:
            typer.echo("overdue (not installed)")
        raise typer.Exit


@app.callback()
def overdue(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Event-driven overdue detection: loan events in from Kafka, overdue alerts out, exactly once."""
