"""The policy file: what it may say, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.engine.money import FEE, INTEREST, PENALTY, PRINCIPAL
from stream.policy_file import PolicyError, load_policy, parse_policy


def test_the_shipped_file_says_what_is_built_in() -> None:
    """cn.toml writes down the defaults: without any key the rules are the same."""
    shipped, built_in = load_policy(), parse_policy("")
    for name in shipped.default.__slots__:
        assert getattr(shipped.default, name) == getattr(built_in.default, name), name
    assert (shipped.version, shipped.time_zone) == (built_in.version, built_in.time_zone)


def test_a_product_inherits_the_default() -> None:
    """A product overrides what it names; an unknown product has the default."""
    policy = parse_policy("[products.default]\ngrace_days = 2\n[products.card]\nnext_due = 'next_unpaid'")
    assert (policy.rules("card").grace_days, policy.rules("card").next_due) == (2, "next_unpaid")
    assert policy.rules("other").grace_days == 2


def test_allocation_and_tolerance_reach_the_rules() -> None:
    """Order, axis, principal first and the percentage are read exactly."""
    rules = parse_policy(
        "[products.default]\ntolerance = { amount = 5, percent = '2.5' }\n"
        "allocation = { axis = 'vertical', order = ['principal', 'interest', 'fee', 'penalty'], "
        "principal_first_after_days = 90 }"
    ).default
    assert rules.order == (PRINCIPAL, INTEREST, FEE, PENALTY)
    assert (rules.vertical, rules.late_after) == (True, 90)
    assert (rules.tolerance_numerator, rules.tolerance_denominator) == (1, 40)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("version = 1", "version"),
        ("time_zone = 'Mars/Base'", "time_zone"),
        ("[products.x]\ngrace_days = -1", "products.x.grace_days"),
        ("[products.x]\ngrace_dayz = 1", "products.x.grace_dayz"),
        ("[products.x]\nallocation = { order = ['fee'] }", "products.x.allocation.order"),
        ("[products.x]\ntolerance = { percent = '1e9' }", "products.x.tolerance.percent"),
        (
            "[products.x]\nbuckets = [{ code = 'A', min_days = 1, max_days = 30 }, { code = 'B', min_days = 30 }]",
            "products.x.buckets",
        ),
        ("[products.x]\nbuckets = [{ code = 'A B', min_days = 1 }]", "products.x.buckets.0.code"),
        ("[products.x]\nschemes = ['ifrs8']", "products.x.schemes.0: no scheme ifrs8; did you mean ifrs9?"),
        ("= 1", "not TOML"),
    ],
)
def test_an_error_names_the_key(text: str, names: str) -> None:
    """Each kind of mistake is refused with the file and the key."""
    with pytest.raises(PolicyError, match=r"lender\.toml") as refused:
        parse_policy(text, "lender.toml")
    assert names in str(refused.value)


def test_a_missing_file_is_said() -> None:
    """A path that can't be read is an error with what to do."""
    with pytest.raises(PolicyError, match="can't be read"):
        load_policy(Path("/nowhere/policy.toml"))


def test_a_gap_between_buckets_is_allowed() -> None:
    """Days that fit no bucket keep the last one (counting rule 5)."""
    rules = parse_policy(
        "[products.default]\nbuckets = [{ code = 'A', min_days = 1, max_days = 10 }, { code = 'B', min_days = 20 }]"
    ).default
    assert [rules.bucket(days, "A") for days in (10, 11, 19, 20)] == ["A", "A", "A", "B"]
