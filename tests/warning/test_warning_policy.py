"""The section `early_warning` of a policy file."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from stream.policy_file import PolicyError, parse_policy
from stream.warning.policy import DEFAULT_RULES
from stream.warning_policy import load_warning_policy, warning_policy_of


def shipped() -> dict:
    """The shipped section, as TOML has it."""
    return tomllib.loads(files("stream").joinpath("policies/cn.toml").read_text("utf-8"))["early_warning"]


def test_the_shipped_file_says_what_is_built_in() -> None:
    """Every rule and key stands in cn.toml, with the value that counts without it."""
    section = shipped()
    assert set(section["rules"]) == {rule.code for rule in DEFAULT_RULES}
    built_in, written = warning_policy_of(version="v"), warning_policy_of(section, "v")
    assert written.rules == built_in.rules
    assert written.levels == built_in.levels
    assert written.outcome == built_in.outcome
    assert written.speak == built_in.speak


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("[early_warning]\ncapacity = 0", "capacity"),
        ("[early_warning]\nunknown = 1", "unknown"),
        ("[early_warning.rules.NO_SUCH]\nenabled = false", "NO_SUCH is no rule"),
        ("[early_warning.rules.STACKING]\nclear = { quries = 5 }", "no threshold quries"),
        ("[early_warning.rules.UTIL_JUMP]\nlevels = { high = { used = 80 } }", "jump is missing"),
        ("[early_warning.levels]\nyellow = 60", "must rise"),
    ],
)
def test_a_mistake_is_refused_and_named(section: str, words: str) -> None:
    """A policy with a mistake in the section is refused, and the message says which key and what it must be."""
    with pytest.raises(PolicyError, match=words):
        parse_policy(section)


def test_a_scorecard_lies_beside_the_policy(tmp_path: Path) -> None:
    """`scorecard` is a path from the policy's own folder; one that is not there is refused by name."""
    policy = tmp_path / "mine.toml"
    policy.write_text('[early_warning]\nscorecard = "card.toml"\n')
    with pytest.raises(PolicyError, match=r"card\.toml"):
        load_warning_policy(policy)
    card = files("stream").joinpath("policies/scorecards/default.toml").read_text("utf-8")
    (tmp_path / "card.toml").write_text(card)
    assert load_warning_policy(policy).scorecard == load_warning_policy().scorecard
