"""`python -m tests.mutation`: how many small damages to the engine the tests notice, and which ones they do not."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "stream" / "engine"
TESTS = (
    "tests/engine",
    "tests/properties/test_fast_path_equals_replay.py",
    "tests/properties/test_engine_equals_oracle.py",
)


def main() -> int:
    """Try the mutants of the modules named; 0: at least the least share of them was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help="names of engine modules (loan, step, ...); by default all")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at one time (%(default)s)")
    parser.add_argument("--every", type=int, default=1, help="try only every so many-th mutant (%(default)s)")
    parser.add_argument("--least", type=float, default=0.9, help="share that must be noticed (%(default)s)")
    parser.add_argument("--examples", type=float, default=0.2, help="share of each property's examples (%(default)s)")
    said = parser.parse_args()
    files = [ENGINE / f"{name}.py" for name in said.modules] or sorted(ENGINE.rglob("*.py"))
    unknown = [str(file) for file in files if not file.exists()]
    if unknown:
        parser.error(f"no such module of stream/engine: {', '.join(unknown)}")
    modules = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    os.environ["PROPERTY_EXAMPLES"] = str(said.examples)
    os.environ["HYPOTHESIS_WITHOUT_SHRINKING"] = "1"
    sys.setrecursionlimit(2000)

    from tests.mutation.runner import Hunt  # after the environment is set: it imports pytest's inside

    hunt = Hunt(modules, said.jobs, said.every, lambda words: print(words, file=sys.stderr, flush=True))
    options = ["-p", "no:randomly", "-p", "no:cacheprovider", "-o", "timeout=0", "--no-header", "-q"]
    code = pytest.main([*options, *(str(ROOT / test) for test in TESTS)], plugins=[hunt])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        return int(code)
    result = hunt.result
    for mutant in sorted(result.survivors + result.unreached, key=lambda m: (m.module, m.line)):
        print(f"{'not reached' if mutant in result.unreached else 'survived'}  {mutant.name}")
    missed = Counter(mutant.module for mutant in result.survivors + result.unreached)
    for module, count in sorted(missed.items()):
        print(f"{module}: {count} not noticed")
    share = result.killed / max(1, result.total)
    print(f"{result.killed} of {result.total} mutants were noticed ({share:.1%})")
    return 0 if share >= said.least else 1


if __name__ == "__main__":
    sys.exit(main())
