"""Rules for stories, as a lender would write them: a few lines of a policy file."""

from __future__ import annotations

from pathlib import Path

from stream.engine.policy import Rules
from stream.policy_file import load_policy, parse_policy


def rules_of(*lines: str) -> Rules:
    """The default product's rules with these lines in it."""
    return parse_policy("\n".join(["[products.default]", *lines]), "test.toml").default


def shipped(name: str, product: str = "default") -> Rules:
    """The rules of a product of a policy that comes with the program."""
    return load_policy(Path(name)).rules(product)
