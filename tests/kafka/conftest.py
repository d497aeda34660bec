"""Every test in this folder talks to a real broker; the fixtures are those of tests/conftest.py."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, also those that start a broker by themselves."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kafka)
