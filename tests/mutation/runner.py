"""Runs the tests against each mutant: a child process per mutant, with the one function's code replaced in it.

The parent has imported and collected everything once and knows which test ran which line; so a mutant costs a fork and
the tests that reach it, the quickest first, until one fails.
"""

from __future__ import annotations

import importlib
import mmap
import os
import resource
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import process_time
from types import FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutants import Mutant, mutants_of

PATIENCE = 5
"""A test that computes so many times longer than without the mutant, and a second, runs in circles: it is noticed."""
MEMORY = 3 << 30

Line = tuple[str, int]


@dataclass
class Result:
    """What became of the mutants."""

    killed: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    unreached: list[Mutant] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All that were tried."""
        return self.killed + len(self.survivors) + len(self.unreached)


@dataclass(frozen=True)
class Child:
    """A process that tries a mutant."""

    mutant: Mutant
    tests: list[pytest.Item]
    killer: mmap.mmap
    """Place of the test that noticed, from 1; shared with the process."""


class Hunt:
    """A pytest plugin: instead of running the tests once, it runs them against every mutant."""

    def __init__(self, modules: dict[str, Path], jobs: int, every: int, say: Callable[[str], None]) -> None:
        self.modules = modules
        self.every = every
        self.jobs = jobs
        self.say = say
        self.result = Result()
        self.seconds: dict[pytest.Item, float] = {}
        self.reached: dict[Line, list[pytest.Item]] = defaultdict(list)
        self.kills: Counter[tuple[str, str, pytest.Item]] = Counter()
        """How many mutants of a function each test has noticed: those are tried first on the next ones."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out which test reaches what, then try the mutants."""
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} test files could not be read")
        self.survey(session.items)
        children: dict[int, Child] = {}
        for number, mutant in enumerate(self.mutants()):
            if number % 100 == 0:
                self.say(f"{number} mutants, {len(self.result.survivors) + len(self.result.unreached)} not noticed")
            tests = self.tests_for(mutant)
            if not tests:
                self.result.unreached.append(mutant)
                continue
            if len(children) >= self.jobs:
                self.wait(children)
            child = Child(mutant, tests, mmap.mmap(-1, 4))
            children[self.start(child)] = child
        while children:
            self.wait(children)
        return True

    def mutants(self) -> Iterator[Mutant]:
        """The mutants of every module, or every so many-th of them."""
        found = (mutant for module, path in self.modules.items() for mutant in mutants_of(module, path))
        yield from islice(found, 0, None, self.every)

    def survey(self, items: list[pytest.Item]) -> None:
        """Run each test once as it is, and note the lines of the modules that it reaches."""
        names = {str(path): module for module, path in self.modules.items()}
        lines: set[Line] = set()

        def trace_lines(frame: FrameType, event: str, argument: Any) -> Any:
            lines.add((names[frame.f_code.co_filename], frame.f_lineno))
            return trace_lines

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            return trace_lines(frame, event, argument) if frame.f_code.co_filename in names else None

        for place, item in enumerate(items):
            lines.clear()
            start = process_time()
            sys.settrace(trace)
            try:
                reports = runtestprotocol(item, nextitem=(items[place + 1 :] or [None])[0], log=False)
            finally:
                sys.settrace(None)
            if any(report.failed for report in reports):
                raise pytest.UsageError(f"{item.nodeid} fails without any mutant: mend it first")
            self.seconds[item] = process_time() - start
            for line in lines:
                self.reached[line].append(item)
        for tests in self.reached.values():
            tests.sort(key=self.seconds.__getitem__)

    def tests_for(self, mutant: Mutant) -> list[pytest.Item]:
        """The tests that reach the damaged statement, the quickest first."""
        first, last = mutant.lines
        found = {item for line in range(first, last + 1) for item in self.reached.get((mutant.module, line), [])}
        where = (mutant.module, mutant.function)
        return sorted(found, key=lambda item: (-self.kills[*where, item], self.seconds[item], item.nodeid))

    def start(self, child: Child) -> int:
        """Begin a process that ends with 1 at the first failing test, else with 0; its id."""
        process = os.fork()
        if process:
            return process
        code = 1
        try:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            damage(child.mutant)
            code = 0
            for place, test in enumerate(child.tests):
                signal.setitimer(signal.ITIMER_PROF, 1 + PATIENCE * self.seconds[test])  # ends the process
                if fails(test):
                    child.killer[:] = (place + 1).to_bytes(4, "little")
                    code = 1
                    break
        except BaseException:  # noqa: BLE001  (whatever a mutant does in a child is that a test noticed it)
            code = 1
        finally:
            os._exit(code)

    def wait(self, children: dict[int, Child]) -> None:
        """Wait for one child and note how its mutant did."""
        process, status = os.waitpid(-1, 0)
        child = children.pop(process, None)
        if child is None:
            return
        mutant, killer = child.mutant, int.from_bytes(child.killer[:], "little")
        child.killer.close()
        if status == 0:
            self.result.survivors.append(mutant)
            return
        self.result.killed += 1
        if killer:
            self.kills[mutant.module, mutant.function, child.tests[killer - 1]] += 1


def fails(item: pytest.Item) -> bool:
    """Whether a test fails."""
    return any(report.failed for report in runtestprotocol(item, nextitem=item, log=False))


def damage(mutant: Mutant) -> None:
    """Replace the code of the function in this process, wherever it has been imported to."""
    found: Any = importlib.import_module(mutant.module)
    *owners, name = mutant.function.split(".")
    for owner in owners:
        found = getattr(found, owner)
    function = vars(found)[name]
    if isinstance(function, property):
        function = function.fget
    elif isinstance(function, staticmethod | classmethod):
        function = function.__func__
    while hasattr(function, "__wrapped__"):
        if hasattr(function, "cache_clear"):
            function.cache_clear()
        function = function.__wrapped__
    if not isinstance(function, FunctionType):
        raise TypeError(f"{mutant.name}: no function of Python (is the engine compiled?)")
    function.__code__ = mutant.code
