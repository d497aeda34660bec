"""The compiled copy gives the same answers as the source that it was made from."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stream.compile import compile_into, missing, modules

ROOT = Path(__file__).resolve().parents[2]


def test_every_module_on_the_hot_path_exists() -> None:
    """A module that was moved or renamed is not silently left uncompiled."""
    found = modules(ROOT)
    assert "stream/engine/step.py" in found
    assert all((ROOT / name).is_file() for name in found)


@pytest.mark.filterwarnings("ignore:Support for")
def test_compiled_build_brings_what_the_compiler_must_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip builds in an environment of its own: without msgspec there mypyc refuses classes that are made from its."""
    monkeypatch.setenv("OVERDUE_COMPILE", "1")
    monkeypatch.syspath_prepend(str(ROOT / "deploy" / "backend"))
    monkeypatch.delitem(sys.modules, "build_backend", raising=False)
    needed = importlib.import_module("build_backend").get_requires_for_build_wheel()
    monkeypatch.delitem(sys.modules, "build_backend")
    assert {"mypy", "msgspec"} <= {requirement.split(">")[0] for requirement in needed}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_compiled_engine_passes_the_engines_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worked examples, the money tests and the agent's tests pass on the compiled copy."""
    if (sentence := missing()) is not None:
        pytest.skip(sentence)
    monkeypatch.setenv("MYPYC_OPT_LEVEL", "0")  # quick to build: it is the answers that are compared
    compile_into(tmp_path)
    shutil.copytree(ROOT / "tests" / "engine", tmp_path / "tests" / "engine")
    (tmp_path / "tests" / "__init__.py").touch()
    for helper in ("stories.py", "agent_table.py", "records.py"):
        shutil.copy(ROOT / "tests" / helper, tmp_path / "tests")
    shutil.copytree(ROOT / "tests" / "shell", tmp_path / "tests" / "shell")
    chosen = ["engine/test_worked_examples.py", "engine/test_money.py", "shell/test_loan_agent.py"]
    chosen.append("shell/test_faust_batch_raw_records.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *[f"tests/{name}" for name in chosen]]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-1000:]
    compiled = "import stream.engine.step as step; print(step.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", compiled], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert where.stdout.strip().endswith(".so")
