"""`overdue demo`: everything at once, on a sample portfolio."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, NamedTuple

import typer

from stream.cli.app import app
from stream.cli.demo_kafka import DemoOnKafka
from stream.cli.demo_offline import Ears, tell
from stream.cli.demo_screen import Screen
from stream.cli.demo_story import Story
from stream.cli.demo_warnings import by_rules, mistakes
from stream.cli.demo_worker import APP_ID, DemoWorker
from stream.cli.errors import CommandError
from stream.cli.kafka import Cache, start_report
from stream.cli.terminal import output, say, waiting
from stream.cli.topics import apply_layout
from stream.engine.policy import Policy
from stream.local.broker import Broker, BrokerError, Report, missing
from stream.local.portfolio import Sample, sample
from stream.policy_file import load_policy
from stream.settings import Settings
from stream.warning.policy import WarningPolicy
from stream.warning_policy import load_warning_policy

PARTITIONS = 4

WELCOME = (
    "A small lender's five weeks, as events: 240 loans of five products are handed over or paid out; borrowers pay on"
    " time, late, in part, or not at all; some of it is told late, twice, or wrong. Each line below is an alert:"
    " date, loan, what happened, bucket before → after, days past due, amount overdue, reason; or an early warning:"
    " date, loan or borrower, raised, graver or all clear, severity, reason. Changes of class are counted only."
)
WITHOUT_KAFKA = (
    "The sample goes through the same engine in this process. That leaves out Kafka itself: topics, a worker that"
    " restores and shares its state, and each alert exactly once across crashes."
)


class Lender(NamedTuple):
    """What the demo runs on."""

    sample: Sample
    policy: Policy
    early_warning: WarningPolicy


@app.command()
def demo(
    in_process: Annotated[bool, typer.Option("--in-process", help="Without Kafka, even where it could run.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another portfolio.")] = 7,
    cache: Cache = None,
) -> None:
    """See it work: a local Kafka, a worker, and a sample portfolio over five weeks of business days.

    Alerts are shown as they come, then a summary; everything is stopped and removed again. The first time Kafka's
    jars are fetched with Maven. Without Java or Maven the same sample runs in this process.
    """
    lacking = missing(cache)
    lender = Lender(sample(seed=seed), load_policy(), load_warning_policy())
    screen = Screen(output())
    try:
        with _termination_as_ctrl_c():
            screen.words(WELCOME)
            if in_process or lacking is not None:
                if lacking is not None:
                    say(lacking)
                say(WITHOUT_KAFKA)
                _in_process(lender, screen)
                first = "run" if lacking is None else "install Java 17 and Maven, and run"
                say(f"To see it on Kafka: {first} overdue demo.")
            else:
                _on_kafka(lender, screen, cache)
    except KeyboardInterrupt:
        say("Stopped before the end; nothing is left running.")


def _on_kafka(lender: Lender, screen: Screen, cache: Path | None) -> None:
    broker = Broker.temporary(cache=cache)
    try:
        with start_report() as report:
            address = _start(broker, report)
        settings = _settings(address)
        worker = DemoWorker(address)
        try:
            with waiting("Making topics and starting a worker"):
                asyncio.run(apply_layout(settings, keep_forever=True))
                worker.start()
                told = DemoOnKafka(lender.sample, lender.policy, settings, worker)
                asyncio.run(told.wait_for_the_worker())
            say(f"Kafka runs at {address}, and a worker with {PARTITIONS} partitions; the sample is published.")
            began = time.monotonic()
            story = asyncio.run(told.tell(_ears(screen)))
            seconds = time.monotonic() - began
        finally:
            worker.stop()
    finally:
        broker.close()
    _end(story, screen, seconds, _agreement(story, lender))
    say("Kafka and the worker are stopped, and their data is removed. For a Kafka that stays: overdue kafka start")


def _start(broker: Broker, report: Report) -> str:
    try:
        return broker.start(report)
    except BrokerError as error:
        raise CommandError(f"{error}\nTo see the sample without Kafka: overdue demo --in-process") from error


def _in_process(lender: Lender, screen: Screen) -> None:
    began = time.monotonic()
    story = tell(*lender, _ears(screen))
    _end(story, screen, time.monotonic() - began, None)


def _end(story: Story, screen: Screen, seconds: float, agreement: str | None) -> None:
    screen.summary(story, seconds, agreement)
    if wrong := story.mistakes() + mistakes(story.warnings):
        raise CommandError("This does not add up: " + "; ".join(wrong) + ".")


def _ears(screen: Screen) -> Ears:
    return Ears(screen.day, screen.alert, screen.warning)


def _agreement(story: Story, lender: Lender) -> str:
    """That a run without Kafka says the same. Raises CommandError where it does not."""
    without = tell(*lender)
    alerts = _same({said.id for said in without.said}, {said.id for said in story.said}, "alerts")
    warnings = _same(by_rules(without.warnings), by_rules(story.warnings), "early warnings")
    return (
        f"the same events without Kafka give the same {alerts} alert ids and the same {warnings} ids of warnings by"
        " rules (a score learns from the borrowers of its own partition)"
    )


def _same(here: set[str], there: set[str], what: str) -> int:
    if here != there:
        raise CommandError(
            f"The same events in this process give other {what}: {len(here - there)} that Kafka's run did not give,"
            f" and {len(there - here)} that only it gave."
        )
    return len(here)


def _settings(brokers: str) -> Settings:
    """The demo's settings: the environment does not change what it shows."""
    return Settings.model_construct(
        **{name: field.default for name, field in Settings.model_fields.items()}
        | {"brokers": brokers, "partitions": PARTITIONS, "replication": 1, "app_id": APP_ID}
    )


@contextmanager
def _termination_as_ctrl_c() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: everything that it started is stopped first."""

    def end(signum: int, frame: FrameType | None) -> None:
        on_ctrl_c = signal.getsignal(signal.SIGINT)  # asyncio's own while a loop runs
        if callable(on_ctrl_c):
            on_ctrl_c(signum, frame)
        else:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
