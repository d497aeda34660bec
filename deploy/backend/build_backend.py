"""
setuptools, and a compiled build for who wants it: `OVERDUE_COMPILE=1 pip install .`

The modules on the way of every event become C extensions by mypyc, from the same source. It needs a C compiler with
Python's headers. Without OVERDUE_COMPILE=1 nothing is compiled, and the program does the same, slower; an editable
install (`-e`) is never compiled, so that what is edited is what runs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import setuptools
from setuptools.build_meta import *  # noqa: F403  (every hook that is not replaced below)
from setuptools.build_meta import _BuildMetaBackend

ROOT = Path(__file__).resolve().parents[2]
COMPILE = os.environ.get("OVERDUE_COMPILE") == "1"
COMPILER = ["mypy>=1.14", "msgspec>=0.20"]  # mypyc must know msgspec's classes to compile ours that are made from them


class _Backend(_BuildMetaBackend):  # type: ignore[misc]
    """setuptools' own backend with extension modules, which pyproject.toml can't have computed."""

    def run_setup(self, setup_script: str = "setup.py") -> None:
        building = COMPILE and "bdist_wheel" in sys.argv
        setuptools.setup(ext_modules=_extensions() if building else [])


def _extensions() -> list[Any]:
    from mypyc.build import mypycify  # noqa: PLC0415  (there only if it was asked for)

    sys.path.insert(0, str(ROOT))
    from stream.compile import OPTIONS, modules  # noqa: PLC0415

    return list(mypycify([*OPTIONS, *modules(ROOT)]))


_backend = _Backend()
build_wheel = _backend.build_wheel


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What has to be there before a wheel is built."""
    return [*_backend.get_requires_for_build_wheel(config_settings), *(COMPILER if COMPILE else [])]
