"""The early warning's part of a policy file, ready for use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stream.policy_file import PolicyError, content_of, parse_policy, read_policy
from stream.policy_file.early_warning import EarlyWarningPart, warning_policy
from stream.policy_file.parts import File
from stream.warning.policy import WarningPolicy


def load_warning_policy(path: Path | None = None) -> WarningPolicy:
    """What a policy file says about early warning; without a path, the shipped one. Raises PolicyError."""
    text, name = read_policy(path)
    parse_policy(text, name)  # says what is wrong, with its line
    return _policy(content_of(path), path.parent if path is not None else None)


def warning_policy_of(section: dict[str, Any] | None = None, version: str = "test") -> WarningPolicy:
    """The policy of a section as it stands in a file; without one, the default. Raises PolicyError."""
    return _policy({"version": version, "early_warning": section or {}}, None)


def _policy(content: dict[str, Any], folder: Path | None) -> WarningPolicy:
    try:
        version = File.model_validate({key: content[key] for key in ("version",) if key in content}).version
        part = EarlyWarningPart.model_validate(content.get("early_warning", {}))
    except ValueError as error:
        raise PolicyError(f"early_warning: {error}") from error
    return warning_policy(part, version, folder)
