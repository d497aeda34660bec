"""`overdue demo`: the counts add up, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from stream.cli.app import run
from stream.cli.demo_story import Said, Story
from stream.local import process
from stream.local.broker import missing
from stream.local.portfolio import sample
from tests.conftest import need_a_local_broker

SECONDS = 240
SUM = re.compile(r"(\d+) = (\d+) applied \+ (\d+) duplicates \+ (\d+) dead letters \+ (\d+) waiting")
WARNED = re.compile(
    r"(\d+) = (\d+) before the loan was overdue \+ (\d+) of loans overdue already \+ (\d+) of borrowers"
)
CAME = re.compile(r"of the (\d+): (\d+) came true \([^)]*\) \+ (\d+) cleared \+ (\d+) open")
ALERT = re.compile(r"\d{4}-\d{2}-\d{2} \w+ +overdue")


def check_the_sum(shown: str) -> None:
    """The events of the sample are all accounted for, and each outcome occurs."""
    found = SUM.search(" ".join(shown.split()))
    assert found, shown
    published, *outcomes = map(int, found.groups())
    assert published == sum(outcomes) == len(sample().events)
    assert outcomes[2:] == [2, 1]  # two damaged messages, one payment of an unknown loan
    assert all(outcomes)


def check_the_warnings(shown: str) -> None:
    """Every warning is in one place, some came true, and some were cleared."""
    text = " ".join(shown.split())
    found, came = WARNED.search(text), CAME.search(text)
    assert found, shown
    assert came, shown
    raised, ahead, overdue, borrowers = map(int, found.groups())
    assert raised == ahead + overdue + borrowers
    of, true, cleared, still_open = map(int, came.groups())
    assert of == ahead == true + cleared + still_open
    assert true
    assert cleared
    assert re.search(r"came true: L\d+ on .*?; overdue on .* cleared: L\d+ on .*?; cleared on ", text)
    assert re.search(r"warning +low +due in 3 d: has [\d,.]+ of [\d,.]+\n", shown)


def test_in_process_demo(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Kafka the sample runs through the agents: sums add up, 80 columns, no colour codes off a terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["demo", "--in-process"]) == 0
    captured = capfd.readouterr()
    check_the_sum(captured.out)
    check_the_warnings(captured.out)
    assert max(map(len, captured.out.splitlines())) <= 80
    assert "\x1b" not in captured.out
    assert "leaves out" in captured.err
    lacking = missing()
    assert ("install Java" in " ".join(captured.err.split())) == (lacking is not None)


def test_without_java_the_demo_runs_and_says_how_to_have_the_rest(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Java the demo runs in process; it says what is missing, what is left out, and how to have the rest."""
    sentence = "A local Kafka broker needs Java 17 and Maven, and Java is not on this machine"
    monkeypatch.setattr("stream.cli.demo.missing", lambda cache: sentence)
    assert run(["demo"]) == 0
    captured = capfd.readouterr()
    check_the_sum(captured.out)
    said = " ".join(captured.err.split())
    assert sentence in said
    assert "leaves out Kafka itself" in said
    assert "install Java 17 and Maven" in said


def test_a_story_that_does_not_add_up_is_told() -> None:
    """A lost event, a lost dead letter, a doubled alert and a lost signal are each found."""
    good = Story(published=3, outcomes=Counter(applied=1, duplicate=1, waiting=2, released=1))
    assert good.mistakes() == []
    alert = Said("loan.cured", "1", {})
    bad = Story(published=4, outcomes=Counter(applied=1, rejected=2), said=[alert, alert], signals=1)
    assert len(bad.mistakes()) == 4


def start_demo(folder: Path) -> subprocess.Popen[str]:
    """The demo as a process of its own, with its temporary files in a folder of this test's."""
    return subprocess.Popen(
        # a shell ignores Ctrl-C for what it starts in the background, and so would all that is started there
        ["env", "--default-signal=INT", sys.executable, "-m", "stream.cli", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder), "COLUMNS": "80"},
    )


def processes_of(folder: Path) -> list[process.Identity]:
    """The broker and the worker: processes that work in the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = (entry / "cwd").readlink().is_relative_to(folder)
        except OSError:
            continue
        identity = process.identify(int(entry.name))
        if inside and identity is not None:
            found.append(identity)
    return found


@pytest.mark.kafka
@pytest.mark.slow
def test_demo_on_kafka(tmp_path: Path) -> None:
    """Kafka, worker and sample end to end: status 0, sums add up, the same alerts as without Kafka, nothing left."""
    need_a_local_broker()
    with start_demo(tmp_path) as demo:
        shown, said = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 0, said
    check_the_sum(shown)
    check_the_warnings(shown)
    assert re.search(r"give the same \d+ alert ids and the same \d+ ids of warnings", " ".join(shown.split()))
    assert list(tmp_path.iterdir()) == []
    assert processes_of(tmp_path) == []


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.parametrize(("signum", "status"), [(signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_interrupted_demo_leaves_nothing(tmp_path: Path, signum: signal.Signals, status: int) -> None:
    """SIGTERM and even kill -9 in the middle leave no process and no file."""
    need_a_local_broker()
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    with start_demo(tmp_path) as demo:
        assert demo.stdout is not None
        while not ALERT.match(line := demo.stdout.readline()):
            assert line, "the demo ended before its first alert"
        started = processes_of(tmp_path)
        assert len(started) >= 2
        demo.send_signal(signum)
        demo.communicate(timeout=SECONDS)
    assert demo.returncode == status
    assert_nothing_is_left(tmp_path, started)


@pytest.mark.kafka
@pytest.mark.slow
def test_demo_interrupted_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while Kafka starts: one sentence, status 0, no process and no file."""
    need_a_local_broker()
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    with start_demo(tmp_path) as demo:
        deadline = time.monotonic() + SECONDS
        while not (started := processes_of(tmp_path)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        demo.send_signal(signal.SIGINT)
        _, said = demo.communicate(timeout=SECONDS)
    assert demo.returncode == 0
    assert "Stopped before the end; nothing is left running." in said
    assert_nothing_is_left(tmp_path, started)


def assert_nothing_is_left(folder: Path, started: list[process.Identity]) -> None:
    """The processes end, and then the folder is empty."""
    assert all(process.wait_gone(identity, 30) for identity in started)
    deadline = time.monotonic() + 30
    while (left := list(folder.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
